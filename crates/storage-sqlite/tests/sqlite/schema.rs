//! The schema of each released version is kept as it was, so that every later version must migrate it.

use crate::database::{Database, LATEST};
use domain::{
    AccountId, AccountProfile, ApiTokenHash, AuthReason, AuthRecordId, CallEndReason, CallLimits, CallRules, Day,
    Devices, DigestAlgorithm, DigestRules, HungUpBy, IpAcl, LinkStage, NearMiss, Number, OriginationUri, PhoneFormat,
    PreviousGeneration, Requirements, Revision, Sealed, SealedHa1s, Timestamp, TokenScope, Trunk, TrunkAttachments,
    TrunkId, Webhook, WebhookMethod,
};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::sync::Arc;
use storage::{
    Accounts, AlgorithmUses, Answers, AuditChain, AuditLog, AuthEventFilter, AuthEvents, Boots, CallRecordFilter,
    CallRecords, ChangeFeed, CredentialUses, Credentials, NumbersOf, Page, ProvisioningLinks, RecordsFrom, RecordsOf,
    Registrations, SettingName, Settings, SubAccountFilter, Tokens, Trunks, WebhookDelivery, WebhookOutbox, Webhooks,
};
use storage_sqlite::{SqliteStorage, Summary, verify};
use testkit::{RecordingFollower, samples};

/// Every object of the latest version in a database that was made by it. Never edit it once it is released.
const SCHEMA_V9: &str = include_str!("../schema_v9.sql");
/// Rows as the latest version writes them. Never edit them once it is released.
const ROWS_V9: &str = include_str!("../rows_v9.sql");
/// Every object of version 8 in a database that was made by it. Never edit it.
const SCHEMA_V8: &str = include_str!("../schema_v8.sql");
/// Rows as version 8 writes them. Never edit them.
const ROWS_V8: &str = include_str!("../rows_v8.sql");
/// Every object of version 7 in a database that was made by it. Never edit it.
const SCHEMA_V7: &str = include_str!("../schema_v7.sql");
/// Rows as version 7 writes them. Never edit them.
const ROWS_V7: &str = include_str!("../rows_v7.sql");
/// Every object of version 6 in a database that was made by it. Never edit it.
const SCHEMA_V6: &str = include_str!("../schema_v6.sql");
/// Rows as version 6 writes them. Never edit them.
const ROWS_V6: &str = include_str!("../rows_v6.sql");
/// Every object of version 5 in a database that was made by it. Never edit it.
const SCHEMA_V5: &str = include_str!("../schema_v5.sql");
/// Rows as version 5 writes them. Never edit them.
const ROWS_V5: &str = include_str!("../rows_v5.sql");
/// Every object of version 4 in a database that was made by it. Never edit it.
const SCHEMA_V4: &str = include_str!("../schema_v4.sql");
/// Rows as version 4 writes them. Never edit them.
const ROWS_V4: &str = include_str!("../rows_v4.sql");
/// Every object of version 3 in a database that was made by it. Never edit it.
const SCHEMA_V3: &str = include_str!("../schema_v3.sql");
/// Rows as version 3 wrote them. Never edit them.
const ROWS_V3: &str = include_str!("../rows_v3.sql");
/// Every object of version 2 in a database that was made by it. Never edit it.
const SCHEMA_V2: &str = include_str!("../schema_v2.sql");
/// Rows as version 2 wrote them. Never edit them.
const ROWS_V2: &str = include_str!("../rows_v2.sql");
/// Every object of version 1, as `sqlite_master` has them in order of creation. Never edit it.
const SCHEMA_V1: &str = include_str!("../schema_v1.sql");
/// Rows as version 1 wrote them. Never edit them.
const ROWS_V1: &str = include_str!("../rows_v1.sql");

fn dump(connection: &Connection) -> String {
    let sql = "SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
    let mut statement = connection.prepare(sql).unwrap();
    let objects = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    objects.map(|object| object.unwrap() + "\n").collect()
}

fn make(database: &Database, version: u32, schema: &str, rows: &str) {
    let connection = Connection::open(database.path()).unwrap();
    connection.execute_batch(&format!("PRAGMA application_id = 1399418967; {schema} {rows}")).unwrap();
    connection.pragma_update(None, "user_version", version).unwrap();
}

#[test]
fn a_new_database_has_the_latest_schema() {
    let database = Database::new();
    drop(database.open());
    let connection = database.look();
    assert_eq!(dump(&connection), SCHEMA_V9);
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((pragma("application_id"), pragma("user_version")), (0x5369_7057, LATEST.into()));
}

/// What all versions have in common, which is all that version 1 has.
async fn assert_common_rows(storage: &SqliteStorage) {
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    let page = storage.credentials(account.id, Page { limit: 10, offset: 0 }).await.unwrap();
    assert_eq!(page.total, 2);
    let names: Vec<&str> = page.credentials.iter().map(|credential| credential.username.as_str()).collect();
    assert_eq!(names, ["office_phone_01", "lobby"]);
    let sealed = page.credentials.iter().map(|credential| credential.ha1s.md5.as_ref().map(|ha1| ha1.as_bytes().len()));
    assert_eq!(sealed.collect::<Vec<_>>(), [Some(49), None]);
    assert_eq!(storage.setting(SettingName::BaseDomain).await.unwrap().as_deref(), Some("sip.localhost"));
    let mut bindings = Vec::new();
    storage.load(samples::CREATED_AT, &mut |binding| bindings.push(binding)).unwrap();
    assert_eq!(bindings.len(), 1);
    assert_eq!(storage.boots_since(samples::CREATED_AT).await.unwrap().len(), 1);
    let (records, _) = storage.audit_chain(0, 10).await.unwrap();
    let mut chain = AuditChain::default();
    records.iter().try_for_each(|record| chain.check(record)).unwrap();
    assert_eq!(chain.records, 1);
    let tokens = storage.api_tokens(account.id).await.unwrap();
    let token = tokens.first().unwrap();
    assert_eq!(token.hash, ApiTokenHash::from_bytes([0; 32]));
    assert_eq!((&*token.label, token.scope, token.created_at), ("first token", TokenScope::All, samples::CREATED_AT));
    assert_eq!((token.expires_at, token.last_used_at), (None, None));
}

#[tokio::test]
async fn a_database_of_version_1_opens_with_all_its_rows() {
    let database = Database::new();
    make(&database, 1, SCHEMA_V1, ROWS_V1);
    let storage = database.open();
    assert_common_rows(&storage).await;
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    assert_eq!((account.parent, account.enabled, account.updated_at), (None, true, account.created_at));
    assert_eq!(account.profile, AccountProfile::default());
    let hosts = storage.hosts(account.id).await.unwrap();
    assert_eq!(hosts, [samples::host("ma-aaaaaaaa.sip.localhost")]);
    let follower = Arc::new(RecordingFollower::default());
    assert_eq!(storage.follow(follower.clone()).await.unwrap().0, 4);
    assert_eq!(follower.facts().len(), 7);

    // What was drawn in the migration is drawn once.
    let before = (account, storage.api_tokens(AccountId(1)).await.unwrap());
    drop(storage);
    let storage = database.open();
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    assert_eq!((account, storage.api_tokens(AccountId(1)).await.unwrap()), before);
    drop(storage);
    let connection = database.look();
    let logged: i64 = connection.query_row("SELECT count(*) FROM audit_log", [], |row| row.get(0)).unwrap();
    assert_eq!(logged, 1);
    assert!(connection.prepare("PRAGMA foreign_key_check").unwrap().query([]).unwrap().next().unwrap().is_none());
}

/// A whole file that the program of version 1 wrote, not only rows of its kind.
#[tokio::test]
async fn a_file_of_version_1_is_migrated() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/installation-v1/sipwarden.db");
    let database = Database::new();
    std::fs::copy(fixture, database.path()).unwrap();
    let before = verify(&database.path()).unwrap();
    assert_eq!((before.schema_version, before.accounts, before.credentials, before.registrations), (1, 1, 2, 1));
    let storage = database.open();
    let account = storage.account(samples::auth_id("MA_VERSION1")).await.unwrap().unwrap();
    let page = storage.credentials(account.id, Page { limit: 10, offset: 0 }).await.unwrap();
    let names: Vec<&str> = page.credentials.iter().map(|credential| credential.username.as_str()).collect();
    assert_eq!((names, page.total), (vec!["office_phone_01", "lobby"], 2));
    // The SHA-256 of the token in the fixture's README.
    let hash = [
        0xa7, 0x58, 0x10, 0x06, 0x18, 0x19, 0xe9, 0x11, 0x50, 0x50, 0xd7, 0xf8, 0xc9, 0x32, 0x6b, 0x14, 0xab, 0x66,
        0xd7, 0x35, 0xfc, 0x28, 0x77, 0x1d, 0x91, 0x43, 0x18, 0x17, 0x76, 0x1a, 0x3d, 0xdb,
    ];
    let tokens = storage.api_tokens(account.id).await.unwrap();
    assert_eq!((tokens.len(), tokens[0].hash), (1, ApiTokenHash::from_bytes(hash)));
    let mut bindings = Vec::new();
    storage.load(samples::CREATED_AT, &mut |binding| bindings.push(binding.credential)).unwrap();
    assert_eq!(bindings, [page.credentials[0].id]);
    drop(storage);
    assert_eq!(verify(&database.path()), Ok(Summary { schema_version: LATEST, ..before }));
}

/// Identifiers that the migration draws are random UUIDs, each its own.
#[tokio::test]
async fn a_migration_draws_an_identifier_for_each_row() {
    let database = Database::new();
    let more: String = (2..200)
        .map(|number| {
            format!(
                "INSERT INTO accounts VALUES ({number}, 'MA_{number}', NULL, 'x', 1, 'x.example', 1, 0, {number});
                 INSERT INTO api_tokens VALUES ({number}, {number}, zeroblob(32), 'first token', {number});"
            )
        })
        .collect();
    make(&database, 1, SCHEMA_V1, &format!("{ROWS_V1} {more}"));
    let storage = database.open();
    let mut drawn = BTreeSet::new();
    for (account, _) in storage.accounts().await.unwrap() {
        let tokens = storage.api_tokens(account.id).await.unwrap();
        drawn.extend([*account.api_id.as_bytes(), *tokens[0].id.as_bytes()]);
    }
    assert_eq!(drawn.len(), 2 * 199);
    assert!(drawn.iter().all(|id| id[6] >> 4 == 4 && id[8] >> 6 == 0b10), "{drawn:?}");
}

#[tokio::test]
async fn a_database_of_version_2_opens_with_all_its_rows() {
    let database = Database::new();
    make(&database, 2, SCHEMA_V2, ROWS_V2);
    let storage = database.open();
    assert_rows_since_version_2(&storage).await;
    assert_eq!(facts(&storage).await, 11);
    let realms = storage.realms().await.unwrap();
    assert!(realms.iter().all(|realm| realm.rules == DigestRules::default()));
    let page = storage.credentials(AccountId(1), Page { limit: 10, offset: 0 }).await.unwrap();
    assert!(page.credentials.iter().all(|credential| credential.requirements.is_none()));
}

#[tokio::test]
async fn a_database_of_version_3_opens_with_all_its_rows() {
    let database = Database::new();
    make(&database, 3, SCHEMA_V3, ROWS_V3);
    let storage = database.open();
    assert_rows_since_version_2(&storage).await;
    assert_eq!(facts(&storage).await, 11);
    assert_rows_since_version_3(&storage).await;
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    assert_eq!(account.limits, CallLimits::OF_ACCOUNT);
}

/// Enough of every field of version 4 to see each column read into its place.
#[tokio::test]
async fn a_database_of_version_4_opens_with_all_its_rows() {
    let database = Database::new();
    make(&database, 4, SCHEMA_V4, ROWS_V4);
    let storage = database.open();
    assert_rows_since_version_2(&storage).await;
    assert_eq!(facts(&storage).await, 15);
    assert_rows_since_version_3(&storage).await;
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    assert_eq!(account.limits, CallLimits { concurrent_calls: 7, calls_per_second: 3 });
    let page = Page { limit: 10, offset: 0 };
    let credential = storage.credentials(account.id, page).await.unwrap().credentials[0].id;
    let trunk = storage.trunks(account.id, page).await.unwrap().objects.remove(0);
    let entry = storage.ip_acls(account.id, page).await.unwrap().objects.remove(0);
    let uri = storage.origination_uris(account.id, page).await.unwrap().objects.remove(0);
    let number = storage.numbers(NumbersOf::Account(account.id), page).await.unwrap().objects.remove(0);
    let rules = CallRules { emergency_uri: Some(uri.id), ..samples::call_rules() };
    let attachments = TrunkAttachments {
        credentials: vec![credential],
        ip_acls: vec![entry.id],
        primary_uri: Some(uri.id),
        fallback_uri: None,
        origination_uris: vec![uri.id],
    };
    let revision = Revision(9);
    let id = TrunkId::parse("aabbccdd-1234-4678-90ab-cdef12345678").unwrap();
    let host = samples::host("aabbccdd.sip.localhost");
    let name = "main".into();
    let sample = samples::trunk(account.id, 1);
    assert_eq!(trunk, Trunk { id, host, name, attachments, rules, revision, ..sample });
    assert_eq!(entry, IpAcl { id: entry.id, revision, ..samples::ip_acl(account.id, 7) });
    let secret = uri.secret.clone().unwrap();
    assert_eq!((&*secret.username, secret.password.as_bytes()), ("user", &[1, 2, 3][..]));
    let sample = samples::origination_uri(account.id, 7);
    assert_eq!(uri, OriginationUri { id: uri.id, revision, secret: Some(secret), ..sample });
    let sample = samples::number(account.id, "+4930123456");
    assert_eq!(number, Number { trunk: Some(id), revision, ..sample });
}

async fn facts(storage: &SqliteStorage) -> usize {
    let follower = Arc::new(RecordingFollower::default());
    assert_eq!(storage.follow(follower.clone()).await.unwrap().0, 9);
    follower.facts().len()
}

#[tokio::test]
async fn a_database_of_version_5_opens_with_all_its_rows() {
    let database = Database::new();
    make(&database, 5, SCHEMA_V5, ROWS_V5);
    let storage = database.open();
    assert_rows_since_version_2(&storage).await;
    assert_eq!(facts(&storage).await, 15);
    assert_rows_since_version_3(&storage).await;
    let delivery = assert_rows_since_version_5(&storage).await;
    assert_eq!((delivery.method, &*delivery.event), (WebhookMethod::Post, "call.ended"));
    assert_eq!(storage.webhooks(None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_database_of_version_6_opens_with_all_its_rows() {
    let database = Database::new();
    make(&database, 6, SCHEMA_V6, ROWS_V6);
    assert_rows_since_version_6(&database.open()).await;
}

#[tokio::test]
async fn a_database_of_version_7_opens_with_all_its_rows() {
    let database = Database::new();
    make(&database, 7, SCHEMA_V7, ROWS_V7);
    assert_rows_since_version_7(&database.open()).await;
}

#[tokio::test]
async fn a_database_of_version_8_opens_with_all_its_rows() {
    let database = Database::new();
    make(&database, 8, SCHEMA_V8, ROWS_V8);
    assert_rows_since_version_8(&database.open()).await;
}

#[tokio::test]
async fn a_database_of_the_latest_version_opens_with_all_its_rows() {
    let database = Database::new();
    make(&database, LATEST, SCHEMA_V9, ROWS_V9);
    let storage = database.open();
    assert_rows_since_version_8(&storage).await;
    let phone = storage.credential_of_desk_phone(AccountId(1), samples::mac("805ec012abcd")).await.unwrap().unwrap();
    assert_eq!((phone.username.as_str(), phone.devices.numbered()), ("office_phone_01", 2));
    let [mobile, reception] = phone.devices.as_slice() else { panic!("two devices") };
    assert_eq!((mobile.label.as_str(), mobile.is_live(), mobile.desk_phone()), ("mobile", false, None));
    assert_eq!((reception.secret, reception.is_live()), (Devices::FIRST_SECRET + 1, true));
    assert_eq!(reception.desk_phone().map(|phone| phone.format), Some(PhoneFormat::Yealink));
    let uses = storage.device_uses(phone.id).await.unwrap();
    assert_eq!((uses.len(), uses[0].generation), (1, reception.secret));
    let links = storage.provisioning_links(phone.id, samples::CREATED_AT).await.unwrap();
    assert_eq!((links.len(), links[0].label.as_str(), links[0].stage), (1, "laptop", LinkStage::Offered));
    assert_eq!(storage.provisioning_path_number(AccountId(1)).await.unwrap(), 3);
}

/// What version 8 has besides: networks that are never banned, and last uses.
async fn assert_rows_since_version_8(storage: &SqliteStorage) {
    assert_rows_since_version_7(storage).await;
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    let networks = account.settings.never_banned.as_slice().iter().map(ToString::to_string);
    assert_eq!(networks.collect::<Vec<_>>(), ["192.0.2.0/24", "2001:db8::/32"]);
    let page = storage.credentials(account.id, Page { limit: 1, offset: 0 }).await.unwrap();
    let used = storage.credential_use(page.credentials[0].id).await.unwrap().unwrap();
    assert_eq!((&*used.method, used.algorithm, used.generation), ("INVITE", DigestAlgorithm::Sha256, 2));
}

/// What version 7 has besides: attempts to authenticate, and earlier passwords.
async fn assert_rows_since_version_7(storage: &SqliteStorage) {
    assert_rows_since_version_6(storage).await;
    let all = AuthEventFilter::all(RecordsOf::Everybody);
    let kept = storage.auth_events(all, RecordsFrom::Newest, 10).await.unwrap();
    assert_eq!(kept.len(), 1);
    let (id, record) = (kept[0].id, &kept[0].record);
    assert_eq!((id, record.attempts, record.account), (AuthRecordId(7), 12, Some(AccountId(1))));
    assert_eq!((record.reason, record.near_miss), (AuthReason::RealmMismatch, Some(NearMiss::OtherRealm)));
    assert_previous_passwords(storage).await;
}

/// What version 7 has of credentials: the password before, and an end.
async fn assert_previous_passwords(storage: &SqliteStorage) {
    let page = storage.credentials(AccountId(1), Page { limit: 10, offset: 0 }).await.unwrap();
    let sealed = |length: usize| Some(Sealed::from_bytes(vec![0; length].into()));
    let previous = PreviousGeneration {
        generation: 1,
        ha1s: SealedHa1s { md5: None, sha256: sealed(65), sha512_256: sealed(64) },
        overlap_until: Some(Timestamp::from_seconds(1_700_086_409)),
        kept_until: Timestamp::from_seconds(1_702_678_409),
    };
    let read: Vec<_> = page.credentials.into_iter().map(|it| (it.previous, it.expires_at)).collect();
    assert_eq!(read, [(None, None), (Some(Box::new(previous)), Some(Timestamp::from_seconds(1_800_000_000)))]);
}

/// What version 6 has besides: where accounts are told what happens.
async fn assert_rows_since_version_6(storage: &SqliteStorage) {
    assert_rows_since_version_2(storage).await;
    assert_eq!(facts(storage).await, 16);
    assert_rows_since_version_3(storage).await;
    let delivery = assert_rows_since_version_5(storage).await;
    assert_eq!((delivery.method, &*delivery.event), (WebhookMethod::Get, "call.ringing"));
    let expected = Webhook { revision: Revision(9), ..samples::webhook(AccountId(1)) };
    assert_eq!(storage.webhook(AccountId(1)).await.unwrap(), Some(expected));
}

/// What version 5 has besides: what calls leave behind, and one message that waits.
async fn assert_rows_since_version_5(storage: &SqliteStorage) -> WebhookDelivery {
    let mut live = Vec::new();
    storage.load_live_calls(&mut |snapshot| live.push(snapshot)).unwrap();
    assert_eq!(live.len(), 1);
    let snapshot = &live[0];
    assert_eq!((&*snapshot.octets, &*snapshot.call.destination), (&b"\x01\xff"[..], "gateway.example.com:5061"));
    let records = storage.call_records(CallRecordFilter::all_of(AccountId(1)), None, 10).await.unwrap();
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!((record.duration_ms(), record.call.post_dial_delay_ms()), (60_000, Some(1_000)));
    assert_eq!((record.end.by, record.end.reason), (HungUpBy::Callee, CallEndReason::Completed));
    let mut deliveries = Vec::new();
    storage.load_webhook_deliveries(10, &mut |delivery| deliveries.push(delivery)).unwrap();
    assert_eq!((deliveries.len(), &*deliveries[0].url), (1, "https://hooks.example.com/"));
    deliveries.remove(0)
}

/// What version 3 has besides.
async fn assert_rows_since_version_3(storage: &SqliteStorage) {
    let rules: Vec<_> = storage.realms().await.unwrap().into_iter().map(|realm| realm.rules).collect();
    let first = DigestRules { auth_int: false, without_qop: true, md5_retired: false };
    assert_eq!(rules, [first, DigestRules { auth_int: true, without_qop: false, md5_retired: true }]);
    let page = storage.credentials(AccountId(1), Page { limit: 10, offset: 0 }).await.unwrap();
    let demands = Requirements { secure_transport: true, ..samples::requirements() };
    let read: Vec<_> = page.credentials.iter().map(|credential| credential.requirements.clone()).collect();
    assert_eq!(read, [demands, Requirements::default()]);
    let mut uses = Vec::new();
    storage.load_algorithm_uses(&mut |one| uses.push(one)).unwrap();
    assert_eq!(uses.len(), 1);
    let one = &uses[0];
    assert_eq!((one.credential, one.algorithm), (page.credentials[0].id, DigestAlgorithm::Md5));
    assert_eq!((one.first_day, one.last_day, &*one.user_agent), (Day(20_000), Day(20_400), "Phone/1.0"));
}

/// What version 2 and later ones have in common, which is all that version 2 has.
async fn assert_rows_since_version_2(storage: &SqliteStorage) {
    assert_common_rows(storage).await;
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    let page = Page { limit: 10, offset: 0 };
    let below = storage.sub_accounts(account.id, SubAccountFilter::All, page).await.unwrap();
    let (sub, _) = &below.accounts[0];
    assert_eq!((sub.auth_id.as_str(), sub.enabled, sub.profile.clone()), ("SA_BBBBBBBB", false, samples::profile()));
    assert_eq!(sub.updated_at.as_micros(), 1_700_000_009_000_000);
    let tokens = storage.api_tokens(sub.id).await.unwrap();
    assert_eq!(
        (tokens[0].scope, tokens[0].expires_at),
        (TokenScope::CredentialsOnly, Some(Timestamp::from_seconds(1_800_000_000)))
    );
    assert_eq!(tokens[0].last_used_at, Some(Timestamp::from_seconds(1_700_000_100)));
    assert_eq!(storage.operator_tokens().await.unwrap().len(), 1);
    let owners: Vec<_> =
        storage.remembered_answers(None, 10).await.unwrap().into_iter().map(|answer| answer.account).collect();
    assert_eq!(owners, [None, Some(account.id)]);
}

/// The plans that keep lists and look-ups quick: no statement of a request walks a table.
#[test]
fn requests_use_indexes() {
    let database = Database::new();
    drop(database.open());
    let connection = database.look();
    for (sql, expected) in [
        (
            "SELECT no FROM credentials WHERE account_id = 1 ORDER BY no LIMIT 20 OFFSET 5000",
            "SEARCH credentials USING COVERING INDEX credentials_of_account (account_id=?)",
        ),
        (
            "SELECT no FROM credentials WHERE account_id = 1 AND no > 5000 ORDER BY no LIMIT 20",
            "SEARCH credentials USING COVERING INDEX credentials_of_account (account_id=? AND rowid>?)",
        ),
        (
            "SELECT id FROM accounts WHERE parent_account = 1 ORDER BY id LIMIT 20",
            "SEARCH accounts USING COVERING INDEX accounts_of_parent (parent_account=?)",
        ),
        (
            "SELECT no FROM api_tokens WHERE account_id = 1 ORDER BY no",
            "SEARCH api_tokens USING COVERING INDEX api_tokens_of_account (account_id=?)",
        ),
        (
            "UPDATE api_tokens SET last_used_at = 2 WHERE id = x'00' AND last_used_at < 2",
            "SEARCH api_tokens USING INDEX sqlite_autoindex_api_tokens_1 (id=?)",
        ),
        (
            "DELETE FROM remembered_answers WHERE at < 1",
            "SEARCH remembered_answers USING INDEX remembered_answers_by_time (at<?)",
        ),
        (
            "SELECT sealed FROM remembered_answers WHERE (account_id, key) > (0, x'00') ORDER BY account_id, key LIMIT 9",
            "SEARCH remembered_answers USING INDEX sqlite_autoindex_remembered_answers_1 ((account_id,key)>(?,?))",
        ),
        (
            "SELECT 1 FROM credentials WHERE realm_id = 1 AND username = 'a'",
            "SEARCH credentials USING COVERING INDEX sqlite_autoindex_credentials_2 (realm_id=? AND username=?)",
        ),
        (
            "SELECT id FROM credentials WHERE previous_until <= 1 LIMIT 500",
            "SEARCH credentials USING INDEX credentials_by_previous_until (previous_until<?)",
        ),
        (
            "SELECT credential FROM devices WHERE kept_until <= 1",
            "SEARCH devices USING INDEX devices_by_kept_until (kept_until<?)",
        ),
        (
            "SELECT 1 FROM devices WHERE account_id = 1 AND mac = 'a' AND revoked_at IS NULL AND credential <> x'00'",
            "SEARCH devices USING INDEX devices_by_mac (account_id=? AND mac=?)",
        ),
        (
            "SELECT secret FROM devices WHERE credential = x'00' AND revoked_at IS NULL",
            "SEARCH devices USING INDEX sqlite_autoindex_devices_2 (credential=?)",
        ),
        (
            "SELECT count(*) FROM provisioning_links WHERE account_id = 1 AND expires_at > 1",
            "SEARCH provisioning_links USING COVERING INDEX provisioning_links_of_account (account_id=? AND expires_at>?)",
        ),
        (
            "DELETE FROM provisioning_links WHERE expires_at <= 1",
            "SEARCH provisioning_links USING INDEX provisioning_links_by_end (expires_at<?)",
        ),
        (
            "DELETE FROM credentials WHERE id = x'00' AND account_id = 1",
            "SEARCH credentials USING INDEX sqlite_autoindex_credentials_1 (id=?)",
        ),
        (
            "SELECT id FROM trunks WHERE account_id = 1 ORDER BY no LIMIT 20",
            "SEARCH trunks USING INDEX trunks_of_account (account_id=?)",
        ),
        (
            "SELECT role FROM trunk_attachments WHERE trunk = x'00' ORDER BY role, position",
            "SEARCH trunk_attachments USING PRIMARY KEY (trunk=?)",
        ),
        (
            "SELECT DISTINCT trunk FROM trunk_attachments WHERE credential = x'00'",
            "SEARCH trunk_attachments USING COVERING INDEX attachments_of_credential (credential=?)",
        ),
        (
            "UPDATE numbers SET trunk = NULL WHERE trunk = x'00'",
            "SEARCH numbers USING COVERING INDEX numbers_of_trunk (trunk=?)",
        ),
        (
            "SELECT reason FROM call_records WHERE account_id = 1 AND id < x'00' ORDER BY id DESC LIMIT 20",
            "SEARCH call_records USING PRIMARY KEY (account_id=? AND id<?)",
        ),
        (
            "SELECT reason FROM call_records INDEXED BY call_records_of_trunk
             WHERE account_id = 1 AND trunk = x'00' AND id < x'00' ORDER BY id DESC LIMIT 9",
            "SEARCH call_records USING INDEX call_records_of_trunk (account_id=? AND trunk=? AND id<?)",
        ),
        (
            "SELECT reason FROM call_records INDEXED BY call_records_of_credential
             WHERE account_id = 1 AND credential = x'00' AND id >= x'00' ORDER BY id DESC",
            "SEARCH call_records USING INDEX call_records_of_credential (account_id=? AND credential=? AND id>?)",
        ),
        (
            "SELECT id FROM call_records WHERE id < x'00' ORDER BY id LIMIT 500",
            "SEARCH call_records USING COVERING INDEX sqlite_autoindex_call_records_1 (id<?)",
        ),
        (
            "SELECT 1 FROM call_records WHERE id = x'00'",
            "SEARCH call_records USING COVERING INDEX sqlite_autoindex_call_records_1 (id=?)",
        ),
        ("DELETE FROM registrations WHERE credential = x'00'", "SEARCH registrations USING PRIMARY KEY (credential=?)"),
    ] {
        let plan: String =
            connection.query_row(&format!("EXPLAIN QUERY PLAN {sql}"), [], |row| row.get("detail")).unwrap();
        assert_eq!(plan, expected, "{sql}");
    }
}
