//! Keeps the directory true by the change feed.

use crate::entry::{Entry, OpenGenerations, OpenHa1s, PreviousHa1s};
use crate::trunks::hosts_of;
use crate::{DeviceSecret, DeviceSecrets, Directory, Realms};
use domain::{
    AccountId, AuthId, Credential, DeviceId, DigestAlgorithm, OriginationUriId, RealmName, Revision, Sealed, SealedHa1s,
};
use keyring::{Ha1Context, UpstreamSecretContext};
use sip_digest::{Ha1, HashAlgorithm};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use storage::{Fact, Follower, SettingName};

impl Follower for Directory {
    fn apply(&self, _revision: Revision, facts: &[Fact]) {
        self.apply_realms(facts);
        self.trunks().apply(facts);
        let realms = self.realms.load();
        for fact in facts {
            match fact {
                Fact::Credential(credential) => self.put_credential(&realms, credential),
                Fact::CredentialDeleted { id, realm, username } => {
                    self.close_connections(self.credentials.remove(*realm, username.as_str().as_bytes(), *id));
                }
                Fact::RegistrationsEnded { credential, realm, username, binding } => {
                    let username = username.as_str().as_bytes();
                    let ended = self.credentials.end_bindings((*realm, username, *credential), *binding);
                    self.close_connections(ended);
                }
                Fact::Realm(_)
                | Fact::Account(_)
                | Fact::AccountDeleted(_)
                | Fact::Host { .. }
                | Fact::HostRemoved(_)
                | Fact::ApiToken(_)
                | Fact::ApiTokenRevoked { .. }
                | Fact::OperatorToken(_)
                | Fact::OperatorTokenRevoked(_)
                | Fact::IpAcl(_)
                | Fact::IpAclDeleted { .. }
                | Fact::OriginationUri(_)
                | Fact::OriginationUriDeleted { .. }
                | Fact::Trunk(_)
                | Fact::TrunkDeleted { .. }
                | Fact::Number(_)
                | Fact::NumberReleased(_)
                | Fact::Webhook(_)
                | Fact::WebhookDeleted(_)
                | Fact::Setting { .. }
                | Fact::SettingCleared(_) => {}
            }
        }
    }
}

impl Directory {
    /// Publishes one new snapshot for all that a batch says of realms, accounts, hosts and the default account; then
    /// tells the credentials of accounts whose state it changed.
    fn apply_realms(&self, facts: &[Fact]) {
        if !facts.iter().any(concerns_realms) {
            return;
        }
        let before = self.realms.load_full();
        let mut realms = Realms::clone(&before);
        for fact in facts {
            match fact {
                Fact::Realm(realm) => realms.put_realm(realm, self.credentials.md5_only.of(realm.id)),
                Fact::Account(account) => realms.put_account(account),
                Fact::AccountDeleted(id) => realms.remove_account(*id),
                Fact::Host { host, realm } => realms.put_host(host, *realm),
                Fact::HostRemoved(host) => realms.remove_host(host),
                Fact::Trunk(trunk) => {
                    for host in hosts_of(trunk) {
                        realms.put_trunk_host(&host, trunk.account);
                    }
                }
                Fact::TrunkDeleted { id, .. } => {
                    for host in self.trunks.trunk(*id).iter().flat_map(|trunk| hosts_of(trunk)) {
                        realms.remove_trunk_host(&host);
                    }
                }
                Fact::Setting { name: SettingName::DefaultAccount, value } => {
                    realms.set_default_account(stored_auth_id(value));
                }
                Fact::SettingCleared(SettingName::DefaultAccount) => realms.set_default_account(None),
                _ => {}
            }
        }
        realms.settle();
        let changed: HashMap<_, _> = realms.changed_states(&before).collect();
        self.realms.store(Arc::new(realms));
        if !changed.is_empty() {
            self.close_connections(self.credentials.set_account_states(&changed));
        }
    }

    /// Opens the password with which we answer a next hop's challenge. `None` where it does not open, which is logged:
    /// calls to that next hop fail, and nothing else does.
    #[must_use]
    pub fn open_upstream_password(
        &self,
        (account, uri): (AccountId, OriginationUriId),
        username: &str,
        sealed: &Sealed,
    ) -> Option<impl std::ops::Deref<Target = Vec<u8>> + use<>> {
        let realms = self.realms.load();
        let context = UpstreamSecretContext { account: realms.auth_id(account)?, origination_uri: uri, username };
        match self.keyring.open_upstream_secret(&context, sealed) {
            Ok(password) => Some(password),
            Err(error) => {
                tracing::error!(%uri, %error, "the stored password for a next hop does not open");
                None
            }
        }
    }

    fn put_credential(&self, realms: &Realms, credential: &Credential) {
        let opened = self.open(realms, credential);
        let entry = Entry::new(credential, realms.state(credential.account), opened);
        self.close_connections(self.credentials.put(entry));
    }

    /// Opens the sealed HA1s. One that does not open authenticates nobody; that is logged, not fatal, because the
    /// other tenants' phones must go on.
    fn open(&self, realms: &Realms, credential: &Credential) -> OpenGenerations {
        let Some((account, realm)) = realms.auth_id(credential.account).zip(realms.realm(credential.realm)) else {
            tracing::error!(credential = %credential.id, "credential of an unknown account or realm; it cannot be used");
            return OpenGenerations::default();
        };
        let place = (account, &realm.name, None);
        let previous = credential.previous.as_deref().map(|previous| {
            let ha1s = self.open_ha1s(place, credential, &previous.ha1s);
            Box::new(PreviousHa1s { generation: previous.generation, overlap_until: previous.overlap_until, ha1s })
        });
        let devices = credential.devices.as_slice();
        let opened = devices.iter().map(|device| DeviceSecret {
            label: device.label.as_str().into(),
            secret: device.secret,
            is_live: device.is_live(),
            ha1s: self.open_ha1s((account, &realm.name, Some(device.id)), credential, &device.ha1s),
            last_use: AtomicU32::default(),
        });
        let devices = (!devices.is_empty()).then(|| Arc::new(DeviceSecrets(opened.collect())));
        OpenGenerations { present: self.open_ha1s(place, credential, &credential.ha1s), previous, devices }
    }

    fn open_ha1s(
        &self,
        (account, realm, device): (&AuthId, &RealmName, Option<DeviceId>),
        credential: &Credential,
        sealed: &SealedHa1s,
    ) -> OpenHa1s {
        let open = |sealed: Option<&Sealed>, algorithm: DigestAlgorithm, hash: HashAlgorithm| -> Option<Ha1> {
            let username = &credential.username;
            let context = Ha1Context { account, credential: credential.id, algorithm, realm, username, device };
            match self.keyring.open_ha1(&context, sealed?) {
                Ok(opened) => Ha1::from_bytes(hash, opened.as_bytes()),
                Err(error) => {
                    tracing::error!(credential = %credential.id, algorithm = algorithm.as_str(), %error,
                        "a stored HA1 does not open; its phones cannot use this algorithm");
                    None
                }
            }
        };
        OpenHa1s {
            md5: open(sealed.md5.as_ref(), DigestAlgorithm::Md5, HashAlgorithm::Md5),
            sha256: open(sealed.sha256.as_ref(), DigestAlgorithm::Sha256, HashAlgorithm::Sha256),
            sha512_256: open(sealed.sha512_256.as_ref(), DigestAlgorithm::Sha512_256, HashAlgorithm::Sha512_256),
        }
    }
}

fn concerns_realms(fact: &Fact) -> bool {
    match fact {
        Fact::Realm(_)
        | Fact::Account(_)
        | Fact::AccountDeleted(_)
        | Fact::Host { .. }
        | Fact::HostRemoved(_)
        | Fact::Trunk(_)
        | Fact::TrunkDeleted { .. } => true,
        Fact::Setting { name, .. } | Fact::SettingCleared(name) => *name == SettingName::DefaultAccount,
        _ => false,
    }
}

fn stored_auth_id(value: &str) -> Option<AuthId> {
    let parsed = AuthId::parse(value);
    if parsed.is_err() {
        tracing::error!("the stored default account is no auth id; there is none until it is set again");
    }
    parsed.ok()
}
