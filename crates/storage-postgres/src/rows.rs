//! Rows as values.
//!
//! Columns are read by position, in the order of the lists here. A text that does not parse is damage: it was parsed
//! before it was written.

use crate::changed::Touched;
use crate::peers::NodeRow;
use crate::sql::{FromColumn, Result, Row};
use domain::{
    Account, AccountId, AccountProfile, AccountSettings, AlgorithmUse, ApiId, ApiToken, ApiTokenHash, AuthId,
    AuthReason, AuthRecord, AuthRecordId, AuthRemark, Ban, BanId, BanKind, BindingId, CallDetails, CallDirection,
    CallEnd, CallEndReason, CallId, CallLimits, CallRecord, CallSnapshot, ChallengePolicy, ContactBinding, Credential,
    CredentialId, CredentialUse, Day, Devices, DigestAlgorithm, DigestRules, EventRetention, HostName, HungUpBy,
    NearMiss, Network, Networks, OperatorToken, PasswordScore, PreviousGeneration, Realm, RealmId, RealmName,
    Requirements, Revision, Sealed, SealedHa1s, SignallingTransport, Timestamp, TokenId, TokenScope, TrunkId, Username,
    WebhookMethod,
};
use std::fmt::Display;
use std::time::Duration;
use storage::{AuditHash, AuditRecord, CredentialNumber, KeptAuthRecord, Page, RememberedAnswer, WebhookDelivery};

/// The columns [`realm`] reads.
pub(crate) const REALM: &str = "id, name, challenge_policy, auth_int, without_qop, md5_retired";
/// The columns [`account`] reads.
pub(crate) const ACCOUNT: &str = "id, auth_id, name, realm_id, sip_domain, parent_account, enabled, api_id, email, \
     phone, description, permissions, rate_limit, created_at, updated_at, concurrent_calls_limit, cps_limit, \
     event_retention_days, minimum_password_score, never_banned";
/// How many columns those are.
pub(crate) const ACCOUNT_COLUMNS: usize = 20;
/// The columns [`api_token`] reads.
pub(crate) const API_TOKEN: &str = "id, account_id, hash, label, scope, created_at, expires_at, last_used_at";
/// The columns [`operator_token`] reads.
pub(crate) const OPERATOR_TOKEN: &str = "id, hash, label, created_at, expires_at, last_used_at";
/// The columns [`answer`] reads.
pub(crate) const ANSWER: &str = "account_id, key, sealed, at";
/// The columns [`credential`] reads.
pub(crate) const CREDENTIAL: &str = "id, account_id, realm_id, username, enabled, description, generation, ha1_md5, \
     ha1_sha256, ha1_sha512_256, created_at, updated_at, password_changed_at, revision, requires_sha256, \
     requires_secure_transport, allowed_networks, expires_at, previous_generation, previous_ha1_md5, \
     previous_ha1_sha256, previous_ha1_sha512_256, overlap_until, previous_until, password_score, device_secrets";
/// The columns [`numbered_credential`] reads.
pub(crate) const NUMBERED_CREDENTIAL: &str = "id, account_id, realm_id, username, enabled, description, generation, \
     ha1_md5, ha1_sha256, ha1_sha512_256, created_at, updated_at, password_changed_at, revision, requires_sha256, \
     requires_secure_transport, allowed_networks, expires_at, previous_generation, previous_ha1_md5, \
     previous_ha1_sha256, previous_ha1_sha512_256, overlap_until, previous_until, password_score, \
     device_secrets, no";
/// Where `no` stands in it.
const CREDENTIAL_NUMBER: usize = 26;
/// The columns [`algorithm_use`] reads.
pub(crate) const ALGORITHM_USE: &str = "credential, algorithm, first_day, last_day, user_agent";
/// The columns [`auth_record`] reads.
pub(crate) const AUTH_RECORD: &str = "id, at, account_id, credential, reason, remark, near_miss, claimed_realm, \
     source, transport, method, username, host, user_agent, call_id, algorithm, attempts, last_at, device";
/// The columns [`binding`] reads.
pub(crate) const BINDING: &str = "credential, binding, generation, contact, instance, reg_id, path, q_thousandths, \
     call_id, cseq, user_agent, transport, source, local, registered_at, expires_at";

/// The columns [`call_details`] reads, with which both tables of calls begin.
pub(crate) const CALL_DETAILS: &str = "id, account_id, trunk, credential, username, direction, from_identity, \
     to_identity, caller_call_id, callee_call_id, source, destination, caller_transport, callee_transport, begun_at, \
     ringing_at, answered_at";
/// The columns [`call_record`] reads.
pub(crate) const CALL_RECORD: &str = "id, account_id, trunk, credential, username, direction, from_identity, \
     to_identity, caller_call_id, callee_call_id, source, destination, caller_transport, callee_transport, begun_at, \
     ringing_at, answered_at, ended_at, hung_up_by, reason, sip_status, q850_cause";

/// The columns [`audit_record`] reads.
pub(crate) const AUDIT_RECORD: &str = "seq, revision, at, account_id, actor, source, request_id, action, subject, \
     detail, hash";

/// The columns [`ban`] reads.
pub(crate) const BAN: &str = "id, kind, account_id, realm_id, credential, generation, username, network, failures, \
     began_at, ends_at";

/// The columns [`webhook_delivery`] reads.
pub(crate) const WEBHOOK_DELIVERY: &str = "id, account_id, url, body, at, method, event";

/// The columns [`node`] reads.
pub(crate) const NODE: &str = "id, lease_ms, renewal, applied";

pub(crate) fn node(row: &Row<'_>) -> Result<NodeRow> {
    Ok(NodeRow {
        id: row.get(0)?,
        lease: Duration::from_millis(row.get(1)?),
        renewal: row.get(2)?,
        applied: revision(row, 3)?,
    })
}

/// A line of the audit log. One whose hash is damaged is read as one without, so that it can be named.
pub(crate) fn audit_record(row: &Row<'_>) -> Result<AuditRecord> {
    Ok(AuditRecord {
        number: row.get::<i64>(0)?.cast_unsigned(),
        revision: revision(row, 1)?,
        at: Timestamp::from_micros(row.get(2)?),
        account: row.get::<Option<i64>>(3)?.map(AccountId),
        actor: row.get(4)?,
        source: row.get(5)?,
        request_id: row.get(6)?,
        action: row.get(7)?,
        subject: row.get(8)?,
        detail: row.get(9)?,
        hash: audit_hash(row, 10)?,
    })
}

/// A ban.
pub(crate) fn ban(row: &Row<'_>) -> Result<Ban> {
    let network = row.get::<Option<String>>(7)?.map(|_| parsed(row, 7, str::parse)).transpose()?;
    Ok(Ban {
        id: BanId::from_bytes(row.get(0)?),
        kind: parsed(row, 1, |name| BanKind::from_name(name).ok_or("not a kind of ban"))?,
        account: row.get::<Option<i64>>(2)?.map(AccountId),
        realm: row.get::<Option<i64>>(3)?.map(RealmId),
        credential: row.get::<Option<[u8; 16]>>(4)?.map(CredentialId::from_bytes),
        generation: row.get(5)?,
        username: row.get(6)?,
        network,
        failures: row.get(8)?,
        began_at: moment(row, 9)?,
        ends_at: moment(row, 10)?,
    })
}

pub(crate) fn audit_hash(row: &Row<'_>, column: usize) -> Result<Option<AuditHash>> {
    let octets = row.get::<Option<Vec<u8>>>(column)?;
    Ok(octets.and_then(|octets| octets.try_into().ok()).map(AuditHash))
}

pub(crate) fn realm(row: &Row<'_>) -> Result<Realm> {
    realm_at(row, 0)
}

/// A realm whose columns begin at that one.
pub(crate) fn realm_at(row: &Row<'_>, first: usize) -> Result<Realm> {
    let policy = |name: &str| ChallengePolicy::from_name(name).ok_or("no policy has that name");
    Ok(Realm {
        id: RealmId(row.get(first)?),
        name: parsed(row, first + 1, RealmName::parse)?,
        challenge_policy: parsed(row, first + 2, policy)?,
        rules: DigestRules {
            auth_int: row.get(first + 3)?,
            without_qop: row.get(first + 4)?,
            md5_retired: row.get(first + 5)?,
        },
    })
}

pub(crate) fn account(row: &Row<'_>) -> Result<Account> {
    Ok(Account {
        id: AccountId(row.get(0)?),
        auth_id: auth_id(row, 1)?,
        name: row.get(2)?,
        realm: RealmId(row.get(3)?),
        sip_domain: host(row, 4)?,
        parent: row.get::<Option<i64>>(5)?.map(AccountId),
        enabled: row.get(6)?,
        api_id: ApiId::from_bytes(row.get(7)?),
        profile: AccountProfile {
            email: row.get(8)?,
            phone: row.get(9)?,
            description: row.get(10)?,
            permissions: row.get(11)?,
            rate_limit: row.get(12)?,
        },
        limits: CallLimits { concurrent_calls: row.get(15)?, calls_per_second: row.get(16)? },
        settings: AccountSettings {
            event_retention: bounded(row, 17, EventRetention::of_days)?,
            minimum_password_score: bounded(row, 18, PasswordScore::new)?,
            never_banned: networks_at(row, 19)?,
        },
        created_at: moment(row, 13)?,
        updated_at: moment(row, 14)?,
    })
}

pub(crate) fn auth_id(row: &Row<'_>, column: usize) -> Result<AuthId> {
    parsed(row, column, AuthId::parse)
}

pub(crate) fn host(row: &Row<'_>, column: usize) -> Result<HostName> {
    parsed(row, column, HostName::parse)
}

pub(crate) fn api_token(row: &Row<'_>) -> Result<ApiToken> {
    Ok(ApiToken {
        id: token_id(row, 0)?,
        account: AccountId(row.get(1)?),
        hash: ApiTokenHash::from_bytes(row.get(2)?),
        label: row.get(3)?,
        scope: parsed(row, 4, |name| TokenScope::from_name(name).ok_or("no scope has that name"))?,
        created_at: moment(row, 5)?,
        expires_at: some_moment(row, 6)?,
        last_used_at: some_moment(row, 7)?,
    })
}

pub(crate) fn operator_token(row: &Row<'_>) -> Result<OperatorToken> {
    Ok(OperatorToken {
        id: token_id(row, 0)?,
        hash: ApiTokenHash::from_bytes(row.get(1)?),
        label: row.get(2)?,
        created_at: moment(row, 3)?,
        expires_at: some_moment(row, 4)?,
        last_used_at: some_moment(row, 5)?,
    })
}

pub(crate) fn token_id(row: &Row<'_>, column: usize) -> Result<TokenId> {
    row.get(column).map(TokenId::from_bytes)
}

pub(crate) fn answer(row: &Row<'_>) -> Result<RememberedAnswer> {
    let account: i64 = row.get(0)?;
    Ok(RememberedAnswer {
        account: (account != 0).then_some(AccountId(account)),
        key: row.get(1)?,
        sealed: Sealed::from_bytes(octets(row, 2)?),
        at: moment(row, 3)?,
    })
}

/// The number under which answers to that account are remembered.
pub(crate) fn owner(account: Option<AccountId>) -> i64 {
    account.map_or(0, |account| account.0)
}

/// A credential with its devices, which are rows of their own.
pub(crate) fn credential(row: &Row<'_>) -> Result<Credential> {
    let id = CredentialId::from_bytes(row.get(0)?);
    Ok(Credential {
        id,
        account: AccountId(row.get(1)?),
        realm: RealmId(row.get(2)?),
        username: username(row, 3)?,
        enabled: row.get(4)?,
        description: row.get(5)?,
        generation: row.get(6)?,
        ha1s: SealedHa1s { md5: sealed(row, 7)?, sha256: sealed(row, 8)?, sha512_256: sealed(row, 9)? },
        created_at: moment(row, 10)?,
        updated_at: moment(row, 11)?,
        password_changed_at: moment(row, 12)?,
        revision: revision(row, 13)?,
        requirements: requirements(row, 14)?,
        expires_at: some_moment(row, 17)?,
        previous: previous_generation(row, 18)?.map(Box::new),
        password_score: password_score(row, 24)?,
        devices: Devices::from_stored(Vec::new(), row.get(25)?),
    })
}

/// The generation of the password before, in six columns from that one on.
fn previous_generation(row: &Row<'_>, first: usize) -> Result<Option<PreviousGeneration>> {
    let Some(generation) = row.get(first)? else { return Ok(None) };
    Ok(Some(PreviousGeneration {
        generation,
        ha1s: SealedHa1s {
            md5: sealed(row, first + 1)?,
            sha256: sealed(row, first + 2)?,
            sha512_256: sealed(row, first + 3)?,
        },
        overlap_until: some_moment(row, first + 4)?,
        kept_until: moment(row, first + 5)?,
    }))
}

fn password_score(row: &Row<'_>, column: usize) -> Result<Option<PasswordScore>> {
    if row.is_null(column)? { Ok(None) } else { bounded(row, column, PasswordScore::new).map(Some) }
}

/// A credential's score as it is stored.
pub(crate) fn score(credential: &Credential) -> Option<u8> {
    credential.password_score.map(PasswordScore::get)
}

/// What a credential demands, in three columns from that one on.
fn requirements(row: &Row<'_>, first: usize) -> Result<Requirements> {
    let networks = networks_at(row, first + 2)?;
    Ok(Requirements { sha256: row.get(first)?, secure_transport: row.get(first + 1)?, networks })
}

fn networks_at(row: &Row<'_>, column: usize) -> Result<Networks> {
    let networks = parsed(row, column, |text| text.split_whitespace().map(str::parse::<Network>).collect())?;
    Networks::new(networks).map_err(|error| row.damaged(column, &error))
}

/// Networks as they are stored.
pub(crate) fn networks(networks: &Networks) -> String {
    let texts: Vec<String> = networks.as_slice().iter().map(Network::to_string).collect();
    texts.join(" ")
}

pub(crate) fn algorithm_use(row: &Row<'_>) -> Result<AlgorithmUse> {
    Ok(AlgorithmUse {
        credential: CredentialId::from_bytes(row.get(0)?),
        algorithm: parsed(row, 1, |name| DigestAlgorithm::from_name(name).ok_or("no algorithm has that name"))?,
        first_day: Day(row.get(2)?),
        last_day: Day(row.get(3)?),
        user_agent: row.get(4)?,
    })
}

pub(crate) fn credential_use(row: &Row<'_>) -> Result<CredentialUse> {
    Ok(CredentialUse {
        credential: CredentialId::from_bytes(row.get(0)?),
        at: moment(row, 1)?,
        source: parsed(row, 2, str::parse)?,
        transport: parsed(row, 3, |name| SignallingTransport::from_name(name).ok_or("no transport has that name"))?,
        method: row.get(4)?,
        user_agent: row.get(5)?,
        algorithm: parsed(row, 6, |name| DigestAlgorithm::from_name(name).ok_or("no algorithm has that name"))?,
        generation: row.get(7)?,
    })
}

pub(crate) fn numbered_credential(row: &Row<'_>) -> Result<(CredentialNumber, Credential)> {
    let number = row.get::<i64>(CREDENTIAL_NUMBER)?.cast_unsigned();
    Ok((CredentialNumber(number), credential(row)?))
}

/// Of a credential that was touched its `id, realm_id, username`, in this order.
pub(crate) fn touched_credential(row: &Row<'_>) -> Result<Touched> {
    let id = CredentialId::from_bytes(row.get(0)?);
    Ok(Touched::Credential { id, realm: RealmId(row.get(1)?), username: username(row, 2)? })
}

pub(crate) fn binding(row: &Row<'_>) -> Result<ContactBinding> {
    Ok(ContactBinding {
        credential: CredentialId::from_bytes(row.get(0)?),
        id: BindingId(row.get(1)?),
        generation: row.get(2)?,
        contact: octets(row, 3)?,
        instance: octets(row, 4)?,
        reg_id: row.get(5)?,
        path: octets(row, 6)?,
        q_thousandths: row.get(7)?,
        call_id: octets(row, 8)?,
        cseq: row.get(9)?,
        user_agent: octets(row, 10)?,
        transport: transport(row, 11)?,
        source: parsed(row, 12, str::parse)?,
        local: parsed(row, 13, str::parse)?,
        registered_at: moment(row, 14)?,
        expires_at: moment(row, 15)?,
    })
}

fn call_details(row: &Row<'_>) -> Result<CallDetails> {
    let direction = |name: &str| CallDirection::from_name(name).ok_or("no direction has that name");
    let callee_transport = if row.is_null(13)? { None } else { Some(transport(row, 13)?) };
    Ok(CallDetails {
        id: CallId::from_bytes(row.get(0)?),
        account: AccountId(row.get(1)?),
        trunk: row.get::<Option<_>>(2)?.map(TrunkId::from_bytes),
        credential: row.get::<Option<_>>(3)?.map(CredentialId::from_bytes),
        username: row.get::<Option<_>>(4)?.map(Username::from_stored),
        direction: parsed(row, 5, direction)?,
        from: row.get(6)?,
        to: row.get(7)?,
        caller_call_id: row.get(8)?,
        callee_call_id: row.get(9)?,
        source: parsed(row, 10, str::parse)?,
        destination: row.get(11)?,
        caller_transport: transport(row, 12)?,
        callee_transport,
        begun_at: moment(row, 14)?,
        ringing_at: some_moment(row, 15)?,
        answered_at: some_moment(row, 16)?,
    })
}

pub(crate) fn call_snapshot(row: &Row<'_>) -> Result<CallSnapshot> {
    Ok(CallSnapshot { call: call_details(row)?, octets: octets(row, 17)? })
}

pub(crate) fn call_record(row: &Row<'_>) -> Result<CallRecord> {
    let end = CallEnd {
        at: moment(row, 17)?,
        by: parsed(row, 18, |name| HungUpBy::from_name(name).ok_or("nobody has that name"))?,
        reason: parsed(row, 19, |name| CallEndReason::from_name(name).ok_or("no reason has that name"))?,
        sip_status: row.get(20)?,
        q850_cause: row.get(21)?,
    };
    Ok(CallRecord { call: call_details(row)?, end })
}

pub(crate) fn webhook_delivery(row: &Row<'_>) -> Result<WebhookDelivery> {
    Ok(WebhookDelivery {
        id: row.get(0)?,
        account: AccountId(row.get(1)?),
        url: row.get(2)?,
        body: row.get(3)?,
        at: moment(row, 4)?,
        method: parsed(row, 5, |name| WebhookMethod::from_name(name).ok_or("no method has that name"))?,
        event: row.get(6)?,
    })
}

pub(crate) fn auth_record(row: &Row<'_>) -> Result<KeptAuthRecord> {
    let remark = |name: &str| AuthRemark::from_name(name).ok_or("no remark has that name");
    let near_miss = |name: &str| NearMiss::from_name(name).ok_or("no near miss has that name");
    let algorithm = |name: &str| DigestAlgorithm::from_name(name).ok_or("no algorithm has that name");
    let record = AuthRecord {
        at: moment(row, 1)?,
        account: row.get::<Option<i64>>(2)?.map(AccountId),
        credential: row.get::<Option<[u8; 16]>>(3)?.map(CredentialId::from_bytes),
        reason: parsed(row, 4, |name| AuthReason::from_name(name).ok_or("no reason has that name"))?,
        remark: some_parsed(row, 5, remark)?,
        near_miss: some_parsed(row, 6, near_miss)?,
        claimed_realm: row.get(7)?,
        source: parsed(row, 8, str::parse)?,
        transport: transport(row, 9)?,
        method: row.get(10)?,
        username: row.get(11)?,
        host: row.get(12)?,
        user_agent: row.get(13)?,
        call_id: row.get(14)?,
        algorithm: some_parsed(row, 15, algorithm)?,
        attempts: row.get(16)?,
        last_at: moment(row, 17)?,
        device: row.get(18)?,
    };
    Ok(KeptAuthRecord { id: AuthRecordId(row.get(0)?), record })
}

/// A text that may be absent.
pub(crate) fn some_parsed<T, E: Display>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<Option<T>> {
    if row.is_null(column)? { Ok(None) } else { parsed(row, column, parse).map(Some) }
}

fn transport(row: &Row<'_>, column: usize) -> Result<SignallingTransport> {
    parsed(row, column, |name| SignallingTransport::from_name(name).ok_or("no transport has that name"))
}

pub(crate) fn username(row: &Row<'_>, column: usize) -> Result<Username> {
    row.get(column).map(Username::from_stored)
}

pub(crate) fn moment(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    row.get(column).map(Timestamp::from_micros)
}

pub(crate) fn some_moment(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    row.get::<Option<i64>>(column).map(|micros| micros.map(Timestamp::from_micros))
}

/// A moment that may be absent, as it is stored.
pub(crate) fn micros(moment: Option<Timestamp>) -> Option<i64> {
    moment.map(Timestamp::as_micros)
}

/// Revisions are counted from zero by one, so the sign bit is never reached.
pub(crate) fn revision(row: &Row<'_>, column: usize) -> Result<Revision> {
    row.get(column).map(|number: i64| Revision(number.cast_unsigned()))
}

pub(crate) fn octets(row: &Row<'_>, column: usize) -> Result<Box<[u8]>> {
    row.get::<Vec<u8>>(column).map(Vec::into_boxed_slice)
}

pub(crate) fn sealed(row: &Row<'_>, column: usize) -> Result<Option<Sealed>> {
    let stored: Option<Vec<u8>> = row.get(column)?;
    Ok(stored.map(|octets| Sealed::from_bytes(octets.into_boxed_slice())))
}

pub(crate) fn parsed<T, E: Display>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<T> {
    let value: String = row.get(column)?;
    parse(&value).map_err(|error| row.damaged(column, &error))
}

/// A small number that a table's CHECK holds to its bounds.
fn bounded<N: FromColumn, T>(row: &Row<'_>, column: usize, of: impl FnOnce(N) -> Option<T>) -> Result<T> {
    of(row.get(column)?).ok_or_else(|| row.damaged(column, &"out of its bounds"))
}

/// How many rows of a list are skipped, as it is stored.
pub(crate) fn offset(page: Page) -> i64 {
    i64::try_from(page.offset).unwrap_or(i64::MAX)
}
