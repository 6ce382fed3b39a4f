//! What benchmarks share: a cheap load, what many rounds come to, and where results are written for people.

mod batch;
mod contest;
mod digest_load;
mod plot;
mod profile;
mod rounds;
mod section;
mod servers;
mod stream_load;

pub use contest::{Contest, Row};
pub use digest_load::{DigestLoad, Kind, LoadReport};
pub use plot::{Curve, Plot};
pub use profile::Profile;
pub use rounds::Rounds;
pub use section::{Section, machine};
pub use servers::{import, memory_mib, pin_load, registrar};
pub use stream_load::StreamLoad;

/// The user of that number.
#[must_use]
pub fn user(number: usize) -> String {
    format!("user{number:07}")
}

/// Its password.
#[must_use]
pub fn password(user: &str) -> String {
    format!("pw-{user}")
}
