//! `POST /admin/v1/backup`

use super::access::Access;
use crate::api::Shared;
use crate::problem::Problem;
use crate::stream_body::StreamBody;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use std::sync::Arc;

const SQLITE: HeaderValue = HeaderValue::from_static("application/vnd.sqlite3");
const FILE_NAME: HeaderValue = HeaderValue::from_static("attachment; filename=\"sipwarden.db\"");

/// Back up the database
///
/// A copy of one moment, after every change that was answered before the request came. It holds no key: restoring it
/// needs the master key, which is kept apart.
#[utoipa::path(
    post,
    path = "/admin/v1/backup",
    operation_id = "back-up",
    responses((status = 200, description = "The copy", body = Vec<u8>, content_type = "application/vnd.sqlite3"))
)]
pub(crate) async fn backup(State(shared): State<Arc<Shared>>, Access(_operator): Access) -> Result<Response, Problem> {
    let operator_api = shared.config.operator_api.as_ref().ok_or(Problem::UnknownPath)?;
    let copy = operator_api.backup.copy().await.map_err(Problem::BackupFailed)?;
    let octets = copy.metadata().map_err(Problem::BackupFailed)?.len();
    let mut response = Response::new(Body::new(StreamBody::of_file(copy)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, SQLITE);
    headers.insert(CONTENT_DISPOSITION, FILE_NAME);
    // Where the copy ends is known, so that half of one is not taken for a whole.
    headers.insert(CONTENT_LENGTH, octets.into());
    Ok(response)
}
