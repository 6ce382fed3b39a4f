//! An account as the operator sees it.

use crate::moment::Moment;
use provisioning::AccountView;
use serde::Serialize;
use utoipa::ToSchema;

/// An account, main or sub.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OperatorAccount)]
pub(crate) struct AccountObject<'v> {
    /// What `X-Auth-ID` carries.
    #[schema(example = "MA_XXXXXXXX")]
    auth_id: &'v str,
    /// What people call it.
    #[schema(example = "Acme")]
    name: &'v str,
    /// The digest realm of its credentials, fixed for life.
    #[schema(example = "MA_XXXXXXXX.sip.example.com")]
    realm: &'v str,
    /// Its own legal SIP domain.
    #[schema(example = "ma-xxxxxxxx.sip.example.com")]
    sip_domain: &'v str,
    /// What its realm's challenges offer: `compatible`, `sha256` or `rfc8760`.
    #[schema(pattern = "^(compatible|sha256|rfc8760)$", example = "compatible")]
    challenge_policy: &'static str,
    /// The account that administers it, if it is a sub-account.
    #[schema(example = "null")]
    parent_auth_id: Option<&'v str>,
    /// Whether it authenticates anyone, over HTTP or SIP.
    enabled: bool,
    /// An address for people to write to.
    #[schema(example = "ops@example.com")]
    email: Option<&'v str>,
    /// A number for people to call.
    #[schema(example = "+49 30 1234567")]
    phone: Option<&'v str>,
    /// A note.
    #[schema(example = "pilot customer")]
    description: Option<&'v str>,
    /// How many calls it may have at a time, over all its trunks.
    concurrent_calls_limit: u32,
    /// How many of its calls may begin within any second.
    cps_limit: u32,
    /// When it was created.
    created_at: Moment,
    /// When anything about it last changed.
    updated_at: Moment,
    /// When one of its tokens was last used; null where none ever was.
    last_used_at: Option<Moment>,
}

impl<'v> From<&'v AccountView> for AccountObject<'v> {
    fn from(view: &'v AccountView) -> Self {
        let AccountView { account, realm, parent, last_used_at } = view;
        Self {
            auth_id: account.auth_id.as_str(),
            name: &account.name,
            realm: realm.name.as_str(),
            sip_domain: account.sip_domain.as_str(),
            challenge_policy: realm.challenge_policy.as_str(),
            parent_auth_id: parent.as_ref().map(domain::AuthId::as_str),
            enabled: account.enabled,
            email: account.profile.email.as_deref(),
            phone: account.profile.phone.as_deref(),
            description: account.profile.description.as_deref(),
            concurrent_calls_limit: account.limits.concurrent_calls,
            cps_limit: account.limits.calls_per_second,
            created_at: account.created_at.into(),
            updated_at: account.updated_at.into(),
            last_used_at: last_used_at.map(Moment::from),
        }
    }
}
