//! What phones do, how many at a time, and for how long.

use crate::account::{escaped_user, is_host, is_quotable};
use crate::{UaTransport, UserAgentError};
use sip_message::Uri;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use zeroize::Zeroizing;

/// What each phone does over and over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    /// REGISTER without credentials, its challenge, and the same with credentials.
    Register,
    /// REGISTER with the next use of a nonce it knows (RFC 7616 section 3.6).
    Preemptive,
    /// INVITE that is challenged and then ends as expected, by default because there is no such callee.
    Invite,
    /// A call that is answered, and ended by BYE as soon as its ACK is sent.
    Call,
}

/// One phone's account.
#[derive(Clone)]
pub struct Caller {
    /// The user of its address-of-record, and the digest username.
    pub username: String,
    /// The password, wiped when dropped.
    pub password: Zeroizing<String>,
}

/// Shows no password.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A load.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// Where it goes, whatever the domain.
    pub server: SocketAddr,
    /// By which way.
    pub transport: UaTransport,
    /// The host of all addresses.
    pub domain: String,
    /// What phones do.
    pub work: Work,
    /// Whom they call; `None` for each other, which over UDP they answer.
    pub to: Option<String>,
    /// The status that an INVITE is expected to end with, under [`Work::Invite`].
    pub expected_status: u16,
    /// The value of User-Agent; servers choose challenges by it.
    pub user_agent: String,
    /// How many UDP sockets the phones share.
    pub sockets: usize,
    /// Identifiers follow from it; unpredictable and never the same twice.
    pub entropy: [u8; 32],
}

/// How fast phones begin.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// Whenever fewer than that many are under way.
    AtATime(usize),
    /// So many a second, whatever became of the earlier ones.
    PerSecond(f64),
}

/// What phones are set to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Goal {
    /// To register, so that they can be called.
    Bind,
    /// The work of the plan.
    Work,
    /// To remove their own bindings, those that have any.
    Remove,
}

/// When a run ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// After that time.
    For(Duration),
    /// Once each phone has had its turn.
    Once,
}

/// One run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Run {
    /// What for.
    pub goal: Goal,
    /// How fast.
    pub pace: Pace,
    /// How long.
    pub length: Length,
}

impl LoadPlan {
    /// Checks what goes into URIs and between the quotes of digest credentials, where nothing is escaped.
    pub(super) fn check(&self, callers: &[Caller]) -> Result<(), UserAgentError> {
        if !is_host(&self.domain) {
            return Err(UserAgentError::InvalidDomain);
        }
        let is_target = |to: &String| Uri::parse(to.as_bytes()).is_ok_and(|uri| uri.is_sip() && uri.headers.is_empty());
        if !self.to.as_ref().is_none_or(is_target) {
            return Err(UserAgentError::InvalidTarget);
        }
        let all_fit = callers.iter().all(|caller| is_quotable(&caller.username));
        if all_fit { Ok(()) } else { Err(UserAgentError::InvalidUsername) }
    }

    pub(super) fn address_of_record(&self, username: &str) -> String {
        format!("sip:{}@{}", escaped_user(username), self.domain)
    }
}
