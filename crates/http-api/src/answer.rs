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
    Ok(printed(status, body))
}

/// An answer of that status with a body that is JSON already.
pub(crate) fn printed(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(CONTENT_TYPE, APPLICATION_JSON)], body).into_response()
}

/// A created object as it is remembered for repetitions: status and body.
pub(crate) fn remembered(value: &impl Serialize) -> (u16, Vec<u8>) {
    remembered_as(StatusCode::CREATED, value)
}

/// The same for an answer of another status.
pub(crate) fn remembered_as(status: StatusCode, value: &impl Serialize) -> (u16, Vec<u8>) {
    // The same value is printed for the first answer, which fails if this does.
    (status.as_u16(), serde_json::to_vec(value).unwrap_or_default())
}
