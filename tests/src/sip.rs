//! SIP by hand: messages as octets, a peer that sends them, and a small digest client.

pub mod dialog;
pub mod digest;
pub mod handmade_phone;
pub mod message;
pub mod party;
pub mod peer;
pub mod wire;

pub use digest::{Challenge, Credentials};
pub use handmade_phone::HandmadePhone;
pub use message::Response;
pub use peer::{RawSip, Transport};
