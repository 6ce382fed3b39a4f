//! Requests of ours within dialogs, until they are answered.

use crate::draft::Body;
use crate::names::Locus;
use crate::{ServerTicket, Ticket};
use sip_dialog::Grant;
use sip_message::Method;
use sip_message::write::{HeaderLines, KeptRequest};

/// A request of ours within a dialog.
#[derive(Debug)]
pub(crate) struct Errand {
    pub ticket: Ticket,
    /// The dialog it was sent in.
    pub to: Locus,
    pub method: MethodName,
    pub purpose: Purpose,
    /// Who waits for what comes of it; `None` for our own, and once the asker was answered.
    pub asker: Option<Asker>,
    /// What a challenge makes us send again.
    pub lines: HeaderLines,
    pub body: Body,
    pub credentials: HeaderLines,
    pub hops: u8,
    pub challenges: u8,
    pub cseq: u32,
    pub progress: Progress,
}

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// It carries a peer's across.
    Carry,
    /// It ends the dialog.
    Bye,
    /// It refreshes the session.
    Refresh,
    /// It shows whether the peer is still there.
    Probe,
}

/// How far a carried INVITE has come, for its CANCEL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    Silent,
    Proceeding,
    /// To be cancelled once a provisional response has come.
    Unwanted,
    Cancelled,
}

/// A peer's request that waits for its answer.
#[derive(Debug)]
pub(crate) struct Asker {
    pub ticket: ServerTicket,
    pub kept: KeptRequest,
    pub cseq: u32,
    /// What its session timer is granted, for requests that set one.
    pub grant: Option<Grant>,
}

/// A method that outlives its message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct MethodName(Box<[u8]>);

impl MethodName {
    pub(crate) fn of(method: Method<'_>) -> Self {
        Self(method.as_bytes().into())
    }

    pub(crate) fn method(&self) -> Method<'_> {
        Method::from_octets(&self.0)
    }
}

impl Errand {
    pub(crate) fn is(&self, method: Method<'_>) -> bool {
        self.method.method() == method
    }

    /// Whether it takes part in an offer/answer exchange that allows no other beside it (RFC 3261 section 14, RFC 3311
    /// section 5.2).
    pub(crate) fn negotiates(&self) -> bool {
        self.is(Method::Invite) || (self.is(Method::Update) && !self.body.octets.is_empty())
    }

    /// Whether the session lives no longer than the dialog says: a subscription may end alone (RFC 5057 section 5.1).
    pub(crate) fn is_of_session(&self) -> bool {
        !matches!(self.method.method(), Method::Subscribe | Method::Notify | Method::Refer)
    }
}
