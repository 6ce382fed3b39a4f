//! How we answer when a next hop challenges us.

use super::ATTEMPTS;
use crate::{AccountWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{AuditAction, OriginationUri, OriginationUriId, UpstreamRegistration, UpstreamSecret};
use keyring::UpstreamSecretContext;
use std::fmt;
use storage::{Change, ChangeSet};
use zeroize::Zeroizing;

/// A username at a next hop: 1 to 128 characters without control characters, `"` and `\`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamUsername(Box<str>);

/// Why a text is not an [`UpstreamUsername`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 128 characters, none of them a control character, '\"' or '\\'")]
pub struct UpstreamUsernameError;

impl UpstreamUsername {
    /// Parses a username.
    ///
    /// # Errors
    /// [`UpstreamUsernameError`].
    pub fn parse(text: &str) -> Result<Self, UpstreamUsernameError> {
        let length_ok = (1..=128).contains(&text.chars().count());
        let plain = !text.chars().any(|c| c.is_control() || matches!(c, '"' | '\\'));
        if length_ok && plain { Ok(Self(text.into())) } else { Err(UpstreamUsernameError) }
    }
}

/// A username and password of ours at a next hop.
pub struct NewUpstreamSecret {
    /// The username.
    pub username: UpstreamUsername,
    /// The password: 1 to 255 characters without control characters, as the carrier chose it.
    pub password: Zeroizing<String>,
    /// Whether and for how long we register there.
    pub registration: Option<UpstreamRegistration>,
}

impl NewUpstreamSecret {
    /// Whether a carrier's password can be taken: 1 to 255 characters without control characters.
    ///
    /// # Errors
    /// The rule it breaks, in words.
    pub fn check_password(text: &str) -> Result<(), &'static str> {
        let length_ok = (1..=255).contains(&text.chars().count());
        if length_ok && !text.chars().any(char::is_control) {
            Ok(())
        } else {
            Err("must have 1 to 255 characters and no control characters")
        }
    }
}

impl fmt::Debug for NewUpstreamSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUpstreamSecret").field("username", &self.username).finish_non_exhaustive()
    }
}

impl Provisioning {
    /// Sets the secret of an origination URI, replacing what was there.
    ///
    /// # Errors
    /// [`ProvisioningError::OriginationUriNotFound`], [`ProvisioningError::Contended`], or the storage failed.
    pub async fn put_upstream_secret(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        (id, new): (OriginationUriId, NewUpstreamSecret),
    ) -> Result<OriginationUri, ProvisioningError> {
        let sealing = self.sealing().await;
        let UpstreamUsername(username) = new.username;
        let place = UpstreamSecretContext { account: account.auth_id(), origination_uri: id, username: &username };
        let password = sealing.seal_upstream_secret(&place, new.password.as_bytes());
        drop(new.password);
        let secret = UpstreamSecret { username, password, registration: new.registration };
        for _ in 0..ATTEMPTS {
            let stored = self.origination_uri(account, id).await?;
            let updated_at = self.parts.clock.now();
            let changed = OriginationUri { secret: Some(secret.clone()), updated_at, ..stored };
            let detail = serde_json::json!({ "secret": "changed", "username": &*secret.username }).to_string();
            let deed = (AuditAction::OriginationUriUpdated, id.to_string(), detail);
            let audit = account.audit(&context, updated_at, deed);
            let changes = vec![Change::UpdateOriginationUri(changed.clone())];
            match self.commit_sealed_as(account.asker(), &sealing, ChangeSet { changes, audit }).await {
                Ok(revision) => {
                    drop(sealing);
                    self.applied_everywhere(revision).await?;
                    return Ok(OriginationUri { revision, ..changed });
                }
                Err(ProvisioningError::Contended) => {}
                Err(error) => return Err(error.if_not_found(ProvisioningError::OriginationUriNotFound)),
            }
        }
        Err(ProvisioningError::Contended)
    }

    /// Forgets the secret of an origination URI; once this answers no node registers with it any more.
    ///
    /// # Errors
    /// [`ProvisioningError::OriginationUriNotFound`], [`ProvisioningError::UpstreamSecretNotFound`],
    /// [`ProvisioningError::Contended`], or the storage failed.
    pub async fn delete_upstream_secret(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        id: OriginationUriId,
    ) -> Result<(), ProvisioningError> {
        for _ in 0..ATTEMPTS {
            let stored = self.origination_uri(account, id).await?;
            if stored.secret.is_none() {
                return Err(ProvisioningError::UpstreamSecretNotFound);
            }
            let updated_at = self.parts.clock.now();
            let detail = String::from("{\"secret\":\"deleted\"}");
            let deed = (AuditAction::OriginationUriUpdated, id.to_string(), detail);
            let audit = account.audit(&context, updated_at, deed);
            let changes = vec![Change::UpdateOriginationUri(OriginationUri { secret: None, updated_at, ..stored })];
            match self.commit_as(account.asker(), ChangeSet { changes, audit }).await {
                Ok(_) => return Ok(()),
                Err(ProvisioningError::Contended) => {}
                Err(error) => return Err(error.if_not_found(ProvisioningError::OriginationUriNotFound)),
            }
        }
        Err(ProvisioningError::Contended)
    }
}
