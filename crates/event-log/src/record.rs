//! An event in the form it is kept in.

use domain::{
    AccountId, AuthEvent, AuthReason, AuthRecord, AuthRemark, CredentialId, DigestAlgorithm, NearMiss, RealmId,
    SignallingTransport, Timestamp,
};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};

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

    fn octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// As valid text without control characters: a sender must not be able to write into a log or a terminal.
    fn to_text(self) -> Box<str> {
        let harmless = |character: char| if character.is_control() { '\u{fffd}' } else { character };
        String::from_utf8_lossy(self.octets()).chars().map(harmless).collect()
    }
}

/// An event as copied on the signalling path.
#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) at: Timestamp,
    pub(crate) reason: AuthReason,
    pub(crate) realm: Option<RealmId>,
    pub(crate) account: Option<AccountId>,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) cseq: u32,
    source: SocketAddr,
    transport: SignallingTransport,
    pub(crate) algorithm: Option<DigestAlgorithm>,
    remark: Option<AuthRemark>,
    near_miss: Option<NearMiss>,
    device: ShortText<64>,
    method: ShortText<16>,
    username: ShortText<64>,
    host: ShortText<64>,
    user_agent: ShortText<64>,
    call_id: ShortText<64>,
    claimed_realm: ShortText<64>,
    date: ShortText<32>,
}

impl Slot {
    pub(crate) fn of(event: &AuthEvent<'_>) -> Self {
        Self {
            at: event.at,
            reason: event.reason,
            realm: event.realm,
            account: event.account,
            credential: event.credential,
            cseq: event.cseq,
            source: SocketAddr::new(event.source.ip().to_canonical(), event.source.port()),
            transport: event.transport,
            algorithm: event.algorithm,
            remark: event.remark,
            near_miss: event.near_miss,
            device: ShortText::of(event.device),
            method: ShortText::of(event.method),
            username: ShortText::of(event.username),
            host: ShortText::of(event.host),
            user_agent: ShortText::of(event.user_agent),
            call_id: ShortText::of(event.call_id),
            claimed_realm: ShortText::of(event.claimed_realm),
            date: ShortText::of(event.date),
        }
    }

    /// The realm of the answer is kept for those alone who were refused for it.
    pub(crate) fn to_record(&self) -> AuthRecord {
        let claimed_realm = (self.reason == AuthReason::RealmMismatch).then(|| self.claimed_realm.to_text());
        AuthRecord {
            at: self.at,
            last_at: self.at,
            attempts: 1,
            account: self.account,
            credential: self.credential,
            device: (self.device.length > 0).then(|| self.device.to_text()),
            reason: self.reason,
            remark: self.remark,
            near_miss: self.near_miss,
            claimed_realm,
            source: self.source,
            transport: self.transport,
            algorithm: self.algorithm,
            method: self.method.to_text(),
            username: self.username.to_text(),
            host: self.host.to_text(),
            user_agent: self.user_agent.to_text(),
            call_id: self.call_id.to_text(),
        }
    }

    /// Whether the log says it: a refusal, or what is worth telling besides. Who is let in by the old password of a
    /// rotation comes back every minute, and is told by the rotation itself.
    pub(crate) const fn is_remarkable(&self) -> bool {
        self.reason.is_refusal() || !matches!(self.remark, None | Some(AuthRemark::PreviousPassword))
    }

    pub(crate) fn date(&self) -> Box<str> {
        self.date.to_text()
    }

    pub(crate) fn source(&self) -> IpAddr {
        self.source.ip()
    }

    /// The same for the attempts of one exchange: a challenge and its answer.
    pub(crate) fn exchange_key(&self, hasher: &RandomState) -> u64 {
        hasher.hash_one((self.call_id.octets(), self.source()))
    }

    /// The same for whoever it is: a credential, or a name from an address.
    pub(crate) fn owner_key(&self, hasher: &RandomState) -> u64 {
        match self.credential {
            Some(credential) => hasher.hash_one((1_u8, credential)),
            None => hasher.hash_one((2_u8, self.account, self.username.octets(), self.source())),
        }
    }

    /// The same for attempts that differ in nothing that a reader would miss.
    pub(crate) fn likeness_key(&self, hasher: &RandomState) -> u64 {
        let who = (self.owner_key(hasher), self.source(), self.transport);
        let what = (self.reason, self.remark, self.near_miss, self.method.octets(), self.user_agent.octets());
        hasher.hash_one((who, what, self.device.octets()))
    }

    /// The same for attempts of one name, or one credential, from one address that ended alike.
    pub(crate) fn summary_key(&self, hasher: &RandomState) -> u64 {
        hasher.hash_one((self.owner_key(hasher), self.source(), self.reason))
    }
}

/// Says it in the log. A name that no credential has may be a password that was typed in the wrong field, so it stays
/// between the record and its account.
pub(crate) fn log(record: &AuthRecord) {
    let is_known = record.credential.is_some() || record.username.is_empty();
    tracing::info!(
        target: "sipwarden::auth",
        reason = record.reason.as_str(),
        remark = record.remark.map(AuthRemark::as_str),
        device = record.device.as_deref(),
        algorithm = record.algorithm.map(DigestAlgorithm::as_str),
        username = if is_known { &*record.username } else { "<unknown>" },
        source = %record.source,
        transport = record.transport.as_str(),
        method = &*record.method,
        host = &*record.host,
        user_agent = &*record.user_agent,
        call_id = &*record.call_id,
        "{}",
        if record.is_refusal() { "refused" } else { "remarkable" }
    );
}
