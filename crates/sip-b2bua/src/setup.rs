//! What a call is begun with: decided by whoever authorised and routed it.

use crate::HeaderPolicy;
use sip_dialog::{Millis, Path, SessionPolicy};

/// Everything that is decided before the first message leaves. The engine follows it and decides nothing of its own
/// about who may call whom.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Our side of the caller's leg.
    pub caller: CallerSide,
    /// Who the caller is towards the called.
    pub identity: Identity,
    /// Where the call may go, one stage after the other.
    pub stages: Vec<Stage>,
    /// Which headers cross besides those that always do.
    pub headers: HeaderPolicy,
    /// What becomes of REFER.
    pub refer: ReferPolicy,
    /// How dead sessions are noticed.
    pub session: SessionPolicy,
    /// Whether session descriptions go through [`Action::Bridge`](crate::Action::Bridge).
    pub media: Media,
    /// Begins the branch of every INVITE of this call, so that the call is known when it comes back to us (RFC 3261
    /// section 16.3 step 4): token characters, made with a key of the node from what routing depends on, so that a call
    /// that comes back to go elsewhere is none that loops. Empty looks for no loop.
    pub loop_token: Box<[u8]>,
    /// Our `User-Agent` and `Server`; nothing is said with `None`.
    pub product: Option<Box<[u8]>>,
}

/// Our side of the caller's leg.
#[derive(Clone, Debug)]
pub struct CallerSide {
    /// Our tag in the first dialog with the caller; further early dialogs get tags of their own.
    pub tag: Box<[u8]>,
    /// How the caller reaches us.
    pub path: Path,
}

/// Who the caller is towards the called. Nothing of it is taken from the caller's headers.
#[derive(Clone, Debug)]
pub struct Identity {
    /// From without its tag: a name-addr, `"Alice" <sip:+491234@example.com>`. Where the caller asks for privacy
    /// (RFC 3323, RFC 3325) an anonymous one is written instead.
    pub from: Box<[u8]>,
    /// P-Asserted-Identity, written towards trusted targets only (RFC 3325): a name-addr.
    pub asserted: Option<Box<[u8]>>,
}

/// Targets that ring at the same time.
#[derive(Clone, Debug)]
pub struct Stage {
    /// At least one; how many ring at once is bounded by Max-Breadth too (RFC 5393).
    pub targets: Vec<Target>,
    /// How long they may ring before they are cancelled.
    pub ring_timeout_ms: Millis,
    /// How long a target may leave us without any response before it counts as timed out; a client transaction of its own
    /// gives up after 32 s.
    pub first_response_timeout_ms: Millis,
    /// When the next stage gets its turn.
    pub failover: FailoverOn,
}

/// Where one INVITE goes.
#[derive(Clone, Debug)]
pub struct Target {
    /// The Request-URI.
    pub request_uri: Box<[u8]>,
    /// To without a tag: a name-addr or an addr-spec without parameters.
    pub to: Box<[u8]>,
    /// Whether the caller's asserted identity may go there.
    pub trust: Trust,
}

/// Whether a next hop belongs to our trust domain (RFC 3324).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// It may see what the caller wants hidden, and keeps it.
    Trusted,
    /// Anybody, a phone too.
    Untrusted,
}

/// What makes the next stage ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailoverOn {
    /// Every target timed out, was unreachable or answered 5xx: the next hop is at fault, not the called.
    NextHopFailure,
    /// Anything but 6xx, somebody who rang and did not answer too.
    AnyFailure,
}

/// What becomes of REFER inside a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReferPolicy {
    /// 403: nobody moves a call by a header.
    Refuse,
    /// It crosses like any other request; whoever gets it decides.
    Pass,
}

/// What becomes of session descriptions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Media {
    /// They cross as they are.
    Untouched,
    /// Each crosses as whoever bridges media rewrites it.
    Bridged,
}
