//! Which records a list's query asks for.

use crate::moment;
use crate::pagination::QueryReader;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::AuthId;
use provisioning::AuditRequest;
use utoipa::IntoParams;

/// Longest text that narrows; nothing longer was ever written.
const LONGEST_TEXT: usize = 255;
/// Record numbers that every client and every database can hold.
const NUMBERS: std::ops::RangeInclusive<u64> = 1..=i64::MAX.unsigned_abs();

/// A page that the query asks for. Parameters we do not know are ignored.
pub(crate) struct AuditQuery(pub AuditRequest);

/// The same of the operator, who may ask for one account's.
pub(crate) struct WholeAuditQuery(pub Option<AuthId>, pub AuditRequest);

/// Which page, and what narrows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `AuditQuery` reads")]
pub(crate) struct AuditParameters {
    /// Most objects to answer.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before; without it, the newest.
    #[param(minimum = 1)]
    cursor: Option<u64>,
    /// Only this action.
    #[param(max_length = 255, example = "credential.updated")]
    action: Option<String>,
    /// Only about this subject.
    #[param(max_length = 255)]
    subject: Option<String>,
    /// Only by this actor.
    #[param(max_length = 255)]
    actor: Option<String>,
    /// Only what was decided at this moment or later.
    #[param(format = DateTime, example = "2026-05-01T00:00:00Z")]
    from: Option<String>,
    /// Only what was decided before this moment.
    #[param(format = DateTime, example = "2026-06-01T00:00:00Z")]
    to: Option<String>,
}

/// Whose.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `WholeAuditQuery` reads")]
pub(crate) struct AccountParameter {
    /// Only what concerns this account.
    #[param(example = "MA_XXXXXXXX")]
    account: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for AuditQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let request = request(&mut query);
        query.finish(Self(request))
    }
}

impl<S: Sync> FromRequestParts<S> for WholeAuditQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let account = query.parsed("account", |text| AuthId::parse(text).map_err(|_| "must be an account's auth id"));
        let request = request(&mut query);
        query.finish(Self(account, request))
    }
}

fn request(query: &mut QueryReader) -> AuditRequest {
    let mut text = |name| {
        query.parsed(name, |text| {
            if text.len() > LONGEST_TEXT { Err("must have at most 255 octets") } else { Ok(text.into()) }
        })
    };
    let (action, subject, actor) = (text("action"), text("subject"), text("actor"));
    AuditRequest {
        before: query.number("cursor", NUMBERS),
        limit: query.limit(),
        action,
        subject,
        actor,
        from: query.parsed("from", moment::parsed),
        to: query.parsed("to", moment::parsed),
    }
}
