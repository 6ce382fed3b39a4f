//! Devices of credentials.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::{Subject, assert_conflict};
use crate::{RecordingFollower, samples};
use domain::{Credential, Device, Devices, Revocation, Timestamp};
use std::sync::Arc;
use storage::{Change, Conflict, Fact, Page, RealmPatch, RegistrationChange, RegistrationsAfter, ResealedCredential};

const NOW: Timestamp = samples::CREATED_AT;

fn with_devices(credential: Credential, devices: &[Device]) -> Credential {
    let mut all = Devices::default();
    for device in devices {
        let secret = all.next_secret();
        all.add(Device { secret, ..device.clone() }).unwrap();
    }
    Credential { devices: all, ..credential }
}

fn updated(credential: &Credential, registrations: RegistrationsAfter) -> Change {
    Change::UpdateCredential { credential: credential.clone(), registrations }
}

fn revoked_at(seconds: i64) -> Option<Revocation> {
    Some(Revocation { at: NOW, kept_until: NOW.plus_seconds(seconds) })
}

/// Every part of every device survives, wherever the credential is read or told.
pub async fn devices_are_part_of_their_credential(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let revoked = Device { revoked: revoked_at(60), ..samples::device(3) };
    let sample = samples::credential(&account, "phone", 1);
    let phone = with_devices(sample, &[samples::device(1), samples::desk_phone(2), revoked]);
    let phone = subject.create_credential(phone).await;
    let bare = subject.create_credential(samples::credential(&account, "bare", 2)).await;
    let read = async |expected: &Credential| {
        let (storage, username) = (&subject.storage, expected.username.clone());
        let mut found = vec![storage.credential(account.id, expected.id).await.unwrap().unwrap()];
        found.extend(storage.credential_by_username(account.id, username.clone()).await.unwrap());
        found.extend(storage.credentials_by_usernames(account.realm, vec![username]).await.unwrap());
        found.extend(storage.credentials(account.id, Page { limit: 1, offset: 0 }).await.unwrap().credentials);
        found.extend(storage.credentials_of_all_accounts(None, 1).await.unwrap().pop().map(|(_, found)| found));
        let follower = Arc::new(RecordingFollower::default());
        storage.follow(follower.clone()).await.unwrap();
        let told = |fact| if let Fact::Credential(told) = fact { Some(told) } else { None };
        found.extend(follower.facts().into_iter().filter_map(told).find(|told| told.id == expected.id));
        assert_eq!(found.len(), 6);
        found.iter().for_each(|found| assert_eq!(found, expected));
    };
    read(&phone).await;
    let mut changed = phone.clone();
    let first = changed.devices.as_slice().first().unwrap().id;
    changed.devices.find_mut(first).unwrap().label = domain::DeviceLabel::parse("other").unwrap();
    changed.devices.forget(NOW.plus_seconds(60));
    let secret = changed.devices.next_secret();
    changed.devices.add(Device { secret, ..samples::device(4) }).unwrap();
    changed.revision = subject.commit(updated(&changed, RegistrationsAfter::Keep)).await.unwrap();
    assert_eq!(changed.devices.numbered(), 4);
    read(&changed).await;
    let anew = changed.devices.map_ha1s(|_| samples::sealed_ha1s(&crate::SeededRandom::new(5)));
    let resealed = ResealedCredential {
        id: changed.id,
        revision: changed.revision,
        ha1s: changed.ha1s.clone(),
        previous: None,
        devices: anew.clone(),
    };
    let revision = subject.commit(Change::ResealCredentials(vec![resealed])).await.unwrap();
    read(&Credential { devices: anew, revision, ..changed }).await;
    assert_eq!(subject.storage.credential(account.id, bare.id).await.unwrap(), Some(bare));
}

/// A desk phone is a live device of one credential of its account, and found by its address.
pub async fn desk_phones_are_unique_within_their_account(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let phone = samples::desk_phone(2);
    let mac = phone.desk_phone().unwrap().mac;
    let mut first = with_devices(samples::credential(&account, "first", 1), std::slice::from_ref(&phone));
    first = subject.create_credential(first).await;
    let again = samples::same_desk_phone(&phone, 12);
    let second = with_devices(samples::credential(&account, "second", 2), std::slice::from_ref(&again));
    assert_conflict(subject.commit(Change::CreateCredential(second.clone())).await, Conflict::MacTaken);
    let bare = subject.create_credential(samples::credential(&account, "second", 2)).await;
    let mut second = Credential { revision: bare.revision, ..second };
    assert_conflict(subject.commit(updated(&second, RegistrationsAfter::Keep)).await, Conflict::MacTaken);
    let elsewhere = samples::same_desk_phone(&phone, 13);
    let elsewhere = with_devices(samples::credential(&other, "elsewhere", 3), &[elsewhere]);
    subject.create_credential(elsewhere.clone()).await;
    let found = async |account| subject.storage.credential_of_desk_phone(account, mac).await.unwrap();
    assert_eq!(found(account.id).await.as_ref(), Some(&first));
    assert_eq!(found(other.id).await.map(|found| found.id), Some(elsewhere.id));
    first.devices.revoke(phone.id, revoked_at(60).unwrap());
    first.revision = subject.commit(updated(&first, RegistrationsAfter::Keep)).await.unwrap();
    assert_eq!(found(account.id).await, None);
    second.revision = subject.commit(updated(&second, RegistrationsAfter::Keep)).await.unwrap();
    assert_eq!(found(account.id).await, Some(second));
}

/// What a device's phone registered is stored while the device is live; revoking it ends that and nothing else.
pub async fn a_revoked_device_takes_its_registrations_along(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let sample = samples::credential(&account, "phone", 1);
    let mut phone = with_devices(sample, &[samples::device(1), samples::device(2)]);
    phone = subject.create_credential(phone).await;
    let [one, two] = [0, 1].map(|place| phone.devices.as_slice()[place].secret);
    let put =
        |id, generation| RegistrationChange::Put(samples::binding(phone.id, id, generation, NOW.plus_seconds(1000)));
    let save = async |id, generation| subject.storage.save(vec![put(id, generation)]).await.unwrap();
    let stored = || {
        let mut found = Vec::new();
        subject.storage.load(NOW, &mut |binding| found.push(binding.generation)).unwrap();
        found.sort_unstable();
        found
    };
    for (id, generation) in [(1, 1), (2, one), (3, two), (4, two + 1)] {
        save(id, generation).await;
    }
    assert_eq!(stored(), [1, one, two]);
    let id = phone.devices.as_slice()[0].id;
    phone.devices.revoke(id, revoked_at(60).unwrap());
    phone.revision = subject.commit(updated(&phone, RegistrationsAfter::RemoveOfEndedSecrets)).await.unwrap();
    assert_eq!(stored(), [1, two]);
    save(5, one).await;
    assert_eq!(stored(), [1, two], "a write that was under way brings nothing back");
    // Another password leaves devices alone.
    phone.generation = 2;
    subject.commit(updated(&phone, RegistrationsAfter::RemoveOfEndedSecrets)).await.unwrap();
    assert_eq!(stored(), [two]);
}

/// Revoked devices are found when they need not be named any more.
pub async fn revoked_devices_are_kept_until_their_time_is_over(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let revoked = Device { revoked: revoked_at(60), ..samples::device(1) };
    let phone = with_devices(samples::credential(&account, "phone", 1), &[revoked]);
    let phone = subject.create_credential(phone).await;
    let outdated = async |seconds| {
        subject.storage.credentials_with_outdated_passwords(NOW.plus_seconds(seconds), 10).await.unwrap()
    };
    assert_eq!(outdated(59).await, []);
    assert_eq!(outdated(60).await, [phone]);
}

/// Where MD5 is retired devices keep no HA1 under it either.
pub async fn a_realm_without_md5_keeps_none_of_devices(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let patch = RealmPatch { md5_retired: Some(true), ..RealmPatch::default() };
    subject.commit(Change::UpdateRealm { realm: account.realm, patch }).await.unwrap();
    let phone = with_devices(samples::credential(&account, "phone", 1), &[samples::device(1)]);
    let id = subject.create_credential(phone).await.id;
    let read = subject.storage.credential(account.id, id).await.unwrap().unwrap();
    let ha1s = &read.devices.as_slice()[0].ha1s;
    assert!(ha1s.md5.is_none() && ha1s.sha256.is_some() && ha1s.sha512_256.is_some());
}

/// Each device has a last use of its own, which goes with it.
pub async fn uses_of_devices_are_kept_apart(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let sample = samples::credential(&account, "phone", 1);
    let mut phone = with_devices(sample, &[samples::device(1), samples::device(2)]);
    phone = subject.create_credential(phone).await;
    let [one, two] = [0, 1].map(|place| phone.devices.as_slice()[place].secret);
    let at = |seconds, generation| samples::credential_use(phone.id, NOW.plus_seconds(seconds), generation);
    let uses = vec![at(1, one), at(3, two), at(2, two), at(4, 1), at(5, two + 1)];
    subject.storage.save_credential_uses(uses).await.unwrap();
    let kept = async || subject.storage.device_uses(phone.id).await.unwrap();
    assert_eq!(kept().await, [at(1, one), at(3, two)]);
    assert_eq!(subject.storage.credential_use(phone.id).await.unwrap(), Some(at(5, two + 1)));
    let id = phone.devices.as_slice()[0].id;
    let mut fewer = phone.clone();
    fewer.devices.revoke(id, revoked_at(0).unwrap());
    fewer.revision = subject.commit(updated(&fewer, RegistrationsAfter::Keep)).await.unwrap();
    assert_eq!(kept().await, [at(3, two)]);
    subject.commit(Change::DeleteCredential { account: account.id, id: phone.id }).await.unwrap();
    assert_eq!(kept().await, []);
}

/// A link is spent once, by whoever has its token, before its end.
pub async fn a_link_is_spent_once(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let phone = subject.create_credential(samples::credential(&account, "phone", 1)).await;
    let link = samples::provisioning_link(&phone, 1);
    let (id, token, end) = (link.id, link.token, link.expires_at);
    let create = |link: &domain::ProvisioningLink| Change::CreateProvisioningLink { link: link.clone(), most: 2 };
    subject.commit(create(&link)).await.unwrap();
    assert_eq!(subject.storage.provisioning_link(token).await.unwrap(), Some(link.clone()));
    assert_eq!(subject.storage.provisioning_links(phone.id, NOW).await.unwrap(), std::slice::from_ref(&link));
    assert_eq!(subject.storage.provisioning_links(phone.id, end).await.unwrap(), []);
    let other = samples::provisioning_link(&phone, 2);
    let spend = |token, at| Change::SpendProvisioningLink { id, token, at };
    assert_conflict(subject.commit(spend(other.token, NOW)).await, Conflict::NotFound);
    assert_conflict(subject.commit(spend(token, end)).await, Conflict::NotFound);
    subject.commit(spend(token, NOW)).await.unwrap();
    assert_conflict(subject.commit(spend(token, NOW)).await, Conflict::NotFound);
    assert_eq!(subject.storage.provisioning_link(token).await.unwrap(), None);
    // Opened, it has another token; the one before is worth nothing.
    subject.commit(create(&link)).await.unwrap();
    let expires_at = NOW.plus_seconds(7);
    let open = |token, opened| Change::OpenProvisioningLink { id, token, at: NOW, opened, expires_at };
    assert_conflict(subject.commit(open(other.token, token)).await, Conflict::NotFound);
    subject.commit(open(token, other.token)).await.unwrap();
    assert_conflict(subject.commit(open(other.token, token)).await, Conflict::NotFound);
    assert_conflict(subject.commit(spend(token, NOW)).await, Conflict::NotFound);
    let opened = domain::ProvisioningLink { stage: domain::LinkStage::Opened, token: other.token, expires_at, ..link };
    assert_eq!(subject.storage.provisioning_link(other.token).await.unwrap(), Some(opened));
    assert_conflict(subject.commit(spend(other.token, expires_at)).await, Conflict::NotFound);
    subject.commit(spend(other.token, NOW)).await.unwrap();
}

/// Links are limited, taken back, forgotten, and go with their credential.
pub async fn links_have_an_end(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let stranger = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let phone = subject.create_credential(samples::credential(&account, "phone", 1)).await;
    let link = |number| samples::provisioning_link(&phone, number);
    let create = |link| Change::CreateProvisioningLink { link, most: 2 };
    let stolen = domain::ProvisioningLink { account: stranger.id, ..link(9) };
    assert_conflict(subject.commit(create(stolen)).await, Conflict::NotFound);
    subject.commit(create(link(1))).await.unwrap();
    subject.commit(create(link(2))).await.unwrap();
    assert_conflict(subject.commit(create(link(3))).await, Conflict::TooManyLinks);
    let late = domain::ProvisioningLink { created_at: link(1).expires_at, ..link(3) };
    subject.commit(create(late)).await.unwrap();
    let delete = |account, id| Change::DeleteProvisioningLink { account, credential: phone.id, id };
    assert_conflict(subject.commit(delete(stranger.id, link(1).id)).await, Conflict::NotFound);
    subject.commit(delete(account.id, link(1).id)).await.unwrap();
    assert_conflict(subject.commit(delete(account.id, link(1).id)).await, Conflict::NotFound);
    subject.storage.forget_provisioning_links(NOW).await.unwrap();
    assert!(subject.storage.provisioning_link(link(2).token).await.unwrap().is_some());
    subject.storage.forget_provisioning_links(link(2).expires_at).await.unwrap();
    assert_eq!(subject.storage.provisioning_link(link(2).token).await.unwrap(), None);
    subject.commit(create(link(4))).await.unwrap();
    subject.commit(Change::DeleteCredential { account: account.id, id: phone.id }).await.unwrap();
    assert_eq!(subject.storage.provisioning_link(link(4).token).await.unwrap(), None);
}

/// Paths of accounts are counted apart.
pub async fn replaced_paths_are_counted(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let number = async |account| subject.storage.provisioning_path_number(account).await.unwrap();
    assert_eq!(number(account.id).await, 0);
    for _ in 0..2 {
        subject.commit(Change::ReplaceProvisioningPath(account.id)).await.unwrap();
    }
    assert_eq!((number(account.id).await, number(other.id).await), (2, 0));
    let nobody = Change::ReplaceProvisioningPath(domain::AccountId(99));
    assert_conflict(subject.commit(nobody).await, Conflict::NotFound);
}
