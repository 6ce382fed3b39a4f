//! Load: many phones at once, each of which does the same over and over, and every answer to which is checked.
//!
//! What a phone sends and what an answer leads to is decided in `errand`, once for all transports. Over UDP one thread
//! drives all phones in batches; over TCP and TLS each phone keeps a connection of its own. No media is sent.

mod connections;
mod datagrams;
mod errand;
mod knee;
mod latencies;
mod phone;
mod plan;
mod tally;
mod watch;

pub use knee::{KneeSearch, Rung};
pub use latencies::Latencies;
pub use plan::{Caller, Goal, Length, LoadPlan, Pace, Run, Work};
pub use tally::Tally;
pub use watch::LoadWatch;

use crate::{UaTransport, UserAgentError};
use connections::ConnectionLoad;
use datagrams::DatagramLoad;
use std::fmt;
use std::sync::Arc;

/// Phones at one server, ready to be set to work.
pub struct Load {
    driver: Driver,
    watch: Arc<LoadWatch>,
}

enum Driver {
    Datagrams(Box<DatagramLoad>),
    Connections(Box<ConnectionLoad>),
    /// Its thread was lost, and its phones with it.
    Lost,
}

impl Load {
    /// Opens the sockets; over TCP and TLS, connects every phone, which [`LoadWatch::opened`] counts.
    ///
    /// # Errors
    /// [`UserAgentError`] where a caller or the domain cannot be written, or a socket cannot be had.
    pub async fn open(plan: LoadPlan, callers: Vec<Caller>, watch: Arc<LoadWatch>) -> Result<Self, UserAgentError> {
        plan.check(&callers)?;
        let driver = match plan.transport {
            UaTransport::Udp => Driver::Datagrams(Box::new(DatagramLoad::open(plan, callers)?)),
            UaTransport::Tcp | UaTransport::Tls(_) => {
                Driver::Connections(Box::new(ConnectionLoad::open(plan, callers, &watch).await?))
            }
        };
        Ok(Self { driver, watch })
    }

    /// Sets the phones to work, until the run's end or until the watch is told to stop; what was begun is ended first.
    pub async fn run(&mut self, run: Run) -> Tally {
        self.watch.begin();
        match std::mem::replace(&mut self.driver, Driver::Lost) {
            Driver::Datagrams(mut load) => {
                let watch = Arc::clone(&self.watch);
                // It waits in system calls, so it gets a thread of its own.
                let working = tokio::task::spawn_blocking(move || {
                    let tally = load.run(run, &watch);
                    (load, tally)
                });
                let Ok((load, tally)) = working.await else { return Tally::default() };
                self.driver = Driver::Datagrams(load);
                tally
            }
            Driver::Connections(mut load) => {
                let tally = load.run(run, &self.watch).await;
                self.driver = Driver::Connections(load);
                tally
            }
            Driver::Lost => Tally::default(),
        }
    }

    /// How many phones have a binding that nobody has removed yet.
    #[must_use]
    pub fn bound(&self) -> usize {
        match &self.driver {
            Driver::Datagrams(load) => load.bound(),
            Driver::Connections(load) => load.bound(),
            Driver::Lost => 0,
        }
    }
}

impl fmt::Debug for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load").field("bound", &self.bound()).finish_non_exhaustive()
    }
}
