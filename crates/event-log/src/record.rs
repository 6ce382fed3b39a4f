//! An event in the form it is kept in.

use domain::{
    AccountId, AuthEvent, AuthReason, AuthRemark, CredentialId, DigestAlgorithm, RealmId, SignallingTransport,
    Timestamp,
};
use std::net::SocketAddr;

/// A text of at most `N` octets without an allocation of its own; longer ones are cut.
#[derive(Clone, Copy)]
struct ShortText<const N: usize> {
    octets: [u8; N],
    length: u8,
}

impl<const N: usize> ShortText<N> {
    fn of(text: &[u8]) -> Self {
        let mut octets = [0; N];
        let length = text.len().min(N).min(usize::from(u8::MAX));
        for (to, from) in octets.iter_mut().zip(text.iter().take(length)) {
            *to = *from;
        }
        Self { octets, length: u8::try_from(length).unwrap_or(u8::MAX) }
    }

    /// As valid text without control characters: a sender must not be able to write into a log or a terminal.
    fn to_text(self) -> String {
        let octets = self.octets.get(..usize::from(self.length)).unwrap_or_default();
        let harmless = |character: char| if character.is_control() { '\u{fffd}' } else { character };
        String::from_utf8_lossy(octets).chars().map(harmless).collect()
    }
}

/// An event as copied on the signalling path.
pub(crate) struct Slot {
    at: Timestamp,
    reason: AuthReason,
    realm: Option<RealmId>,
    account: Option<AccountId>,
    credential: Option<CredentialId>,
    source: SocketAddr,
    transport: SignallingTransport,
    algorithm: Option<DigestAlgorithm>,
    remark: Option<AuthRemark>,
    method: ShortText<16>,
    username: ShortText<64>,
    host: ShortText<64>,
    user_agent: ShortText<64>,
    call_id: ShortText<64>,
}

impl Slot {
    pub(crate) fn of(event: &AuthEvent<'_>) -> Self {
        Self {
            at: event.at,
            reason: event.reason,
            realm: event.realm,
            account: event.account,
            credential: event.credential,
            source: event.source,
            transport: event.transport,
            algorithm: event.algorithm,
            remark: event.remark,
            method: ShortText::of(event.method),
            username: ShortText::of(event.username),
            host: ShortText::of(event.host),
            user_agent: ShortText::of(event.user_agent),
            call_id: ShortText::of(event.call_id),
        }
    }

    pub(crate) fn to_record(&self) -> EventRecord {
        EventRecord {
            at: self.at,
            reason: self.reason,
            realm: self.realm,
            account: self.account,
            credential: self.credential,
            source: self.source,
            transport: self.transport,
            algorithm: self.algorithm,
            remark: self.remark,
            method: self.method.to_text(),
            username: self.username.to_text(),
            host: self.host.to_text(),
            user_agent: self.user_agent.to_text(),
            call_id: self.call_id.to_text(),
        }
    }
}

/// One authentication attempt, for people. Texts are cut (16 octets of method, 64 of the others), valid and without
/// control characters; what they say is the sender's claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// When it was decided.
    pub at: Timestamp,
    /// Why it was answered as it was.
    pub reason: AuthReason,
    /// The realm that the addressed host led to.
    pub realm: Option<RealmId>,
    /// The account that owns the credential.
    pub account: Option<AccountId>,
    /// The credential, if one was found.
    pub credential: Option<CredentialId>,
    /// The address it came from.
    pub source: SocketAddr,
    /// The transport it came over.
    pub transport: SignallingTransport,
    /// The algorithm answered or offered first.
    pub algorithm: Option<DigestAlgorithm>,
    /// What else is worth telling.
    pub remark: Option<AuthRemark>,
    /// The SIP method.
    pub method: String,
    /// The digest username as sent.
    pub username: String,
    /// The host of the Request-URI.
    pub host: String,
    /// The User-Agent header.
    pub user_agent: String,
    /// The Call-ID.
    pub call_id: String,
}

impl EventRecord {
    /// Whether somebody who sent an answer was turned away.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !matches!(self.reason, AuthReason::Ok | AuthReason::Challenge)
    }

    pub(crate) fn log(&self) {
        tracing::info!(
            target: "sipwarden::auth",
            reason = self.reason.as_str(),
            remark = self.remark.map(AuthRemark::as_str),
            algorithm = self.algorithm.map(DigestAlgorithm::as_str),
            username = %self.username,
            source = %self.source,
            transport = self.transport.as_str(),
            method = %self.method,
            host = %self.host,
            user_agent = %self.user_agent,
            call_id = %self.call_id,
            "{}",
            if self.is_refusal() { "refused" } else { "remarkable" }
        );
    }
}
