//! `GET /api/v1/Account/{auth_id}/credentials/export?format=csv|jsonl`

use super::exported::{Exported, HEADING};
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::pagination::QueryReader;
use crate::problem::Problem;
use crate::stream_body::StreamBody;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use bytes::Bytes;
use provisioning::{AccountScope, ExportPage};
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Credentials read at once, and sent as one piece.
const AT_ONCE: u32 = 1000;

/// How credentials are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    JsonLines,
}

/// How to export.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `export` reads")]
pub(crate) struct ExportParameters {
    /// `csv`, or `jsonl` for one JSON object a line.
    #[param(pattern = "^(csv|jsonl)$", default = "csv")]
    format: Option<String>,
}

/// Export credentials
///
/// All of them, in order of creation, without their secrets: as CSV (RFC 4180) with a heading, in which a cell that a
/// spreadsheet would take for a formula begins with an apostrophe; or as JSON Lines. An answer that breaks off before its
/// end is not whole.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/credentials/export",
    operation_id = "export-credentials",
    params(ExportParameters),
    responses((status = 200, description = "The credentials", content(
        (String = "text/csv"),
        (String = "application/x-ndjson"),
    )))
)]
pub(crate) async fn export(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut query = QueryReader::read(&uri)?;
    let format = query.parsed("format", |text| match text {
        "csv" => Ok(Format::Csv),
        "jsonl" => Ok(Format::JsonLines),
        _ => Err("must be csv or jsonl"),
    });
    let format = query.finish(format.unwrap_or(Format::Csv))?;
    // The first page before anything is answered: where it cannot be read, the client is told so.
    let first = shared.provisioning.export_credentials(&scope, None, AT_ONCE).await?;
    let (pieces, body) = StreamBody::channel();
    tokio::spawn(async move { send(&shared, &scope, (format, first), &pieces).await });
    let (content_type, file_name) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"credentials.csv\""),
        Format::JsonLines => ("application/x-ndjson", "attachment; filename=\"credentials.jsonl\""),
    };
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static(file_name));
    Ok(response)
}

/// Sends page after page, no faster than the client takes them.
async fn send(
    shared: &Shared,
    scope: &AccountScope,
    (format, mut page): (Format, ExportPage),
    pieces: &Sender<io::Result<Bytes>>,
) {
    let mut lines = if format == Format::Csv { HEADING.to_owned() } else { String::new() };
    loop {
        for credential in &page.credentials {
            Exported::new(credential, scope.realm_name()).add_line(format, &mut lines);
        }
        if pieces.send(Ok(Bytes::from(std::mem::take(&mut lines)))).await.is_err() {
            return;
        }
        let Some(next) = page.next else { return };
        page = match shared.provisioning.export_credentials(scope, Some(next), AT_ONCE).await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "an export of credentials breaks off");
                // The connection is gone if this fails.
                let _ = pieces.send(Err(io::Error::other("the storage failed"))).await;
                return;
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;

    const AT: &str = "2026-05-12T05:11:51.635106Z";

    #[tokio::test]
    async fn all_are_exported_without_secrets() {
        let api = TestApi::new().await;
        let (first, second) = (api.created("first").await, api.created("second").await);
        api.other_credential("third").await;
        let noted = api.put(&format!("~/credentials/{second}"), r#"{"description":"=1,2","enabled":false}"#).await;
        assert_eq!(noted.status(), 200);
        let csv = api.get("~/credentials/export").await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
        let realm = "MA_TEST0001.sip.localhost";
        let hashes = "MD5 SHA-256 SHA-512-256";
        let expected = [
            "id,username,realm,enabled,description,hashes,password_score,password_changed_at,created_at,updated_at"
                .to_owned(),
            format!("{first},first,{realm},true,,{hashes},3,{AT},{AT},{AT}"),
            format!("{second},second,{realm},false,\"'=1,2\",{hashes},3,{AT},{AT},{AT}"),
        ];
        assert_eq!(csv.body, expected.join("\r\n") + "\r\n");
        let lines = api.get("~/credentials/export?format=jsonl").await;
        assert_eq!(lines.header("content-type"), "application/x-ndjson");
        assert_eq!(lines.body.lines().count(), 2);
        let object: serde_json::Value = serde_json::from_str(lines.body.lines().nth(1).unwrap()).unwrap();
        assert_eq!((&object["description"], &object["enabled"]), (&"=1,2".into(), &false.into()));
        assert_eq!(object.as_object().unwrap().len(), 10);
        assert_eq!(api.get("~/credentials/export?format=xml").await.error(), "format must be csv or jsonl");
        assert_eq!(api.get("/api/v1/Account/MA_TEST0002/credentials/export").await.status(), 403);
    }

    #[tokio::test]
    async fn pages_follow_one_another() {
        let api = TestApi::new().await;
        for batch in 0..3 {
            let rows: String = (0..700)
                .map(|number| format!("{{\"username\":\"u{batch}_{number}\",\"ha1_md5\":\"{}\"}}\n", "ab".repeat(16)))
                .collect();
            let request = api.request(axum::http::Method::POST, "~/credentials/import");
            let request = request.header("content-type", "application/x-ndjson").body(rows.into()).unwrap();
            assert_eq!(api.send(request).await.json()["created"], 700);
        }
        let csv = api.get("~/credentials/export").await;
        assert_eq!(csv.body.lines().count(), 2101);
        assert!(csv.body.lines().skip(1).all(|line| line.contains(",MD5,,")), "no score where only a hash was seen");
    }
}
