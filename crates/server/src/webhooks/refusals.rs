//! Refusals told to webhooks: one message for those alike within a minute, however many there are.

use super::Webhooks;
use domain::{AccountId, AuthReason, AuthRecord, CredentialId, Timestamp, WebhookEventKind, WebhookMethod};
use event_log::Listener;
use parking_lot::Mutex;
use reasons::{Circumstances, explain};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use storage::{KeptAuthRecord, WebhookDelivery};
use tokio::time::interval;
use webhooks::AuthNews;

/// Between two messages about refusals alike, in seconds.
const PAUSE_SECONDS: i64 = 60;
/// How often it is looked whether a pause is over.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Refusals that are told apart; of what comes beyond, nothing is told before there is room.
const MOST: usize = 10_000;

/// In what refusals are alike: whose, who, from where, and why.
type Likeness = (AccountId, Option<CredentialId>, Box<str>, IpAddr, AuthReason);

/// Tells refusals to those who want to be told.
pub(crate) struct RefusalTeller {
    webhooks: Arc<Webhooks>,
    told: Mutex<HashMap<Likeness, Told>>,
}

struct Told {
    at: Timestamp,
    /// What has happened since; told once the pause is over.
    since: Option<AuthRecord>,
}

impl RefusalTeller {
    pub(crate) fn new(webhooks: Arc<Webhooks>) -> Arc<Self> {
        Arc::new(Self { webhooks, told: Mutex::default() })
    }

    /// Tells what has gathered during pauses, until dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut ticks = interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            self.end_pauses(self.webhooks.clock.now());
        }
    }

    fn end_pauses(&self, now: Timestamp) {
        let mut due = Vec::new();
        self.told.lock().retain(|_, told| {
            if told.at.plus_seconds(PAUSE_SECONDS) > now {
                return true;
            }
            told.at = now;
            let since = told.since.take();
            let goes_on = since.is_some();
            due.extend(since);
            goes_on
        });
        due.iter().for_each(|record| self.tell(record));
    }

    fn tell(&self, record: &AuthRecord) {
        let kind = kind_of(record);
        let Some((auth_id, url)) = record.account.and_then(|account| self.webhooks.subscriptions.place(account, kind))
        else {
            return;
        };
        let Some(account) = record.account else { return };
        let said = explain(record, &Circumstances::default());
        let id = self.webhooks.draw_id(record.last_at);
        let news = AuthNews { kind, record, sentence: &said.sentence, mend: said.mend.as_deref() };
        self.webhooks.deliverer.tell(WebhookDelivery {
            id,
            account,
            url: url.as_str().into(),
            method: WebhookMethod::Post,
            event: kind.as_str().into(),
            body: webhooks::auth_message(id, &auth_id, &news),
            at: record.last_at,
        });
    }
}

/// Whoever is banned is turned away unseen, which is news of its own.
fn kind_of(record: &AuthRecord) -> WebhookEventKind {
    match record.reason {
        AuthReason::Banned => WebhookEventKind::AuthBanned,
        _ => WebhookEventKind::AuthRefused,
    }
}

impl Listener for RefusalTeller {
    fn kept(&self, kept: &Arc<KeptAuthRecord>) {
        let record = &kept.record;
        let Some(account) = record.account.filter(|_| record.is_refusal()) else { return };
        if self.webhooks.subscriptions.place(account, kind_of(record)).is_none() {
            return;
        }
        let source = record.source.ip();
        let likeness = (account, record.credential, record.username.clone(), source, record.reason);
        let is_first = {
            let mut told = self.told.lock();
            let has_room = told.len() < MOST;
            match told.get_mut(&likeness) {
                Some(told) => {
                    match &mut told.since {
                        Some(since) => {
                            since.attempts = since.attempts.saturating_add(record.attempts);
                            since.last_at = since.last_at.max(record.last_at);
                        }
                        None => told.since = Some(record.clone()),
                    }
                    false
                }
                None if has_room => {
                    told.insert(likeness, Told { at: self.webhooks.clock.now(), since: None });
                    true
                }
                None => false,
            }
        };
        if is_first {
            self.tell(record);
        }
    }
}
