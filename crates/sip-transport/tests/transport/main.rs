//! Real sockets on the loopback interface, served for an inbound that merely notes what it is handed.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod connections;
mod ends;
mod next_hops;
mod proxied;
mod recorder;
mod server;
mod stream_framing;
mod tls;
mod udp;
mod websocket;
