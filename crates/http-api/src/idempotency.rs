//! `Idempotency-Key`: a POST that may be sent twice and is carried out once.

use crate::api::Shared;
use crate::field_problems::FieldProblems;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use provisioning::{IdempotencyKey, IdempotentRequest, ReplayedAnswer};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The key a request came with, if any, and what else makes the request what it is. Extract it after the permission.
pub(crate) struct Repeatable {
    key: Option<IdempotencyKey>,
    target: String,
}

impl FromRequestParts<Arc<Shared>> for Repeatable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let key = match (values.next(), values.next()) {
            (None, _) => None,
            (Some(value), None) => Some(parsed(value)?),
            (Some(_), Some(_)) => return Err(wrong("must be given only once")),
        };
        // The path is the routed spelling already, so that spellings of one request are one request.
        Ok(Self { key, target: format!("{} {}", parts.method, parts.uri.path()) })
    }
}

impl Repeatable {
    /// The request as provisioning knows it, if it came with a key.
    pub fn request(&self, body: &[u8]) -> Option<IdempotentRequest> {
        let key = self.key?;
        let digest = Sha256::new_with_prefix(self.target.as_bytes()).chain_update([0]).chain_update(body);
        Some(IdempotentRequest { key, request_digest: digest.finalize().into() })
    }
}

/// The first answer again.
pub(crate) fn replayed(answer: &ReplayedAnswer) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(|_| Problem::Unprintable)?;
    let mut response = crate::answer::printed(status, answer.body.to_vec());
    response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn parsed(value: &HeaderValue) -> Result<IdempotencyKey, Problem> {
    let key = value.to_str().ok().and_then(|text| IdempotencyKey::parse(text).ok());
    key.ok_or_else(|| wrong("must have 1 to 255 visible ASCII characters"))
}

fn wrong(problem: &'static str) -> Problem {
    let mut problems = FieldProblems::default();
    problems.note(IDEMPOTENCY_KEY, problem);
    Problem::Fields(problems)
}
