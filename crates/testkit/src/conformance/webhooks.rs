//! Webhooks and their secrets.
#![expect(clippy::unwrap_used, reason = "a check fails by panicking")]

use super::{Subject, assert_conflict};
use crate::samples::{self, CREATED_AT};
use domain::{
    AccountId, PreviousWebhookSecret, Revision, Sealed, Timestamp, Webhook, WebhookEventKind, WebhookEvents,
    WebhookSecret,
};
use storage::{Change, Conflict, ResealedWebhookSecret};

/// A webhook comes back as it was written, however little or much of it there is.
pub async fn a_webhook_returns_as_it_was_written(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    assert_eq!(subject.storage.webhook(account).await.unwrap(), None);
    let whole = put(&subject, samples::webhook(account)).await;
    assert_eq!(subject.storage.webhook(account).await.unwrap(), Some(whole.clone()));
    let secret = WebhookSecret { previous: None, ..whole.secret.clone() };
    let later = CREATED_AT.plus_seconds(9);
    let events = WebhookEvents::of(&[WebhookEventKind::AuthRefused]).unwrap();
    let bare = Webhook { url: None, events, enabled: false, secret, created_at: later, updated_at: later, ..whole };
    let bare = Webhook { created_at: CREATED_AT, ..put(&subject, bare).await };
    assert_eq!(subject.storage.webhook(account).await.unwrap(), Some(bare));
}

/// A change of what others have created, changed or deleted meanwhile is refused.
pub async fn a_superseded_webhook_is_not_written(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let first = put(&subject, samples::webhook(account)).await;
    for revision in [Revision(0), Revision(first.revision.0 + 1)] {
        let stale = Change::PutWebhook(Box::new(Webhook { revision, ..first.clone() }));
        assert_conflict(subject.commit(stale).await, Conflict::Superseded);
    }
    subject.commit(Change::DeleteWebhook(account)).await.unwrap();
    assert_eq!(subject.storage.webhook(account).await.unwrap(), None);
    assert_conflict(subject.commit(Change::PutWebhook(Box::new(first))).await, Conflict::Superseded);
    assert_conflict(subject.commit(Change::DeleteWebhook(account)).await, Conflict::NotFound);
    let nobodys = Change::PutWebhook(Box::new(samples::webhook(AccountId(account.0 + 7))));
    assert_conflict(subject.commit(nobodys).await, Conflict::NotFound);
}

/// A webhook goes with its account.
pub async fn webhooks_go_with_their_account(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await.id;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await.id;
    put(&subject, samples::webhook(account)).await;
    let stays = put(&subject, samples::webhook(other)).await;
    subject.commit(Change::DeleteAccount(account)).await.unwrap();
    assert_eq!(subject.storage.webhooks(None, 10).await.unwrap(), [stays]);
}

/// Secrets are walked by account and sealed anew unless they were changed meanwhile.
pub async fn webhook_secrets_are_sealed_anew_unless_changed(subject: Subject) {
    let mut made = Vec::new();
    for auth_id in ["MA_AAAAAAAA", "MA_BBBBBBBB", "MA_CCCCCCCC"] {
        let account = subject.create_account(samples::new_account(auth_id)).await.id;
        made.push(put(&subject, samples::webhook(account)).await);
    }
    let [first, second, third] = made.try_into().unwrap();
    assert_eq!(subject.storage.webhooks(None, 2).await.unwrap(), [first.clone(), second.clone()]);
    let rest = subject.storage.webhooks(Some(second.account), 2).await.unwrap();
    assert_eq!(rest, std::slice::from_ref(&third));
    let secret = WebhookSecret {
        current: Sealed::from_bytes(Box::new([7; 40])),
        previous: Some(PreviousWebhookSecret {
            sealed: Sealed::from_bytes(Box::new([8; 40])),
            until: Timestamp::from_seconds(2_000_000_000),
        }),
    };
    let anew = |webhook: &Webhook, revision| ResealedWebhookSecret {
        account: webhook.account,
        revision,
        secret: secret.clone(),
    };
    let resealed = vec![anew(&first, first.revision), anew(&second, Revision(second.revision.0 - 1))];
    let revision = subject.commit(Change::ResealWebhookSecrets(resealed)).await.unwrap();
    let expected = [Webhook { secret, revision, ..first }, second, third];
    assert_eq!(subject.storage.webhooks(None, 10).await.unwrap(), expected);
}

async fn put(subject: &Subject, webhook: Webhook) -> Webhook {
    let revision = subject.commit(Change::PutWebhook(Box::new(webhook.clone()))).await.unwrap();
    Webhook { revision, ..webhook }
}
