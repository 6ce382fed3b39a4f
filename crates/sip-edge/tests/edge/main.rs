//! The edge as a phone meets it: octets in, octets out.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod algorithm_uses;
mod challenges;
mod counting;
mod defence;
mod demands;
mod destinations;
mod flows;
mod late_answers;
mod lease;
mod merged;
mod methods;
mod next_nonce;
mod nonces;
mod order_of_checks;
mod phone;
mod qop;
mod realms;
mod refusals;
mod registering;
mod rotation;
mod service_route;
mod torture;
mod world;
