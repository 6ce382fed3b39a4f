//! One page that follows attempts: server-sent events (WHATWG HTML) for as long as its session may see them.

use super::{LiveRow, Told};
use crate::Shared;
use crate::session::{Person, Session};
use axum::body::Body;
use bytes::Bytes;
use domain::{AuthId, AuthReason, CredentialId};
use futures_util::stream::unfold;
use provisioning::RequestContext;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, Interval, interval};

/// How often it is looked whether whoever follows may still do so.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After how much silence a comment is sent, so that one who left is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Which rows a page wants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub credential: Option<CredentialId>,
    /// As it was sent; empty for any.
    pub username: String,
    pub source: Option<IpAddr>,
    pub reason: Option<AuthReason>,
}

/// A page that follows.
pub(crate) struct Follower {
    pub shared: Arc<Shared>,
    pub session: Session,
    pub person: Person,
    pub account: AuthId,
    pub wanted: Wanted,
    pub rows: Receiver<Told>,
}

struct Following {
    follower: Follower,
    ticks: Interval,
    said_at: Instant,
    has_begun: bool,
}

impl Wanted {
    pub fn admits(&self, row: &LiveRow) -> bool {
        self.credential.is_none_or(|credential| row.credential == Some(credential))
            && (self.username.is_empty() || *self.username == *row.username)
            && self.source.is_none_or(|source| row.source.to_canonical() == source.to_canonical())
            && self.reason.is_none_or(|reason| row.reason == reason)
    }
}

impl Follower {
    /// The stream, until whoever follows leaves, may not any more, or the server stops.
    pub fn into_body(self) -> Body {
        let following =
            Following { follower: self, ticks: interval(LOOK_EVERY), said_at: Instant::now(), has_begun: false };
        Body::from_stream(unfold(following, |mut following| async move {
            following.next().await.map(|piece| (Ok::<_, Infallible>(Bytes::from(piece)), following))
        }))
    }

    fn may_still_follow(&self) -> bool {
        let Self { shared, session, person, account, .. } = self;
        shared.sessions.lives(session, shared.clock.now())
            && shared
                .renewed(person, &RequestContext::default())
                .is_some_and(|person| shared.scope_of(&person, account.as_str()).is_ok())
    }
}

impl Following {
    async fn next(&mut self) -> Option<String> {
        if !self.has_begun {
            self.has_begun = true;
            return Some("retry: 2000\n\n".to_owned());
        }
        loop {
            let piece = tokio::select! {
                told = self.follower.rows.recv() => match told {
                    Ok(Told::Row(row)) => self.follower.wanted.admits(&row).then(|| printed(&row)),
                    Ok(Told::Missed(count)) | Err(RecvError::Lagged(count)) => Some(missed(count)),
                    Err(RecvError::Closed) => return None,
                },
                _ = self.ticks.tick() => {
                    if !self.follower.may_still_follow() {
                        return None;
                    }
                    (self.said_at.elapsed() >= KEEP_ALIVE).then(|| ":\n\n".to_owned())
                }
            };
            let Some(piece) = piece else { continue };
            // Asked right before anything is said, so that a token that was revoked learns nothing more.
            if !self.follower.may_still_follow() {
                return None;
            }
            self.said_at = Instant::now();
            return Some(piece);
        }
    }
}

fn printed(row: &LiveRow) -> String {
    let said = serde_json::json!({ "html": row.html, "outcome": row.outcome.as_str(), "attempts": row.attempts });
    // JSON has no line breaks of its own.
    format!("event: attempt\ndata: {said}\n\n")
}

fn missed(count: u64) -> String {
    format!("event: missed\ndata: {count}\n\n")
}
