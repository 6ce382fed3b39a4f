//! What a call asks of its owner.

use crate::{CallFacts, LegId, ServerTicket, TargetRef, Ticket};

/// What is done next, in the order given.
#[derive(Debug)]
pub enum Action {
    /// Find out how to reach a target, and answer with [`Call::on_path`](crate::Call::on_path).
    Locate {
        /// The leg to be.
        leg: LegId,
        /// Which target of the setup.
        target: TargetRef,
        /// How often this target was asked for before: another place to try (RFC 3263 section 4.3) each time, and
        /// [`Unroutable`](crate::Unroutable) when there is none left.
        attempt: u8,
    },
    /// Begin a client transaction with these octets and send them.
    Request {
        /// Over which leg.
        leg: LegId,
        /// What its responses are reported with.
        ticket: Ticket,
        /// The whole request, its branch included.
        octets: Vec<u8>,
    },
    /// Cancel the INVITE of that ticket; a provisional response to it has come.
    Cancel {
        /// Its leg.
        leg: LegId,
        /// The INVITE.
        ticket: Ticket,
        /// The value of a Reason for the CANCEL (RFC 3326): a phone shows no missed call when another has answered.
        reason: Option<Box<[u8]>>,
    },
    /// Send an ACK to a 2xx; it has no transaction.
    Ack {
        /// Over which leg.
        leg: LegId,
        /// The whole request.
        octets: Vec<u8>,
    },
    /// Answer a peer's request. A 2xx to INVITE comes again until it is acknowledged, a reliable provisional response too.
    Respond {
        /// The peer's request.
        ticket: ServerTicket,
        /// The status.
        status: u16,
        /// The whole response.
        octets: Vec<u8>,
    },
    /// Rewrite a session description on its way, and answer with [`Call::on_body`](crate::Call::on_body) before anything
    /// else is told to this call.
    Bridge {
        /// Whose description it is.
        from: LegId,
        /// Who will get it.
        to: LegId,
        /// Which half of the exchange (RFC 3264).
        kind: SdpKind,
        /// The description.
        sdp: Vec<u8>,
    },
    /// A target rings, for the first time.
    Ringing(LegId),
    /// A target has answered.
    Answered(LegId),
    /// The 2xx that goes to the caller is the next [`Action::Respond`]: from here on [`Call::snapshot`](crate::Call::snapshot)
    /// has something to keep.
    Confirmed,
    /// What [`Call::snapshot`](crate::Call::snapshot) gives has changed in a way that outlasts a restart.
    Changed,
    /// [`Call::dialogs`](crate::Call::dialogs) gives others than before.
    DialogsChanged,
    /// It is over: exactly once, and last. Nothing is sent for this call any more.
    Ended(Box<CallFacts>),
}

/// Which half of an offer/answer exchange a session description is (RFC 3264).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SdpKind {
    /// The first.
    Offer,
    /// The second.
    Answer,
}
