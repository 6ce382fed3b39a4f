//! The token object, without and with the token itself.

use crate::moment::Moment;
use provisioning::{AccountScope, ApiTokenCreated, ApiTokenView};
use serde::Serialize;
use utoipa::ToSchema;

/// A token, without what `X-Auth-Token` carries.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Token)]
pub(crate) struct TokenObject<'v> {
    /// Names the token in paths; authenticates nothing.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    id: String,
    /// The account that it authenticates.
    #[schema(example = "MA_XXXXXXXX")]
    account_id: &'v str,
    /// What people call it.
    #[schema(min_length = 1, max_length = 64, example = "CI")]
    label: &'v str,
    /// What its requests may do: `all`, `read_only` or `credentials_only`.
    #[schema(pattern = "^(all|read_only|credentials_only)$", example = "read_only")]
    scope: &'static str,
    /// When it was made.
    created_at: Moment,
    /// From when on it authenticates nobody; null for never.
    expires_at: Option<Moment>,
    /// When it was last used; null where it never was.
    last_used_at: Option<Moment>,
}

/// A new token, this once with what `X-Auth-Token` carries.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreatedToken)]
pub(crate) struct CreatedTokenObject<'v> {
    /// Names the token in paths; authenticates nothing.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    id: String,
    /// The account that it authenticates.
    #[schema(example = "MA_XXXXXXXX")]
    account_id: &'v str,
    /// What people call it.
    #[schema(min_length = 1, max_length = 64, example = "CI")]
    label: &'v str,
    /// What its requests may do: `all`, `read_only` or `credentials_only`.
    #[schema(pattern = "^(all|read_only|credentials_only)$", example = "read_only")]
    scope: &'static str,
    /// When it was made.
    created_at: Moment,
    /// From when on it authenticates nobody; null for never.
    expires_at: Option<Moment>,
    /// Null: it is new.
    last_used_at: Option<Moment>,
    /// What `X-Auth-Token` carries. Keep it: it is shown this once.
    #[schema(pattern = "^[0-9a-f]{64}$", example = "8d0e3b1c6f2a4975b8d0e3b1c6f2a4975b8d0e3b1c6f2a4975b8d0e3b1c6f2a4")]
    auth_token: &'v str,
}

impl<'v> TokenObject<'v> {
    pub fn new(account: &'v AccountScope, view: &'v ApiTokenView) -> Self {
        Self {
            id: view.id.to_string(),
            account_id: account.auth_id().as_str(),
            label: &view.label,
            scope: view.scope.as_str(),
            created_at: view.created_at.into(),
            expires_at: view.expires_at.map(Moment::from),
            last_used_at: view.last_used_at.map(Moment::from),
        }
    }
}

impl<'v> CreatedTokenObject<'v> {
    pub fn new(account: &'v AccountScope, created: &'v ApiTokenCreated) -> Self {
        let TokenObject { id, account_id, label, scope, created_at, expires_at, last_used_at } =
            TokenObject::new(account, &created.token);
        let auth_token = &created.auth_token;
        Self { id, account_id, label, scope, created_at, expires_at, last_used_at, auth_token }
    }
}
