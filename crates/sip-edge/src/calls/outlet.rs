//! Where the messages of calls leave.

use sip_transport::{Flow, Flows, Outbox, SendError, Transport};
use std::net::SocketAddr;

/// The other end of a leg, and the way there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Destination {
    /// Over a flow; over UDP to that address.
    Network { flow: Flow, to: SocketAddr },
    /// The user agent inside this process.
    Local,
}

impl Destination {
    /// The flow, if it is one of the network.
    pub(crate) const fn flow(&self) -> Option<&Flow> {
        match self {
            Self::Network { flow, .. } => Some(flow),
            Self::Local => None,
        }
    }

    /// Whether what is sent there may be lost on the way.
    pub(crate) fn is_datagram(&self) -> bool {
        self.flow().is_some_and(|flow| flow.transport.is_datagram())
    }
}

/// A user agent inside this process that calls can be led to, such as the echo. It speaks plain SIP; what it has to say
/// comes back through [`crate::Edge::receive_from_local`].
pub trait LocalUserAgent: Send + Sync {
    /// Takes one message. Must not wait and must not answer from within the call.
    fn receive(&self, octets: &[u8]);
}

/// Sends: by the outbox of the worker at hand where the way is the same, so that messages leave in its batch; else at
/// once.
pub(crate) struct Outlet<'o> {
    flows: &'o Flows,
    local: Option<&'o dyn LocalUserAgent>,
    here: Option<(&'o Flow, &'o mut Outbox)>,
}

impl<'o> Outlet<'o> {
    /// Sends everything at once.
    pub(crate) const fn new(flows: &'o Flows, local: Option<&'o dyn LocalUserAgent>) -> Self {
        Self { flows, local, here: None }
    }

    /// Uses an outbox, all of whose messages leave over that flow.
    pub(crate) const fn beside(self, flow: &'o Flow, outbox: &'o mut Outbox) -> Self {
        Self { here: Some((flow, outbox)), ..self }
    }

    /// Sends one message.
    pub(crate) fn send(&mut self, destination: &Destination, octets: &[u8]) -> Result<(), SendError> {
        if octets.is_empty() {
            return Ok(());
        }
        match destination {
            Destination::Local => match self.local {
                Some(local) => {
                    local.receive(octets);
                    Ok(())
                }
                None => Err(SendError::FlowGone),
            },
            Destination::Network { flow, to } => match &mut self.here {
                Some((here, outbox)) if is_same_way(here, flow) => {
                    outbox.push(*to, |out| out.extend_from_slice(octets));
                    Ok(())
                }
                _ => self.flows.send(flow, *to, octets),
            },
        }
    }
}

/// Whether messages for `there` leave by what serves `here`: the same socket and address of ours, or the same
/// connection.
fn is_same_way(here: &Flow, there: &Flow) -> bool {
    here.transport == there.transport
        && match here.transport {
            Transport::Udp => here.local == there.local,
            _ => here.connection == there.connection,
        }
}
