//! Two dialogs coupled.

use crate::names::{End, LinkId};
use crate::{LegId, ServerTicket};
use sip_dialog::{Dialog, Millis, ReliableSequence, Repetition, SessionTimer};
use sip_message::write::HeaderLines;

/// A dialog with the caller and one with somebody called, whose messages cross.
#[derive(Debug)]
pub(crate) struct Link {
    pub id: LinkId,
    /// `None` once over, and where somebody answered for whom there is no caller.
    pub caller: Option<Side>,
    pub callee: Option<Side>,
    /// What the called's reliable provisional responses have come to.
    pub taken: ReliableSequence,
    pub reliable: Vec<ReliableResponse>,
}

/// One dialog of a link.
#[derive(Debug)]
pub(crate) struct Side {
    pub leg: LegId,
    pub dialog: Dialog,
    pub session: Option<SessionTimer>,
    /// The description we sent last, kept only where a refresh has to repeat it: the peer does not take UPDATE.
    pub refresh_body: Option<Box<[u8]>>,
    /// Our 2xx to the peer's INVITE, until it is acknowledged.
    pub success: Option<Success>,
    /// Our INVITE whose 2xx waits for the other side's ACK, which will bring the answer.
    pub owes_ack: Option<OwedAck>,
    /// Our ACK to the last 2xx, for when that comes again.
    pub ack: Option<SentAck>,
    pub parting: Parting,
}

/// A 2xx that has to be acknowledged.
#[derive(Debug)]
pub(crate) struct Success {
    pub ticket: ServerTicket,
    pub status: u16,
    pub cseq: u32,
    pub octets: Box<[u8]>,
    pub repetition: Repetition,
    pub begins: Begins,
}

/// What a 2xx to INVITE does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Begins {
    /// It answers the call: nobody says BYE before its ACK has come (RFC 3261 section 15).
    Call,
    /// It changes the session.
    Change,
}

/// An ACK that is still to be sent.
#[derive(Debug)]
pub(crate) struct OwedAck {
    pub cseq: u32,
    /// Those of the INVITE (RFC 3261 section 22.1).
    pub credentials: HeaderLines,
}

/// An ACK as it was sent.
#[derive(Debug)]
pub(crate) struct SentAck {
    pub cseq: u32,
    pub octets: Box<[u8]>,
}

/// How far a dialog is from its end.
#[derive(Debug)]
pub(crate) enum Parting {
    /// It lives.
    Not,
    /// BYE with these headers follows once our 2xx is acknowledged.
    Wanted(HeaderLines),
    /// BYE is under way.
    Sent,
}

/// A reliable provisional response of ours that answers one of the called's.
#[derive(Debug)]
pub(crate) struct ReliableResponse {
    pub ticket: ServerTicket,
    pub status: u16,
    pub ours: u32,
    pub theirs: u32,
    /// The CSeq of the caller's INVITE.
    pub cseq: u32,
    pub acknowledged: bool,
    pub octets: Box<[u8]>,
    /// `None` once acknowledged, or overtaken by the final response.
    pub repetition: Option<Repetition>,
}

impl Link {
    pub(crate) const fn side(&self, end: End) -> Option<&Side> {
        match end {
            End::Caller => self.caller.as_ref(),
            End::Callee => self.callee.as_ref(),
        }
    }

    pub(crate) const fn side_mut(&mut self, end: End) -> Option<&mut Side> {
        match end {
            End::Caller => self.caller.as_mut(),
            End::Callee => self.callee.as_mut(),
        }
    }

    pub(crate) fn sides(&self) -> impl Iterator<Item = &Side> {
        [&self.caller, &self.callee].into_iter().flatten()
    }

    pub(crate) fn drop_side(&mut self, end: End) {
        match end {
            End::Caller => self.caller = None,
            End::Callee => self.callee = None,
        }
    }

    pub(crate) fn wakes_at(&self) -> Option<Millis> {
        let sides = self.sides().flat_map(|side| {
            let timer =
                side.session.filter(|_| matches!(side.parting, Parting::Not)).and_then(|timer| timer.wakes_at());
            [timer, side.success.as_ref().map(|success| success.repetition.wakes_at())]
        });
        let reliable = self.reliable.iter().map(|response| response.repetition.map(|repetition| repetition.wakes_at()));
        sides.chain(reliable).flatten().min()
    }
}

impl Side {
    pub(crate) const fn new(leg: LegId, dialog: Dialog) -> Self {
        Self {
            leg,
            dialog,
            session: None,
            refresh_body: None,
            success: None,
            owes_ack: None,
            ack: None,
            parting: Parting::Not,
        }
    }
}
