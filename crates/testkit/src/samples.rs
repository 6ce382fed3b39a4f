//! Well-formed values for tests, each different in every field that a mix-up could exchange.
#![expect(clippy::expect_used, reason = "a sample that does not parse is a mistake in the test that asks for it")]

mod devices;

pub use devices::{credential_use, desk_phone, device, mac, provisioning_link, same_desk_phone};

use crate::SeededRandom;
use domain::{
    Account, AccountId, AccountProfile, ApiId, ApiToken, ApiTokenHash, AuditAction, AuditEvent, AuthId, AuthReason,
    AuthRecord, BindingId, CallDetails, CallDirection, CallEnd, CallEndReason, CallId, CallLimits, CallRecord,
    CallRules, CalledNumberIn, CallerIdentity, ChallengePolicy, ContactBinding, Credential, CredentialId, Devices,
    Digits, E164, HostName, HungUpBy, InboundDestination, IpAcl, IpAclId, MediaFlags, Networks, Number, NumberTarget,
    OperatorToken, OriginationUri, OriginationUriId, PassedHeader, PasswordScore, PreviousGeneration,
    PreviousWebhookSecret, RandomSource, RealmName, ReferPolicy, Requirements, Revision, Sealed, SealedHa1s,
    SignallingTransport, SipUri, Timestamp, TokenId, TokenScope, Trunk, TrunkAttachments, TrunkDirection, TrunkId,
    TrunkStatus, TrunkTransport, UpstreamRegistration, UpstreamSecret, Username, UsernameRule, Webhook, WebhookEvents,
    WebhookMethod, WebhookSecret, WebhookUrl,
};
use std::net::SocketAddr;
use storage::{Change, ChangeSet, FirstToken, NewAccount, RememberedAnswer};

/// The moment at which samples are created.
pub const CREATED_AT: Timestamp = Timestamp::from_micros(1_700_000_000_123_456);

/// An auth id.
#[must_use]
pub fn auth_id(text: &str) -> AuthId {
    AuthId::parse(text).expect("a valid auth id")
}

/// A username, under the extended rule.
#[must_use]
pub fn username(text: &str) -> Username {
    Username::parse(text, UsernameRule::Extended).expect("a valid username")
}

/// A host name.
#[must_use]
pub fn host(text: &str) -> HostName {
    HostName::parse(text).expect("a valid host name")
}

/// A realm name.
#[must_use]
pub fn realm_name(text: &str) -> RealmName {
    RealmName::parse(text).expect("a valid realm")
}

/// A main account with a realm and a SIP domain of its own, under `sip.localhost`.
#[must_use]
pub fn new_account(id: &str) -> NewAccount {
    let id = auth_id(id);
    let sip_domain = host(&format!("{}.sip.localhost", id.to_domain_label()));
    NewAccount {
        name: format!("Account {id}").into(),
        realm: realm_name(&format!("{id}.sip.localhost")),
        challenge_policy: ChallengePolicy::Compatible,
        hosts: vec![sip_domain.clone(), host(&format!("{id}.sip.localhost"))],
        sip_domain,
        parent: None,
        api_id: ApiId::from_random(drawn(seed(&id) + 1)),
        profile: AccountProfile::default(),
        enabled: true,
        token: FirstToken { id: TokenId::new(CREATED_AT, drawn(seed(&id))), hash: token_hash(&id) },
        created_at: CREATED_AT,
        auth_id: id,
    }
}

/// A sub-account of that account, otherwise like [`new_account`].
#[must_use]
pub fn new_sub_account(id: &str, parent: &Account) -> NewAccount {
    NewAccount { parent: Some(parent.id), ..new_account(id) }
}

/// A profile with every part present.
#[must_use]
pub fn profile() -> AccountProfile {
    AccountProfile {
        email: Some("someone@example.com".into()),
        phone: Some("+49 30 1234".into()),
        description: Some("a note".into()),
        permissions: Some(r#"{"calls":true}"#.into()),
        rate_limit: 77,
    }
}

/// The token hash that [`new_account`] gives the account of that auth id.
#[must_use]
pub fn token_hash(id: &AuthId) -> ApiTokenHash {
    ApiTokenHash::from_bytes(drawn(seed(id)))
}

/// A read-only token without an end whose identifier and hash follow from `number`, which tests keep unique.
#[must_use]
pub fn api_token(account: AccountId, number: u64) -> ApiToken {
    ApiToken {
        id: TokenId::new(CREATED_AT.plus_seconds(3), drawn(number)),
        account,
        hash: ApiTokenHash::from_bytes(drawn(number + 1)),
        label: format!("token {number}").into(),
        scope: TokenScope::ReadOnly,
        created_at: CREATED_AT.plus_seconds(3),
        expires_at: None,
        last_used_at: None,
    }
}

/// An operator token without an end whose identifier and hash follow from `number`, which tests keep unique.
#[must_use]
pub fn operator_token(number: u64) -> OperatorToken {
    OperatorToken {
        id: TokenId::new(CREATED_AT.plus_seconds(4), drawn(number)),
        hash: ApiTokenHash::from_bytes(drawn(number + 1)),
        label: format!("operator token {number}").into(),
        created_at: CREATED_AT.plus_seconds(4),
        expires_at: None,
        last_used_at: None,
    }
}

/// An answer of that moment whose key and content follow from `number`.
#[must_use]
pub fn remembered_answer(account: Option<AccountId>, number: u64, at: Timestamp) -> RememberedAnswer {
    let sealed = drawn::<90>(number + 1);
    RememberedAnswer { account, key: drawn(number), sealed: Sealed::from_bytes(Box::new(sealed)), at }
}

/// An enabled credential of generation 1 whose identifier follows from `number`, which tests keep unique.
#[must_use]
pub fn credential(account: &Account, name: &str, number: u64) -> Credential {
    let random = SeededRandom::new(number);
    let mut tail = [0; 10];
    random.fill(&mut tail);
    Credential {
        id: CredentialId::new(CREATED_AT, tail),
        account: account.id,
        realm: account.realm,
        username: username(name),
        enabled: true,
        description: format!("phone {number}").into(),
        generation: 1,
        ha1s: sealed_ha1s(&random),
        previous: None,
        devices: Devices::default(),
        expires_at: None,
        created_at: CREATED_AT,
        updated_at: CREATED_AT.plus_seconds(1),
        password_changed_at: CREATED_AT.plus_seconds(2),
        revision: Revision(0),
        requirements: requirements(),
        password_score: PasswordScore::new(3),
    }
}

/// A generation of a password before the present one, with an overlap, all of whose parts follow from `number`.
#[must_use]
pub fn previous_generation(number: u64) -> PreviousGeneration {
    PreviousGeneration {
        generation: 1,
        ha1s: sealed_ha1s(&SeededRandom::new(number)),
        overlap_until: Some(CREATED_AT.plus_seconds(60)),
        kept_until: CREATED_AT.plus_seconds(120),
    }
}

/// An entry for `192.0.2.NUMBER`, whose identifier follows from `number`, which tests keep unique.
#[must_use]
pub fn ip_acl(account: AccountId, number: u64) -> IpAcl {
    IpAcl {
        id: IpAclId::new(CREATED_AT, drawn(number)),
        account,
        network: format!("192.0.2.{}", number % 250).parse().expect("a valid network"),
        description: format!("gateway {number}").into(),
        enabled: true,
        created_at: CREATED_AT,
        updated_at: CREATED_AT.plus_seconds(1),
        revision: Revision(0),
    }
}

/// A next hop with a secret and registration, whose identifier follows from `number`, which tests keep unique.
#[must_use]
pub fn origination_uri(account: AccountId, number: u64) -> OriginationUri {
    OriginationUri {
        id: OriginationUriId::new(CREATED_AT.plus_seconds(number.cast_signed()), drawn(number)),
        account,
        uri: SipUri::parse(&format!("sip:gw{number}.example.com:5070")).expect("a valid URI"),
        priority: 1,
        weight: 7,
        enabled: true,
        transport: TrunkTransport::Tls,
        description: format!("next hop {number}").into(),
        secret: Some(UpstreamSecret {
            username: format!("user {number}").into(),
            password: Sealed::from_bytes(Box::new(drawn::<50>(number + 1))),
            registration: Some(UpstreamRegistration { expires_seconds: 600 }),
        }),
        created_at: CREATED_AT,
        updated_at: CREATED_AT.plus_seconds(1),
        revision: Revision(0),
    }
}

/// A trunk with every optional part present but attachments, whose identifier follows from `number`, which tests keep
/// unique.
#[must_use]
pub fn trunk(account: AccountId, number: u64) -> Trunk {
    let id = TrunkId::from_random(drawn(number));
    Trunk {
        id,
        account,
        name: format!("trunk {number}").into(),
        host: host(&format!("{}.sip.localhost", id.to_domain_label())),
        status: TrunkStatus::Enabled,
        direction: TrunkDirection::Both,
        secure: true,
        transport: TrunkTransport::Tcp,
        limits: CallLimits { concurrent_calls: 11, calls_per_second: 3 },
        inbound_destination: Some(InboundDestination::Username(username("lobby"))),
        description: "a note".into(),
        media: MediaFlags {
            recording: true,
            transcription: false,
            pii_redaction: true,
            pii_entity_types: Some("name,iban".into()),
            recording_webhook: true,
        },
        webhook_url: Some(WebhookUrl::parse("https://hooks.example.com/calls?key=1").expect("a valid URL")),
        webhook_method: WebhookMethod::Get,
        attachments: TrunkAttachments::default(),
        rules: call_rules(),
        created_at: CREATED_AT,
        updated_at: CREATED_AT.plus_seconds(1),
        revision: Revision(0),
    }
}

/// A webhook whose secret was replaced.
#[must_use]
#[expect(clippy::expect_used, reason = "a sample is valid")]
pub fn webhook(account: AccountId) -> Webhook {
    Webhook {
        account,
        url: Some(WebhookUrl::parse("https://hooks.example.com/calls?key=1").expect("a valid URL")),
        events: WebhookEvents::of_calls(),
        enabled: true,
        secret: WebhookSecret {
            current: Sealed::from_bytes(Box::new([1, 2, 3])),
            previous: Some(PreviousWebhookSecret {
                sealed: Sealed::from_bytes(Box::new([4, 5, 6])),
                until: CREATED_AT.plus_seconds(WebhookSecret::OVERLAP_SECONDS),
            }),
        },
        created_at: CREATED_AT,
        updated_at: CREATED_AT.plus_seconds(1),
        revision: Revision(0),
    }
}

/// Rules of every kind but an emergency URI.
#[must_use]
pub fn call_rules() -> CallRules {
    let digits = |texts: &[&str]| texts.iter().map(|text| Digits::parse(text).expect("digits")).collect::<Vec<_>>();
    CallRules {
        caller_identity: CallerIdentity::Reject,
        home_country_code: Digits::parse("49").ok(),
        allowed_prefixes: digits(&["1212", "44"]),
        refused_prefixes: digits(&["49900"]),
        international: false,
        tech_prefix: Digits::parse("77").ok(),
        minutes_per_day: Some(600),
        emergency_numbers: digits(&["110", "112"]),
        emergency_uri: None,
        refer: ReferPolicy::Pass,
        require_srtp: true,
        passed_headers: vec![PassedHeader::parse("X-*").expect("a header")],
    }
}

/// A number of an account that is assigned to nothing; `text` is in E.164 form.
#[must_use]
pub fn number(account: AccountId, text: &str) -> Number {
    Number {
        e164: E164::parse(text).expect("a valid number"),
        account,
        trunk: None,
        target: NumberTarget::Username(username("lobby")),
        called_number_in: CalledNumberIn::RequestUri,
        created_at: CREATED_AT,
        updated_at: CREATED_AT.plus_seconds(1),
        revision: Revision(0),
    }
}

/// Demands of every kind.
#[must_use]
pub fn requirements() -> Requirements {
    let networks = ["192.0.2.0/24", "2001:db8::/32"].map(|text| text.parse().expect("a valid network"));
    let networks = Networks::new(networks.to_vec()).expect("few enough networks");
    Requirements { sha256: true, secure_transport: false, networks }
}

/// Octets of the sizes that sealed HA1s have, which no key opens.
#[must_use]
pub fn sealed_ha1s(random: &SeededRandom) -> SealedHa1s {
    let sealed = |length: usize| {
        let mut octets = vec![0; length];
        random.fill(&mut octets);
        Some(Sealed::from_bytes(octets.into_boxed_slice()))
    };
    SealedHa1s { md5: sealed(49), sha256: sealed(65), sha512_256: sealed(65) }
}

/// A binding of a credential of that generation, with every optional part present.
#[must_use]
pub fn binding(credential: CredentialId, id: i64, generation: u32, expires_at: Timestamp) -> ContactBinding {
    ContactBinding {
        credential,
        id: BindingId(id),
        generation,
        contact: format!("sip:phone@192.0.2.{}:5062", id % 250).into_bytes().into(),
        instance: Box::from(&b"\"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>\""[..]),
        reg_id: 3,
        path: Box::from(&b"<sip:edge.example.com;lr>"[..]),
        q_thousandths: 700,
        call_id: Box::from(&b"call-\xff-not-utf-8"[..]),
        cseq: u32::MAX,
        user_agent: Box::from(&b"Sample/1.0"[..]),
        transport: SignallingTransport::Tcp,
        source: SocketAddr::from(([192, 0, 2, 7], 5062)),
        local: SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 5060)),
        registered_at: CREATED_AT,
        expires_at,
    }
}

/// A call that was answered, with every optional part present; its identifier and moments follow from `number`.
#[must_use]
pub fn call(account: AccountId, number: u64) -> CallDetails {
    let after =
        |millis: u64| Timestamp::from_micros(CREATED_AT.as_micros() + (number * 10_000 + millis).cast_signed() * 1000);
    CallDetails {
        id: CallId::new(after(0), drawn(number)),
        account,
        trunk: Some(TrunkId::from_random(drawn(number + 1))),
        credential: Some(CredentialId::new(CREATED_AT, drawn(number + 2))),
        username: Some(username(&format!("phone{number}"))),
        direction: CallDirection::Outbound,
        from: format!("+4930{number}").into(),
        to: format!("+4940{number}").into(),
        caller_call_id: format!("caller-{number}@example.com").into(),
        callee_call_id: format!("callee-{number}").into(),
        source: SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, 7], 5062)),
        destination: "gateway.example.com:5061".into(),
        caller_transport: SignallingTransport::Ws,
        callee_transport: Some(SignallingTransport::Tls),
        begun_at: after(0),
        ringing_at: Some(after(150)),
        answered_at: Some(after(4_000)),
    }
}

/// The record of that call, which the callee ended after a minute.
#[must_use]
pub fn call_record(account: AccountId, number: u64) -> CallRecord {
    let call = call(account, number);
    let at = call.begun_at.plus_seconds(64);
    let (by, reason) = (HungUpBy::Callee, CallEndReason::Completed);
    CallRecord { call, end: CallEnd { at, by, reason, sip_status: 200, q850_cause: Some(16) } }
}

/// A record of a refused attempt; each differs from the next by a second.
#[must_use]
pub fn auth_record(account: Option<AccountId>, number: i64) -> AuthRecord {
    let at = CREATED_AT.plus_seconds(number);
    AuthRecord {
        at,
        last_at: at,
        attempts: 1,
        account,
        credential: None,
        device: None,
        reason: AuthReason::UnknownUser,
        remark: None,
        near_miss: None,
        claimed_realm: None,
        source: SocketAddr::from(([192, 0, 2, 1], 5060)),
        transport: SignallingTransport::Udp,
        algorithm: None,
        method: "REGISTER".into(),
        username: format!("phone{number}").into(),
        host: "example.com".into(),
        user_agent: "Phone/1.0".into(),
        call_id: format!("call-{number}").into(),
    }
}

/// An audit event about `subject`.
#[must_use]
pub fn audit(action: AuditAction, subject: &str) -> AuditEvent {
    AuditEvent {
        at: CREATED_AT,
        account: None,
        actor: "operator".into(),
        source: "".into(),
        request_id: "request-1".into(),
        action,
        subject: subject.into(),
        detail: "{}".into(),
    }
}

/// A set of one change with an audit event that fits it.
#[must_use]
pub fn change_set(change: Change) -> ChangeSet {
    let (action, subject) = described(&change);
    ChangeSet { changes: vec![change], audit: audit(action, &subject) }
}

fn described(change: &Change) -> (AuditAction, String) {
    match change {
        Change::CreateAccount(new) => (AuditAction::AccountCreated, new.auth_id.to_string()),
        Change::UpdateAccount { id, .. } => (AuditAction::AccountUpdated, id.0.to_string()),
        Change::DeleteAccount(id) => (AuditAction::AccountDeleted, id.0.to_string()),
        Change::AddHost { host, .. } => (AuditAction::HostAdded, host.to_string()),
        Change::RemoveHost { host, .. } => (AuditAction::HostRemoved, host.to_string()),
        Change::CreateApiToken(token) => (AuditAction::TokenCreated, token.id.to_string()),
        Change::RevokeApiToken { id, .. } => (AuditAction::TokenRevoked, id.to_string()),
        Change::CreateOperatorToken(token) => (AuditAction::OperatorTokenCreated, token.id.to_string()),
        Change::RevokeOperatorToken(id) => (AuditAction::OperatorTokenRevoked, id.to_string()),
        Change::RememberAnswer { .. } => (AuditAction::SettingChanged, "answer".to_owned()),
        Change::ResealCredentials(_) | Change::ResealAnswers(_) => (AuditAction::KeysRotated, "keys".to_owned()),
        Change::CreateCredential(credential) => (AuditAction::CredentialCreated, credential.id.to_string()),
        Change::UpdateCredential { credential, .. } => (AuditAction::CredentialUpdated, credential.id.to_string()),
        Change::DeleteCredential { id, .. } => (AuditAction::CredentialDeleted, id.to_string()),
        Change::CreateProvisioningLink { link, .. } => (AuditAction::ProvisioningLinkCreated, link.id.to_string()),
        Change::SpendProvisioningLink { id, .. } => (AuditAction::DeviceCreated, id.to_string()),
        Change::OpenProvisioningLink { id, .. } => (AuditAction::ProvisioningLinkOpened, id.to_string()),
        Change::DeleteProvisioningLink { id, .. } => (AuditAction::ProvisioningLinkRevoked, id.to_string()),
        Change::ReplaceProvisioningPath(account) => (AuditAction::ProvisioningPathReplaced, account.0.to_string()),
        Change::EndRegistrations { credential, .. } => (AuditAction::RegistrationsEnded, credential.to_string()),
        Change::CreateIpAcl(entry) => (AuditAction::IpAclCreated, entry.id.to_string()),
        Change::UpdateIpAcl(entry) => (AuditAction::IpAclUpdated, entry.id.to_string()),
        Change::DeleteIpAcl { id, .. } => (AuditAction::IpAclDeleted, id.to_string()),
        Change::CreateOriginationUri(uri) => (AuditAction::OriginationUriCreated, uri.id.to_string()),
        Change::UpdateOriginationUri(uri) => (AuditAction::OriginationUriUpdated, uri.id.to_string()),
        Change::DeleteOriginationUri { id, .. } => (AuditAction::OriginationUriDeleted, id.to_string()),
        Change::ResealUpstreamSecrets(_) | Change::ResealWebhookSecrets(_) => {
            (AuditAction::KeysRotated, "keys".to_owned())
        }
        Change::CreateTrunk(trunk) => (AuditAction::TrunkCreated, trunk.id.to_string()),
        Change::UpdateTrunk(trunk) => (AuditAction::TrunkUpdated, trunk.id.to_string()),
        Change::DeleteTrunk { id, .. } => (AuditAction::TrunkDeleted, id.to_string()),
        Change::AllocateNumber(number) => (AuditAction::NumberAllocated, number.e164.to_string()),
        Change::UpdateNumber(number) => (AuditAction::NumberUpdated, number.e164.to_string()),
        Change::ReleaseNumber(e164) => (AuditAction::NumberReleased, e164.to_string()),
        Change::PutWebhook(webhook) => (AuditAction::WebhookCreated, webhook.account.0.to_string()),
        Change::DeleteWebhook(account) => (AuditAction::WebhookDeleted, account.0.to_string()),
        Change::UpdateRealm { realm, .. } => (AuditAction::RealmPolicyChanged, realm.0.to_string()),
        Change::PutSetting { name, .. } | Change::ClearSetting(name) => {
            (AuditAction::SettingChanged, name.as_str().to_owned())
        }
    }
}

fn seed(id: &AuthId) -> u64 {
    id.as_str().bytes().fold(7, |sum, octet| sum * 31 + u64::from(octet))
}

fn drawn<const N: usize>(seed: u64) -> [u8; N] {
    let mut octets = [0; N];
    SeededRandom::new(seed).fill(&mut octets);
    octets
}
