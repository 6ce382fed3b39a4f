//! Which part of a report a query asks for.

use crate::pagination::QueryReader;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use provisioning::AlgorithmReportQuery;
use storage::Page;
use utoipa::IntoParams;

const DEFAULT_DAYS: u16 = 30;

/// What the query asks for. Parameters we do not know are ignored.
pub(crate) struct ReportQuery(pub AlgorithmReportQuery);

/// The same in words.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `ReportQuery` reads")]
pub(crate) struct ReportParameters {
    /// How many days count, today included (UTC).
    #[param(minimum = 1, maximum = 3650, default = 30)]
    days: Option<u16>,
    /// Most credentials to list.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<u32>,
    /// How many credentials to skip.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64, default = 0)]
    offset: Option<u64>,
}

impl<S: Sync> FromRequestParts<S> for ReportQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let days = query.number("days", 1..=3650).and_then(|days| u16::try_from(days).ok()).unwrap_or(DEFAULT_DAYS);
        let page = Page { limit: query.limit(), offset: query.offset().unwrap_or(0) };
        query.finish(Self(AlgorithmReportQuery { days, page }))
    }
}
