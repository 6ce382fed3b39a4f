//! Answers with a JSON body.

use crate::problem::Problem;
use axum::http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The only media type this API speaks.
pub(crate) const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer of that status with the value as its body.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value).map_err(|_| Problem::Unprintable)?;
    Ok((status, [(CONTENT_TYPE, APPLICATION_JSON)], body).into_response())
}
