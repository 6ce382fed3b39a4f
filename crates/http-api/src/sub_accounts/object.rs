//! The sub-account object. Known clients refuse any other field, and null where they want a text.

use crate::moment::Moment;
use domain::{AuthId, Timestamp};
use provisioning::AccountView;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Stands where the token was.
pub(super) const REDACTED: &str = "<redacted>";

/// An account of an account.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubAccount)]
pub(crate) struct SubAccountObject<'v> {
    /// What people call it.
    #[schema(min_length = 1, max_length = 128, example = "Support Team")]
    name: &'v str,
    /// An address for people to write to.
    #[schema(example = "support@example.com")]
    email: Option<&'v str>,
    /// A number for people to call.
    #[schema(example = "+49 30 123456")]
    phone: Option<&'v str>,
    /// A note.
    #[schema(example = "night shift")]
    description: Option<&'v str>,
    /// What its parent keeps with it; nothing is decided by it.
    #[schema(value_type = Object, additional_properties)]
    permissions: Map<String, Value>,
    /// HTTP requests per minute its tokens may make together; 0 for what the server allows everybody.
    #[schema(minimum = 0, maximum = 1_000_000, example = 600)]
    rate_limit: u32,
    /// A number, as text.
    #[schema(pattern = "^[0-9]+$", example = "2")]
    id: String,
    /// The parent's number, as text.
    #[schema(pattern = "^[0-9]+$", example = "1")]
    parent_account_id: String,
    /// The parent's auth id.
    #[schema(example = "MA_XXXXXXXX")]
    parent_auth_id: &'v str,
    /// Names it in paths and in `X-Auth-ID`.
    #[schema(example = "SA_XXXXXXXX")]
    auth_id: &'v str,
    /// `<redacted>`, except in the answer that creates it.
    #[schema(pattern = "^(<redacted>|[0-9a-f]{64})$", example = "<redacted>")]
    auth_token: &'v str,
    /// A UUID that authenticates nothing.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    api_id: String,
    /// Always false: addresses are not written to.
    email_verified: bool,
    /// Whether it authenticates anyone.
    enabled: bool,
    /// The day it was created.
    #[schema(format = Date, example = "2026-05-12")]
    created: String,
    /// The day anything about it last changed.
    #[schema(format = Date, example = "2026-05-12")]
    modified: String,
    /// The same as `enabled`.
    is_active: bool,
    /// When it was created.
    created_at: Moment,
    /// When anything about it last changed.
    updated_at: Moment,
    /// When one of its tokens was last used; null where none was.
    last_used: Option<Moment>,
    /// The parent's path.
    #[schema(example = "/api/v1/Account/MA_XXXXXXXX/")]
    account: String,
    /// Its own path.
    #[schema(example = "/api/v1/accounts/MA_XXXXXXXX/sub-accounts/SA_XXXXXXXX/")]
    resource_uri: String,
}

impl<'v> SubAccountObject<'v> {
    /// The object with its token redacted.
    pub fn new(parent: &'v AuthId, view: &'v AccountView) -> Self {
        Self::with_token(parent, view, REDACTED)
    }

    /// The object with that text for its token.
    pub fn with_token(parent: &'v AuthId, view: &'v AccountView, auth_token: &'v str) -> Self {
        let (account, profile) = (&view.account, &view.account.profile);
        let number = |id: domain::AccountId| id.0.to_string();
        let permissions = profile.permissions.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Self {
            name: &account.name,
            email: profile.email.as_deref(),
            phone: profile.phone.as_deref(),
            description: profile.description.as_deref(),
            permissions: permissions.unwrap_or_default(),
            rate_limit: profile.rate_limit,
            id: number(account.id),
            parent_account_id: account.parent.map(number).unwrap_or_default(),
            parent_auth_id: parent.as_str(),
            auth_id: account.auth_id.as_str(),
            auth_token,
            api_id: account.api_id.to_string(),
            email_verified: false,
            enabled: account.enabled,
            created: day(account.created_at),
            modified: day(account.updated_at),
            is_active: account.enabled,
            created_at: account.created_at.into(),
            updated_at: account.updated_at.into(),
            last_used: view.last_used_at.map(Moment::from),
            account: format!("/api/v1/Account/{parent}/"),
            resource_uri: format!("/api/v1/accounts/{parent}/sub-accounts/{}/", account.auth_id),
        }
    }
}

fn day(moment: Timestamp) -> String {
    Moment::from(moment).as_str().chars().take_while(|character| *character != 'T').collect()
}
