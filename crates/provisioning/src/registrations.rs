//! Who is online: lists registrations and ends them.

use crate::{AccountScope, CredentialsWrite, Provisioning, ProvisioningError, RequestContext};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::{AuditAction, AuthId, BindingId, CredentialId, Sealed, SignallingTransport, Username};
use std::net::IpAddr;
use storage::{Change, ChangeSet, LiveRegistration, LiveRegistrations, RegistrationFilter};

/// Which registrations are asked for.
#[derive(Debug, Clone)]
pub struct RegistrationsRequest {
    /// Where the page ended that gave this cursor; the beginning if it is empty.
    pub cursor: Box<str>,
    /// Most registrations to return, 1 to 1000.
    pub limit: u32,
    /// Only those of this credential.
    pub credential: Option<CredentialId>,
    /// Only those of the credential of exactly this username.
    pub username: Option<Username>,
    /// Only those made over this transport.
    pub transport: Option<SignallingTransport>,
    /// Only those made from this address.
    pub source: Option<IpAddr>,
}

/// A registration and its public name.
#[derive(Debug, Clone)]
pub struct RegistrationView {
    /// Names it for as long as it lives, or until the master keys change.
    pub id: String,
    /// What it is.
    pub registration: LiveRegistration,
}

/// A page of an account's registrations, in the order they were made.
#[derive(Debug, Clone)]
pub struct RegistrationsPage {
    /// The page.
    pub registrations: Vec<RegistrationView>,
    /// How many match in all.
    pub total: u64,
    /// Where the next page begins, if there is one. Good for this account's lists alone.
    pub next_cursor: Option<String>,
}

/// Which registrations of a credential are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationsToEnd<'i> {
    /// All there are.
    All,
    /// The one of that public name.
    One(&'i str),
}

impl Provisioning {
    /// A page of the account's registrations.
    ///
    /// # Errors
    /// [`ProvisioningError::BadCursor`]; [`ProvisioningError::CredentialNotFound`] where one is named that the account
    /// does not have; or the storage failed.
    pub async fn registrations(
        &self,
        scope: &AccountScope,
        online: &dyn LiveRegistrations,
        request: RegistrationsRequest,
    ) -> Result<RegistrationsPage, ProvisioningError> {
        let RegistrationsRequest { cursor, limit, credential, username, transport, source } = request;
        if let Some(id) = credential {
            let found = self.storage().credential(scope.account(), id).await?;
            found.ok_or(ProvisioningError::CredentialNotFound)?;
        }
        let after = match &*cursor {
            "" => None,
            cursor => Some(self.open_registration_id(scope.auth_id(), cursor).ok_or(ProvisioningError::BadCursor)?),
        };
        let username = username.map(|username| username.as_str().into());
        let source = source.map(|source| source.to_canonical());
        let filter = RegistrationFilter { account: scope.account(), credential, username, transport, source };
        let page = online.registrations(filter, after, limit).await;
        let name = |id| self.seal_registration_id(scope.auth_id(), id);
        let view =
            |registration: LiveRegistration| RegistrationView { id: name(registration.binding.id), registration };
        let registrations = page.registrations.into_iter().map(view).collect();
        Ok(RegistrationsPage { registrations, total: page.total, next_cursor: page.next.map(name) })
    }

    /// Ends registrations of a credential. Once this answers they are gone, also after a restart, and the connections
    /// they were made over are being closed. The phone may register again: whoever shall not, is disabled.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::RegistrationNotFound`], or the storage failed.
    pub async fn end_registrations(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (online, credential, which): (&dyn LiveRegistrations, CredentialId, RegistrationsToEnd<'_>),
    ) -> Result<(), ProvisioningError> {
        let binding = match which {
            RegistrationsToEnd::All => None,
            RegistrationsToEnd::One(id) => Some(self.living(scope, online, (credential, id)).await?),
        };
        let detail = match which {
            RegistrationsToEnd::All => "{}".to_owned(),
            RegistrationsToEnd::One(id) => serde_json::json!({ "registration": id }).to_string(),
        };
        let deed = (AuditAction::RegistrationsEnded, credential.to_string(), detail);
        let audit = scope.audit(&context, self.parts.clock.now(), deed);
        let change = Change::EndRegistrations { account: scope.account(), credential, binding };
        self.commit_as(scope.asker(), ChangeSet { changes: vec![change], audit }).await?;
        // One that was being stored while it was ended must not be there after a crash.
        online.stored().await.map_err(ProvisioningError::NotAppliedEverywhere)
    }

    /// The registration of that public name, if it is one of the credential's.
    async fn living(
        &self,
        scope: &AccountScope,
        online: &dyn LiveRegistrations,
        (credential, id): (CredentialId, &str),
    ) -> Result<BindingId, ProvisioningError> {
        let wanted = self.open_registration_id(scope.auth_id(), id).ok_or(ProvisioningError::RegistrationNotFound)?;
        let account = scope.account();
        let (username, transport, source) = (None, None, None);
        let filter = RegistrationFilter { account, credential: Some(credential), username, transport, source };
        let page = online.registrations(filter, wanted.0.checked_sub(1).map(BindingId), 1).await;
        let found = page.registrations.first().filter(|found| found.binding.id == wanted);
        found.map(|_| wanted).ok_or(ProvisioningError::RegistrationNotFound)
    }

    /// Sealed, because a binding's number tells how many all accounts have made; repeatably, so that it stays the same.
    fn seal_registration_id(&self, account: &AuthId, id: BindingId) -> String {
        let sealed = self.parts.keyring.seal_repeatably(&seal_name(account), &id.0.to_be_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(sealed.as_bytes())
    }

    fn open_registration_id(&self, account: &AuthId, text: &str) -> Option<BindingId> {
        let octets = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let sealed = Sealed::from_bytes(octets.into_boxed_slice());
        let plain = self.parts.keyring.open_named(&seal_name(account), &sealed).ok()?;
        Some(BindingId(i64::from_be_bytes(plain.as_slice().try_into().ok()?)))
    }
}

/// The name a registration's number is sealed under, so that it opens for no other account.
fn seal_name(account: &AuthId) -> String {
    format!("registration:{account}")
}
