//! When the server heard what its records tell about: seen by whoever handed it the datagrams.

use super::heard::{Heard, Start, uri, user};
use super::phone_call::call_of;
use super::writing::CREDENTIALS;
use std::collections::HashMap;
use std::time::Instant;

/// First times, by call.
#[derive(Clone, Default, Debug)]
pub struct Sightings {
    calls: HashMap<usize, Sighting>,
}

/// Of one call.
#[derive(Clone, Copy, Default, Debug)]
pub struct Sighting {
    /// An INVITE with credentials.
    pub begun: Option<Instant>,
    /// A success of the gateway.
    pub answered: Option<Instant>,
    /// A BYE of either side.
    pub ended: Option<Instant>,
}

impl Sightings {
    /// What was seen of that call.
    #[must_use]
    pub fn of(&self, call: usize) -> Sighting {
        self.calls.get(&call).copied().unwrap_or_default()
    }

    /// Notes a datagram that the server gets now.
    pub(super) fn note(&mut self, octets: &[u8], now: Instant) {
        let Some(heard) = Heard::parse(octets) else { return };
        // Whoever called whom: one of the two is the number.
        let call = ["To", "From"].into_iter().find_map(|name| call_of(user(uri(heard.header(name)))));
        let Some(call) = call else { return };
        let seen = self.calls.entry(call).or_default();
        let place = match (heard.start, heard.sequence()) {
            (Start::Request { method: "INVITE", .. }, _)
                if CREDENTIALS.iter().any(|name| !heard.header(name).is_empty()) =>
            {
                &mut seen.begun
            }
            (Start::Response(200..=299), Some((_, "INVITE"))) => &mut seen.answered,
            (Start::Request { method: "BYE", .. }, _) => &mut seen.ended,
            _ => return,
        };
        place.get_or_insert(now);
    }
}
