//! Real sockets on the loopback interface, served for an inbound that merely notes what it is handed.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod recorder;
mod tcp_connections;
mod tcp_framing;
mod tcp_server;
mod udp;
