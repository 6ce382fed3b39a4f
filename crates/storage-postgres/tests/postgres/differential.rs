//! Ten thousand random operations on SQLite and on PostgreSQL: the same outcomes, the same facts, the same reads.

use crate::database::Database;
use domain::{Account, AccountId, AuditAction, Credential, E164, Number, Revision, Timestamp, Trunk};
use std::collections::BTreeSet;
use std::sync::Arc;
use storage::{
    AccountPatch, AlgorithmReportRequest, AuditFilter, AuthEventChange, AuthEventFilter, CallChange, CallRecordFilter,
    Change, ChangeSet, CommitError, CredentialOrder, CredentialReportRequest, CredentialSearch, NumbersOf, Page,
    RealmPatch, RecordsFrom, RecordsOf, RegistrationChange, RegistrationsAfter, ReportOf, ResealedCredential,
    SettingName, SortDirection, Storage, SubAccountFilter,
};
use storage_sqlite::{Options, SqliteStorage};
use testkit::{RecordingFollower, SeededRandom, samples};

const OPERATIONS: usize = 10_000;
/// Everything is compared after so many of them.
const COMPARED_EVERY: usize = 1_000;
const ALL: Page = Page { limit: 1000, offset: 0 };
const ACCOUNTS: [&str; 4] = ["MA_AAAAAAAA", "MA_BBBBBBBB", "SA_ONE", "SA_TWO"];

/// Both storages, and what draws.
struct Pair {
    sqlite: Arc<dyn Storage>,
    postgres: Arc<dyn Storage>,
    random: SeededRandom,
    outcomes: BTreeSet<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_databases_say_the_same_of_ten_thousand_operations() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStorage::open(&folder.path().join("sipwarden.db"), &Options::default()).unwrap();
    let database = Database::new();
    let mut pair = Pair {
        sqlite: Arc::new(sqlite),
        postgres: Arc::new(database.open().await),
        random: SeededRandom::new(9),
        outcomes: BTreeSet::new(),
    };
    for operation in 1..=OPERATIONS {
        pair.operate().await;
        if operation % COMPARED_EVERY == 0 {
            pair.compare().await;
        }
    }
    // It went through what it was meant to go through.
    for expected in ["done", "NotFound", "Superseded", "UsernameTaken", "HostTaken", "NumberTaken", "HasSubAccounts"] {
        assert!(pair.outcomes.contains(expected), "{expected} in {:?}", pair.outcomes);
    }
}

impl Pair {
    fn draw(&self, below: u64) -> u64 {
        self.random.next_u64() % below
    }

    async fn operate(&mut self) {
        let moment = Timestamp::from_seconds(1_700_000_000 + i64::try_from(self.draw(100_000)).unwrap());
        let auth_id = samples::auth_id(ACCOUNTS[usize::try_from(self.draw(4)).unwrap()]);
        let Some(account) = self.sqlite.account(auth_id.clone()).await.unwrap() else {
            return self.create_account(auth_id.as_str()).await;
        };
        match self.draw(20) {
            0 => self.create_account(auth_id.as_str()).await,
            1 => self.change_account(&account, moment).await,
            2 => self.change_host_or_token(&account).await,
            3..=9 => self.change_credential(&account, moment).await,
            10..=13 => self.change_trunk(&account).await,
            14 => self.change_settings(&account).await,
            15 => self.several(&account).await,
            _ => self.write_behind(&account, moment).await,
        }
    }

    async fn commit(&mut self, change: Change) {
        self.commit_set(samples::change_set(change)).await;
    }

    async fn commit_set(&mut self, set: ChangeSet) {
        let shown = format!("{set:?}");
        let (one, other) = tokio::join!(self.sqlite.commit(set.clone()), self.postgres.commit(set));
        let (one, other) = (said(&one), said(&other));
        assert_eq!(one, other, "{shown}");
        self.outcomes.insert(if one.parse::<u64>().is_ok() { "done".into() } else { one });
    }

    async fn create_account(&mut self, id: &str) {
        let parent = self.sqlite.account(samples::auth_id(ACCOUNTS[0])).await.unwrap();
        let new = match (id.starts_with("SA"), parent) {
            (true, Some(parent)) => samples::new_sub_account(id, &parent),
            (true, None) => return,
            (false, _) => samples::new_account(id),
        };
        self.commit(Change::CreateAccount(new)).await;
    }

    async fn change_account(&mut self, account: &Account, moment: Timestamp) {
        let change = match self.draw(8) {
            0 => Change::DeleteAccount(account.id),
            1 => Change::DeleteAccount(AccountId(999)),
            2 => Change::UpdateRealm {
                realm: account.realm,
                patch: RealmPatch { auth_int: Some(self.draw(2) == 0), ..RealmPatch::default() },
            },
            _ => {
                let enabled = self.draw(3) > 0;
                Change::UpdateAccount {
                    id: account.id,
                    patch: AccountPatch {
                        name: Some(format!("name {}", self.draw(100)).into()),
                        enabled: Some(enabled),
                        profile: None,
                        limits: None,
                        settings: None,
                        updated_at: moment,
                    },
                    registrations: if enabled { RegistrationsAfter::Keep } else { RegistrationsAfter::Remove },
                }
            }
        };
        self.commit(change).await;
    }

    async fn change_host_or_token(&mut self, account: &Account) {
        let host = samples::host(&format!("pbx{}.example.com", self.draw(4)));
        let number = self.draw(6);
        let change = match self.draw(6) {
            0 | 1 => Change::AddHost { account: account.id, host },
            2 => Change::RemoveHost { account: account.id, host },
            3 => {
                let token = samples::api_token(account.id, number);
                let known = self.sqlite.api_tokens(account.id).await.unwrap();
                if known.iter().any(|known| known.id == token.id) {
                    return;
                }
                // An identifier is drawn once, whoever has it.
                for id in ACCOUNTS {
                    if let Some(other) = self.sqlite.account(samples::auth_id(id)).await.unwrap() {
                        let tokens = self.sqlite.api_tokens(other.id).await.unwrap();
                        if tokens.iter().any(|known| known.id == token.id) {
                            return;
                        }
                    }
                }
                Change::CreateApiToken(token)
            }
            _ => Change::RevokeApiToken { account: account.id, id: samples::api_token(account.id, number).id },
        };
        self.commit(change).await;
    }

    async fn change_credential(&mut self, account: &Account, moment: Timestamp) {
        let number = account.id.0.cast_unsigned() * 100 + self.draw(12);
        let name = format!("Phone{}", self.draw(12));
        let sample = samples::credential(account, &name, number);
        let stored = self.sqlite.credential(account.id, sample.id).await.unwrap();
        let change = match (stored, self.draw(6)) {
            (None, 0) => Change::DeleteCredential { account: account.id, id: sample.id },
            (None, 1) => {
                let credential = sample;
                Change::UpdateCredential { credential, registrations: RegistrationsAfter::Keep }
            }
            (None, _) => Change::CreateCredential(sample),
            (Some(stored), 0) => Change::DeleteCredential { account: account.id, id: stored.id },
            (Some(stored), 1) => Change::EndRegistrations { account: account.id, credential: stored.id, binding: None },
            (Some(stored), 2) => Change::ResealCredentials(vec![ResealedCredential {
                id: stored.id,
                revision: Revision(stored.revision.0 - self.draw(2)),
                ha1s: samples::sealed_ha1s(&SeededRandom::new(number)),
                previous: stored.previous,
                devices: stored.devices,
            }]),
            (Some(stored), what) => {
                let enabled = self.draw(4) > 0;
                let credential = Credential {
                    enabled,
                    description: format!("Note {}", self.draw(50)).into(),
                    generation: stored.generation + u32::try_from(self.draw(2)).unwrap(),
                    updated_at: moment,
                    revision: Revision(stored.revision.0 - u64::from(what == 3)),
                    ..stored
                };
                let registrations =
                    if enabled { RegistrationsAfter::RemoveOfEndedSecrets } else { RegistrationsAfter::Remove };
                Change::UpdateCredential { credential, registrations }
            }
        };
        self.commit(change).await;
    }

    async fn change_trunk(&mut self, account: &Account) {
        let number = account.id.0.cast_unsigned() * 10 + self.draw(3);
        let (entry, uri) = (samples::ip_acl(account.id, number + 1000), samples::origination_uri(account.id, number));
        let trunk = self.sqlite.trunk(account.id, samples::trunk(account.id, number).id).await.unwrap();
        let e164 = E164::parse(&format!("+493012345{}", self.draw(5))).unwrap();
        let stored = self.sqlite.number(e164.clone()).await.unwrap();
        let known_entry = self.sqlite.ip_acl(account.id, entry.id).await.unwrap();
        let known_uri = self.sqlite.origination_uri(account.id, uri.id).await.unwrap();
        let change = match (self.draw(10), trunk) {
            (0, _) if known_entry.is_none() => Change::CreateIpAcl(entry),
            (0, _) => Change::DeleteIpAcl { account: account.id, id: entry.id },
            (1, _) if known_uri.is_none() => Change::CreateOriginationUri(uri),
            (1, _) => Change::DeleteOriginationUri { account: account.id, id: uri.id },
            (2..=4, Some(trunk)) => self.attached(trunk, (known_entry.is_some(), &entry), known_uri.map(|uri| uri.id)),
            (2..=4, None) => Change::CreateTrunk(Box::new(samples::trunk(account.id, number))),
            (5, Some(trunk)) => Change::DeleteTrunk { account: account.id, id: trunk.id },
            (6, trunk) => {
                let trunk = trunk.map(|trunk| trunk.id);
                Change::AllocateNumber(Number { trunk, ..samples::number(account.id, e164.as_str()) })
            }
            (7, trunk) => match stored {
                Some(stored) => Change::UpdateNumber(Number { trunk: trunk.map(|trunk| trunk.id), ..stored }),
                None => Change::ReleaseNumber(e164),
            },
            (8, _) => Change::ReleaseNumber(e164),
            _ => Change::PutWebhook(Box::new(samples::webhook(account.id))),
        };
        self.commit(change).await;
    }

    fn attached(
        &self,
        mut trunk: Trunk,
        (has_entry, entry): (bool, &domain::IpAcl),
        uri: Option<domain::OriginationUriId>,
    ) -> Change {
        // Sometimes to what is not there.
        let is_bold = self.draw(8) == 0;
        trunk.attachments.ip_acls = if has_entry || is_bold { vec![entry.id] } else { Vec::new() };
        trunk.attachments.primary_uri = uri;
        trunk.rules.emergency_uri = uri;
        Change::UpdateTrunk(Box::new(trunk))
    }

    async fn change_settings(&mut self, account: &Account) {
        let name = SettingName::ALL[usize::try_from(self.draw(5)).unwrap()];
        let change = match self.draw(4) {
            0 => Change::ClearSetting(name),
            1 => Change::DeleteWebhook(account.id),
            2 => Change::ReplaceProvisioningPath(account.id),
            _ => Change::PutSetting { name, value: format!("value {}", self.draw(9)).into() },
        };
        self.commit(change).await;
    }

    /// A set of several, of which any may fail.
    async fn several(&mut self, account: &Account) {
        let mut changes = Vec::new();
        for place in 0..1 + self.draw(4) {
            let number = account.id.0.cast_unsigned() * 100 + 20 + self.draw(8);
            let new = samples::credential(account, &format!("Several{}", self.draw(8)), number);
            let is_known = self.sqlite.credential(account.id, new.id).await.unwrap().is_some();
            let is_asked =
                changes.iter().any(|change| matches!(change, Change::CreateCredential(other) if other.id == new.id));
            changes.push(if is_known || is_asked {
                Change::DeleteCredential { account: account.id, id: new.id }
            } else if place == 3 {
                Change::DeleteAccount(AccountId(999))
            } else {
                Change::CreateCredential(new)
            });
        }
        self.commit_set(ChangeSet { changes, audit: samples::audit(AuditAction::CredentialCreated, "several") }).await;
    }

    async fn write_behind(&mut self, account: &Account, moment: Timestamp) {
        let number = account.id.0.cast_unsigned() * 100 + self.draw(12);
        let credential = samples::credential(account, "x", number).id;
        match self.draw(4) {
            0 => {
                let generation = 1 + u32::try_from(self.draw(3)).unwrap();
                let binding = samples::binding(credential, i64::try_from(self.draw(4)).unwrap(), generation, moment);
                let change = match self.draw(4) {
                    0 => RegistrationChange::Remove { credential, id: binding.id },
                    _ => RegistrationChange::Put(binding),
                };
                self.sqlite.save(vec![change.clone()]).await.unwrap();
                self.postgres.save(vec![change]).await.unwrap();
            }
            1 => {
                let one = samples::credential_use(credential, moment, 1);
                self.sqlite.save_credential_uses(vec![one.clone()]).await.unwrap();
                self.postgres.save_credential_uses(vec![one]).await.unwrap();
            }
            2 => {
                let record = samples::auth_record(Some(account.id), i64::try_from(number).unwrap());
                let changes = Arc::new(vec![AuthEventChange::Add(record)]);
                let one = self.sqlite.save_auth_events(Arc::clone(&changes)).await.unwrap();
                assert_eq!(one, self.postgres.save_auth_events(changes).await.unwrap());
            }
            _ => {
                let record = samples::call_record(account.id, self.draw(200));
                let changes = Arc::new(vec![CallChange::Ended(record)]);
                self.sqlite.save_calls(Arc::clone(&changes)).await.unwrap();
                self.postgres.save_calls(changes).await.unwrap();
            }
        }
    }

    async fn compare(&self) {
        let one = everything(&*self.sqlite).await;
        let other = everything(&*self.postgres).await;
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one, other);
        }
        assert_eq!(one.len(), other.len());
    }
}

fn said(outcome: &Result<Revision, CommitError>) -> String {
    match outcome {
        Ok(revision) => revision.0.to_string(),
        Err(CommitError::Conflict(conflict)) => format!("{conflict:?}"),
        Err(CommitError::Storage(error)) => panic!("{error}"),
    }
}

/// Every read there is, as texts.
async fn everything(storage: &dyn Storage) -> Vec<String> {
    let follower = Arc::new(RecordingFollower::default());
    let mut all = vec![format!("{:?}", storage.follow(follower.clone()).await.unwrap())];
    all.extend(follower.facts().iter().map(|fact| format!("{fact:?}")));
    all.push(format!("{:?}", storage.accounts().await.unwrap()));
    all.push(format!("{:?}", storage.realms().await.unwrap()));
    all.push(format!("{:?}", storage.audit_records(AuditFilter::default(), None, 500).await.unwrap()));
    all.push(format!("{:?}", storage.audit_chain(0, 20_000).await.unwrap()));
    all.push(format!("{:?}", storage.numbers(NumbersOf::Installation, ALL).await.unwrap()));
    all.push(format!(
        "{:?}",
        storage.auth_events(AuthEventFilter::all(RecordsOf::Everybody), RecordsFrom::Newest, 5000).await
    ));
    let mut bindings = Vec::new();
    storage.load(Timestamp::from_seconds(1), &mut |binding| bindings.push(format!("{binding:?}"))).unwrap();
    bindings.sort();
    all.extend(bindings);
    for (account, _) in storage.accounts().await.unwrap() {
        of_account(storage, account.id, &mut all).await;
    }
    all
}

async fn of_account(storage: &dyn Storage, account: AccountId, all: &mut Vec<String>) {
    let now = Timestamp::from_seconds(1_700_050_000);
    all.push(format!("{:?}", storage.hosts(account).await.unwrap()));
    all.push(format!("{:?}", storage.api_tokens(account).await.unwrap()));
    all.push(format!("{:?}", storage.sub_accounts(account, SubAccountFilter::Enabled, ALL).await.unwrap()));
    let orders = [
        CredentialOrder::Created,
        CredentialOrder::Username,
        CredentialOrder::Updated,
        CredentialOrder::PasswordChanged,
    ];
    for order in orders {
        for (text, enabled) in [("", None), ("phone1", None), ("NOTE 2", Some(true))] {
            let (text, direction, page) = (text.into(), SortDirection::Descending, Page { limit: 5, offset: 2 });
            let search = CredentialSearch { account, text, enabled, order, direction, page };
            let found = storage.find_credentials(search).await.unwrap();
            all.push(format!("{} {:?}", found.total, found.credentials));
        }
    }
    let page = storage.credentials(account, Page { limit: 3, offset: 1 }).await.unwrap();
    all.push(format!("{} {:?}", page.total, page.credentials));
    let report =
        CredentialReportRequest { account, password_before: Some(now), unused_since: Some(now), now, page: ALL };
    all.push(format!("{:?}", storage.credential_report(report).await.unwrap()));
    let report = AlgorithmReportRequest { of: ReportOf::Account(account), since: domain::Day(0), page: ALL };
    all.push(format!("{:?}", storage.algorithm_report(report).await.unwrap()));
    all.push(format!("{:?}", storage.trunks(account, ALL).await.unwrap()));
    all.push(format!("{:?}", storage.ip_acls(account, ALL).await.unwrap()));
    all.push(format!("{:?}", storage.origination_uris(account, ALL).await.unwrap()));
    all.push(format!("{:?}", storage.webhook(account).await.unwrap()));
    all.push(format!("{:?}", storage.provisioning_path_number(account).await.unwrap()));
    all.push(format!("{:?}", storage.call_records(CallRecordFilter::all_of(account), None, 1000).await.unwrap()));
    for credential in storage.credentials(account, ALL).await.unwrap().credentials {
        all.push(format!("{:?}", storage.credential_use(credential.id).await.unwrap()));
    }
}
