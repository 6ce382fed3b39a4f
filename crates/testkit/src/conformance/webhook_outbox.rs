//! What webhooks are still to be told.
#![expect(clippy::unwrap_used, reason = "a check fails by panicking")]

use super::Subject;
use crate::samples::{self, CREATED_AT};
use domain::{AccountId, WebhookMethod};
use std::sync::Arc;
use storage::{Change, WebhookDelivery, WebhookDeliveryChange};

/// Messages are kept until they are removed, and come back oldest first, as many as are asked for.
pub async fn messages_are_kept_until_they_are_removed(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let [first, second, third] = [1, 2, 3].map(|number| delivery(account, number));
    save(&subject, vec![put(&third), put(&first)]).await;
    save(&subject, vec![put(&second), WebhookDeliveryChange::Remove([9; 16])]).await;
    assert_eq!(loaded(&subject, 10), [first.clone(), second.clone(), third.clone()]);
    assert_eq!(loaded(&subject, 2), [first.clone(), second]);
    save(&subject, vec![WebhookDeliveryChange::Remove([2; 16]), WebhookDeliveryChange::Remove([1; 16])]).await;
    assert_eq!(loaded(&subject, 10), std::slice::from_ref(&third));
    // In whatever order they come within one transaction.
    save(&subject, vec![put(&first), WebhookDeliveryChange::Remove(first.id)]).await;
    assert_eq!(loaded(&subject, 10), [third]);
}

/// The first message of a name stays, and a repeated write is no failure.
pub async fn a_message_is_kept_once(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let first = delivery(account, 1);
    let again = WebhookDelivery { body: "another".into(), ..first.clone() };
    save(&subject, vec![put(&first), put(&again)]).await;
    save(&subject, vec![put(&again)]).await;
    assert_eq!(loaded(&subject, 10), [first]);
}

/// Messages go with their account, and none is kept for one that is gone.
pub async fn messages_go_with_their_account(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await.id;
    let stays = delivery(other, 2);
    save(&subject, vec![put(&delivery(account, 1)), put(&stays)]).await;
    subject.commit(Change::DeleteAccount(account)).await.unwrap();
    assert_eq!(loaded(&subject, 10), std::slice::from_ref(&stays));
    save(&subject, vec![put(&delivery(account, 3))]).await;
    assert_eq!(loaded(&subject, 10), [stays]);
}

fn delivery(account: AccountId, number: u8) -> WebhookDelivery {
    WebhookDelivery {
        id: [number; 16],
        account,
        url: format!("https://hooks.example.com/{number}").into(),
        method: if number == 2 { WebhookMethod::Get } else { WebhookMethod::Post },
        event: format!("call.{number}").into(),
        body: format!("{{\"number\":{number}}}").into(),
        at: CREATED_AT.plus_seconds(number.into()),
    }
}

fn put(delivery: &WebhookDelivery) -> WebhookDeliveryChange {
    WebhookDeliveryChange::Put(delivery.clone())
}

async fn save(subject: &Subject, changes: Vec<WebhookDeliveryChange>) {
    subject.storage.save_webhook_deliveries(Arc::new(changes)).await.unwrap();
}

fn loaded(subject: &Subject, limit: u32) -> Vec<WebhookDelivery> {
    let mut loaded = Vec::new();
    subject.storage.load_webhook_deliveries(limit, &mut |delivery| loaded.push(delivery)).unwrap();
    loaded
}
