//! The change feed and coherence.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::{Subject, assert_conflict};
use crate::{RecordingFollower, SeededRandom, samples};
use domain::{Account, AccountId, AuditAction, ChallengePolicy, Credential, RealmId, Revision, Trunk};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use storage::{Change, ChangeSet, Conflict, Fact, RealmPatch, RegistrationsAfter, SettingName, Storage};

/// A follower of an empty storage learns the revision, from a call without facts.
pub async fn an_empty_storage_is_told_as_such(subject: Subject) {
    let follower = Arc::new(RecordingFollower::default());
    let revision = subject.storage.follow(follower.clone()).await.unwrap();
    assert_eq!(follower.last_revision(), Some(revision));
    assert!(follower.facts().is_empty());
}

/// The first part has one revision, holds everything once, and nothing refers to what has not come yet.
pub async fn the_first_part_is_everything_in_order_of_reference(subject: Subject) {
    for (id, first) in [("MA_AAAAAAAA", 0), ("MA_BBBBBBBB", 10_000)] {
        let account = subject.create_account(samples::new_account(id)).await;
        let credential = |number: u64| samples::credential(&account, &format!("phone{number}"), first + number);
        let set = ChangeSet {
            changes: (0..1500).map(|number| Change::CreateCredential(credential(number))).collect(),
            audit: samples::audit(AuditAction::CredentialCreated, "import"),
        };
        subject.storage.commit(set).await.unwrap();
    }
    let setting = Change::PutSetting { name: SettingName::BaseDomain, value: "sip.localhost".into() };
    let last = subject.commit(setting).await.unwrap();

    let follower = Arc::new(RecordingFollower::default());
    assert_eq!(subject.storage.follow(follower.clone()).await.unwrap(), last);
    assert!(follower.calls().iter().all(|(revision, _)| *revision == last));
    let facts = follower.facts();
    assert_references_precede(&facts);
    assert_eq!(facts.len(), 1 + 2 + 2 + 4 + 2 + 3000);
    assert_eq!(folded(&facts).len(), facts.len());
}

/// Whether a follower came early or late, and whatever was done meanwhile, it knows what reads return.
pub async fn facts_equal_what_reads_return(subject: Subject) {
    let early = Arc::new(RecordingFollower::default());
    subject.storage.follow(early.clone()).await.unwrap();

    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let patch = RealmPatch { challenge_policy: Some(ChallengePolicy::Sha256), ..RealmPatch::default() };
    subject.commit(Change::UpdateRealm { realm: account.realm, patch }).await.unwrap();
    let kept = subject.create_credential(samples::credential(&account, "kept", 1)).await;
    let changed = subject.create_credential(samples::credential(&account, "changed", 2)).await;
    let deleted = subject.create_credential(samples::credential(&account, "deleted", 3)).await;
    let update = Credential {
        generation: 2,
        ha1s: samples::sealed_ha1s(&SeededRandom::new(77)),
        username: samples::username("ignored"),
        ..changed.clone()
    };
    subject
        .commit(Change::UpdateCredential { credential: update, registrations: RegistrationsAfter::Remove })
        .await
        .unwrap();
    subject.commit(Change::DeleteCredential { account: account.id, id: deleted.id }).await.unwrap();
    for value in ["first", "second"] {
        subject.commit(Change::PutSetting { name: SettingName::BaseDomain, value: value.into() }).await.unwrap();
    }

    come_and_go(&subject, &account).await;

    let late = Arc::new(RecordingFollower::default());
    subject.storage.follow(late.clone()).await.unwrap();
    assert_references_precede(&early.facts());
    assert_references_precede(&late.facts());
    let known = folded(&early.facts());
    assert_eq!(known, folded(&late.facts()));

    for id in [kept.id, changed.id] {
        let read = subject.storage.credential(account.id, id).await.unwrap().unwrap();
        assert_eq!(known[&format!("credential {id}")], format!("{:?}", Fact::Credential(read)));
    }
    assert!(!known.contains_key(&format!("credential {}", deleted.id)));
    let realm = subject.storage.realm(account.realm).await.unwrap().unwrap();
    assert_eq!(known[&format!("realm {}", realm.id.0)], format!("{:?}", Fact::Realm(realm)));
    assert_eq!(known[&format!("account {}", account.id.0)], format!("{:?}", Fact::Account(account)));
    let value = subject.storage.setting(SettingName::BaseDomain).await.unwrap().unwrap();
    assert!(known["setting base_domain"].contains(&*value));
    assert_eq!(&*value, "second");
}

/// Some of everything, of which part is gone again in the end.
async fn come_and_go(subject: &Subject, account: &Account) {
    let sub = subject.create_account(samples::new_sub_account("SA_STAYS", account)).await;
    let gone = subject.create_account(samples::new_sub_account("SA_GOES", account)).await;
    for (account, number) in [(&sub, 500), (&gone, 600)] {
        subject.create_credential(samples::credential(account, "phone", number)).await;
        subject.commit(Change::CreateApiToken(samples::api_token(account.id, number))).await.unwrap();
        subject.commit(Change::CreateOperatorToken(samples::operator_token(number + 50))).await.unwrap();
        let host = samples::host(&format!("pbx{number}.example.com"));
        subject.commit(Change::AddHost { account: account.id, host }).await.unwrap();
        add_trunk(subject, account.id, number).await;
        subject.commit(Change::PutWebhook(Box::new(samples::webhook(account.id)))).await.unwrap();
    }
    subject
        .commit(Change::DeleteOriginationUri { account: sub.id, id: samples::origination_uri(sub.id, 500).id })
        .await
        .unwrap();
    subject.commit(Change::DeleteAccount(gone.id)).await.unwrap();
    let revoked = samples::new_account("SA_STAYS").token.id;
    subject.commit(Change::RevokeApiToken { account: sub.id, id: revoked }).await.unwrap();
    subject.commit(Change::RevokeOperatorToken(samples::operator_token(650).id)).await.unwrap();
    subject.commit(Change::PutSetting { name: SettingName::NonceKey, value: "gone".into() }).await.unwrap();
    subject.commit(Change::ClearSetting(SettingName::NonceKey)).await.unwrap();
}

/// A trunk with an access list, a next hop and a number.
async fn add_trunk(subject: &Subject, account: AccountId, number: u64) {
    let entry = samples::ip_acl(account, number + 1);
    let uri = samples::origination_uri(account, number);
    let mut trunk = samples::trunk(account, number);
    trunk.attachments.ip_acls = vec![entry.id];
    trunk.attachments.primary_uri = Some(uri.id);
    let mut e164 = samples::number(account, &format!("+4930{number}"));
    e164.trunk = Some(trunk.id);
    for change in [
        Change::CreateIpAcl(entry),
        Change::CreateOriginationUri(uri),
        Change::CreateTrunk(Box::new(trunk)),
        Change::AllocateNumber(e164),
    ] {
        subject.commit(change).await.unwrap();
    }
}

/// When a commit is answered, every follower has its facts.
pub async fn a_commit_is_applied_before_it_is_answered(subject: Subject) {
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    for number in 0..50 {
        let created = subject.create_credential(samples::credential(&account, &format!("phone{number}"), number)).await;
        let (revision, facts) = follower.calls().pop().unwrap();
        assert_eq!(revision, created.revision);
        assert_eq!(format!("{facts:?}"), format!("{:?}", [Fact::Credential(created)]));
    }
}

/// A refused set is no news.
pub async fn conflicts_are_not_told(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    subject.create_credential(samples::credential(&account, "phone", 1)).await;
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    let told = follower.calls().len();
    let again = Change::CreateCredential(samples::credential(&account, "phone", 2));
    assert_conflict(subject.commit(again).await, Conflict::UsernameTaken);
    assert_eq!(follower.calls().len(), told);
}

/// Followers that subscribe while commits run see the whole state and then every change, in order, none twice.
pub async fn there_is_no_gap_while_commits_run(subject: Subject) {
    const COMMITTERS: u64 = 8;
    const COMMITS: u64 = 60;
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let mut committers = Vec::new();
    for committer in 0..COMMITTERS {
        let (storage, account) = (subject.storage.clone(), account.clone());
        committers.push(tokio::spawn(async move {
            for number in 0..COMMITS {
                let name = format!("phone{committer}_{number}");
                let credential = samples::credential(&account, &name, committer * 1000 + number);
                storage.commit(samples::change_set(Change::CreateCredential(credential))).await.unwrap();
            }
        }));
    }
    let mut followers = Vec::new();
    for _ in 0..8 {
        let follower = Arc::new(RecordingFollower::default());
        let first = subject.storage.follow(follower.clone()).await.unwrap();
        followers.push((first, follower));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    for committer in committers {
        committer.await.unwrap();
    }
    let last = subject.commit(Change::PutSetting { name: SettingName::KeyCheck, value: "end".into() }).await.unwrap();
    let expected = all_facts(&*subject.storage).await;
    for (first, follower) in followers {
        assert_ascending(first, last, &follower.calls());
        assert_eq!(folded(&follower.facts()), expected);
    }
}

/// What is committed is coherent at once; what is not committed yet is waited for.
pub async fn coherence_follows_commits(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let first = subject.create_credential(samples::credential(&account, "first", 1)).await.revision;
    subject.storage.applied_everywhere(first).await.unwrap();
    subject.storage.applied_everywhere(Revision(0)).await.unwrap();

    let (storage, next) = (subject.storage.clone(), Revision(first.0 + 1));
    let waiting = tokio::spawn(async move { storage.applied_everywhere(next).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!waiting.is_finished());
    subject.create_credential(samples::credential(&account, "second", 2)).await;
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap().unwrap();
}

async fn all_facts(storage: &dyn Storage) -> BTreeMap<String, String> {
    let follower = Arc::new(RecordingFollower::default());
    storage.follow(follower.clone()).await.unwrap();
    folded(&follower.facts())
}

/// After those of the snapshot, each call is of a later revision than the one before, and the last of the last commit.
fn assert_ascending(first: Revision, last: Revision, calls: &[(Revision, Vec<Fact>)]) {
    let revisions: Vec<Revision> = calls.iter().map(|(revision, _)| *revision).collect();
    let snapshot = revisions.iter().take_while(|revision| **revision == first).count();
    assert!(snapshot > 0);
    assert!(revisions[snapshot - 1..].is_sorted_by(|before, after| before < after), "{revisions:?}");
    assert_eq!(revisions.last(), Some(&last));
}

/// What is known after all facts: one text for each thing, by a name of it.
fn folded(facts: &[Fact]) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for fact in facts {
        let name = match fact {
            Fact::Realm(realm) => format!("realm {}", realm.id.0),
            Fact::Account(account) => format!("account {}", account.id.0),
            Fact::Host { host, .. } => format!("host {host}"),
            Fact::ApiToken(token) => format!("token {}", token.id),
            Fact::Credential(credential) => format!("credential {}", credential.id),
            Fact::Setting { name, .. } => format!("setting {}", name.as_str()),
            Fact::OperatorToken(token) => format!("operator token {}", token.id),
            Fact::IpAcl(entry) => format!("ip acl {}", entry.id),
            Fact::OriginationUri(uri) => format!("origination uri {}", uri.id),
            Fact::Trunk(trunk) => format!("trunk {}", trunk.id),
            Fact::Number(number) => format!("number {}", number.e164),
            Fact::Webhook(webhook) => format!("webhook {}", webhook.account.0),
            gone => {
                forget(&mut known, gone);
                continue;
            }
        };
        known.insert(name, format!("{fact:?}"));
    }
    known
}

/// Takes away what a fact says is gone, which must have been there.
fn forget(known: &mut BTreeMap<String, String>, fact: &Fact) {
    let (name, mark) = match fact {
        Fact::CredentialDeleted { id, realm, username } => {
            let gone = &known[&format!("credential {id}")];
            assert!(gone.contains(&format!("{username:?}")));
            (format!("credential {id}"), format!("{realm:?}"))
        }
        Fact::HostRemoved(host) => (format!("host {host}"), String::new()),
        Fact::AccountDeleted(id) => (format!("account {}", id.0), String::new()),
        Fact::ApiTokenRevoked { account, id } => (format!("token {id}"), format!("{account:?}")),
        Fact::OperatorTokenRevoked(id) => (format!("operator token {id}"), String::new()),
        Fact::IpAclDeleted { id, account } => (format!("ip acl {id}"), format!("{account:?}")),
        Fact::OriginationUriDeleted { id, account } => (format!("origination uri {id}"), format!("{account:?}")),
        Fact::TrunkDeleted { id, account } => (format!("trunk {id}"), format!("{account:?}")),
        Fact::NumberReleased(e164) => (format!("number {e164}"), String::new()),
        Fact::WebhookDeleted(account) => (format!("webhook {}", account.0), String::new()),
        Fact::SettingCleared(name) => (format!("setting {}", name.as_str()), String::new()),
        Fact::RegistrationsEnded { .. } => return,
        present => panic!("{present:?} takes nothing away"),
    };
    assert!(known.remove(&name).unwrap().contains(&mark), "{name}");
}

fn references(trunk: &Trunk) -> Vec<String> {
    let attachments = &trunk.attachments;
    let uris = attachments.uris().chain(trunk.rules.emergency_uri).map(|id| id.to_string());
    let credentials = attachments.credentials.iter().map(ToString::to_string);
    uris.chain(credentials).chain(attachments.ip_acls.iter().map(ToString::to_string)).collect()
}

fn assert_references_precede(facts: &[Fact]) {
    let mut realms: BTreeSet<RealmId> = BTreeSet::new();
    // With the tokens and credentials of each.
    let mut accounts: BTreeMap<AccountId, BTreeSet<String>> = BTreeMap::new();
    for fact in facts {
        match fact {
            Fact::Realm(realm) => {
                realms.insert(realm.id);
            }
            Fact::Account(account) => {
                assert!(realms.contains(&account.realm));
                assert!(account.parent.is_none_or(|parent| accounts.contains_key(&parent)));
                accounts.entry(account.id).or_default();
            }
            Fact::Host { realm, .. } => assert!(realms.contains(realm)),
            Fact::ApiToken(token) => {
                accounts.get_mut(&token.account).unwrap().insert(token.id.to_string());
            }
            Fact::ApiTokenRevoked { account, id } => {
                assert!(accounts.get_mut(account).unwrap().remove(&id.to_string()));
            }
            Fact::Credential(credential) => {
                assert!(realms.contains(&credential.realm));
                accounts.get_mut(&credential.account).unwrap().insert(credential.id.to_string());
            }
            Fact::CredentialDeleted { id, .. } => {
                assert!(accounts.values_mut().any(|leaning| leaning.remove(&id.to_string())));
            }
            Fact::IpAcl(entry) => {
                accounts.get_mut(&entry.account).unwrap().insert(entry.id.to_string());
            }
            Fact::OriginationUri(uri) => {
                accounts.get_mut(&uri.account).unwrap().insert(uri.id.to_string());
            }
            Fact::Trunk(trunk) => {
                let owned = accounts.get_mut(&trunk.account).unwrap();
                assert!(references(trunk).iter().all(|id| owned.contains(id)));
                owned.insert(trunk.id.to_string());
            }
            Fact::Number(number) => {
                let owned = accounts.get_mut(&number.account).unwrap();
                assert!(number.trunk.is_none_or(|id| owned.contains(&id.to_string())));
                owned.insert(number.e164.to_string());
            }
            Fact::Webhook(webhook) => {
                accounts.get_mut(&webhook.account).unwrap().insert("webhook".into());
            }
            Fact::WebhookDeleted(account) => {
                assert!(accounts.get_mut(account).unwrap().remove("webhook"));
            }
            Fact::IpAclDeleted { id, account } => {
                assert!(accounts.get_mut(account).unwrap().remove(&id.to_string()));
            }
            Fact::OriginationUriDeleted { id, account } => {
                assert!(accounts.get_mut(account).unwrap().remove(&id.to_string()));
            }
            Fact::TrunkDeleted { id, account } => {
                assert!(accounts.get_mut(account).unwrap().remove(&id.to_string()));
            }
            Fact::NumberReleased(e164) => {
                assert!(accounts.values_mut().any(|owned| owned.remove(&e164.to_string())));
            }
            Fact::AccountDeleted(id) => assert_eq!(accounts.remove(id), Some(BTreeSet::new())),
            Fact::HostRemoved(_)
            | Fact::RegistrationsEnded { .. }
            | Fact::OperatorToken(_)
            | Fact::OperatorTokenRevoked(_)
            | Fact::Setting { .. }
            | Fact::SettingCleared(_) => {}
        }
    }
}
