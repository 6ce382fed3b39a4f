//! Calls: who may make them, where they go, and what drives them.
//!
//! The engine (`sip-b2bua`) says what a call does next; what is here finds the call a message belongs to, begins calls
//! that are allowed, keeps the transactions, sends, wakes, and writes down what happened.
//!
//! A call is handled on whatever thread its message came on, under the lock of its shard, to its end. What has to be
//! waited for (a name to resolve, a connection to open, a disk) comes back as an event of its own.

mod actions;
mod answering;
mod bridging;
mod call_entry;
mod carrier_call;
mod choosing;
mod config;
mod daily_minutes;
mod description;
mod dialog_index;
mod engine;
mod events;
mod exchanges;
mod few;
mod happening;
mod identifiers;
mod identity;
mod limits;
mod live;
mod locating;
mod media;
mod new_call;
mod next_hops;
mod outlet;
mod permission;
mod record;
mod refusal;
mod requests;
mod responses;
mod restart;
mod revocation;
mod route;
mod sessions;
mod shard;
mod timekeeper;
mod way;

pub use config::{CallParts, CallsConfig};
pub use media::{Half, MediaBridge, MediaName, MediaProfile, MediaRule, Rewritten, SessionDescription};
pub use next_hops::{Found, NextHops, NoWay, Reached};
pub use outlet::LocalUserAgent;
pub use refusal::CallRefusal;
pub use timekeeper::Timekeeper;
pub use way::OwnAddresses;

pub(crate) use outlet::{Destination, Outlet};
pub(crate) use permission::{Caller, gateways};
pub(crate) use requests::{Arrived, InDialog, Sender};
pub(crate) use route::{Asking, next_hop};

use crate::lane::Lane;
use crate::upstream::Upstream;
use choosing::NextHopChoice;
use daily_minutes::DailyMinutes;
use domain::{OriginationUri, RegistrationStanding, RegistrationState};
use foldhash::fast::{FixedState, RandomState};
use limits::CallLimits;
use parking_lot::Mutex;
use shard::Shard;
use sip_b2bua::Millis;
use sip_digest::ContactKey;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use storage::UpstreamRegistrations;

/// Begins every Call-ID of ours, before the shard it leads to.
const OWN_CALL_ID: &[u8] = b"sw";
/// Shards, so that workers seldom want the same; fits into two hexadecimal digits.
const SHARDS: usize = 64;
/// Any number, for ever the same.
const SHARD_SEED: u64 = 0x51b0;

/// All calls of this node.
pub struct Calls {
    shards: Box<[Mutex<Shard>]>,
    pub(crate) parts: CallParts,
    pub(crate) limits: CallLimits,
    pub(crate) minutes: DailyMinutes,
    choice: NextHopChoice,
    pub(crate) upstream: Arc<Upstream>,
    lanes: Arc<[Lane]>,
    /// Answers `echo@`.
    local: OnceLock<Arc<dyn LocalUserAgent>>,
    /// How many calls there are in all shards.
    count: AtomicUsize,
    /// How many requests outside dialogs are being carried across.
    exchanges: AtomicUsize,
    /// Makes loop tokens, which no other node makes.
    hasher: RandomState,
    me: Weak<Self>,
}

impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calls").field("up", &self.up()).finish_non_exhaustive()
    }
}

/// Names a shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ShardIndex(usize);

impl ShardIndex {
    /// The beginning of the Call-IDs of our legs in that shard.
    fn call_id_prefix(self) -> Box<[u8]> {
        [OWN_CALL_ID, format!("{:02x}", self.0).as_bytes()].concat().into_boxed_slice()
    }
}

impl Calls {
    pub(crate) fn new(parts: CallParts, lanes: Arc<[Lane]>, contact_key: ContactKey) -> Arc<Self> {
        let transactions = parts.config.most_calls.saturating_mul(4).div_ceil(SHARDS).max(64);
        let shards =
            (0..SHARDS).map(|index| Mutex::new(Shard::new(ShardIndex(index), transactions, &parts.random))).collect();
        Arc::new_cyclic(|me| Self {
            upstream: Upstream::new(&parts, contact_key),
            shards,
            parts,
            limits: CallLimits::default(),
            minutes: DailyMinutes::default(),
            choice: NextHopChoice::default(),
            lanes,
            local: OnceLock::new(),
            count: AtomicUsize::new(0),
            exchanges: AtomicUsize::new(0),
            hasher: RandomState::default(),
            me: Weak::clone(me),
        })
    }

    /// Lets a user agent inside this process answer `echo@`; once, since it answers through the edge that has these calls.
    pub fn answer_locally(&self, agent: Arc<dyn LocalUserAgent>) {
        if self.local.set(agent).is_err() {
            tracing::error!("there is a local user agent already");
        }
    }

    /// How many calls are up, ringing or ending.
    #[must_use]
    pub fn up(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// How many next hops count as down: calls try them last.
    #[must_use]
    pub fn next_hops_down(&self) -> usize {
        self.upstream.down()
    }

    /// How many registrations with carriers stand how.
    #[must_use]
    pub fn registrations_with_carriers(&self) -> [(RegistrationState, usize); RegistrationState::ALL.len()] {
        self.upstream.registration_states()
    }

    /// Begins to end every registration with a carrier; [`Calls::is_gone_from_carriers`] once all have answered.
    pub fn leave_carriers(&self) {
        self.upstream.leave_carriers();
    }

    /// Whether no carrier keeps a contact of ours that we know of.
    #[must_use]
    pub fn is_gone_from_carriers(&self) -> bool {
        self.upstream.registrations_kept() == 0
    }

    /// Transactions and dialogs under way: none once every call is over and 32 seconds have passed.
    #[must_use]
    pub fn under_way(&self) -> UnderWay {
        self.shards.iter().fold(UnderWay::default(), |sum, shard| {
            let shard = shard.lock();
            UnderWay {
                calls: sum.calls + shard.calls.len(),
                dialogs: sum.dialogs + shard.dialogs.len(),
                client_transactions: sum.client_transactions + shard.clients.len(),
                invite_transactions: sum.invite_transactions + shard.invites.len(),
            }
        })
    }

    /// The shard that a Call-ID leads to: one of ours names it, any other is hashed.
    fn shard_of(&self, call_id: &[u8]) -> ShardIndex {
        let named = call_id
            .strip_prefix(OWN_CALL_ID)
            .and_then(|rest| rest.get(..2))
            .and_then(|digits| usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        // The same after a restart, because the Call-IDs of our legs of before name their shard.
        let hashed =
            || usize::try_from(FixedState::with_seed(SHARD_SEED).hash_one(call_id) % SHARDS as u64).unwrap_or(0);
        ShardIndex(named.filter(|index| *index < SHARDS).unwrap_or_else(hashed))
    }

    fn shard(&self, index: ShardIndex) -> &Mutex<Shard> {
        #[expect(clippy::indexing_slicing, reason = "a ShardIndex is below SHARDS")]
        &self.shards[index.0]
    }

    /// Sends everything at once, for what happens on no worker.
    pub(crate) fn outlet(&self) -> Outlet<'_> {
        Outlet::new(&self.parts.flows, self.local.get().map(|local| &**local))
    }

    fn now_ms(&self) -> Millis {
        self.parts.clock.now().as_unix_millis()
    }

    fn lane(&self, index: usize) -> Option<&Lane> {
        self.lanes.get(index % self.lanes.len().max(1))
    }
}

impl UpstreamRegistrations for Calls {
    fn standing(&self, uri: &OriginationUri) -> Option<RegistrationStanding> {
        self.upstream.standing_of(uri)
    }
}

/// What calls keep in memory at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UnderWay {
    /// Calls up, ringing or ending.
    pub calls: usize,
    /// Dialogs of theirs.
    pub dialogs: usize,
    /// Requests of ours, those included that only absorb repeated responses.
    pub client_transactions: usize,
    /// INVITEs of peers, those included that only absorb what is repeated.
    pub invite_transactions: usize,
}
