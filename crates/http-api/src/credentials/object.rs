//! The credential object: exactly these eight fields, in this order, none null. Known clients refuse any other.

use crate::moment::Moment;
use provisioning::CredentialView;
use serde::Serialize;
use utoipa::ToSchema;

/// Stands where the password was.
const REDACTED: &str = "<redacted>";

/// SIP digest credentials, without the password.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Credential)]
pub(crate) struct CredentialObject<'v> {
    /// Names the credential in paths.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    id: String,
    /// The account that owns it.
    #[schema(example = "MA_XXXXXXXX")]
    account_id: &'v str,
    /// The digest username, unique in the account's realm, fixed for life.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.+-]+$", example = "office_phone_01")]
    username: &'v str,
    /// Always `<redacted>`: passwords are not stored and never returned.
    #[schema(pattern = "^<redacted>$", example = "<redacted>")]
    password: &'static str,
    /// The digest realm that goes with username and password.
    #[schema(example = "MA_XXXXXXXX.sip.localhost")]
    realm: &'v str,
    /// Whether it authenticates anyone.
    enabled: bool,
    /// When it was created.
    created_at: Moment,
    /// When anything about it last changed.
    updated_at: Moment,
}

impl<'v> From<&'v CredentialView> for CredentialObject<'v> {
    fn from(view: &'v CredentialView) -> Self {
        Self {
            id: view.id.to_string(),
            account_id: view.account.as_str(),
            username: &view.username,
            password: REDACTED,
            realm: view.realm.as_str(),
            enabled: view.enabled,
            created_at: view.created_at.into(),
            updated_at: view.updated_at.into(),
        }
    }
}
