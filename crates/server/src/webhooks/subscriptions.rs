//! Who wants to be told what and where, by the facts.

use domain::{
    AccountId, AuthId, CallEvent, Revision, Sealed, Timestamp, TrunkId, Webhook, WebhookEventKind, WebhookMethod,
    WebhookUrl,
};
use keyring::{Keyring, WebhookSecretContext};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use storage::{Fact, Follower};
use webhooks::Subscribers;
use zeroize::Zeroizing;

/// Who wants to be told what and where, by the facts. Secrets stay sealed until something is signed.
pub(crate) struct Subscriptions {
    keyring: Arc<Keyring>,
    accounts: RwLock<HashMap<AccountId, Subscription>>,
}

/// What one account wants.
struct Subscription {
    auth_id: AuthId,
    webhook: Option<Webhook>,
    trunks: HashMap<TrunkId, (WebhookUrl, WebhookMethod)>,
}

impl Subscription {
    fn enabled(&self) -> Option<&Webhook> {
        self.webhook.as_ref().filter(|webhook| webhook.enabled)
    }

    fn wants_anything(&self) -> bool {
        self.enabled().is_some_and(|webhook| webhook.url.is_some() || !self.trunks.is_empty())
    }

    fn is_told_at(&self, url: &str) -> bool {
        let own = self.enabled().and_then(|webhook| webhook.url.as_ref()).into_iter();
        let of_trunks = self.trunks.values().map(|(url, _)| url).filter(|_| self.enabled().is_some());
        own.chain(of_trunks).any(|known| known.as_str() == url)
    }
}

impl Subscriptions {
    /// One that knows nobody until it follows a feed.
    pub(crate) fn new(keyring: Arc<Keyring>) -> Self {
        Self { keyring, accounts: RwLock::default() }
    }

    /// How many accounts there are.
    pub(crate) fn count(&self) -> usize {
        self.read().len()
    }

    /// Whether anything that happens to that account's calls is told anywhere.
    pub(crate) fn wants(&self, account: AccountId) -> bool {
        self.read().get(&account).is_some_and(Subscription::wants_anything)
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<AccountId, Subscription>> {
        // A poisoned lock means a panic while applying; every write leaves the map whole.
        self.accounts.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where an event is told, each place once.
    pub(crate) fn places(&self, event: &CallEvent) -> Option<(AuthId, Vec<(WebhookUrl, WebhookMethod)>)> {
        let accounts = self.read();
        let subscription = accounts.get(&event.call.account)?;
        let webhook =
            subscription.enabled().filter(|webhook| webhook.events.includes(WebhookEventKind::Call(event.kind)))?;
        let own = webhook.url.clone().map(|url| (url, WebhookMethod::Post));
        let of_trunk = event.call.trunk.and_then(|trunk| subscription.trunks.get(&trunk)).cloned();
        let of_trunk = of_trunk.filter(|(url, _)| webhook.url.as_ref() != Some(url));
        Some((subscription.auth_id.clone(), own.into_iter().chain(of_trunk).collect()))
    }

    /// Where an account is told what happens to its phones: trunks are told of calls alone.
    pub(crate) fn place(&self, account: AccountId, kind: WebhookEventKind) -> Option<(AuthId, WebhookUrl)> {
        let accounts = self.read();
        let subscription = accounts.get(&account)?;
        let webhook = subscription.enabled().filter(|webhook| webhook.events.includes(kind))?;
        Some((subscription.auth_id.clone(), webhook.url.clone()?))
    }

    /// Who signs for an account, and with what; `None` where nothing of it opens.
    pub(crate) fn signer(&self, account: AccountId, now: Timestamp) -> Option<(AuthId, Vec<Zeroizing<String>>)> {
        let accounts = self.read();
        let subscription = accounts.get(&account)?;
        let webhook = subscription.webhook.as_ref()?;
        let previous = webhook.secret.previous.as_ref().filter(|previous| now < previous.until);
        let sealed = std::iter::once(&webhook.secret.current).chain(previous.map(|previous| &previous.sealed));
        let secrets: Vec<_> = sealed.filter_map(|sealed| self.open(&subscription.auth_id, sealed)).collect();
        (!secrets.is_empty()).then(|| (subscription.auth_id.clone(), secrets))
    }

    fn open(&self, account: &AuthId, sealed: &Sealed) -> Option<Zeroizing<String>> {
        let opened = self.keyring.open_webhook_secret(&WebhookSecretContext { account }, sealed);
        let octets =
            opened.inspect_err(|error| tracing::error!(%error, %account, "a webhook's secret does not open")).ok()?;
        Some(Zeroizing::new(std::str::from_utf8(&octets).ok()?.to_owned()))
    }
}

impl Subscribers for Subscriptions {
    fn secrets(&self, account: AccountId, url: &str, now: Timestamp) -> Vec<Zeroizing<String>> {
        let is_told = self.read().get(&account).is_some_and(|subscription| subscription.is_told_at(url));
        let signer = is_told.then(|| self.signer(account, now)).flatten();
        signer.map(|(_, secrets)| secrets).unwrap_or_default()
    }
}

impl Follower for Subscriptions {
    fn begins_with_credentials(&self) -> bool {
        false
    }

    fn apply(&self, _revision: Revision, facts: &[Fact]) {
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        for fact in facts {
            match fact {
                Fact::Account(account) => {
                    let new =
                        || Subscription { auth_id: account.auth_id.clone(), webhook: None, trunks: HashMap::new() };
                    accounts.entry(account.id).or_insert_with(new);
                }
                Fact::AccountDeleted(id) => {
                    accounts.remove(id);
                }
                Fact::Webhook(webhook) => {
                    if let Some(subscription) = accounts.get_mut(&webhook.account) {
                        subscription.webhook = Some(Webhook::clone(webhook));
                    }
                }
                Fact::WebhookDeleted(account) => {
                    if let Some(subscription) = accounts.get_mut(account) {
                        subscription.webhook = None;
                    }
                }
                Fact::Trunk(trunk) => {
                    if let Some(subscription) = accounts.get_mut(&trunk.account) {
                        subscription.trunks.remove(&trunk.id);
                        let told = trunk.webhook_url.clone().map(|url| (trunk.id, (url, trunk.webhook_method)));
                        subscription.trunks.extend(told);
                    }
                }
                Fact::TrunkDeleted { id, account } => {
                    if let Some(subscription) = accounts.get_mut(account) {
                        subscription.trunks.remove(id);
                    }
                }
                _ => {}
            }
        }
    }
}
