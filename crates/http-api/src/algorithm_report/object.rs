//! The report as an object.

use crate::pagination::Meta;
use crate::problem::Problem;
use crate::{answer, link};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::AlgorithmUse;
use provisioning::AlgorithmReportQuery;
use serde::Serialize;
use storage::{AlgorithmReport, AlgorithmTotals, CredentialAlgorithms};
use utoipa::ToSchema;

/// Which credentials still use MD5, and how many use what.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlgorithmReport)]
pub(crate) struct AlgorithmReportObject {
    meta: Meta,
    /// How many days count, today included.
    #[schema(minimum = 1, maximum = 3650, example = 30)]
    days: u16,
    totals: TotalsObject,
    objects: Vec<CredentialAlgorithmsObject>,
}

/// How many credentials use what.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlgorithmTotals)]
struct TotalsObject {
    /// All that the report is about.
    credentials: u64,
    /// Those that have used MD5, whatever else they used.
    using_md5: u64,
    /// Those that have used SHA-256 or SHA-512-256 and not MD5.
    using_sha_only: u64,
    /// Those that have an HA1 under MD5 and so could use it.
    with_md5_ha1: u64,
}

/// What a credential has been used with.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CredentialAlgorithms)]
struct CredentialAlgorithmsObject {
    /// The credential.
    #[schema(format = "uuid")]
    credential_id: String,
    /// The account that owns it.
    #[schema(example = "MA_XXXXXXXX")]
    account_id: String,
    /// Its username.
    username: String,
    /// One for each algorithm it was ever used with.
    algorithms: Vec<AlgorithmUseObject>,
}

/// The use of one algorithm.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlgorithmUse)]
struct AlgorithmUseObject {
    /// Its name.
    #[schema(pattern = "^(MD5|SHA-256|SHA-512-256)$", example = "MD5")]
    algorithm: &'static str,
    /// The first day it was used (UTC).
    #[schema(format = "date", example = "2026-11-22")]
    first_day: String,
    /// The last day it was used (UTC).
    #[schema(format = "date", example = "2026-11-22")]
    last_day: String,
    /// What the phone called itself on that day.
    #[schema(example = "baresip v1.0.0 (x86_64/linux)")]
    user_agent: String,
}

impl AlgorithmReportObject {
    /// The answer with a page of the report, leading to the next one.
    pub(crate) fn answer(report: AlgorithmReport, query: AlgorithmReportQuery, uri: &Uri) -> Result<Response, Problem> {
        let meta = Meta::new(query.page, report.totals.using_md5);
        let next = meta.next_query().map(|next| format!("days={}&{next}", query.days));
        let objects = report.using_md5.into_iter().map(CredentialAlgorithmsObject::from).collect();
        let object = Self { meta, days: query.days, totals: report.totals.into(), objects };
        Ok(link::with_next(answer::json(StatusCode::OK, &object)?, uri, next))
    }
}

impl From<AlgorithmTotals> for TotalsObject {
    fn from(totals: AlgorithmTotals) -> Self {
        let AlgorithmTotals { credentials, using_md5, using_sha_only, with_md5_ha1 } = totals;
        Self { credentials, using_md5, using_sha_only, with_md5_ha1 }
    }
}

impl From<CredentialAlgorithms> for CredentialAlgorithmsObject {
    fn from(credential: CredentialAlgorithms) -> Self {
        Self {
            credential_id: credential.id.to_string(),
            account_id: credential.account.to_string(),
            username: credential.username.to_string(),
            algorithms: credential.uses.into_iter().map(AlgorithmUseObject::from).collect(),
        }
    }
}

impl From<AlgorithmUse> for AlgorithmUseObject {
    fn from(one: AlgorithmUse) -> Self {
        Self {
            algorithm: one.algorithm.as_str(),
            first_day: one.first_day.to_string(),
            last_day: one.last_day.to_string(),
            user_agent: one.user_agent.into(),
        }
    }
}
