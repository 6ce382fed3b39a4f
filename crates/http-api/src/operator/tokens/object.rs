//! An account's API token, without the token itself.

use crate::moment::Moment;
use provisioning::ApiTokenView;
use serde::Serialize;
use utoipa::ToSchema;

/// An API token of an account.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountToken {
    /// Names it; authenticates nothing.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    id: String,
    /// What people call it.
    #[schema(example = "CI")]
    label: String,
    /// `all`, `read_only` or `credentials_only`.
    #[schema(pattern = "^(all|read_only|credentials_only)$", example = "all")]
    scope: &'static str,
    /// When it was made.
    created_at: Moment,
    /// From when on it authenticates nobody; null for never.
    expires_at: Option<Moment>,
    /// When it was last used; null where it never was.
    last_used_at: Option<Moment>,
}

impl From<&ApiTokenView> for AccountToken {
    fn from(token: &ApiTokenView) -> Self {
        Self {
            id: token.id.to_string(),
            label: token.label.to_string(),
            scope: token.scope.as_str(),
            created_at: token.created_at.into(),
            expires_at: token.expires_at.map(Moment::from),
            last_used_at: token.last_used_at.map(Moment::from),
        }
    }
}
