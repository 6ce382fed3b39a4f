//! Next hops as decisions: which of a trunk's URIs a call tries in which order ([`Selection`]), which of them are alive
//! ([`Health`]), how a challenge of theirs is answered ([`UpstreamSecret`]), and how we are registered with a carrier that
//! wants it ([`UpstreamRegistration`]).
//!
//! Nothing here reads a clock, draws a random number or touches a socket: the time in milliseconds and the source of
//! randomness are arguments, and the result says what to send and when to come back. Where a URI leads (RFC 3263) and over
//! which connection is not this crate's.

mod delays;
mod health;
mod health_config;
mod registration;
mod registration_config;
mod registration_report;
mod request;
mod rotation;
mod secret;
mod selection;
mod session;
mod validity;

pub use health::{Due, Evidence, Health, HealthEvent, Standing};
pub use health_config::{HealthConfig, Probing};
pub use registration::{Failure, Step, UpstreamRegistration};
pub use registration_config::{RegistrationConfig, RegistrationConfigError};
pub use registration_report::{RegistrationEvent, RegistrationReport};
pub use request::{OptionsProbe, Way};
pub use secret::{Credentials, SecretError, Unanswerable, UpstreamSecret};
pub use selection::{Candidate, Rank, Selection};

/// Milliseconds since the Unix epoch.
pub type Millis = u64;
