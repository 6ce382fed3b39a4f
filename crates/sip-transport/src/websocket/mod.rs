//! SIP over WebSocket (RFC 7118): the upgrade, frames, and the carrier that puts both under a connection.
//!
//! How octets form a frame's header is the business of `tungstenite`; what may follow what, and how much of it, is ours,
//! without IO, so that an idle WebSocket holds no buffer and a slow one meets the same deadlines as a slow TCP peer.

mod carrier;
mod fault;
mod handshake;
mod origin;
mod reader;
mod upgrade;

pub(crate) use carrier::WebSocket;
pub use fault::WebSocketFault;
pub(crate) use handshake::shake_hands;
pub use origin::{Origin, OriginPolicy, UnusableOrigin};
pub use reader::{Incoming, Kind, MessageReader};
