//! Lists credentials by page: by offset, as known clients do, or by cursor, which no insertion or deletion shifts.

use crate::{AccountScope, CredentialView, Provisioning, ProvisioningError};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::{AuthId, Sealed, Username};
use storage::{CredentialNumber, CredentialPage, Page};

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageStart {
    /// After that many credentials.
    Offset(u64),
    /// Where the page ended that gave this cursor; at the beginning if it is empty.
    Cursor(Box<str>),
}

/// Which credentials are asked for.
#[derive(Debug, Clone)]
pub struct CredentialsRequest {
    /// Where the page begins.
    pub start: PageStart,
    /// Most credentials to return, 1 to 1000.
    pub limit: u32,
    /// Only the credential of exactly that username.
    pub username: Option<Username>,
}

/// A page of an account's credentials, in order of creation.
#[derive(Debug, Clone)]
pub struct CredentialsPage {
    /// The page.
    pub credentials: Vec<CredentialView>,
    /// How many the account has in all that match, from the same moment.
    pub total: u64,
    /// Where the next page begins, if there is one. Good for this account's list alone, until the master keys change.
    pub next_cursor: Option<String>,
}

impl Provisioning {
    /// A page of the account's credentials. A cursor goes on after the last credential of the page that gave it, also
    /// if that one is gone by now.
    ///
    /// # Errors
    /// [`ProvisioningError::BadCursor`], or the storage failed.
    pub async fn credentials_page(
        &self,
        scope: &AccountScope,
        request: CredentialsRequest,
    ) -> Result<CredentialsPage, ProvisioningError> {
        let CredentialsRequest { start, limit, username } = request;
        let page = match (start, username) {
            (start, Some(username)) => self.page_of_username(scope, username, &start).await?,
            (PageStart::Offset(offset), None) => {
                self.storage().credentials(scope.account(), Page { limit, offset }).await?
            }
            (PageStart::Cursor(cursor), None) if cursor.is_empty() => {
                self.storage().credentials(scope.account(), Page { limit, offset: 0 }).await?
            }
            (PageStart::Cursor(cursor), None) => {
                let after = self.open_cursor(scope.auth_id(), &cursor).ok_or(ProvisioningError::BadCursor)?;
                self.storage().credentials_after(scope.account(), after, limit).await?
            }
        };
        let views = page.credentials.into_iter().map(|credential| CredentialView::new(scope, credential)).collect();
        let next_cursor = page.next.map(|next| self.seal_cursor(scope.auth_id(), next));
        Ok(CredentialsPage { credentials: views, total: page.total, next_cursor })
    }

    /// A list of one never gives a cursor, so it takes none either.
    async fn page_of_username(
        &self,
        scope: &AccountScope,
        username: Username,
        start: &PageStart,
    ) -> Result<CredentialPage, ProvisioningError> {
        let is_at_beginning = match start {
            PageStart::Offset(offset) => *offset == 0,
            PageStart::Cursor(cursor) if cursor.is_empty() => true,
            PageStart::Cursor(_) => return Err(ProvisioningError::BadCursor),
        };
        let found = self.storage().credential_by_username(scope.account(), username).await?;
        let total = u64::from(found.is_some());
        let credentials = found.filter(|_| is_at_beginning).into_iter().collect();
        Ok(CredentialPage { credentials, total, next: None })
    }

    /// Sealed, because a credential's number tells how many all accounts have; repeatably, because every page has one.
    fn seal_cursor(&self, account: &AuthId, number: CredentialNumber) -> String {
        let sealed = self.parts.keyring.seal_repeatably(&cursor_name(account), &number.0.to_be_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(sealed.as_bytes())
    }

    fn open_cursor(&self, account: &AuthId, cursor: &str) -> Option<CredentialNumber> {
        let octets = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let sealed = Sealed::from_bytes(octets.into_boxed_slice());
        let plain = self.parts.keyring.open_named(&cursor_name(account), &sealed).ok()?;
        Some(CredentialNumber(u64::from_be_bytes(plain.as_slice().try_into().ok()?)))
    }
}

/// The name a cursor is sealed under, so that it opens for no other account.
fn cursor_name(account: &AuthId) -> String {
    format!("cursor:{account}")
}
