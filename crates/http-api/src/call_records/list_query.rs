//! Which records a list's query asks for.

use crate::moment;
use crate::pagination::QueryReader;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{CallDirection, CallId, CredentialId, TrunkId};
use provisioning::CallRecordsRequest;
use utoipa::IntoParams;

/// A page that the query asks for. Parameters we do not know are ignored.
pub(crate) struct RecordsPageQuery(pub CallRecordsRequest);

/// Which records an export's query asks for, all of them in one answer: `limit` and `cursor` are none of its parameters.
pub(crate) struct RecordsExportQuery(pub CallRecordsRequest);

/// Which page.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `RecordsPageQuery` reads")]
pub(crate) struct RecordsPageParameters {
    /// Most objects to answer.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before; without it, the newest.
    #[param(pattern = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$")]
    cursor: Option<String>,
}

/// What narrows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `filters` reads")]
pub(crate) struct RecordFilters {
    /// Only calls begun at this moment or later.
    #[param(format = DateTime, example = "2026-05-01T00:00:00Z")]
    from: Option<String>,
    /// Only calls begun before this moment.
    #[param(format = DateTime, example = "2026-06-01T00:00:00Z")]
    to: Option<String>,
    /// Only calls over this trunk.
    #[param(format = "uuid")]
    trunk_id: Option<String>,
    /// Only calls that this credential authenticated.
    #[param(format = "uuid")]
    credential_id: Option<String>,
    /// Only calls that went this way.
    #[param(pattern = "^(outbound|inbound|internal|echo)$")]
    direction: Option<String>,
    /// Only calls that were answered, or only the others.
    answered: Option<bool>,
}

impl<S: Sync> FromRequestParts<S> for RecordsPageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let limit = query.limit();
        // Empty for the first page, as with the other lists.
        let is_first = query.text("cursor").is_some_and(|cursor| cursor.is_empty());
        let before = if is_first {
            None
        } else {
            query.parsed("cursor", |text| CallId::parse(text).ok_or("must be a page's next_cursor, or empty"))
        };
        let request = CallRecordsRequest { limit, before, ..filters(&mut query) };
        query.finish(Self(request))
    }
}

impl<S: Sync> FromRequestParts<S> for RecordsExportQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let request = filters(&mut query);
        query.finish(Self(request))
    }
}

fn filters(query: &mut QueryReader) -> CallRecordsRequest {
    CallRecordsRequest {
        from: query.parsed("from", moment::parsed),
        to: query.parsed("to", moment::parsed),
        trunk: query.parsed("trunk_id", |text| TrunkId::parse(text).ok_or("must be a UUID")),
        credential: query.parsed("credential_id", |text| CredentialId::parse(text).ok_or("must be a UUID")),
        direction: query.parsed("direction", |text| {
            CallDirection::from_name(text).ok_or("must be outbound, inbound, internal or echo")
        }),
        answered: query.flag("answered"),
        ..CallRecordsRequest::default()
    }
}
