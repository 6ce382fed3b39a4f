//! What a report is asked for.

use crate::pagination::QueryReader;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use provisioning::CredentialReportQuery;
use storage::Page;
use utoipa::IntoParams;

/// What counts where the query names neither.
const DEFAULT_DAYS: u32 = 90;

/// What the query asks for. Parameters we do not know are ignored.
pub(crate) struct ReportQuery(pub CredentialReportQuery);

/// The same in words.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `ReportQuery` reads")]
pub(crate) struct ReportParameters {
    /// List credentials whose password is older than so many days. Where neither this nor `unused_for_days` is given,
    /// both are 90.
    #[param(minimum = 0, maximum = 3650)]
    older_than_days: Option<u32>,
    /// List credentials that were not used for so many days and are older than that.
    #[param(minimum = 0, maximum = 3650)]
    unused_for_days: Option<u32>,
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
        let mut days = |name| query.number(name, 0..=3650).and_then(|days| u32::try_from(days).ok());
        let (older, unused) = (days("older_than_days"), days("unused_for_days"));
        let default = (older.is_none() && unused.is_none()).then_some(DEFAULT_DAYS);
        let page = Page { limit: query.limit(), offset: query.offset().unwrap_or(0) };
        query.finish(Self(CredentialReportQuery {
            older_than_days: older.or(default),
            unused_for_days: unused.or(default),
            page,
        }))
    }
}
