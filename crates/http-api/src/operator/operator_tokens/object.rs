//! A token for the operator API, without the token itself.

use crate::moment::Moment;
use provisioning::OperatorTokenView;
use serde::Serialize;
use utoipa::ToSchema;

/// A token for the operator API.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorToken {
    /// Names it; authenticates nothing.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    id: String,
    /// What people call it; the audit log names it.
    #[schema(example = "monitoring")]
    label: String,
    /// When it was made.
    created_at: Moment,
    /// From when on it authenticates nobody; null for never.
    expires_at: Option<Moment>,
    /// When it was last used; null where it never was.
    last_used_at: Option<Moment>,
}

impl From<&OperatorTokenView> for OperatorToken {
    fn from(token: &OperatorTokenView) -> Self {
        Self {
            id: token.id.to_string(),
            label: token.label.to_string(),
            created_at: token.created_at.into(),
            expires_at: token.expires_at.map(Moment::from),
            last_used_at: token.last_used_at.map(Moment::from),
        }
    }
}
