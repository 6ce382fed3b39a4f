//! What calls are built from.

use crate::calls::media::{MediaBridge, MediaRule};
use crate::calls::next_hops::NextHops;
use crate::calls::way::OwnAddresses;
use directory::Directory;
use domain::{Clock, RandomSource};
use sip_transport::Flows;
use std::sync::Arc;
use storage::{CallEventSink, CallJournal};

/// What the operator may set about calls.
#[derive(Debug, Clone)]
pub struct CallsConfig {
    /// Most calls up at a time on this node; beyond, 503.
    pub most_calls: usize,
    /// Whether a source address alone lets calls in over UDP, where anybody can write any source address.
    pub acl_over_udp: bool,
    /// How long phones ring, in seconds, before the caller is told that nobody answers.
    pub ring_seconds: u32,
    /// How long a next hop may leave an INVITE without any response before the next one is tried, in milliseconds.
    pub next_hop_patience_ms: u64,
    /// How often next hops are asked by OPTIONS whether they are there, in seconds; 0 leaves it to calls to find out.
    pub next_hop_ping_seconds: u32,
    /// The session interval asked for and granted (RFC 4028), in seconds.
    pub session_seconds: u32,
    /// Which calls' media is bridged, where there is a [`CallParts::media`].
    pub media: MediaRule,
    /// Where we are reached.
    pub addresses: OwnAddresses,
}

impl Default for CallsConfig {
    fn default() -> Self {
        Self {
            most_calls: 50_000,
            acl_over_udp: false,
            ring_seconds: 120,
            next_hop_patience_ms: 4_000,
            next_hop_ping_seconds: 30,
            session_seconds: 1_800,
            media: MediaRule::default(),
            addresses: OwnAddresses::default(),
        }
    }
}

/// What calls are built from.
pub struct CallParts {
    /// Names, trunks and locations.
    pub directory: Arc<Directory>,
    /// Sends.
    pub flows: Arc<Flows>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes tags, branches and Call-IDs.
    pub random: Arc<dyn RandomSource>,
    /// Takes down what happens.
    pub journal: Arc<dyn CallJournal>,
    /// Tells whoever wants to hear.
    pub events: Arc<dyn CallEventSink>,
    /// Finds next hops.
    pub next_hops: Arc<dyn NextHops>,
    /// Bridges media; without it session descriptions cross as they are.
    pub media: Option<Arc<dyn MediaBridge>>,
    /// What the operator set.
    pub config: CallsConfig,
}
