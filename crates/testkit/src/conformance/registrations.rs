//! Contact bindings.
#![expect(clippy::unwrap_used, reason = "a check fails by panicking")]

use super::Subject;
use crate::samples::{self, CREATED_AT};
use domain::{BindingId, ContactBinding, Credential, SignallingTransport, Timestamp};
use std::net::SocketAddr;
use storage::{Change, Conflict, Refresh, RegistrationChange, RegistrationsAfter};

/// Every field survives, of both address families and both transports.
pub async fn bindings_return_as_they_were_saved(subject: Subject) {
    let phone = phone(&subject, "MA_AAAAAAAA").await;
    let full = samples::binding(phone.id, i64::MAX, 1, in_an_hour());
    let bare = ContactBinding {
        contact: Box::from(&b"sip:x"[..]),
        instance: Box::default(),
        reg_id: 0,
        path: Box::default(),
        q_thousandths: 1000,
        call_id: Box::default(),
        cseq: 0,
        user_agent: Box::default(),
        transport: SignallingTransport::Udp,
        source: SocketAddr::from(([0xfe80, 0, 0, 0, 0, 0, 0, 2], 1)),
        local: SocketAddr::from(([127, 0, 0, 1], 65535)),
        ..samples::binding(phone.id, i64::MIN, 1, in_an_hour())
    };
    save(&subject, vec![put(&full), put(&bare)]).await;
    assert_eq!(loaded(&subject, CREATED_AT), [bare, full]);
}

/// A binding is known by its credential and identifier.
pub async fn a_binding_is_replaced_and_removed(subject: Subject) {
    let phone = phone(&subject, "MA_AAAAAAAA").await;
    let first = samples::binding(phone.id, 1, 1, in_an_hour());
    let second = samples::binding(phone.id, 2, 1, in_an_hour());
    save(&subject, vec![put(&first), put(&second)]).await;
    let refreshed = ContactBinding { cseq: 5, contact: Box::from(&b"sip:new"[..]), ..first };
    save(&subject, vec![put(&refreshed)]).await;
    assert_eq!(loaded(&subject, CREATED_AT), [refreshed, second.clone()]);
    let remove = |id| RegistrationChange::Remove { credential: phone.id, id };
    save(&subject, vec![remove(BindingId(1)), remove(BindingId(7))]).await;
    assert_eq!(loaded(&subject, CREATED_AT), [second]);
    save(&subject, Vec::new()).await;
}

/// A refresh renews what is stored, within a batch too, and brings nothing back.
pub async fn a_refresh_renews_what_is_there(subject: Subject) {
    let phone = phone(&subject, "MA_AAAAAAAA").await;
    let bindings = [1, 2, 3].map(|id| samples::binding(phone.id, id, 1, in_an_hour()));
    save(&subject, bindings.iter().map(put).collect()).await;
    let refresh = |id, cseq| {
        let (credential, expires_at) = (phone.id, in_an_hour().plus_seconds(i64::from(cseq)));
        RegistrationChange::Refresh(Refresh { credential, id: BindingId(id), cseq, expires_at })
    };
    let renewed = |binding: &ContactBinding, cseq| {
        let expires_at = in_an_hour().plus_seconds(i64::from(cseq));
        ContactBinding { cseq, expires_at, ..binding.clone() }
    };
    let remove = RegistrationChange::Remove { credential: phone.id, id: BindingId(3) };
    save(&subject, vec![refresh(1, 8), remove, refresh(1, 9), refresh(3, 9), refresh(4, 9)]).await;
    assert_eq!(loaded(&subject, CREATED_AT), [renewed(&bindings[0], 9), bindings[1].clone()]);
    let ended = Change::EndRegistrations { account: phone.account, credential: phone.id, binding: None };
    subject.commit(ended).await.unwrap();
    let fresh = samples::binding(phone.id, 5, 1, in_an_hour());
    save(&subject, vec![refresh(2, 10), put(&fresh), refresh(5, 10)]).await;
    assert_eq!(loaded(&subject, CREATED_AT), [renewed(&fresh, 10)]);
}

/// The last change of a binding in a batch is the one that stays.
pub async fn order_within_a_batch_counts(subject: Subject) {
    let phone = phone(&subject, "MA_AAAAAAAA").await;
    let (first, second) =
        (samples::binding(phone.id, 1, 1, in_an_hour()), samples::binding(phone.id, 2, 1, in_an_hour()));
    let remove = |binding: &ContactBinding| RegistrationChange::Remove { credential: phone.id, id: binding.id };
    save(&subject, vec![put(&first), remove(&first), remove(&second), put(&second)]).await;
    assert_eq!(loaded(&subject, CREATED_AT), [second]);
}

/// One is ended or all, of the account's own credential alone; what is not there is ended too.
pub async fn registrations_are_ended_by_a_change(subject: Subject) {
    let phone = phone(&subject, "MA_AAAAAAAA").await;
    let neighbour = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let bindings = [1, 2, 3].map(|id| samples::binding(phone.id, id, 1, in_an_hour()));
    save(&subject, bindings.iter().map(put).collect()).await;
    let end = |account, binding: Option<i64>| {
        subject.commit(Change::EndRegistrations { account, credential: phone.id, binding: binding.map(BindingId) })
    };
    super::assert_conflict(end(neighbour.id, None).await, Conflict::NotFound);
    assert_eq!(loaded(&subject, CREATED_AT).len(), 3);
    end(phone.account, Some(2)).await.unwrap();
    end(phone.account, Some(2)).await.unwrap();
    assert_eq!(loaded(&subject, CREATED_AT), [bindings[0].clone(), bindings[2].clone()]);
    end(phone.account, None).await.unwrap();
    assert_eq!(loaded(&subject, CREATED_AT), []);
}

/// Loading forgets what expired, so an earlier moment does not bring it back.
pub async fn expired_bindings_are_forgotten(subject: Subject) {
    let phone = phone(&subject, "MA_AAAAAAAA").await;
    let now = CREATED_AT.plus_seconds(100);
    let past = samples::binding(phone.id, 1, 1, CREATED_AT.plus_seconds(99));
    let present = samples::binding(phone.id, 2, 1, now);
    let future = samples::binding(phone.id, 3, 1, CREATED_AT.plus_seconds(101));
    save(&subject, vec![put(&past), put(&present), put(&future)]).await;
    assert_eq!(loaded(&subject, now), std::slice::from_ref(&future));
    assert_eq!(loaded(&subject, CREATED_AT), [future]);
}

/// A write that was under way does not bring back what a revocation removed, and does not fail its batch either.
pub async fn a_put_needs_an_enabled_credential_of_its_generation(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let good = subject.create_credential(samples::credential(&account, "good", 1)).await;
    let disabled = Credential { enabled: false, ..samples::credential(&account, "disabled", 2) };
    let disabled = subject.create_credential(disabled).await;
    let renewed = Credential { generation: 2, ..samples::credential(&account, "renewed", 3) };
    let renewed = subject.create_credential(renewed).await;
    let deleted = subject.create_credential(samples::credential(&account, "deleted", 4)).await;
    subject.commit(Change::DeleteCredential { account: account.id, id: deleted.id }).await.unwrap();

    let welcome = [samples::binding(good.id, 1, 1, in_an_hour()), samples::binding(renewed.id, 1, 2, in_an_hour())];
    let refused = [
        samples::binding(disabled.id, 1, 1, in_an_hour()),
        samples::binding(renewed.id, 2, 1, in_an_hour()),
        samples::binding(renewed.id, 3, 3, in_an_hour()),
        samples::binding(deleted.id, 1, 1, in_an_hour()),
    ];
    save(&subject, refused.iter().chain(&welcome).map(put).collect()).await;
    let mut expected = welcome.to_vec();
    expected.sort_by_key(|binding| (binding.credential, binding.id));
    assert_eq!(loaded(&subject, CREATED_AT), expected);
}

/// An update says what becomes of the bindings of its credential, and of no other.
pub async fn an_update_keeps_or_removes_bindings(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let changed = subject.create_credential(samples::credential(&account, "changed", 1)).await;
    let other = subject.create_credential(samples::credential(&account, "other", 2)).await;
    let (gone, stays) =
        (samples::binding(changed.id, 1, 1, in_an_hour()), samples::binding(other.id, 1, 1, in_an_hour()));
    save(&subject, vec![put(&gone), put(&stays)]).await;

    let described = Credential { description: "new note".into(), ..changed.clone() };
    let keep = Change::UpdateCredential { credential: described.clone(), registrations: RegistrationsAfter::Keep };
    let revision = subject.commit(keep).await.unwrap();
    assert_eq!(loaded(&subject, CREATED_AT).len(), 2);

    let disabled = Credential { enabled: false, revision, ..described };
    let remove = Change::UpdateCredential { credential: disabled, registrations: RegistrationsAfter::Remove };
    subject.commit(remove).await.unwrap();
    assert_eq!(loaded(&subject, CREATED_AT), std::slice::from_ref(&stays));
    save(&subject, vec![put(&gone)]).await;
    assert_eq!(loaded(&subject, CREATED_AT), [stays]);
}

/// While the generation before has an overlap its bindings are stored too; an update can end them and no others.
pub async fn bindings_of_an_overlap_are_stored_and_end_apart(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let previous = Some(Box::new(samples::previous_generation(7)));
    let phone = Credential { generation: 2, previous, ..samples::credential(&account, "phone", 1) };
    let phone = subject.create_credential(phone).await;
    let [old, new, foreign] =
        [1, 2, 3].map(|it| samples::binding(phone.id, it, u32::try_from(it).unwrap(), in_an_hour()));
    save(&subject, [&old, &new, &foreign].into_iter().map(put).collect()).await;
    assert_eq!(loaded(&subject, CREATED_AT), [old.clone(), new.clone()]);
    let mut ended = phone.clone();
    ended.previous.as_mut().unwrap().overlap_until = None;
    let registrations = RegistrationsAfter::RemoveOfEndedSecrets;
    subject.commit(Change::UpdateCredential { credential: ended, registrations }).await.unwrap();
    assert_eq!(loaded(&subject, CREATED_AT), std::slice::from_ref(&new));
    save(&subject, vec![put(&old)]).await;
    assert_eq!(loaded(&subject, CREATED_AT), [new]);
}

/// A deleted credential leaves no binding.
pub async fn a_deletion_removes_bindings(subject: Subject) {
    let phone = phone(&subject, "MA_AAAAAAAA").await;
    let other = self::phone(&subject, "MA_BBBBBBBB").await;
    let stays = samples::binding(other.id, 1, 1, in_an_hour());
    save(&subject, vec![put(&samples::binding(phone.id, 1, 1, in_an_hour())), put(&stays)]).await;
    subject.commit(Change::DeleteCredential { account: phone.account, id: phone.id }).await.unwrap();
    assert_eq!(loaded(&subject, CREATED_AT), [stays]);
}

async fn phone(subject: &Subject, auth_id: &str) -> Credential {
    let account = subject.create_account(samples::new_account(auth_id)).await;
    let number = auth_id.bytes().map(u64::from).sum();
    subject.create_credential(samples::credential(&account, "phone", number)).await
}

fn in_an_hour() -> Timestamp {
    CREATED_AT.plus_seconds(3600)
}

fn put(binding: &ContactBinding) -> RegistrationChange {
    RegistrationChange::Put(binding.clone())
}

async fn save(subject: &Subject, batch: Vec<RegistrationChange>) {
    subject.storage.save(batch).await.unwrap();
}

fn loaded(subject: &Subject, now: Timestamp) -> Vec<ContactBinding> {
    let mut bindings = Vec::new();
    subject.storage.load(now, &mut |binding| bindings.push(binding)).unwrap();
    bindings.sort_by_key(|binding| (binding.credential, binding.id));
    bindings
}
