//! Attempts to authenticate: what became of each, in sentences, as they happen and as they were.

use crate::Shared;
use crate::frame::{Frame, Layout, Section, page};
use crate::limits::ATTEMPT_ROWS;
use crate::live::{AttemptRow, Follower, Wanted};
use crate::pages::list_query::ListQuery;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::{AuthReason, CredentialId};
use provisioning::AuthEventsRequest;
use std::collections::HashMap;
use std::sync::Arc;

const EVENT_STREAM: &str = "text/event-stream";
/// Asks proxies that know it to pass on what comes when it comes.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

#[derive(Template)]
#[template(path = "attempts.html")]
struct AttemptsPage {
    frame: Frame,
    attempts: Vec<AttemptRow>,
    username: String,
    source: String,
    reason: String,
    reasons: Vec<&'static str>,
    older: Option<String>,
    /// Only what comes next can be followed.
    is_newest: bool,
    is_filtered: bool,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/console/{auth_id}/attempts", get(list))
        .route("/console/{auth_id}/attempts/stream", get(follow))
}

async fn list(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let query = ListQuery::new(query);
    let given = |name| Some(query.text(name)).filter(|text| !text.is_empty());
    let source = given("source").map(str::parse).transpose();
    let request = AuthEventsRequest {
        cursor: query.text("cursor").into(),
        limit: ATTEMPT_ROWS,
        username: given("username").map(Into::into),
        source: source.map_err(|_| Refusal::Wrong("the source must be an IP address like 192.0.2.7".to_owned()))?,
        reason: AuthReason::from_name(query.text("reason")),
        call_id: given("call_id").map(Into::into),
        ..AuthEventsRequest::default()
    };
    let found = shared.provisioning.why(&visit.scope, request).await?;
    let base = visit.base();
    page(&AttemptsPage {
        frame: visit.frame("Live attempts", Section::Attempts),
        attempts: found.events.iter().map(|event| AttemptRow::new(event, &base)).collect(),
        username: query.text("username").to_owned(),
        source: query.text("source").to_owned(),
        reason: query.text("reason").to_owned(),
        reasons: AuthReason::ALL.iter().map(|reason| reason.as_str()).collect(),
        older: found.next_cursor.map(|cursor| format!("{base}/attempts?{}", query.with("cursor", &cursor))),
        is_newest: query.text("cursor").is_empty(),
        is_filtered: ["username", "source", "reason", "call_id"].iter().any(|name| given(name).is_some()),
    })
}

/// What comes next, as server-sent events.
async fn follow(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let query = ListQuery::new(query);
    let wanted = Wanted {
        credential: CredentialId::parse(query.text("credential")),
        username: query.text("username").to_owned(),
        source: query.text("source").parse().ok(),
        reason: AuthReason::from_name(query.text("reason")),
    };
    let rows = shared.live.follow(&shared, &visit.scope)?;
    let account = visit.scope.auth_id().clone();
    let follower =
        Follower { session: visit.visitor.session, person: visit.visitor.person, account, wanted, rows, shared };
    Ok(([(CONTENT_TYPE, EVENT_STREAM), (X_ACCEL_BUFFERING, "no")], follower.into_body()).into_response())
}
