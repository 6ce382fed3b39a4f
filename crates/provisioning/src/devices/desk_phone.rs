//! Desk phones: devices that fetch their configuration at each boot, by their hardware address.

use super::change::{Changing, Decided};
use super::derivation::{DerivationKey, is_same};
use super::{DeviceView, audit_detail};
use crate::idempotency::Recalled;
use crate::{AccountScope, Answered, CredentialsWrite, Provisioning, ProvisioningError, Remembering, RequestContext};
use domain::{
    AuditAction, AuthId, CredentialId, DeskPhone, Device, DeviceLabel, DeviceOrigin, GeneratedPassword, HostName,
    MacAddress, PhoneFormat, RealmName, Timestamp, Username,
};
use storage::{Change, ChangeSet, RegistrationsAfter};
use zeroize::Zeroizing;

/// What is said of a new desk phone.
#[derive(Debug, Clone)]
pub struct NewDeskPhone {
    /// What people call it.
    pub label: DeviceLabel,
    /// Its hardware address, and what its configuration is written in.
    pub phone: DeskPhone,
}

/// What a desk phone is told.
#[derive(Debug)]
pub struct DeskPhoneSettings {
    /// What it is called.
    pub label: DeviceLabel,
    /// What its configuration is written in.
    pub format: PhoneFormat,
    /// The username it authenticates under.
    pub username: Username,
    /// Its password, which is stored nowhere.
    pub password: GeneratedPassword,
    /// The account's legal SIP domain.
    pub domain: HostName,
    /// The digest realm.
    pub realm: RealmName,
    /// When its credential last changed, and so the latest that any of this did.
    pub changed_at: Timestamp,
}

impl Provisioning {
    /// Creates a desk phone, whose password follows from the derivation key. Once this answers it can fetch its
    /// configuration, and register on every node.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::TooManyDevices`],
    /// [`ProvisioningError::MacTaken`], [`ProvisioningError::KeyUsed`], [`ProvisioningError::Contended`], or the storage
    /// failed.
    pub async fn create_desk_phone(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (id, new): (CredentialId, NewDeskPhone),
        remembering: Option<&Remembering<'_, DeviceView>>,
    ) -> Result<Answered<DeviceView>, ProvisioningError> {
        let key = self.derivation_key().await?;
        let decide = |changing: Changing<'_>| self.desk_phone_made(scope, changing, (&new, &key));
        match remembering {
            None => self.change_devices(scope, &context, id, decide).await.map(Answered::Fresh),
            Some(remembering) => match self.recall(scope.asker(), Some(scope.account()), remembering).await? {
                Recalled::Answer(answer) => Ok(Answered::Replayed(answer)),
                Recalled::Nothing(unanswered) => {
                    let place = (unanswered.sealing(), id);
                    let (set, created) = self.devices_to_change(scope, &context, place, &decide).await?;
                    self.commit_remembered(unanswered, set, created).await
                }
            },
        }
    }

    /// Makes a desk phone of the key.
    pub(super) fn desk_phone_made(
        &self,
        scope: &AccountScope,
        Changing { sealing, credential, now }: Changing<'_>,
        (new, key): (&NewDeskPhone, &DerivationKey),
    ) -> Result<Decided<DeviceView>, ProvisioningError> {
        let (id, secret) = (self.draw_device_id(now), credential.devices.next_secret());
        let password = key.password(scope.auth_id(), (credential.id, id, secret));
        let place = (credential.id, &credential.username, Some(id));
        let device = Device {
            id,
            label: new.label.clone(),
            secret,
            origin: DeviceOrigin::Derived(new.phone),
            ha1s: sealing.seal_password(scope, place, password.to_password()),
            created_at: now,
            revoked: None,
        };
        credential.devices.add(device.clone()).map_err(|_| ProvisioningError::TooManyDevices)?;
        let deed = (AuditAction::DeviceCreated, credential.id.to_string(), audit_detail(&device).to_string());
        let view = DeviceView { credential: credential.id, device, last_used: None };
        Ok(Decided { deed, registrations: RegistrationsAfter::Keep, with: Vec::new(), value: view })
    }

    /// The secret part of the address from which the account's desk phones fetch their configuration. Whoever knows it and
    /// a phone's hardware address has that phone's password.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn provisioning_path(&self, scope: &CredentialsWrite) -> Result<Zeroizing<String>, ProvisioningError> {
        let number = self.storage().provisioning_path_number(scope.account()).await?;
        Ok(self.derivation_key().await?.path(scope.auth_id(), number))
    }

    /// Replaces that address: at the one before nothing is served any more.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`], or the storage failed.
    pub async fn replace_provisioning_path(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
    ) -> Result<(), ProvisioningError> {
        let deed = (AuditAction::ProvisioningPathReplaced, scope.auth_id().to_string(), "{}".into());
        let audit = scope.audit(&context, self.parts.clock.now(), deed);
        let change = Change::ReplaceProvisioningPath(scope.account());
        let committed = self.commit_as(scope.asker(), ChangeSet { changes: vec![change], audit }).await;
        committed.map(|_| ()).map_err(|error| error.if_not_found(ProvisioningError::AccountNotFound))
    }

    /// What the desk phone of that hardware address is told, where account and secret part of the address are right and
    /// its credential lets somebody in.
    ///
    /// # Errors
    /// [`ProvisioningError::DeviceNotFound`] whatever is wrong, or the storage failed.
    pub async fn desk_phone_settings(
        &self,
        (account, path): (&str, &str),
        mac: MacAddress,
    ) -> Result<DeskPhoneSettings, ProvisioningError> {
        let not_found = || ProvisioningError::DeviceNotFound;
        let account = AuthId::parse(account).map_err(|_| not_found())?;
        let found = self.parts.operators.find(&account).filter(|found| found.is_enabled).ok_or_else(not_found)?;
        let owner = &found.entry.account;
        let number = self.storage().provisioning_path_number(owner.id).await?;
        let key = self.derivation_key().await?;
        if !is_same(&key.path(&account, number), path) {
            return Err(not_found());
        }
        let credential = self.storage().credential_of_desk_phone(owner.id, mac).await?;
        let now = self.parts.clock.now();
        let credential = credential
            .filter(|credential| credential.enabled && credential.expires_at.is_none_or(|end| now < end))
            .ok_or_else(not_found)?;
        let is_it = |device: &&Device| device.desk_phone().is_some_and(|phone| phone.mac == mac);
        let device = credential.devices.live().find(is_it).ok_or_else(not_found)?;
        Ok(DeskPhoneSettings {
            label: device.label.clone(),
            format: device.desk_phone().ok_or_else(not_found)?.format,
            password: key.password(&account, (credential.id, device.id, device.secret)),
            username: credential.username.clone(),
            domain: owner.sip_domain.clone(),
            realm: found.entry.realm.name.clone(),
            changed_at: credential.updated_at,
        })
    }
}
