//! `POST /api/v1/Account/{auth_id}/credentials/import?dry_run&on_conflict`

use super::import_row::{self, ReadRow};
use crate::answer;
use crate::api::Shared;
use crate::authenticated::CredentialsWriter;
use crate::field_problems::{FieldProblem, FieldProblems};
use crate::pagination::QueryReader;
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use crate::rows_body::RowsBody;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::CredentialId;
use provisioning::{ImportMode, ImportRequest, ImportRow, OnConflict, RowOutcome};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Most characters of a row's own username that are shown.
const SHOWN_CHARACTERS: usize = 64;

/// How to import.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `read_query` reads")]
pub(crate) struct ImportParameters {
    /// Whether to store nothing, and answer what would become of each row.
    #[param(default = false)]
    dry_run: Option<bool>,
    /// What to do about a username that is there with another password: `fail` the row, `skip` it, or `replace` what is
    /// there. A row that is there already with the same password is done, whatever stands here.
    #[param(pattern = "^(fail|skip|replace)$", default = "fail")]
    on_conflict: Option<String>,
}

/// What became of the rows.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportAnswer {
    /// Whether nothing was stored.
    dry_run: bool,
    /// Rows that are new credentials.
    created: usize,
    /// Rows whose credential was there and is as the row says now.
    replaced: usize,
    /// Rows whose credential is there, and was left as it is.
    existed: usize,
    /// Rows of which nothing was taken.
    failed: usize,
    /// One for each row, in their order.
    #[schema(max_items = 1000)]
    rows: Vec<RowObject>,
}

/// What became of a row.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportedRow)]
struct RowObject {
    /// Its place among the lines that are not empty, from 1.
    #[schema(minimum = 1, maximum = 1000)]
    row: usize,
    /// Its username, where that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 64)]
    username: Option<String>,
    #[schema(pattern = "^(created|replaced|existed|failed)$", example = "created")]
    outcome: &'static str,
    /// The credential's id; not of a failed row, nor of one that a dry run would create.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uuid")]
    id: Option<String>,
    /// What is wrong with a failed row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, min_items = 1, max_items = 16)]
    details: Vec<FieldProblem>,
}

/// Import credentials
///
/// At most 1000 rows and 1 MiB: one JSON object a line, with `username` and either `password` or some of `ha1_md5`,
/// `ha1_sha256` and `ha1_sha512_256` (or both, then they must belong together), and if you like `realm` (it must be the
/// account's), `enabled` and `description`. Each row succeeds or fails for itself. Sending rows again is safe.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/credentials/import",
    operation_id = "import-credentials",
    params(ImportParameters),
    request_body(content = String, content_type = "application/x-ndjson",
                 example = "{\"username\":\"a\",\"password\":\"correct horse\"}\n"),
    responses(
        (status = 200, description = "What became of each row", body = ImportAnswer),
        (status = 413, description = "More than 1000 rows, or than 1 MiB", body = ErrorBody),
        (status = 415, description = "Not application/x-ndjson", body = ErrorBody),
    )
)]
pub(crate) async fn import(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    Context(context): Context,
    uri: Uri,
    body: RowsBody,
) -> Result<Response, Problem> {
    let (mode, on_conflict) = read_query(&uri)?;
    let rule = shared.provisioning.username_rule();
    let read: Vec<ReadRow> =
        body.rows()?.into_iter().map(|line| import_row::read(line, scope.realm_name(), rule)).collect();
    drop(body);
    let (mut objects, mut places, mut rows) = (Vec::with_capacity(read.len()), Vec::new(), Vec::new());
    for (number, ReadRow { username, row }) in (1..).zip(read) {
        let (object, row) = RowObject::begun(number, username, row);
        objects.push(object);
        if let Some(row) = row {
            places.push(number);
            rows.push(row);
        }
    }
    let request = ImportRequest { rows, on_conflict, mode };
    let outcomes = shared.provisioning.import_credentials(&scope, context, request).await?;
    for (number, outcome) in places.iter().zip(outcomes) {
        if let Some(object) = objects.get_mut(number - 1) {
            object.settle(outcome, &places);
        }
    }
    answer::json(StatusCode::OK, &ImportAnswer::of(mode, objects))
}

fn read_query(uri: &Uri) -> Result<(ImportMode, OnConflict), Problem> {
    let mut query = QueryReader::read(uri)?;
    let mode = if query.flag("dry_run").unwrap_or(false) { ImportMode::DryRun } else { ImportMode::Commit };
    let on_conflict = query.parsed("on_conflict", |text| match text {
        "fail" => Ok(OnConflict::Fail),
        "skip" => Ok(OnConflict::Skip),
        "replace" => Ok(OnConflict::Replace),
        _ => Err("must be fail, skip or replace"),
    });
    query.finish((mode, on_conflict.unwrap_or_default()))
}

impl RowObject {
    /// What is known of a row once it is read, and the row if nothing is wrong with it.
    fn begun(
        row: usize,
        username: Option<String>,
        read: Result<ImportRow, FieldProblems>,
    ) -> (Self, Option<ImportRow>) {
        let username = username.map(|text| text.chars().take(SHOWN_CHARACTERS).collect());
        match read {
            Ok(read) => (Self { row, username, outcome: "created", id: None, details: Vec::new() }, Some(read)),
            Err(problems) => {
                (Self { row, username, outcome: "failed", id: None, details: problems.details().to_vec() }, None)
            }
        }
    }

    /// Takes down what became of it; `places` are the numbers of the rows that were decided on.
    fn settle(&mut self, outcome: RowOutcome, places: &[usize]) {
        let id = |id: CredentialId| Some(id.to_string());
        match outcome {
            RowOutcome::Created(created) => (self.outcome, self.id) = ("created", created.and_then(id)),
            RowOutcome::Replaced(replaced) => (self.outcome, self.id) = ("replaced", id(replaced)),
            RowOutcome::Existed(existed) => (self.outcome, self.id) = ("existed", id(existed)),
            RowOutcome::Failed(fault) => {
                let fault = fault.numbered(|decided| places.get(decided - 1).copied().unwrap_or(decided));
                self.outcome = "failed";
                self.details = FieldProblems::of(fault.field(), fault.to_string()).details().to_vec();
            }
        }
    }
}

impl ImportAnswer {
    fn of(mode: ImportMode, rows: Vec<RowObject>) -> Self {
        let count = |outcome: &str| rows.iter().filter(|row| row.outcome == outcome).count();
        Self {
            dry_run: mode == ImportMode::DryRun,
            created: count("created"),
            replaced: count("replaced"),
            existed: count("existed"),
            failed: count("failed"),
            rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::test_api::{Answer, OTHER, TestApi};
    use axum::body::Body;
    use axum::http::Method;

    /// Of `moved`, `MA_TEST0001.sip.localhost` and `correct horse`.
    const MD5: &str = "7038113cf274ebf6825cadf1cb42b0e0";

    async fn import(api: &TestApi, query: &str, rows: &str) -> Answer {
        let request = api.request(Method::POST, &format!("~/credentials/import{query}"));
        let request = request.header("content-type", "application/x-ndjson").body(Body::from(rows.to_owned()));
        api.send(request.unwrap()).await
    }

    /// What became of each row, and why.
    fn told(answer: &Answer) -> Vec<String> {
        assert_eq!(answer.status(), 200, "{}", answer.body);
        let json = answer.json();
        let rows = json["rows"].as_array().unwrap();
        let text = |row: &serde_json::Value| {
            let details = row["details"].as_array().cloned().unwrap_or_default();
            let problems = details.iter().map(|detail| {
                format!(" {} {}", detail["field"].as_str().unwrap(), detail["problem"].as_str().unwrap())
            });
            format!("{} {}{}", row["row"], row["outcome"].as_str().unwrap(), problems.collect::<String>())
        };
        rows.iter().map(text).collect()
    }

    #[tokio::test]
    async fn each_row_succeeds_or_fails_for_itself() {
        let api = TestApi::new().await;
        let other = api.other_credential("elsewhere").await;
        let rows = format!(
            r#"{{"username":"a","password":"correct horse","enabled":false,"description":"desk"}}

{{"username":"moved","ha1_md5":"{MD5}","realm":"MA_TEST0001.sip.localhost"}}
{{"username":"moved","ha1_md5":"{MD5}"}}
{{"username":"both","password":"correct horse","ha1_md5":"{MD5}"}}
{{"username":"short","password":"x","ha1_md5":"{MD5}"}}
{{"username":"short2","password":"x"}}
{{"username":"a.b","password":"correct horse"}}
{{"username":"c","ha1_md5":"{MD5}","realm":"asterisk"}}
{{"password":"correct horse"}}
{{"username":"d","pass":"correct horse"}}
[]
{{"username":"e","password":"correct horse","enabled":"yes"}}
{{"username":"f","password":"correct horse"}} x
"#
        );
        let answer = import(&api, "", &rows).await;
        let realm = "is not the account's, which is MA_TEST0001.sip.localhost; an account may be created with --realm";
        assert_eq!(
            told(&answer),
            [
                "1 created".to_owned(),
                "2 created".into(),
                "3 failed username is in row 2 already".into(),
                "4 failed ha1_md5 is not the hash of this username, the account's realm and this password; \
                 leave one of them out"
                    .into(),
                "5 created".into(),
                "6 failed password must have at least 8 characters; or give its hash as ha1_md5, which has no such rule"
                    .into(),
                "7 failed username may contain only letters A-Z and a-z, digits and underscores; with `serve --usernames \
                 extended` also '-', '.' and '+'"
                    .into(),
                format!("8 failed realm {realm}"),
                "9 failed username is required".into(),
                "10 failed pass is not accepted password is required, or one of ha1_md5, ha1_sha256 and ha1_sha512_256"
                    .into(),
                "11 failed row is not a JSON object".into(),
                "12 failed enabled must be true or false, not a string".into(),
                "13 failed row is not valid JSON at column 45".into(),
            ]
        );
        let json = answer.json();
        assert_eq!((&json["created"], &json["failed"], &json["dry_run"]), (&3.into(), &10.into(), &false.into()));
        let id = json["rows"][0]["id"].as_str().unwrap();
        assert_eq!(api.get(&format!("~/credentials/{id}")).await.json()["enabled"], false);
        for secret in ["horse", MD5] {
            assert!(!answer.body.contains(secret) && !format!("{:?}", api.storage.audit_log()).contains(secret));
        }
        assert_eq!(told(&import(&api, "", &rows).await)[..2], ["1 existed", "2 existed"], "sending it again is safe");
        let theirs = api.as_other("GET", &format!("/api/v1/Account/{OTHER}/credentials/{other}"), "").await;
        assert_eq!(theirs.json()["enabled"], true);
    }

    #[tokio::test]
    async fn what_is_there_with_another_password_is_the_tenants_choice() {
        let api = TestApi::new().await;
        let id = api.created("taken").await;
        let row = r#"{"username":"taken","password":"battery staple","enabled":false}"#;
        for (query, outcome) in [
            (
                "",
                "1 failed username exists already with another password; choose on_conflict=skip to keep that, or replace",
            ),
            ("?on_conflict=skip", "1 existed"),
            ("?on_conflict=replace&dry_run=true", "1 replaced"),
            ("?on_conflict=replace", "1 replaced"),
            ("?on_conflict=replace", "1 existed"),
            ("?on_conflict=fail", "1 existed"),
        ] {
            assert_eq!(told(&import(&api, query, row).await), [outcome], "{query}");
        }
        let now = api.get(&format!("~/credentials/{id}")).await.json();
        assert_eq!(now["enabled"], false);
        let enabled = r#"{"username":"taken","password":"battery staple","enabled":true}"#;
        assert_eq!(told(&import(&api, "", enabled).await), ["1 existed"], "the password is what counts");
        assert_eq!(told(&import(&api, "?on_conflict=replace", enabled).await), ["1 replaced"]);
        let tested = api.post(&format!("~/credentials/{id}/test"), r#"{"password":"battery staple"}"#).await;
        assert_eq!(tested.json()["reason"], "ok", "{}", tested.body);
    }

    #[tokio::test]
    async fn a_dry_run_decides_the_same_and_stores_nothing() {
        let api = TestApi::new().await;
        api.created("there").await;
        api.put("~/settings", r#"{"minimum_password_score":3}"#).await;
        let rows = r#"{"username":"new","password":"correct horse battery staple"}
            {"username":"weak","password":"password"}
            {"username":"there","password":"correct horse"}"#;
        let before = api.storage.audit_log().len();
        let dry = import(&api, "?dry_run=true", rows).await;
        let weak = "2 failed password is too easy to guess: it scores 0 of 4, and the account demands 3. \
                    This is a top-10 common password. Add another word or two. Uncommon words are better.";
        assert_eq!(told(&dry), ["1 created", weak, "3 existed"]);
        assert_eq!(dry.json()["rows"][0].get("id"), None);
        assert_eq!(api.storage.audit_log().len(), before);
        assert_eq!(told(&import(&api, "", rows).await), told(&dry));
    }

    #[tokio::test]
    async fn requests_have_bounds() {
        let api = TestApi::new().await;
        let row = |number: usize| format!("{{\"username\":\"u{number}\",\"ha1_md5\":\"{MD5}\"}}\n");
        let many: String = (0..1001).map(row).collect();
        let expected = r#"413 {"error":"The body has too many rows; send at most 1000 in a request","code":413}"#;
        assert_eq!(import(&api, "", &many).await.shown(), expected);
        let most: String = (0..1000).map(row).collect();
        assert_eq!(import(&api, "", &most).await.json()["created"], 1000);
        assert_eq!(import(&api, "", &" ".repeat((1 << 20) + 1)).await.status(), 413);
        assert_eq!(import(&api, "", "").await.json()["rows"], serde_json::json!([]));
        for (query, error) in [
            ("?on_conflict=merge", "on_conflict must be fail, skip or replace"),
            ("?dry_run=1", "dry_run must be true or false"),
        ] {
            assert_eq!(import(&api, query, "").await.error(), error);
        }
        let wrong = api.post("~/credentials/import", "{}").await;
        let expected = "Send the rows as JSON, one object a line, with Content-Type: application/x-ndjson";
        assert_eq!((wrong.status().as_u16(), wrong.error().as_str()), (415, expected));
    }

    #[tokio::test]
    async fn whoever_may_only_read_imports_nothing() {
        let api = TestApi::new().await;
        let made = api.post("~/tokens", r#"{"label":"reader","scope":"read_only"}"#).await.json();
        let token = made["auth_token"].as_str().unwrap();
        assert_eq!(api.with_token(token, "POST", "~/credentials/import", "").await.status(), 403);
        api.storage.fail_next_commit();
        let row = r#"{"username":"a","password":"correct horse"}"#;
        assert_eq!(import(&api, "", row).await.status(), 503);
        assert_eq!(told(&import(&api, "", row).await), ["1 created"]);
    }
}
