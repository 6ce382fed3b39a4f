//! Which calls a list's query asks for.

use crate::pagination::QueryReader;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{CredentialId, TrunkId};
use provisioning::LiveCallsRequest;
use storage::Page;
use utoipa::IntoParams;

/// What the query asks for. Parameters we do not know are ignored.
pub(crate) struct CallsQuery(pub LiveCallsRequest);

/// The filters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `CallsQuery` reads")]
pub(crate) struct CallFilters {
    /// Only calls over this trunk.
    #[param(format = "uuid")]
    trunk_id: Option<String>,
    /// Only calls that this credential authenticated.
    #[param(format = "uuid")]
    credential_id: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for CallsQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let page = Page { limit: query.limit(), offset: query.offset().unwrap_or(0) };
        let trunk = query.parsed("trunk_id", |text| TrunkId::parse(text).ok_or("must be a UUID"));
        let credential = query.parsed("credential_id", |text| CredentialId::parse(text).ok_or("must be a UUID"));
        query.finish(Self(LiveCallsRequest { page, trunk, credential }))
    }
}
