//! An event in the form it is kept in.

use domain::{
    AccountId, AuthEvent, AuthReason, AuthRecord, AuthRemark, CredentialId, DigestAlgorithm, NearMiss, RealmId,
    SignallingTransport, Timestamp,
};
use foldhash::quality::RandomState;
use std::hash::BuildHasher;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;

/// Most octets kept of each text, in the order of [`Text`]; longer ones are cut.
const MOST_OCTETS: [u8; Text::COUNT] = [64, 16, 64, 64, 64, 64, 64, 32];

/// The texts of an event.
#[derive(Clone, Copy)]
enum Text {
    Device,
    Method,
    Username,
    Host,
    UserAgent,
    CallId,
    ClaimedRealm,
    Date,
}

impl Text {
    const COUNT: usize = 8;
}

/// An event without its texts.
#[derive(Clone, Copy)]
pub(crate) struct Facts {
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
    /// How long each text is; they stand one behind the other.
    lengths: [u8; Text::COUNT],
}

/// Events one behind the other, as copied on the signalling path: a copy is as long as what was said, and the memory is
/// used again.
pub(crate) struct Batch {
    facts: Vec<Facts>,
    octets: Vec<u8>,
}

impl Batch {
    /// Room for so many, without another allocation.
    pub(crate) fn with_capacity(events: usize) -> Self {
        let longest: usize = MOST_OCTETS.into_iter().map(usize::from).sum();
        Self { facts: Vec::with_capacity(events), octets: Vec::with_capacity(events * longest) }
    }

    pub(crate) const fn len(&self) -> usize {
        self.facts.len()
    }

    pub(crate) fn push(&mut self, event: &AuthEvent<'_>) {
        let texts = [
            event.device,
            event.method,
            event.username,
            event.host,
            event.user_agent,
            event.call_id,
            event.claimed_realm,
            event.date,
        ];
        let mut lengths = [0; Text::COUNT];
        for ((text, most), length) in texts.into_iter().zip(MOST_OCTETS).zip(&mut lengths) {
            let kept = text.get(..usize::from(most)).unwrap_or(text);
            *length = u8::try_from(kept.len()).unwrap_or(most);
            self.octets.extend_from_slice(kept);
        }
        self.facts.push(Facts {
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
            lengths,
        });
    }

    /// In the order in which they came.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot<'_>> {
        let mut rest = &*self.octets;
        self.facts.iter().map(move |facts| {
            let length = facts.lengths.into_iter().map(usize::from).sum();
            let (octets, behind) = rest.split_at_checked(length).unwrap_or_default();
            rest = behind;
            Slot { facts, octets }
        })
    }

    pub(crate) fn clear(&mut self) {
        self.facts.clear();
        self.octets.clear();
    }
}

/// An event that is kept for a while.
pub(crate) struct Kept {
    facts: Facts,
    octets: Box<[u8]>,
}

impl Kept {
    pub(crate) fn slot(&self) -> Slot<'_> {
        Slot { facts: &self.facts, octets: &self.octets }
    }
}

/// An event where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'b> {
    facts: &'b Facts,
    octets: &'b [u8],
}

impl Deref for Slot<'_> {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        self.facts
    }
}

impl<'b> Slot<'b> {
    pub(crate) fn keep(self) -> Kept {
        Kept { facts: *self.facts, octets: self.octets.into() }
    }

    fn text(self, text: Text) -> &'b [u8] {
        let lengths = self.facts.lengths.map(usize::from);
        let start = lengths.iter().take(text as usize).sum::<usize>();
        let length = lengths.get(text as usize).copied().unwrap_or_default();
        self.octets.get(start..start + length).unwrap_or_default()
    }

    /// As valid text without control characters: a sender must not be able to write into a log or a terminal.
    fn harmless(self, text: Text) -> Box<str> {
        let harmless = |character: char| if character.is_control() { '\u{fffd}' } else { character };
        String::from_utf8_lossy(self.text(text)).chars().map(harmless).collect()
    }

    /// The realm of the answer is kept for those alone who were refused for it.
    pub(crate) fn to_record(self) -> AuthRecord {
        let claimed_realm = (self.reason == AuthReason::RealmMismatch).then(|| self.harmless(Text::ClaimedRealm));
        AuthRecord {
            at: self.at,
            last_at: self.at,
            attempts: 1,
            account: self.account,
            credential: self.credential,
            device: (!self.text(Text::Device).is_empty()).then(|| self.harmless(Text::Device)),
            reason: self.reason,
            remark: self.remark,
            near_miss: self.near_miss,
            claimed_realm,
            source: self.source,
            transport: self.transport,
            algorithm: self.algorithm,
            method: self.harmless(Text::Method),
            username: self.harmless(Text::Username),
            host: self.harmless(Text::Host),
            user_agent: self.harmless(Text::UserAgent),
            call_id: self.harmless(Text::CallId),
        }
    }

    /// Whether the log says it: a refusal, or what is worth telling besides. Who is let in by the old password of a
    /// rotation comes back every minute, and is told by the rotation itself.
    pub(crate) fn is_remarkable(self) -> bool {
        self.reason.is_refusal() || !matches!(self.remark, None | Some(AuthRemark::PreviousPassword))
    }

    pub(crate) fn host(self) -> Box<str> {
        self.harmless(Text::Host)
    }

    pub(crate) fn date(self) -> Box<str> {
        self.harmless(Text::Date)
    }

    pub(crate) fn source(self) -> IpAddr {
        self.source.ip()
    }

    /// The same for the attempts of one exchange: a challenge and its answer.
    pub(crate) fn exchange_key(self, hasher: &RandomState) -> u64 {
        hasher.hash_one((self.text(Text::CallId), self.source()))
    }

    /// The same for whoever it is: a credential, or a name from an address.
    pub(crate) fn owner_key(self, hasher: &RandomState) -> u64 {
        match self.credential {
            Some(credential) => hasher.hash_one((1_u8, credential)),
            None => hasher.hash_one((2_u8, self.account, self.text(Text::Username), self.source())),
        }
    }

    /// The same for attempts that differ in nothing that a reader would miss.
    pub(crate) fn likeness_key(self, hasher: &RandomState) -> u64 {
        let who = (self.owner_key(hasher), self.source(), self.transport);
        let what = (self.reason, self.remark, self.near_miss, self.text(Text::Method), self.text(Text::UserAgent));
        hasher.hash_one((who, what, self.text(Text::Device)))
    }

    /// The same for attempts of one name, or one credential, from one address that ended alike.
    pub(crate) fn summary_key(self, hasher: &RandomState) -> u64 {
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
