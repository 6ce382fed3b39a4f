//! Single credentials.
#![expect(clippy::unwrap_used, reason = "a check fails by panicking")]

use super::{Subject, assert_conflict};
use crate::{RecordingFollower, SeededRandom, samples};
use domain::{AccountId, Credential, PreviousGeneration, RealmId, Revision, SealedHa1s, Timestamp};
use std::sync::Arc;
use storage::{
    Change, Conflict, CredentialOrder, CredentialSearch, Fact, NewAccount, Page, RealmPatch, RegistrationsAfter,
    ResealedCredential, SortDirection,
};

/// Every field survives, and the revision is the one that the commit answered.
pub async fn creates_and_reads(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let plain = subject.create_credential(samples::credential(&account, "office_phone_01", 1)).await;
    let bare = Credential {
        enabled: false,
        description: "".into(),
        generation: u32::MAX,
        ha1s: SealedHa1s { md5: None, ..samples::sealed_ha1s(&SeededRandom::new(5)) },
        ..samples::credential(&account, "+49-30.1", 2)
    };
    let bare = subject.create_credential(bare).await;
    for credential in [plain, bare] {
        let read = subject.storage.credential(account.id, credential.id).await.unwrap();
        assert_eq!(read, Some(credential));
    }
    let unknown = samples::credential(&account, "unknown", 3);
    assert_eq!(subject.storage.credential(account.id, unknown.id).await.unwrap(), None);
}

/// Two accounts of one realm share its usernames; accounts of different realms do not.
pub async fn usernames_are_unique_within_a_realm(subject: Subject) {
    let first = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let neighbour = NewAccount {
        realm: samples::realm_name("MA_AAAAAAAA.sip.localhost"),
        hosts: Vec::new(),
        ..samples::new_account("MA_BBBBBBBB")
    };
    let neighbour = subject.create_account(neighbour).await;
    let stranger = subject.create_account(samples::new_account("MA_CCCCCCCC")).await;
    subject.create_credential(samples::credential(&first, "phone", 1)).await;
    for (account, number) in [(&first, 2), (&neighbour, 3)] {
        let again = Change::CreateCredential(samples::credential(account, "phone", number));
        assert_conflict(subject.commit(again).await, Conflict::UsernameTaken);
    }
    subject.create_credential(samples::credential(&stranger, "phone", 4)).await;
}

/// Usernames are compared octet by octet.
pub async fn usernames_differ_by_case(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    subject.create_credential(samples::credential(&account, "phone", 1)).await;
    subject.create_credential(samples::credential(&account, "Phone", 2)).await;
}

/// No credential without its account, and none in a realm other than the account's.
pub async fn needs_its_account_and_the_realm_of_it(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let stranger = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let lost = Credential { account: AccountId(99), ..samples::credential(&account, "lost", 1) };
    assert_conflict(subject.commit(Change::CreateCredential(lost)).await, Conflict::NotFound);
    let strayed = Credential { realm: stranger.realm, ..samples::credential(&account, "strayed", 2) };
    assert_conflict(subject.commit(Change::CreateCredential(strayed)).await, Conflict::NotFound);
    let nowhere = Credential { realm: RealmId(99), ..samples::credential(&account, "nowhere", 3) };
    assert_conflict(subject.commit(Change::CreateCredential(nowhere)).await, Conflict::NotFound);
}

/// State, note, password and times change; username, realm and creation stay whatever the caller says.
pub async fn updates_what_may_change_and_nothing_else(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let created = subject.create_credential(samples::credential(&account, "phone", 1)).await;
    let wanted = Credential {
        enabled: false,
        description: "lobby".into(),
        generation: 2,
        ha1s: SealedHa1s { md5: None, ..samples::sealed_ha1s(&SeededRandom::new(9)) },
        updated_at: Timestamp::from_seconds(9),
        password_changed_at: Timestamp::from_seconds(8),
        password_score: None,
        previous: Some(Box::new(samples::previous_generation(7))),
        expires_at: Some(Timestamp::from_seconds(11)),
        ..created.clone()
    };
    let sent = Credential {
        username: samples::username("other"),
        realm: RealmId(99),
        created_at: Timestamp::from_seconds(1),
        ..wanted.clone()
    };
    let change = Change::UpdateCredential { credential: sent, registrations: RegistrationsAfter::Keep };
    let revision = subject.commit(change).await.unwrap();
    let read = subject.storage.credential(account.id, created.id).await.unwrap();
    assert_eq!(read, Some(Credential { revision, ..wanted }));
}

/// Of two updates made from one revision the second is refused and changes nothing.
pub async fn refuses_an_update_of_a_superseded_revision(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let created = subject.create_credential(samples::credential(&account, "phone", 1)).await;
    let update = |description: &str, revision| Change::UpdateCredential {
        credential: Credential { description: description.into(), revision, ..created.clone() },
        registrations: RegistrationsAfter::Keep,
    };
    let first = subject.commit(update("first", created.revision)).await.unwrap();
    assert_conflict(subject.commit(update("second", created.revision)).await, Conflict::Superseded);
    assert_conflict(subject.commit(update("third", Revision(first.0 + 1))).await, Conflict::Superseded);
    let read = subject.storage.credential(account.id, created.id).await.unwrap().unwrap();
    assert_eq!((&*read.description, read.revision), ("first", first));
    subject.commit(update("fourth", first)).await.unwrap();
}

/// What was deleted cannot be read, updated or deleted again.
pub async fn deletes_once(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let created = subject.create_credential(samples::credential(&account, "phone", 1)).await;
    let delete = || Change::DeleteCredential { account: account.id, id: created.id };
    subject.commit(delete()).await.unwrap();
    assert_eq!(subject.storage.credential(account.id, created.id).await.unwrap(), None);
    assert_conflict(subject.commit(delete()).await, Conflict::NotFound);
    let update = Change::UpdateCredential { credential: created, registrations: RegistrationsAfter::Keep };
    assert_conflict(subject.commit(update).await, Conflict::NotFound);
}

/// To another account a credential is not there, even in the same realm.
pub async fn hides_the_credentials_of_other_accounts(subject: Subject) {
    let owner = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let neighbour = NewAccount {
        realm: samples::realm_name("MA_AAAAAAAA.sip.localhost"),
        hosts: Vec::new(),
        ..samples::new_account("MA_BBBBBBBB")
    };
    let neighbour = subject.create_account(neighbour).await;
    let created = subject.create_credential(samples::credential(&owner, "phone", 1)).await;

    assert_eq!(subject.storage.credential(neighbour.id, created.id).await.unwrap(), None);
    let delete = Change::DeleteCredential { account: neighbour.id, id: created.id };
    assert_conflict(subject.commit(delete).await, Conflict::NotFound);
    let stolen = Credential { account: neighbour.id, ..created.clone() };
    let update = Change::UpdateCredential { credential: stolen, registrations: RegistrationsAfter::Remove };
    assert_conflict(subject.commit(update).await, Conflict::NotFound);
    assert_eq!(subject.storage.credential(owner.id, created.id).await.unwrap(), Some(created));
}

/// A deletion frees the username, for another credential.
pub async fn a_deleted_username_is_free_again(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let first = subject.create_credential(samples::credential(&account, "phone", 1)).await;
    subject.commit(Change::DeleteCredential { account: account.id, id: first.id }).await.unwrap();
    let second = subject.create_credential(samples::credential(&account, "phone", 2)).await;
    assert_eq!(subject.storage.credential(account.id, second.id).await.unwrap(), Some(second));
}

/// Part of a username or description is enough, in any case; sorted and paged as asked for, and nobody else's.
pub async fn credentials_are_found_as_people_look_for_them(subject: Subject) {
    let owner = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let neighbour = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    subject.create_credential(samples::credential(&neighbour, "desk_of_another", 9)).await;
    for (number, name, description, enabled) in
        [(1, "desk_2", "Sales", true), (2, "Desk_1", "100% of_them", true), (3, "lobby", "the desk by the door", false)]
    {
        let plain = samples::credential(&owner, name, number);
        subject.create_credential(Credential { description: description.into(), enabled, ..plain }).await;
    }
    let search = |text: &str, enabled, order, direction| CredentialSearch {
        account: owner.id,
        text: text.into(),
        enabled,
        order,
        direction,
        page: Page { limit: 2, offset: 0 },
    };
    let (up, down) = (SortDirection::Ascending, SortDirection::Descending);
    for (search, expected, total) in [
        (search("", None, CredentialOrder::Created, up), ["desk_2", "Desk_1"].as_slice(), 3),
        (search("", None, CredentialOrder::Created, down), &["lobby", "Desk_1"], 3),
        (search("", None, CredentialOrder::Username, up), &["Desk_1", "desk_2"], 3),
        (search("DESK", None, CredentialOrder::Username, down), &["lobby", "desk_2"], 3),
        (search("desk", Some(true), CredentialOrder::Username, down), &["desk_2", "Desk_1"], 2),
        (search("", Some(false), CredentialOrder::Updated, up), &["lobby"], 1),
        (search("sales", None, CredentialOrder::PasswordChanged, down), &["desk_2"], 1),
        // No pattern, but text.
        (search("0% of_", None, CredentialOrder::Created, up), &["Desk_1"], 1),
        (search("%", None, CredentialOrder::Created, up), &["Desk_1"], 1),
        (search("nobody", None, CredentialOrder::Created, up), &[], 0),
    ] {
        let found = subject.storage.find_credentials(search.clone()).await.unwrap();
        let names: Vec<_> = found.credentials.iter().map(|one| one.username.as_str()).collect();
        assert_eq!((names.as_slice(), found.total), (expected, total), "{search:?}");
        let beyond = CredentialSearch { page: Page { limit: 2, offset: 2 }, ..search };
        let found = subject.storage.find_credentials(beyond).await.unwrap();
        assert_eq!(found.credentials.len() as u64, total.saturating_sub(2));
    }
}

/// A name leads to the credential of the account that asks, octet by octet, and to no neighbour's.
pub async fn a_username_finds_the_accounts_own(subject: Subject) {
    let owner = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let neighbour = NewAccount {
        realm: samples::realm_name("MA_AAAAAAAA.sip.localhost"),
        hosts: Vec::new(),
        ..samples::new_account("MA_BBBBBBBB")
    };
    let neighbour = subject.create_account(neighbour).await;
    let created = subject.create_credential(samples::credential(&owner, "phone", 1)).await;
    for (account, name, expected) in [
        (owner.id, "phone", Some(&created)),
        (owner.id, "Phone", None),
        (owner.id, "phon", None),
        (neighbour.id, "phone", None),
        (AccountId(99), "phone", None),
    ] {
        let found = subject.storage.credential_by_username(account, samples::username(name)).await.unwrap();
        assert_eq!(found.as_ref(), expected, "{name} of {account:?}");
    }
}

/// Many usernames are looked up in a realm at once, whichever account owns them; those it does not have are left out.
pub async fn usernames_find_the_realms_own(subject: Subject) {
    let owner = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let realm = samples::realm_name("MA_AAAAAAAA.sip.localhost");
    let neighbour = NewAccount { realm, hosts: Vec::new(), ..samples::new_account("MA_BBBBBBBB") };
    let neighbour = subject.create_account(neighbour).await;
    let stranger = subject.create_account(samples::new_account("MA_CCCCCCCC")).await;
    let own = subject.create_credential(samples::credential(&owner, "phone", 1)).await;
    let other = subject.create_credential(samples::credential(&neighbour, "lobby", 2)).await;
    subject.create_credential(samples::credential(&stranger, "Phone", 3)).await;
    let names = |names: &[&str]| names.iter().map(|name| samples::username(name)).collect::<Vec<_>>();
    for (asked, expected) in [
        (names(&["nobody", "phone", "Phone", "lobby"]), vec![own.clone(), other]),
        (names(&["phone"]), vec![own]),
        (names(&["nobody"]), Vec::new()),
        (Vec::new(), Vec::new()),
    ] {
        let mut found = subject.storage.credentials_by_usernames(owner.realm, asked).await.unwrap();
        found.sort_by_key(|credential| credential.description.clone());
        assert_eq!(found, expected);
    }
}

/// New seals replace old ones and count as a write; what was changed or deleted meanwhile is left alone.
pub async fn credentials_are_sealed_anew_unless_changed(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let kept = subject.create_credential(samples::credential(&account, "kept", 1)).await;
    let changed = subject.create_credential(samples::credential(&account, "changed", 2)).await;
    let gone = subject.create_credential(samples::credential(&account, "gone", 3)).await;
    let update = |credential: &Credential, description: &str| Change::UpdateCredential {
        credential: Credential { description: description.into(), ..credential.clone() },
        registrations: RegistrationsAfter::Keep,
    };
    let newer = subject.commit(update(&changed, "changed")).await.unwrap();
    subject.commit(Change::DeleteCredential { account: account.id, id: gone.id }).await.unwrap();
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();

    let ha1s = SealedHa1s { sha256: None, ..samples::sealed_ha1s(&SeededRandom::new(99)) };
    let anew = |credential: &Credential| ResealedCredential {
        id: credential.id,
        revision: credential.revision,
        ha1s: ha1s.clone(),
        previous: Some(Box::new(samples::previous_generation(8))),
        devices: credential.devices.clone(),
    };
    let resealed = vec![anew(&gone), anew(&changed), anew(&kept)];
    let revision = subject.commit(Change::ResealCredentials(resealed)).await.unwrap();
    let previous = Some(Box::new(samples::previous_generation(8)));
    let expected = Credential { ha1s, previous, revision, ..kept.clone() };
    let (_, facts) = follower.calls().pop().unwrap();
    assert_eq!(format!("{facts:?}"), format!("{:?}", [Fact::Credential(expected.clone())]));
    assert_eq!(subject.storage.credential(account.id, kept.id).await.unwrap(), Some(expected.clone()));
    let other = subject.storage.credential(account.id, changed.id).await.unwrap().unwrap();
    assert_eq!((other.revision, other.ha1s), (newer, changed.ha1s));
    assert_eq!(subject.storage.credential(account.id, gone.id).await.unwrap(), None);
    // It would bring the old seal back.
    assert_conflict(subject.commit(update(&kept, "late")).await, Conflict::Superseded);
    subject.commit(update(&expected, "in time")).await.unwrap();
}

/// Where MD5 is retired, neither a creation nor an update brings an HA1 under it; what is there stays until it is
/// replaced, and elsewhere nothing changes.
pub async fn a_realm_without_md5_keeps_no_ha1_under_it(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let previous = Some(Box::new(samples::previous_generation(7)));
    let before = Credential { previous, ..samples::credential(&account, "before", 1) };
    let before = subject.create_credential(before).await;
    let patch = RealmPatch { md5_retired: Some(true), ..RealmPatch::default() };
    subject.commit(Change::UpdateRealm { realm: account.realm, patch }).await.unwrap();
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    assert_eq!(subject.storage.credential(account.id, before.id).await.unwrap().as_ref(), Some(&before));
    let without = |credential: &Credential, revision| Credential {
        ha1s: SealedHa1s { md5: None, ..credential.ha1s.clone() },
        previous: credential.previous.as_deref().map(|previous| {
            let ha1s = SealedHa1s { md5: None, ..previous.ha1s.clone() };
            Box::new(PreviousGeneration { ha1s, ..previous.clone() })
        }),
        revision,
        ..credential.clone()
    };
    let registrations = RegistrationsAfter::Keep;
    let after = samples::credential(&account, "after", 2);
    for (change, credential) in [
        (Change::CreateCredential(after.clone()), &after),
        (Change::UpdateCredential { credential: before.clone(), registrations }, &before),
    ] {
        let expected = without(credential, subject.commit(change).await.unwrap());
        assert_eq!(subject.storage.credential(account.id, credential.id).await.unwrap().as_ref(), Some(&expected));
        let (_, facts) = follower.calls().pop().unwrap();
        assert_eq!(format!("{facts:?}"), format!("{:?}", [Fact::Credential(expected)]));
    }
    let elsewhere = subject.create_credential(samples::credential(&other, "elsewhere", 3)).await;
    assert_eq!(subject.storage.credential(other.id, elsewhere.id).await.unwrap(), Some(elsewhere));
}

/// The generation before is stored and told like the present one, and one that nobody may keep any longer is found.
pub async fn a_previous_generation_is_kept_until_its_time_is_over(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let bare = subject.create_credential(samples::credential(&account, "bare", 1)).await;
    let previous = samples::previous_generation(7);
    let until = previous.kept_until;
    let ended = PreviousGeneration { overlap_until: None, ha1s: SealedHa1s::default(), ..previous.clone() };
    let mut created = Vec::new();
    for (number, previous) in (2..).zip([previous, ended]) {
        let sample = samples::credential(&account, &format!("phone{number}"), number);
        let credential = Credential { previous: Some(Box::new(previous)), generation: 2, ..sample };
        created.push(subject.create_credential(credential).await);
    }
    for credential in &created {
        let read = subject.storage.credential(account.id, credential.id).await.unwrap();
        assert_eq!(read.as_ref(), Some(credential));
    }
    let outdated = async |now, limit| subject.storage.credentials_with_outdated_passwords(now, limit).await.unwrap();
    assert_eq!(outdated(Timestamp::from_micros(until.as_micros() - 1), 10).await, []);
    assert_eq!(outdated(until, 1).await.len(), 1);
    let mut found = outdated(until, 10).await;
    found.sort_by_key(|credential| credential.id);
    let mut expected = created.clone();
    expected.sort_by_key(|credential| credential.id);
    assert_eq!(found, expected);
    let forget = |credential: &Credential| ResealedCredential {
        id: credential.id,
        revision: credential.revision,
        ha1s: credential.ha1s.clone(),
        previous: None,
        devices: credential.devices.clone(),
    };
    let revision = subject.commit(Change::ResealCredentials(created.iter().map(forget).collect())).await.unwrap();
    assert_eq!(outdated(until, 10).await, []);
    let first = created.first().unwrap();
    let read = subject.storage.credential(account.id, first.id).await.unwrap();
    assert_eq!(read, Some(Credential { previous: None, revision, ..first.clone() }));
    assert_eq!(subject.storage.credential(account.id, bare.id).await.unwrap(), Some(bare));
}
