//! Trunks, access lists, origination URIs and numbers.
#![expect(clippy::unwrap_used, reason = "a check fails by panicking")]

use super::{Subject, assert_conflict};
use crate::{RecordingFollower, samples};
use domain::{
    Account, AccountId, CallLimits, CalledNumberIn, Credential, IpAcl, Number, NumberTarget, OriginationUri, Revision,
    Sealed, Timestamp, Trunk, TrunkAttachments, TrunkStatus, UpstreamSecret,
};
use std::slice::from_ref;
use std::sync::Arc;
use storage::{AccountPatch, Change, Conflict, Fact, NumbersOf, Page, RegistrationsAfter, ResealedUpstreamSecret};

const ALL: Page = Page { limit: 1000, offset: 0 };

/// A trunk with one of everything attached, and a number.
struct House {
    account: Account,
    credential: Credential,
    entry: IpAcl,
    uri: OriginationUri,
    other_uri: OriginationUri,
    trunk: Trunk,
    number: Number,
}

async fn house(subject: &Subject) -> House {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let credential = subject.create_credential(samples::credential(&account, "lobby", 1)).await;
    let mut entry = samples::ip_acl(account.id, 2);
    entry.revision = subject.commit(Change::CreateIpAcl(entry.clone())).await.unwrap();
    let mut uri = samples::origination_uri(account.id, 3);
    uri.revision = subject.commit(Change::CreateOriginationUri(uri.clone())).await.unwrap();
    let mut other_uri = OriginationUri { secret: None, ..samples::origination_uri(account.id, 4) };
    other_uri.revision = subject.commit(Change::CreateOriginationUri(other_uri.clone())).await.unwrap();
    let mut trunk = samples::trunk(account.id, 5);
    trunk.rules.emergency_uri = Some(uri.id);
    trunk.attachments = TrunkAttachments {
        credentials: vec![credential.id],
        ip_acls: vec![entry.id],
        primary_uri: Some(uri.id),
        fallback_uri: Some(other_uri.id),
        origination_uris: vec![other_uri.id, uri.id],
    };
    trunk.revision = subject.commit(Change::CreateTrunk(Box::new(trunk.clone()))).await.unwrap();
    let mut number = samples::number(account.id, "+4930123456");
    number.trunk = Some(trunk.id);
    number.revision = subject.commit(Change::AllocateNumber(number.clone())).await.unwrap();
    House { account, credential, entry, uri, other_uri, trunk, number }
}

/// Every field survives, alone and in lists, and another account sees nothing.
pub async fn all_of_it_returns_as_it_was_written(subject: Subject) {
    let house = house(&subject).await;
    let (storage, id) = (&subject.storage, house.account.id);
    assert_eq!(storage.trunk(id, house.trunk.id).await.unwrap(), Some(house.trunk.clone()));
    assert_eq!(storage.ip_acl(id, house.entry.id).await.unwrap(), Some(house.entry.clone()));
    assert_eq!(storage.origination_uri(id, house.uri.id).await.unwrap(), Some(house.uri.clone()));
    assert_eq!(storage.number(house.number.e164.clone()).await.unwrap(), Some(house.number.clone()));
    assert_eq!(storage.trunks(id, ALL).await.unwrap().objects, from_ref(&house.trunk));
    assert_eq!(storage.ip_acls(id, ALL).await.unwrap().objects, from_ref(&house.entry));
    let second = storage.origination_uris(id, Page { limit: 1, offset: 1 }).await.unwrap();
    assert_eq!((second.objects, second.total), (vec![house.other_uri.clone()], 2));
    assert_eq!(storage.numbers(NumbersOf::Account(id), ALL).await.unwrap().objects, from_ref(&house.number));
    assert_eq!(storage.numbers(NumbersOf::Installation, ALL).await.unwrap().total, 1);
    assert_eq!(storage.numbers_of_trunk(id, house.trunk.id, 9).await.unwrap(), from_ref(&house.number));
    assert!(storage.has_origination_uri(id, house.uri.uri.as_str().into()).await.unwrap());
    assert!(!storage.has_origination_uri(id, "sip:other.example".into()).await.unwrap());

    let stranger = subject.create_account(samples::new_account("MA_BBBBBBBB")).await.id;
    assert_eq!(storage.trunk(stranger, house.trunk.id).await.unwrap(), None);
    assert_eq!(storage.ip_acl(stranger, house.entry.id).await.unwrap(), None);
    assert_eq!(storage.origination_uri(stranger, house.uri.id).await.unwrap(), None);
    assert_eq!(storage.trunks(stranger, ALL).await.unwrap().total, 0);
    assert_eq!(storage.numbers(NumbersOf::Account(stranger), ALL).await.unwrap().total, 0);
    assert!(!storage.has_origination_uri(stranger, house.uri.uri.as_str().into()).await.unwrap());
}

/// An update replaces what may change, once per revision; owner, host and creation stay.
pub async fn updates_replace_what_may_change(subject: Subject) {
    let house = house(&subject).await;
    let later = Timestamp::from_seconds(1_800_000_000);
    let mut trunk = Trunk { status: TrunkStatus::Inactive, updated_at: later, ..house.trunk.clone() };
    trunk.attachments.origination_uris.reverse();
    trunk.rules.emergency_uri = None;
    let sent = Trunk { host: samples::host("elsewhere.example"), created_at: later, ..trunk.clone() };
    trunk.revision = subject.commit(Change::UpdateTrunk(Box::new(sent.clone()))).await.unwrap();
    assert_conflict(subject.commit(Change::UpdateTrunk(Box::new(sent))).await, Conflict::Superseded);
    assert_eq!(subject.storage.trunk(house.account.id, trunk.id).await.unwrap(), Some(trunk));

    let mut entry = IpAcl { enabled: false, description: "".into(), ..house.entry.clone() };
    let sent = IpAcl { created_at: later, ..entry.clone() };
    entry.revision = subject.commit(Change::UpdateIpAcl(sent.clone())).await.unwrap();
    assert_conflict(subject.commit(Change::UpdateIpAcl(sent)).await, Conflict::Superseded);
    assert_eq!(subject.storage.ip_acl(house.account.id, entry.id).await.unwrap(), Some(entry));

    let mut uri = OriginationUri { secret: None, weight: 0, ..house.uri.clone() };
    let sent = OriginationUri { created_at: later, ..uri.clone() };
    uri.revision = subject.commit(Change::UpdateOriginationUri(sent.clone())).await.unwrap();
    assert_conflict(subject.commit(Change::UpdateOriginationUri(sent)).await, Conflict::Superseded);
    assert_eq!(subject.storage.origination_uri(house.account.id, uri.id).await.unwrap(), Some(uri));

    let target = NumberTarget::OriginationUri(house.uri.id);
    let mut number = Number { trunk: None, target, called_number_in: CalledNumberIn::To, ..house.number.clone() };
    let sent = Number { created_at: later, ..number.clone() };
    number.revision = subject.commit(Change::UpdateNumber(sent.clone())).await.unwrap();
    assert_conflict(subject.commit(Change::UpdateNumber(sent)).await, Conflict::Superseded);
    assert_eq!(subject.storage.number(number.e164.clone()).await.unwrap(), Some(number));
}

/// To another account nothing is there to change or delete, and without an account nothing is created.
pub async fn what_another_account_owns_is_not_there(subject: Subject) {
    let house = house(&subject).await;
    let account = subject.create_account(samples::new_account("MA_BBBBBBBB")).await.id;
    let trunk = Box::new(Trunk { account, attachments: TrunkAttachments::default(), ..house.trunk.clone() });
    for change in [
        Change::UpdateTrunk(trunk),
        Change::UpdateIpAcl(IpAcl { account, ..house.entry.clone() }),
        Change::UpdateOriginationUri(OriginationUri { account, ..house.uri.clone() }),
        Change::UpdateNumber(Number { account, trunk: None, ..house.number.clone() }),
        Change::DeleteTrunk { account, id: house.trunk.id },
        Change::DeleteIpAcl { account, id: house.entry.id },
        Change::DeleteOriginationUri { account, id: house.uri.id },
        Change::CreateIpAcl(samples::ip_acl(AccountId(99), 50)),
        Change::CreateOriginationUri(samples::origination_uri(AccountId(99), 51)),
        Change::CreateTrunk(Box::new(samples::trunk(AccountId(99), 52))),
        Change::AllocateNumber(samples::number(AccountId(99), "+4930999")),
        Change::ReleaseNumber(samples::number(account, "+4930999").e164),
    ] {
        assert_conflict(subject.commit(change).await, Conflict::NotFound);
    }
    assert_eq!(subject.storage.trunk(house.account.id, house.trunk.id).await.unwrap(), Some(house.trunk));
}

/// A trunk or a number refers to nothing that its account does not have.
pub async fn references_stay_within_the_account(subject: Subject) {
    let house = house(&subject).await;
    let account = subject.create_account(samples::new_account("MA_BBBBBBBB")).await.id;
    let none = TrunkAttachments::default();
    for attachments in [
        TrunkAttachments { credentials: vec![house.credential.id], ..none.clone() },
        TrunkAttachments { ip_acls: vec![house.entry.id], ..none.clone() },
        TrunkAttachments { primary_uri: Some(house.uri.id), ..none.clone() },
        TrunkAttachments { fallback_uri: Some(house.uri.id), ..none.clone() },
        TrunkAttachments { origination_uris: vec![house.uri.id], ..none.clone() },
    ] {
        let trunk = Trunk { attachments, ..samples::trunk(account, 60) };
        assert_conflict(subject.commit(Change::CreateTrunk(Box::new(trunk))).await, Conflict::NothingToReferTo);
    }
    let mut trunk = samples::trunk(account, 61);
    trunk.rules.emergency_uri = Some(house.uri.id);
    assert_conflict(subject.commit(Change::CreateTrunk(Box::new(trunk))).await, Conflict::NothingToReferTo);
    let mut trunk = house.trunk.clone();
    trunk.attachments.ip_acls = vec![samples::ip_acl(house.account.id, 77).id];
    assert_conflict(subject.commit(Change::UpdateTrunk(Box::new(trunk))).await, Conflict::NothingToReferTo);
    let number = samples::number(account, "+4930777");
    for number in [
        Number { trunk: Some(house.trunk.id), ..number.clone() },
        Number { target: NumberTarget::OriginationUri(house.uri.id), ..number.clone() },
    ] {
        assert_conflict(subject.commit(Change::AllocateNumber(number)).await, Conflict::NothingToReferTo);
    }
}

/// No host is of two trunks, or of a trunk and of an account.
pub async fn hosts_of_trunks_are_taken(subject: Subject) {
    let house = house(&subject).await;
    let same_host = Trunk { host: house.trunk.host.clone(), ..samples::trunk(house.account.id, 70) };
    assert_conflict(subject.commit(Change::CreateTrunk(Box::new(same_host))).await, Conflict::HostTaken);
    let account_host = Trunk { host: house.account.sip_domain.clone(), ..samples::trunk(house.account.id, 71) };
    assert_conflict(subject.commit(Change::CreateTrunk(Box::new(account_host))).await, Conflict::HostTaken);
    let same_id = Trunk { host: samples::host("other.example"), ..samples::trunk(house.account.id, 5) };
    assert_conflict(subject.commit(Change::CreateTrunk(Box::new(same_id))).await, Conflict::HostTaken);
    let host = Change::AddHost { account: house.account.id, host: house.trunk.host.clone() };
    assert_conflict(subject.commit(host).await, Conflict::HostTaken);
    let mut account = samples::new_account("MA_BBBBBBBB");
    account.hosts.push(house.trunk.host.clone());
    assert_conflict(subject.commit(Change::CreateAccount(account)).await, Conflict::HostTaken);
}

/// What goes is detached, which counts as a write, and followers are told of both at once.
pub async fn what_is_deleted_is_detached(subject: Subject) {
    let house = house(&subject).await;
    let account = house.account.id;
    let target = NumberTarget::OriginationUri(house.uri.id);
    let change = Change::UpdateNumber(Number { target, ..house.number.clone() });
    let mut number = Number { target: NumberTarget::Trunk, ..house.number.clone() };
    subject.commit(change).await.unwrap();
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    let mut trunk = house.trunk.clone();

    trunk.attachments.credentials.clear();
    trunk.revision = subject.commit(Change::DeleteCredential { account, id: house.credential.id }).await.unwrap();
    assert_eq!(told(&follower), ["CredentialDeleted".into(), format!("{:?}", Fact::Trunk(Box::new(trunk.clone())))]);

    trunk.attachments.ip_acls.clear();
    trunk.revision = subject.commit(Change::DeleteIpAcl { account, id: house.entry.id }).await.unwrap();
    assert_eq!(told(&follower), ["IpAclDeleted".into(), format!("{:?}", Fact::Trunk(Box::new(trunk.clone())))]);

    trunk.attachments.primary_uri = None;
    trunk.attachments.origination_uris = vec![house.other_uri.id];
    trunk.rules.emergency_uri = None;
    trunk.revision = subject.commit(Change::DeleteOriginationUri { account, id: house.uri.id }).await.unwrap();
    number.revision = trunk.revision;
    let expected = [
        format!("{:?}", Fact::Number(number.clone())),
        "OriginationUriDeleted".into(),
        format!("{:?}", Fact::Trunk(Box::new(trunk.clone()))),
    ];
    assert_eq!(told(&follower), expected);
    assert_eq!(subject.storage.trunk(account, trunk.id).await.unwrap(), Some(trunk.clone()));
    assert_conflict(subject.commit(Change::UpdateTrunk(Box::new(house.trunk))).await, Conflict::Superseded);

    number.trunk = None;
    number.revision = subject.commit(Change::DeleteTrunk { account, id: trunk.id }).await.unwrap();
    assert_eq!(told(&follower), [format!("{:?}", Fact::Number(number.clone())), "TrunkDeleted".into()]);
    assert_eq!(subject.storage.number(number.e164.clone()).await.unwrap(), Some(number));
    assert!(subject.storage.origination_uri(account, house.other_uri.id).await.unwrap().is_some());
}

/// The last commit's facts, sorted; of those that take something away only what they are.
fn told(follower: &RecordingFollower) -> Vec<String> {
    let (_, facts) = follower.calls().pop().unwrap();
    let text = |fact: &Fact| match fact {
        Fact::Trunk(_) | Fact::Number(_) => format!("{fact:?}"),
        gone => format!("{gone:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned(),
    };
    let mut texts: Vec<String> = facts.iter().map(text).collect();
    texts.sort();
    texts
}

/// A number is one account's, until it is released or its account goes.
pub async fn numbers_are_allocated_once(subject: Subject) {
    let house = house(&subject).await;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    for account in [house.account.id, other.id] {
        let again = Change::AllocateNumber(samples::number(account, "+4930123456"));
        assert_conflict(subject.commit(again).await, Conflict::NumberTaken);
    }
    subject.commit(Change::ReleaseNumber(house.number.e164.clone())).await.unwrap();
    assert_conflict(subject.commit(Change::ReleaseNumber(house.number.e164.clone())).await, Conflict::NotFound);
    subject.commit(Change::AllocateNumber(samples::number(other.id, "+4930123456"))).await.unwrap();
    subject.commit(Change::DeleteAccount(other.id)).await.unwrap();
    assert_eq!(subject.storage.number(house.number.e164.clone()).await.unwrap(), None);
    subject.commit(Change::AllocateNumber(samples::number(house.account.id, "+4930123456"))).await.unwrap();
}

/// An account takes its trunks and all that belongs to them with it.
pub async fn trunks_go_with_their_account(subject: Subject) {
    let house = house(&subject).await;
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    subject.commit(Change::DeleteAccount(house.account.id)).await.unwrap();
    assert!(matches!(follower.facts().last(), Some(Fact::AccountDeleted(_))));
    let mut told = told(&follower);
    told.retain(|fact| !fact.starts_with("Host"));
    let expected = [
        "AccountDeleted",
        "ApiTokenRevoked",
        "CredentialDeleted",
        "IpAclDeleted",
        "NumberReleased",
        "OriginationUriDeleted",
        "OriginationUriDeleted",
        "TrunkDeleted",
    ];
    assert_eq!(told, expected);
    assert_eq!(subject.storage.numbers(NumbersOf::Installation, ALL).await.unwrap().total, 0);
    assert_eq!(subject.storage.trunk(house.account.id, house.trunk.id).await.unwrap(), None);
    assert_eq!(subject.storage.origination_uri(house.account.id, house.uri.id).await.unwrap(), None);
    assert_eq!(subject.storage.ip_acl(house.account.id, house.entry.id).await.unwrap(), None);
}

/// Secrets are walked by identifier and sealed anew unless they were changed meanwhile.
pub async fn upstream_secrets_are_sealed_anew_unless_changed(subject: Subject) {
    let house = house(&subject).await;
    let mut late = samples::origination_uri(house.account.id, 90);
    late.revision = subject.commit(Change::CreateOriginationUri(late.clone())).await.unwrap();
    let first = subject.storage.origination_uris_with_secret(None, 1).await.unwrap();
    assert_eq!(first, from_ref(&house.uri));
    let rest = subject.storage.origination_uris_with_secret(Some(house.uri.id), 10).await.unwrap();
    assert_eq!(rest, from_ref(&late));

    let password = Sealed::from_bytes(Box::new([7; 40]));
    let anew =
        |uri: &OriginationUri, revision| ResealedUpstreamSecret { id: uri.id, revision, password: password.clone() };
    let stale = Revision(late.revision.0 - 1);
    let resealed = vec![
        anew(&house.uri, house.uri.revision),
        anew(&late, stale),
        anew(&house.other_uri, house.other_uri.revision),
    ];
    let revision = subject.commit(Change::ResealUpstreamSecrets(resealed)).await.unwrap();
    let secret = house.uri.secret.clone().map(|secret| UpstreamSecret { password, ..secret });
    let expected = OriginationUri { secret, revision, ..house.uri.clone() };
    let read = subject.storage.origination_uri(house.account.id, house.uri.id).await.unwrap();
    assert_eq!(read, Some(expected));
    for same in [late, house.other_uri] {
        assert_eq!(subject.storage.origination_uri(house.account.id, same.id).await.unwrap(), Some(same));
    }
}

/// An account's limits are the usual ones until they are set.
pub async fn the_limits_of_an_account_are_set(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    assert_eq!(account.limits, CallLimits::OF_ACCOUNT);
    let limits = CallLimits { concurrent_calls: 0, calls_per_second: u32::MAX };
    let updated_at = Timestamp::from_seconds(2_000_000_000);
    let patch =
        AccountPatch { name: None, enabled: None, profile: None, limits: Some(limits), settings: None, updated_at };
    let change = Change::UpdateAccount { id: account.id, patch, registrations: RegistrationsAfter::Keep };
    subject.commit(change).await.unwrap();
    let read = subject.storage.account(account.auth_id.clone()).await.unwrap();
    assert_eq!(read, Some(Account { limits, updated_at, ..account }));
}
