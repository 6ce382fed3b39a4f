//! SIP digest authentication, both sides: RFC 3261 section 22, RFC 7616, RFC 8760.
//!
//! A server issues nonces with [`NonceIssuer`], writes them into a [`Challenge`], and judges what comes back with
//! [`verify`], the only maker of a [`VerifiedIdentity`]. A client answers with [`Answer`].
//!
//! Nothing here reads a clock, draws a random number, knows an account or touches a socket: the time, the serial of a
//! nonce, a cnonce and the HA1s to compare with are arguments. Nothing here says what an unauthenticated peer is told
//! beyond `stale`; the reasons in [`Verdict`] are for the tenant.

mod algorithm;
mod answer;
mod challenge;
mod contact_key;
mod flow_token;
mod ha1;
mod hash;
mod nonce;
mod nonce_count;
mod response;
mod uri_agreement;
mod url_safe;
mod user_agent;
mod verify;

pub use algorithm::{Algorithm, AlgorithmSet, HashAlgorithm, KeyForm};
pub use answer::{Answer, AnswerError, QopPreference, Secret, choose_challenge};
pub use challenge::{Challenge, QopOffer, Staleness};
pub use contact_key::{CONTACT_TOKEN_OCTETS, ContactKey};
pub use flow_token::{FLOW_TOKEN_LENGTH, FLOW_TOKEN_OCTETS, FlowTokenKey, FlowTokenText};
pub use ha1::Ha1;
pub use hash::HexDigest;
pub use nonce::{
    CLOCK_TOLERANCE_SECONDS, IssuedNonce, Lane, NONCE_LENGTH, NonceIssuer, NonceKey, NonceScope, NonceSeed,
    NonceStanding, NonceText,
};
pub use nonce_count::{NonceCounts, NonceNumber, Spend};
pub use uri_agreement::{UriAgreement, uri_agrees};
pub use user_agent::answers_sha256;
pub use verify::{
    Afterwards, Attempt, Candidate, Permission, QopRule, Refusal, SpendNonceCount, StaleReason, Verdict,
    VerifiedIdentity, verify,
};
