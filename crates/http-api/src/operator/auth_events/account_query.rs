//! Which account's events are asked for.

use crate::pagination::QueryReader;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::AuthId;
use utoipa::IntoParams;

/// Whose events.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `AccountQuery` reads")]
pub(crate) struct AccountFilter {
    /// Only events of the account of this auth id.
    #[param(example = "MA_XXXXXXXX")]
    account: Option<String>,
}

/// The account that the query names.
pub(crate) struct AccountQuery(pub Option<AuthId>);

impl<S: Sync> FromRequestParts<S> for AccountQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let account = query.parsed("account", AuthId::parse);
        query.finish(Self(account))
    }
}
