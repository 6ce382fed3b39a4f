//! `GET /api/v1/Account/{auth_id}/cdrs.csv?from&to&trunk_id&credential_id&direction&answered`

use super::csv::{HEADING, add_line};
use super::list_query::{RecordFilters, RecordsExportQuery};
use crate::api::Shared;
use crate::authenticated::AccountReader;
use crate::problem::Problem;
use crate::stream_body::StreamBody;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::Response;
use bytes::Bytes;
use provisioning::{AccountRead, CallRecordsPage, CallRecordsRequest};
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
const FILE_NAME: HeaderValue = HeaderValue::from_static("attachment; filename=\"cdrs.csv\"");
/// Records read at once, and sent as one piece.
const RECORDS_AT_ONCE: u32 = 1000;

/// Export call records
///
/// As CSV (RFC 4180) with a heading, newest first, all that match. A cell that a spreadsheet would take for a formula,
/// such as a number with its `+`, begins with an apostrophe. An answer that breaks off before its end is not whole.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/cdrs.csv",
    operation_id = "export-call-records",
    params(RecordFilters),
    responses((status = 200, description = "The records", body = String, content_type = "text/csv"))
)]
pub(crate) async fn export(
    State(shared): State<Arc<Shared>>,
    AccountReader(scope): AccountReader,
    RecordsExportQuery(request): RecordsExportQuery,
) -> Result<Response, Problem> {
    let request = CallRecordsRequest { limit: RECORDS_AT_ONCE, ..request };
    // The first page before anything is answered: where it cannot be read, the client is told so.
    let first = shared.provisioning.call_records(&scope, request).await?;
    let (pieces, body) = StreamBody::channel();
    tokio::spawn(async move { send(&shared, &scope, (request, first), &pieces).await });
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, CSV);
    response.headers_mut().insert(CONTENT_DISPOSITION, FILE_NAME);
    Ok(response)
}

/// Sends page after page, no faster than the client takes them.
async fn send(
    shared: &Shared,
    scope: &AccountRead,
    (request, first): (CallRecordsRequest, CallRecordsPage),
    pieces: &Sender<io::Result<Bytes>>,
) {
    let mut page = first;
    let mut lines = HEADING.to_owned();
    loop {
        page.records.iter().for_each(|record| add_line(&mut lines, record));
        if pieces.send(Ok(Bytes::from(std::mem::take(&mut lines)))).await.is_err() {
            return;
        }
        let Some(before) = page.next else { return };
        page =
            match shared.provisioning.call_records(scope, CallRecordsRequest { before: Some(before), ..request }).await
            {
                Ok(page) => page,
                Err(error) => {
                    tracing::error!(%error, "an export of call records breaks off");
                    // The connection is gone if this fails.
                    let _ = pieces.send(Err(io::Error::other("the storage failed"))).await;
                    return;
                }
            };
    }
}
