//! What calls need of the network beyond the flows that are there.

use sip_transport::Flow;
use sip_transport::resolve::{NextHop, ResolveError, Target};

/// Why there is no way to a next hop.
#[derive(Debug, thiserror::Error)]
pub enum NoWay {
    /// Where it leads could not be found, or nothing may be sent there.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// No connection to it, or no socket it could be reached from.
    #[error("{0}")]
    NotConnected(Box<str>),
}

/// What is called once it is known where a target leads.
pub type Found = Box<dyn FnOnce(Result<Vec<NextHop>, NoWay>) + Send>;
/// What is called once there is a flow to a place, or it is known that there will be none.
pub type Reached = Box<dyn FnOnce(Result<Flow, NoWay>) + Send>;

/// Finds next hops and ways to them. What is handed in is called once, on another thread, never before the method
/// returns.
pub trait NextHops: Send + Sync {
    /// Where requests to a target go, if that is known without asking anybody: the places in order of trial.
    fn known(&self, target: &Target, random: u64) -> Option<Result<Vec<NextHop>, NoWay>>;

    /// Where requests to a target go, the places in order of trial, at least one (RFC 3263). `random` spreads calls over
    /// services of equal rank.
    fn find(&self, target: Target, random: u64, found: Found);

    /// A flow over which requests reach a place, if there is one at once: a socket of ours, or a connection that was
    /// opened for it.
    fn flow_to(&self, hop: &NextHop, server_name: &str) -> Option<Flow>;

    /// The same, opening a connection if need be. `server_name` is what a TLS server's certificate must be for: the host
    /// of the URI (RFC 5922), or the address itself where it is empty.
    fn reach(&self, hop: NextHop, server_name: &str, reached: Reached);
}
