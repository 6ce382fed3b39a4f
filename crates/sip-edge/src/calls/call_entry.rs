//! One call as its shard keeps it: the engine, and what only the edge knows of it.

use crate::calls::bridging::Bridging;
use crate::calls::dialog_index::DialogName;
use crate::calls::engine::Engine;
use crate::calls::few::Few;
use crate::calls::limits::Places;
use crate::calls::media::LegMedia;
use crate::calls::outlet::Destination;
use crate::calls::way::Way;
use domain::CallDetails;
use sip_b2bua::{LegId, Millis, ServerTicket, TargetRef, Ticket};
use sip_transaction::{ClientId, InviteServerId, Reliability, TransactionKey};
use sip_transport::resolve::NextHop;
use std::collections::VecDeque;
use std::net::IpAddr;

/// Most addresses that a next hop is known to send from.
const MOST_PEERS: usize = 8;

/// A call.
pub(crate) struct CallEntry {
    pub(crate) engine: Engine,
    pub(crate) details: CallDetails,
    /// Its places at the limits, free again when it is forgotten or its caller was refused; a next hop that never answers
    /// keeps the rest for half a minute, in case it does.
    pub(crate) slots: Option<Places>,
    pub(crate) legs: Vec<Leg>,
    /// By stage and target of the setup.
    pub(crate) ways: Vec<Vec<Way>>,
    /// The places that targets were found to lead to and that were not tried yet (RFC 3263 section 4.3); every try of a
    /// target is a leg of its own.
    pub(crate) places: Few<TargetRef, VecDeque<NextHop>>,
    /// Requests of peers that are not answered finally, and INVITEs whose 2xx may have to be repeated.
    pub(crate) servers: Few<ServerTicket, Pending>,
    pub(crate) clients: Few<Ticket, ClientId>,
    pub(crate) next_server: u32,
    pub(crate) dialogs: Vec<Dialog>,
    pub(crate) wakes_at: Option<Millis>,
    /// What copies of its INVITE have in common; none after a restart.
    pub(crate) begun_by: Option<u64>,
    /// Whether the next 2xx to the caller waits until the call would survive a restart.
    pub(crate) holds_answer: bool,
    /// A 2xx that waits so.
    pub(crate) held: Option<Held>,
    /// Whether a restart would find it.
    pub(crate) is_kept: bool,
    /// What waits for a session description that is being rewritten.
    pub(crate) bridging: Bridging,
}

/// A 2xx that leaves when the call is durable.
pub(crate) struct Held {
    pub(crate) ticket: ServerTicket,
    pub(crate) status: u16,
    pub(crate) octets: Vec<u8>,
}

/// A peer's request that waits for its answer.
pub(crate) enum Pending {
    Invite(InviteServerId),
    Other(Box<PendingRequest>),
}

/// What an answer to anything but INVITE needs to leave and to be repeated.
pub(crate) struct PendingRequest {
    pub(crate) lane: usize,
    pub(crate) key: TransactionKey,
    pub(crate) destination: Destination,
    pub(crate) reliability: Reliability,
}

/// A dialog's names, kept so that its place in the index can be found when it is over.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Dialog {
    pub(crate) leg: LegId,
    call_id: Box<[u8]>,
    local_tag: Box<[u8]>,
    remote_tag: Box<[u8]>,
}

impl Dialog {
    fn is(&self, view: &sip_b2bua::DialogView<'_>) -> bool {
        self.leg == view.leg
            && *self.call_id == *view.call_id
            && *self.local_tag == *view.local_tag
            && *self.remote_tag == *view.remote_tag
    }

    pub(crate) fn name(&self) -> DialogName<'_> {
        DialogName { call_id: &self.call_id, local_tag: &self.local_tag, remote_tag: &self.remote_tag }
    }
}

/// One side of a call.
#[derive(Clone, Default)]
pub(crate) struct Leg {
    /// Where its messages go, once that is known.
    pub(crate) destination: Option<Destination>,
    /// Which target it reaches; none for the caller's.
    pub(crate) target: Option<TargetRef>,
    /// Whether requests in it go where the peer's Contact and Record-Route say.
    pub(crate) follows_contact: bool,
    /// Addresses from which its peer may send requests without proving itself.
    pub(crate) peers: Vec<IpAddr>,
    /// Where requests in it were found to go, by the URI that said so.
    pub(crate) followed: Option<(Box<[u8]>, Destination)>,
    /// What waits until that is found.
    pub(crate) waiting: Vec<Waiting>,
    /// What is known of its media.
    pub(crate) media: LegMedia,
}

/// A message that waits until it is known where it goes.
#[derive(Clone)]
pub(crate) enum Waiting {
    Request { ticket: Ticket, octets: Vec<u8> },
    Ack { octets: Vec<u8> },
}

impl Leg {
    /// The leg of a peer that is known to be there.
    pub(crate) fn at(destination: Destination) -> Self {
        let mut leg = Self { destination: Some(destination), ..Self::default() };
        leg.note_peer(&destination);
        leg
    }

    /// Lets its peer send from there.
    pub(crate) fn note_peer(&mut self, destination: &Destination) {
        if let Destination::Network { to, .. } = destination
            && !self.peers.contains(&to.ip().to_canonical())
            && self.peers.len() < MOST_PEERS
        {
            self.peers.push(to.ip().to_canonical());
        }
    }
}

impl CallEntry {
    /// One that has sent nothing yet.
    pub(crate) fn new(engine: Engine, details: CallDetails, (legs, ways): (Vec<Leg>, Vec<Vec<Way>>)) -> Self {
        Self {
            engine,
            details,
            slots: None,
            legs,
            ways,
            places: Few::new(),
            servers: Few::new(),
            clients: Few::new(),
            next_server: 0,
            dialogs: Vec::new(),
            wakes_at: None,
            begun_by: None,
            holds_answer: false,
            held: None,
            is_kept: false,
            bridging: Bridging::default(),
        }
    }

    pub(crate) fn leg(&self, leg: LegId) -> Option<&Leg> {
        self.legs.get(usize::from(leg.0))
    }

    /// That leg, made if it is new.
    pub(crate) fn leg_mut(&mut self, leg: LegId) -> &mut Leg {
        let index = usize::from(leg.0);
        if self.legs.len() <= index {
            self.legs.resize(index + 1, Leg::default());
        }
        #[expect(clippy::indexing_slicing, reason = "the line above made it")]
        &mut self.legs[index]
    }

    pub(crate) fn way(&self, target: TargetRef) -> Option<&Way> {
        self.ways.get(usize::from(target.stage))?.get(usize::from(target.target))
    }

    pub(crate) fn next_server_ticket(&mut self) -> ServerTicket {
        self.next_server = self.next_server.wrapping_add(1);
        ServerTicket(self.next_server)
    }

    /// Whether the engine has just the dialogs that were read last.
    pub(crate) fn knows_its_dialogs(&self) -> bool {
        let mut known = self.dialogs.iter();
        let is_known = |view: sip_b2bua::DialogView<'_>| known.next().is_some_and(|dialog| dialog.is(&view));
        self.engine.dialogs().all(is_known) && known.next().is_none()
    }

    pub(crate) fn read_dialogs(&self) -> Vec<Dialog> {
        let read = |view: sip_b2bua::DialogView<'_>| Dialog {
            leg: view.leg,
            call_id: view.call_id.into(),
            local_tag: view.local_tag.into(),
            remote_tag: view.remote_tag.into(),
        };
        self.engine.dialogs().map(read).collect()
    }
}
