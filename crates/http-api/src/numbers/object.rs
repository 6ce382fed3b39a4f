//! A number as its tenant and the operator see it.

use crate::moment::Moment;
use domain::{AuthId, Number, NumberTarget};
use serde::Serialize;
use utoipa::ToSchema;

/// A number.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Number)]
pub(crate) struct NumberObject<'v> {
    /// The number in E.164 form; names it in paths, there with `+` as `%2B`.
    #[schema(pattern = "^\\+[1-9][0-9]{2,14}$", example = "+4930123456")]
    e164: &'v str,
    /// The account it is allocated to.
    #[schema(example = "MA_XXXXXXXX")]
    account_id: &'v str,
    /// The trunk it is assigned to; empty where there is none.
    trunk_id: String,
    /// Where calls to it go: where its `trunk` says, to a `username`, or to an `origination_uri`.
    #[schema(pattern = "^(trunk|username|origination_uri)$", example = "trunk")]
    target: &'static str,
    /// The username calls go to; empty where they go elsewhere.
    target_username: &'v str,
    /// The origination URI calls go to; empty where they go elsewhere.
    target_origination_uri: String,
    /// Where phones find the number that was called.
    #[schema(pattern = "^(request_uri|to)$", example = "to")]
    called_number_in: &'static str,
    /// When it was allocated.
    created_at: Moment,
    /// When anything about it last changed.
    updated_at: Moment,
}

impl<'v> NumberObject<'v> {
    pub fn new(account: &'v AuthId, number: &'v Number) -> Self {
        let (target, target_username, target_origination_uri) = match &number.target {
            NumberTarget::Trunk => ("trunk", "", String::new()),
            NumberTarget::Username(username) => ("username", username.as_str(), String::new()),
            NumberTarget::OriginationUri(id) => ("origination_uri", "", id.to_string()),
        };
        Self {
            e164: number.e164.as_str(),
            account_id: account.as_str(),
            trunk_id: number.trunk.as_ref().map(ToString::to_string).unwrap_or_default(),
            target,
            target_username,
            target_origination_uri,
            called_number_in: number.called_number_in.as_str(),
            created_at: number.created_at.into(),
            updated_at: number.updated_at.into(),
        }
    }
}
