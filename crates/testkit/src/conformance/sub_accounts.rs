//! Accounts below accounts, how accounts change and end, and host names that come and go.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::{Subject, assert_conflict};
use crate::RecordingFollower;
use crate::samples::{self, CREATED_AT};
use domain::{
    Account, AccountId, AccountProfile, AccountSettings, Credential, EventRetention, Networks, PasswordScore, Timestamp,
};
use std::sync::Arc;
use storage::{
    AccountPatch, Change, ChangeSet, Conflict, Fact, NewAccount, Page, RegistrationChange, RegistrationsAfter,
    SubAccountFilter,
};

const NOTHING: AccountPatch = AccountPatch {
    name: None,
    enabled: None,
    profile: None,
    limits: None,
    settings: None,
    updated_at: Timestamp::from_seconds(2_000_000_000),
};

/// Every field of a sub-account arrives, and its account comes first for every follower.
pub async fn a_sub_account_knows_its_parent(subject: Subject) {
    let parent = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    assert_eq!((parent.parent, &parent.profile, parent.updated_at), (None, &AccountProfile::default(), CREATED_AT));
    assert_eq!(parent.settings, AccountSettings::default());
    let new =
        NewAccount { enabled: false, profile: samples::profile(), ..samples::new_sub_account("SA_BBBBBBBB", &parent) };
    let sub = subject.create_account(new.clone()).await;
    assert_eq!((sub.parent, sub.enabled, &sub.profile), (Some(parent.id), false, &samples::profile()));
    assert_eq!((sub.api_id, sub.created_at, sub.updated_at), (new.api_id, CREATED_AT, CREATED_AT));
    assert_ne!(sub.api_id, parent.api_id);

    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    let facts = follower.facts();
    let told: Vec<&Account> =
        facts.iter().filter_map(|f| if let Fact::Account(account) = f { Some(account) } else { None }).collect();
    assert_eq!(told, [&parent, &sub]);
}

/// There is one level only, and no sub-account without an account.
pub async fn a_sub_account_has_no_sub_accounts(subject: Subject) {
    let parent = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let sub = subject.create_account(samples::new_sub_account("SA_BBBBBBBB", &parent)).await;
    let below = Change::CreateAccount(samples::new_sub_account("SA_CCCCCCCC", &sub));
    assert_conflict(subject.commit(below).await, Conflict::NotFound);
    let orphan = NewAccount { parent: Some(AccountId(99)), ..samples::new_account("SA_CCCCCCCC") };
    assert_conflict(subject.commit(Change::CreateAccount(orphan)).await, Conflict::NotFound);
    assert!(subject.storage.account(samples::auth_id("SA_CCCCCCCC")).await.unwrap().is_none());
    let realm = samples::realm_name("SA_CCCCCCCC.sip.localhost");
    assert!(subject.storage.realm_by_name(realm).await.unwrap().is_none());
}

/// Pages hold the sub-accounts of one account, by state if asked, with the number of all that match.
pub async fn sub_accounts_are_listed_by_state(subject: Subject) {
    let parent = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    subject.create_account(samples::new_sub_account("SA_OTHER", &other)).await;
    let mut all = Vec::new();
    for number in 0..7 {
        let new = samples::new_sub_account(&format!("SA_{}", 9 - number), &parent);
        all.push(subject.create_account(NewAccount { enabled: number % 3 != 0, ..new }).await);
    }
    let enabled: Vec<Account> = all.iter().filter(|account| account.enabled).cloned().collect();
    for (filter, expected) in [(SubAccountFilter::All, &all), (SubAccountFilter::Enabled, &enabled)] {
        for (limit, offset) in [(1000, 0), (2, 1), (1, 3), (5, 100)] {
            let page = subject.storage.sub_accounts(parent.id, filter, Page { limit, offset }).await.unwrap();
            let listed: Vec<_> = page.accounts.iter().map(|(account, _)| account.clone()).collect();
            let window: Vec<_> = expected.iter().skip(offset as usize).take(limit as usize).cloned().collect();
            assert_eq!((listed, page.total), (window, expected.len() as u64), "limit {limit}, offset {offset}");
            assert!(page.accounts.iter().all(|(account, realm)| account.realm == realm.id));
        }
    }
    let none =
        subject.storage.sub_accounts(all[0].id, SubAccountFilter::All, Page { limit: 9, offset: 0 }).await.unwrap();
    assert_eq!((none.accounts.len(), none.total), (0, 0));
}

/// What a patch names changes and nothing else; the whole account is told.
pub async fn a_patch_changes_what_it_names(subject: Subject) {
    let created = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let bystander = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    let at = |second: i64| Timestamp::from_seconds(1_800_000_000 + second);
    let partly = AccountProfile { email: Some("new@example.com".into()), ..AccountProfile::default() };
    let named = Account { name: "new name".into(), updated_at: at(1), ..created.clone() };
    let profiled = Account { profile: samples::profile(), updated_at: at(2), ..named.clone() };
    let disabled = Account { enabled: false, updated_at: at(3), ..profiled.clone() };
    let reduced = Account { enabled: true, profile: partly.clone(), updated_at: at(4), ..disabled.clone() };
    let settings = AccountSettings {
        event_retention: EventRetention::of_days(365).unwrap(),
        minimum_password_score: PasswordScore::MAX,
        never_banned: Networks::new(vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()]).unwrap(),
    };
    let settled = Account { settings: settings.clone(), updated_at: at(5), ..reduced.clone() };
    let touched = Account { updated_at: at(6), ..settled.clone() };
    for (patch, expected) in [
        (AccountPatch { name: Some("new name".into()), ..NOTHING }, named),
        (AccountPatch { profile: Some(samples::profile()), ..NOTHING }, profiled),
        (AccountPatch { enabled: Some(false), ..NOTHING }, disabled),
        (AccountPatch { enabled: Some(true), profile: Some(partly), ..NOTHING }, reduced),
        (AccountPatch { settings: Some(settings), ..NOTHING }, settled),
        (NOTHING, touched),
    ] {
        let patch = AccountPatch { updated_at: expected.updated_at, ..patch };
        let change = Change::UpdateAccount { id: created.id, patch, registrations: RegistrationsAfter::Keep };
        subject.commit(change).await.unwrap();
        assert_eq!(subject.storage.account(created.auth_id.clone()).await.unwrap(), Some(expected.clone()));
        let (_, facts) = follower.calls().pop().unwrap();
        assert_eq!(format!("{facts:?}"), format!("{:?}", [Fact::Account(expected)]));
    }
    assert_eq!(subject.storage.account(bystander.auth_id.clone()).await.unwrap(), Some(bystander));
    let missing =
        Change::UpdateAccount { id: AccountId(99), patch: NOTHING, registrations: RegistrationsAfter::Remove };
    assert_conflict(subject.commit(missing).await, Conflict::NotFound);
}

/// Disabling ends the registrations of an account and those below it, and none come back until it is enabled.
pub async fn a_disabled_account_has_no_registrations(subject: Subject) {
    let parent = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let sub = subject.create_account(samples::new_sub_account("SA_BBBBBBBB", &parent)).await;
    let sibling = subject.create_account(samples::new_sub_account("SA_CCCCCCCC", &parent)).await;
    let stranger = subject.create_account(samples::new_account("MA_DDDDDDDD")).await;
    let mut phones = Vec::new();
    for (number, account) in (1..).zip([&parent, &sub, &sibling, &stranger]) {
        phones.push(subject.create_credential(samples::credential(account, "phone", number)).await);
    }
    register(&subject, &phones).await;
    set_enabled(&subject, &sub, false).await;
    assert_eq!(registered(&subject, &phones), [true, false, true, true]);
    register(&subject, &phones).await;
    assert_eq!(registered(&subject, &phones), [true, false, true, true]);
    set_enabled(&subject, &parent, false).await;
    set_enabled(&subject, &sub, true).await;
    register(&subject, &phones).await;
    assert_eq!(registered(&subject, &phones), [false, false, false, true]);
    set_enabled(&subject, &parent, true).await;
    register(&subject, &phones).await;
    assert_eq!(registered(&subject, &phones), [true; 4]);

    let renamed = AccountPatch { name: Some("renamed".into()), ..NOTHING };
    let keep = Change::UpdateAccount { id: parent.id, patch: renamed, registrations: RegistrationsAfter::Keep };
    subject.commit(keep).await.unwrap();
    assert_eq!(registered(&subject, &phones), [true; 4]);
}

/// Nothing of a deleted account stays but its realm, and all of it is told in an order that followers can apply.
pub async fn a_deletion_takes_all_that_belongs_to_the_account(subject: Subject) {
    let doomed = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let stays = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let mut phones = Vec::new();
    for (number, account) in (1..).zip([&doomed, &stays]) {
        phones.push(subject.create_credential(samples::credential(account, "phone", number)).await);
        subject.create_credential(samples::credential(account, "second", number + 10)).await;
        subject.commit(Change::CreateApiToken(samples::api_token(account.id, number * 10))).await.unwrap();
        let answer = samples::remembered_answer(Some(account.id), 7, CREATED_AT);
        subject.commit(Change::RememberAnswer { answer, replaces_before: CREATED_AT }).await.unwrap();
    }
    let host = samples::host("pbx.example.com");
    subject.commit(Change::AddHost { account: doomed.id, host: host.clone() }).await.unwrap();
    register(&subject, &phones).await;
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();

    subject.commit(Change::DeleteAccount(doomed.id)).await.unwrap();
    let (_, facts) = follower.calls().pop().unwrap();
    let kinds: Vec<&str> = facts.iter().map(|fact| kind(fact, doomed.id)).collect();
    let mut sorted = kinds.clone();
    sorted.sort_unstable();
    assert_eq!(kinds.last(), Some(&"account"), "{facts:?}");
    assert_eq!(sorted, ["account", "credential", "credential", "host", "host", "host", "token", "token"]);

    assert_eq!(registered(&subject, &phones), [false, true]);
    assert_eq!(subject.storage.accounts().await.unwrap().len(), 1);
    assert!(subject.storage.api_tokens(doomed.id).await.unwrap().is_empty());
    assert!(subject.storage.hosts(doomed.id).await.unwrap().is_empty());
    let page = subject.storage.credentials(doomed.id, Page { limit: 9, offset: 0 }).await.unwrap();
    assert_eq!((page.credentials.len(), page.total), (0, 0));
    let key = samples::remembered_answer(None, 7, CREATED_AT).key;
    assert_eq!(subject.storage.remembered_answer(Some(doomed.id), key).await.unwrap(), None);
    assert!(subject.storage.remembered_answer(Some(stays.id), key).await.unwrap().is_some());
    assert!(subject.storage.realm(doomed.realm).await.unwrap().is_some());
    assert_conflict(subject.commit(Change::DeleteAccount(doomed.id)).await, Conflict::NotFound);

    // Names are free again, numbers are not.
    subject.commit(Change::AddHost { account: stays.id, host }).await.unwrap();
    let again = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    assert!(again.id > stays.id);
    assert_eq!(again.realm, doomed.realm);
    subject.create_credential(samples::credential(&again, "phone", 1)).await;
}

/// An account with sub-accounts stays whole; once they are gone, it can go.
pub async fn an_account_with_sub_accounts_stays(subject: Subject) {
    let parent = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let sub = subject.create_account(samples::new_sub_account("SA_BBBBBBBB", &parent)).await;
    let phone = subject.create_credential(samples::credential(&parent, "phone", 1)).await;
    assert_conflict(subject.commit(Change::DeleteAccount(parent.id)).await, Conflict::HasSubAccounts);
    assert_eq!(subject.storage.credential(parent.id, phone.id).await.unwrap(), Some(phone));
    let both = ChangeSet {
        changes: vec![Change::DeleteAccount(sub.id), Change::DeleteAccount(parent.id)],
        audit: samples::audit(domain::AuditAction::AccountDeleted, "both"),
    };
    subject.storage.commit(both).await.unwrap();
    assert!(subject.storage.accounts().await.unwrap().is_empty());
}

/// A set that deletes an account and then fails has deleted nothing.
pub async fn a_deletion_that_fails_deletes_nothing(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let phones = [subject.create_credential(samples::credential(&account, "phone", 1)).await];
    register(&subject, &phones).await;
    let set = ChangeSet {
        changes: vec![Change::DeleteAccount(account.id), Change::DeleteAccount(account.id)],
        audit: samples::audit(domain::AuditAction::AccountDeleted, "twice"),
    };
    assert_conflict(subject.storage.commit(set).await, Conflict::NotFound);
    assert_eq!(subject.storage.account(account.auth_id.clone()).await.unwrap(), Some(account.clone()));
    assert_eq!(subject.storage.credential(account.id, phones[0].id).await.unwrap(), Some(phones[0].clone()));
    assert_eq!(
        (subject.storage.hosts(account.id).await.unwrap().len(), registered(&subject, &phones)),
        (2, vec![true])
    );
}

/// Host names come and go, lead to one realm, and are listed with the account they were given to.
pub async fn hosts_come_and_go(subject: Subject) {
    let first = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let second = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    let host = samples::host("pbx.example.com");
    let add = |account: &Account| Change::AddHost { account: account.id, host: host.clone() };
    let remove = |account: &Account| Change::RemoveHost { account: account.id, host: host.clone() };
    assert_conflict(subject.commit(remove(&first)).await, Conflict::NotFound);

    subject.commit(add(&first)).await.unwrap();
    let (_, facts) = follower.calls().pop().unwrap();
    assert!(matches!(&facts[..], [Fact::Host { host: told, realm }] if *told == host && *realm == first.realm));
    assert!(subject.storage.hosts(first.id).await.unwrap().contains(&host));
    let revision = subject.commit(add(&first)).await.unwrap();
    assert_eq!(follower.last_revision(), Some(revision));
    assert!(follower.calls().pop().unwrap().1.is_empty(), "nothing happens the second time");
    assert_conflict(subject.commit(add(&second)).await, Conflict::HostTaken);
    assert_conflict(subject.commit(remove(&second)).await, Conflict::NotFound);
    let nobody = Change::AddHost { account: AccountId(99), host: samples::host("lost.example.com") };
    assert_conflict(subject.commit(nobody).await, Conflict::NotFound);

    subject.commit(remove(&first)).await.unwrap();
    let (_, facts) = follower.calls().pop().unwrap();
    assert!(matches!(&facts[..], [Fact::HostRemoved(told)] if *told == host));
    subject.commit(add(&second)).await.unwrap();
    let hosts = subject.storage.hosts(second.id).await.unwrap();
    let mut expected = samples::new_account("MA_BBBBBBBB").hosts;
    expected.push(host);
    expected.sort();
    assert_eq!(hosts, expected);
}

/// The event of a change to an account names that account only if the caller said so: it was not created by the set.
pub async fn only_a_creation_fills_in_the_audited_account(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let update = Change::UpdateAccount { id: account.id, patch: NOTHING, registrations: RegistrationsAfter::Keep };
    let both = ChangeSet {
        changes: vec![update.clone(), Change::CreateAccount(samples::new_account("MA_BBBBBBBB"))],
        audit: samples::audit(domain::AuditAction::AccountCreated, "MA_BBBBBBBB"),
    };
    subject.commit(update).await.unwrap();
    subject.storage.commit(both).await.unwrap();
    let created = subject.storage.account(samples::auth_id("MA_BBBBBBBB")).await.unwrap().unwrap();
    let logged: Vec<_> = (subject.audit_log)().into_iter().map(|(_, event)| event.account).collect();
    assert_eq!(logged, [Some(account.id), None, Some(created.id)]);
}

/// Realms are listed by name, and stay known without accounts.
pub async fn realms_are_listed_by_name(subject: Subject) {
    assert!(subject.storage.realms().await.unwrap().is_empty());
    for id in ["MA_CCCCCCCC", "MA_AAAAAAAA", "MA_BBBBBBBB"] {
        subject.create_account(samples::new_account(id)).await;
    }
    let gone = subject.storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    subject.commit(Change::DeleteAccount(gone.id)).await.unwrap();
    let realms = subject.storage.realms().await.unwrap();
    let names: Vec<&str> = realms.iter().map(|realm| realm.name.as_str()).collect();
    let expected = ["MA_AAAAAAAA.sip.localhost", "MA_BBBBBBBB.sip.localhost", "MA_CCCCCCCC.sip.localhost"];
    assert_eq!(names, expected);
}

fn kind(fact: &Fact, account: AccountId) -> &'static str {
    match fact {
        Fact::CredentialDeleted { .. } => "credential",
        Fact::ApiTokenRevoked { account: owner, .. } if *owner == account => "token",
        Fact::HostRemoved(_) => "host",
        Fact::AccountDeleted(id) if *id == account => "account",
        other => panic!("a deletion does not tell {other:?}"),
    }
}

async fn set_enabled(subject: &Subject, account: &Account, enabled: bool) {
    let patch = AccountPatch { enabled: Some(enabled), ..NOTHING };
    let registrations = if enabled { RegistrationsAfter::Keep } else { RegistrationsAfter::Remove };
    subject.commit(Change::UpdateAccount { id: account.id, patch, registrations }).await.unwrap();
}

async fn register(subject: &Subject, phones: &[Credential]) {
    let binding = |phone: &Credential| samples::binding(phone.id, 1, 1, CREATED_AT.plus_seconds(3600));
    let batch = phones.iter().map(|phone| RegistrationChange::Put(binding(phone))).collect();
    subject.storage.save(batch).await.unwrap();
}

fn registered(subject: &Subject, phones: &[Credential]) -> Vec<bool> {
    let mut found = Vec::new();
    subject.storage.load(CREATED_AT, &mut |binding| found.push(binding.credential)).unwrap();
    phones.iter().map(|phone| found.contains(&phone.id)).collect()
}
