//! Accounts, realms and hosts.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::{Subject, assert_conflict};
use crate::{RecordingFollower, samples};
use domain::{ChallengePolicy, DigestRules, HostName, RealmId};
use std::sync::Arc;
use storage::{Change, Conflict, Fact, NewAccount, RealmPatch};

/// Everything in [`NewAccount`] arrives: in reads, or as a fact where there is no read.
pub async fn creates_account_realm_hosts_and_token(subject: Subject) {
    let new = NewAccount { challenge_policy: ChallengePolicy::Rfc8760, ..samples::new_account("MA_AAAAAAAA") };
    let account = subject.create_account(new.clone()).await;
    assert_eq!((&account.auth_id, &account.name), (&new.auth_id, &new.name));
    assert_eq!((&account.sip_domain, account.created_at), (&new.sip_domain, new.created_at));
    assert!(account.enabled);

    let realm = subject.storage.realm(account.realm).await.unwrap().unwrap();
    assert_eq!((&realm.name, realm.challenge_policy), (&new.realm, ChallengePolicy::Rfc8760));
    assert_eq!(subject.storage.realm_by_name(new.realm.clone()).await.unwrap(), Some(realm));

    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    let facts = follower.facts();
    let mut hosts: Vec<HostName> = new.hosts.clone();
    hosts.sort();
    assert_eq!(hosts_of(&facts, account.realm), hosts);
    let tokens: Vec<_> =
        facts.iter().filter_map(|f| if let Fact::ApiToken(token) = f { Some(token) } else { None }).collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!((tokens[0].account, tokens[0].hash), (account.id, new.token.hash));

    assert!(subject.storage.account(samples::auth_id("MA_BBBBBBBB")).await.unwrap().is_none());
    assert!(subject.storage.realm(RealmId(account.realm.0 + 1)).await.unwrap().is_none());
    assert!(subject.storage.realm_by_name(samples::realm_name("elsewhere")).await.unwrap().is_none());
}

/// A second account may live in a realm that exists; the policy it came with does not count then.
pub async fn joins_an_existing_realm_and_leaves_its_policy(subject: Subject) {
    let first = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let second = NewAccount {
        realm: samples::realm_name("MA_AAAAAAAA.sip.localhost"),
        challenge_policy: ChallengePolicy::Sha256,
        // A host of the same realm may be named again.
        hosts: vec![samples::host("ma-bbbbbbbb.sip.localhost"), first.sip_domain.clone()],
        ..samples::new_account("MA_BBBBBBBB")
    };
    let second = subject.create_account(second).await;
    assert_eq!(second.realm, first.realm);
    assert_ne!(second.id, first.id);
    let realm = subject.storage.realm(first.realm).await.unwrap().unwrap();
    assert_eq!(realm.challenge_policy, ChallengePolicy::Compatible);
}

/// Auth ids are unique in the installation; the refused account leaves nothing behind.
pub async fn refuses_a_taken_auth_id(subject: Subject) {
    subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let second = NewAccount {
        realm: samples::realm_name("another realm"),
        hosts: vec![samples::host("another.example.com")],
        ..samples::new_account("MA_AAAAAAAA")
    };
    assert_conflict(subject.commit(Change::CreateAccount(second)).await, Conflict::AuthIdTaken);
    assert!(subject.storage.realm_by_name(samples::realm_name("another realm")).await.unwrap().is_none());
    assert_eq!(subject.storage.accounts().await.unwrap().len(), 1);
}

/// A host leads to one realm; the refused account leaves neither its realm nor its other hosts behind.
pub async fn refuses_a_host_of_another_realm(subject: Subject) {
    let first = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let mut second = samples::new_account("MA_BBBBBBBB");
    second.hosts.push(first.sip_domain.clone());
    let realm = second.realm.clone();
    assert_conflict(subject.commit(Change::CreateAccount(second)).await, Conflict::HostTaken);
    assert!(subject.storage.realm_by_name(realm).await.unwrap().is_none());
    assert!(subject.storage.account(samples::auth_id("MA_BBBBBBBB")).await.unwrap().is_none());

    // Had a host stayed behind, this account's realm would not be the one it leads to.
    let third = NewAccount { realm: samples::realm_name("third"), ..samples::new_account("MA_BBBBBBBB") };
    subject.create_account(third).await;
}

/// The list is whole, in order, and pairs every account with its realm.
pub async fn lists_accounts_in_order_of_creation(subject: Subject) {
    assert!(subject.storage.accounts().await.unwrap().is_empty());
    for id in ["MA_CCCCCCCC", "MA_AAAAAAAA", "MA_BBBBBBBB"] {
        subject.create_account(samples::new_account(id)).await;
    }
    let listed = subject.storage.accounts().await.unwrap();
    let ids: Vec<&str> = listed.iter().map(|(account, _)| account.auth_id.as_str()).collect();
    assert_eq!(ids, ["MA_CCCCCCCC", "MA_AAAAAAAA", "MA_BBBBBBBB"]);
    for (account, realm) in &listed {
        assert_eq!(account.realm, realm.id);
        assert_eq!(realm.name.as_str(), format!("{}.sip.localhost", account.auth_id));
    }
}

/// What a patch names of a realm changes, the rest stays; of a missing realm nothing can be changed.
pub async fn changes_what_a_realm_offers(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let mut expected = subject.storage.realm(account.realm).await.unwrap().unwrap();
    assert_eq!(expected.rules, DigestRules::default());
    for policy in ChallengePolicy::ALL {
        let patch = RealmPatch { challenge_policy: Some(policy), ..RealmPatch::default() };
        subject.commit(Change::UpdateRealm { realm: account.realm, patch }).await.unwrap();
        expected.challenge_policy = policy;
        assert_eq!(subject.storage.realm(account.realm).await.unwrap().as_ref(), Some(&expected));
    }
    for on in [true, false] {
        for field in 0..3 {
            let set = |which| (which == field).then_some(on);
            let patch = RealmPatch { auth_int: set(0), without_qop: set(1), md5_retired: set(2), ..Default::default() };
            subject.commit(Change::UpdateRealm { realm: account.realm, patch }).await.unwrap();
            let rules = &mut expected.rules;
            *[&mut rules.auth_int, &mut rules.without_qop, &mut rules.md5_retired][field] = on;
            assert_eq!(subject.storage.realm(account.realm).await.unwrap().as_ref(), Some(&expected));
        }
    }
    let accounts = subject.storage.accounts().await.unwrap();
    assert_eq!(accounts.first().map(|(_, realm)| realm), Some(&expected));
    assert_conflict(
        subject.commit(Change::UpdateRealm { realm: RealmId(99), patch: RealmPatch::default() }).await,
        Conflict::NotFound,
    );
}

fn hosts_of(facts: &[Fact], wanted: RealmId) -> Vec<HostName> {
    let host = |fact: &Fact| match fact {
        Fact::Host { host, realm } if *realm == wanted => Some(host.clone()),
        _ => None,
    };
    let mut hosts: Vec<HostName> = facts.iter().filter_map(host).collect();
    hosts.sort();
    hosts
}
