//! Attempts as they happen: put into words and HTML once for an account, however many pages follow them.

mod follower;
mod ladder;
mod row;

pub(crate) use follower::{Follower, Wanted};
pub(crate) use row::AttemptRow;

use crate::Shared;
use crate::limits::{FOLLOWERS_PER_ACCOUNT, ROWS_WAITING};
use crate::refusal::Refusal;
use askama::Template;
use domain::{AuthId, AuthReason, CredentialId};
use parking_lot::Mutex;
use provisioning::{AccountScope, AuthEventStream, AuthEventsRequest, Provisioning, Streamed};
use row::Outcome;
use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{self, Receiver, Sender};
use tokio::time::interval;

/// How often it is looked whether anybody still follows.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The accounts whose attempts are followed.
#[derive(Default)]
pub(crate) struct LiveRows(Mutex<HashMap<AuthId, Sender<Told>>>);

/// What a follower is told.
#[derive(Clone)]
pub(crate) enum Told {
    /// A row, and what filters look at.
    Row(Arc<LiveRow>),
    /// So many came faster than they were read.
    Missed(u64),
}

/// A row as it is sent to everybody who follows.
pub(crate) struct LiveRow {
    pub html: String,
    pub credential: Option<CredentialId>,
    pub username: Box<str>,
    pub source: IpAddr,
    pub reason: AuthReason,
    pub outcome: Outcome,
    pub attempts: u32,
}

#[derive(Template)]
#[template(path = "attempt_row.html")]
struct RowTemplate<'r> {
    row: &'r AttemptRow,
}

impl LiveRows {
    /// Follows an account's attempts from now on.
    pub fn follow(&self, shared: &Arc<Shared>, scope: &AccountScope) -> Result<Receiver<Told>, Refusal> {
        let mut feeds = self.0.lock();
        if let Some(feed) = feeds.get(scope.auth_id()) {
            return if feed.receiver_count() < FOLLOWERS_PER_ACCOUNT {
                Ok(feed.subscribe())
            } else {
                Err(Refusal::TooManyFollowers)
            };
        }
        let everything = AuthEventsRequest::default();
        let stream = shared.provisioning.watch_auth_events(scope, &*shared.config.auth_events, &everything)?;
        let (sender, receiver) = broadcast::channel(ROWS_WAITING);
        feeds.insert(scope.auth_id().clone(), sender.clone());
        let (shared, account) = (Arc::clone(shared), scope.auth_id().clone());
        tokio::spawn(async move { feed(&shared, &account, (stream, &sender)).await });
        Ok(receiver)
    }

    /// Ends a feed that nobody follows; nobody can begin to in between.
    fn ends(&self, account: &AuthId, sender: &Sender<Told>) -> bool {
        let mut feeds = self.0.lock();
        let is_left = sender.receiver_count() == 0;
        if is_left {
            feeds.remove(account);
        }
        is_left
    }
}

async fn feed(shared: &Shared, account: &AuthId, (mut stream, sender): (AuthEventStream, &Sender<Told>)) {
    let mut ticks = interval(LOOK_EVERY);
    loop {
        let next = {
            let mut next = pin!(next(&shared.provisioning, &mut stream));
            loop {
                tokio::select! {
                    next = &mut next => break next,
                    _ = ticks.tick() => if shared.live.ends(account, sender) { return },
                }
            }
        };
        let Some(told) = next else {
            // Until now it stood there, so no other can have begun.
            shared.live.0.lock().remove(account);
            return;
        };
        for told in told.iter().filter_map(|told| printed(told, account)) {
            // Whoever left meanwhile needs nothing.
            let _ = sender.send(told);
        }
    }
}

async fn next(provisioning: &Provisioning, stream: &mut AuthEventStream) -> Option<Vec<Streamed>> {
    match provisioning.next_of_stream(stream).await {
        Ok(told) => told,
        Err(error) => {
            tracing::error!(%error, "live attempts break off");
            None
        }
    }
}

fn printed(told: &Streamed, account: &AuthId) -> Option<Told> {
    match told {
        Streamed::Event(event) => {
            let row = AttemptRow::new(event, &format!("/console/{account}"));
            let html = RowTemplate { row: &row }.render().ok()?;
            let live = LiveRow {
                html,
                credential: event.event.record.credential,
                username: event.event.record.username.clone(),
                source: event.event.record.source.ip(),
                reason: event.event.record.reason,
                outcome: row.outcome,
                attempts: row.attempts,
            };
            Some(Told::Row(Arc::new(live)))
        }
        Streamed::Missed(count) => Some(Told::Missed(*count)),
        Streamed::Nothing => None,
    }
}
