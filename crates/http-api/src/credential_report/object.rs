//! The report as an object.

use crate::moment::Moment;
use crate::pagination::Meta;
use crate::problem::Problem;
use crate::{answer, link};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use provisioning::{CredentialReportQuery, CredentialReportView};
use serde::Serialize;
use storage::{CredentialStanding, CredentialTotals};
use utoipa::ToSchema;

/// Which credentials want looking after, and how many are in which state.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CredentialReport)]
pub(crate) struct CredentialReportObject {
    meta: Meta,
    /// Passwords older than that were looked for; null if none were.
    #[schema(minimum = 0, maximum = 3650, example = 90)]
    older_than_days: Option<u32>,
    /// Credentials unused for that long were looked for; null if none were.
    #[schema(minimum = 0, maximum = 3650, example = 90)]
    unused_for_days: Option<u32>,
    totals: TotalsObject,
    objects: Vec<StandingObject>,
}

/// How many credentials are in which state.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CredentialTotals)]
struct TotalsObject {
    /// All of the account.
    credentials: u64,
    /// Those of which no use is known, however new they are.
    never_used: u64,
    /// Those that were not used for `unused_for_days`.
    unused: u64,
    /// Those whose password is older than `older_than_days`.
    password_old: u64,
    /// Those that have expired.
    expired: u64,
}

/// A credential that is unused or has an old password.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CredentialStanding)]
struct StandingObject {
    /// The credential.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    credential_id: String,
    /// Its username.
    #[schema(example = "office_phone_01")]
    username: String,
    /// Whether it lets anybody in.
    enabled: bool,
    /// Whether its password is older than `older_than_days`.
    password_old: bool,
    /// Whether it was not used for `unused_for_days`.
    unused: bool,
    /// When its password was last set.
    password_changed_at: Moment,
    /// How many whole days ago that is.
    #[schema(minimum = 0, example = 120)]
    password_age_days: u64,
    /// When it was last used, to a minute, or to a day where no more is known; null where no use is known.
    last_used_at: Option<Moment>,
    /// When it was created.
    created_at: Moment,
    /// From when on it lets nobody in; null for no end.
    expires_at: Option<Moment>,
}

impl CredentialReportObject {
    /// The answer with a page of the report, leading to the next one.
    pub(crate) fn answer(
        view: &CredentialReportView,
        query: CredentialReportQuery,
        uri: &Uri,
    ) -> Result<Response, Problem> {
        let CredentialReportQuery { older_than_days, unused_for_days, page } = query;
        let meta = Meta::new(page, view.report.totals.listed);
        let asked = [("older_than_days", older_than_days), ("unused_for_days", unused_for_days)];
        let asked: String = asked.into_iter().filter_map(|(name, days)| Some(format!("{name}={}&", days?))).collect();
        let next = meta.next_query().map(|next| format!("{asked}{next}"));
        let objects = view.report.listed.iter().map(|one| StandingObject::new(view, one)).collect();
        let totals = view.report.totals.into();
        let object = Self { meta, older_than_days, unused_for_days, totals, objects };
        Ok(link::with_next(answer::json(StatusCode::OK, &object)?, uri, next))
    }
}

impl From<CredentialTotals> for TotalsObject {
    fn from(totals: CredentialTotals) -> Self {
        let CredentialTotals { credentials, never_used, unused, password_old, expired, listed: _ } = totals;
        Self { credentials, never_used, unused, password_old, expired }
    }
}

impl StandingObject {
    fn new(view: &CredentialReportView, standing: &CredentialStanding) -> Self {
        Self {
            credential_id: standing.id.to_string(),
            username: standing.username.to_string(),
            enabled: standing.enabled,
            password_old: standing.password_old,
            unused: standing.unused,
            password_changed_at: standing.password_changed_at.into(),
            password_age_days: view.password_age_days(standing),
            last_used_at: standing.last_used_at.map(Moment::from),
            created_at: standing.created_at.into(),
            expires_at: standing.expires_at.map(Moment::from),
        }
    }
}
