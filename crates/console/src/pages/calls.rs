//! Calls that are up, and the records of those that have ended.

use crate::Shared;
use crate::form::Posted;
use crate::frame::{Frame, Layout, Section, page, see_other};
use crate::limits::ROWS;
use crate::moment::{Moment, span};
use crate::pages::list_query::ListQuery;
use crate::refusal::Refusal;
use crate::visitor::{IsPart, Visit};
use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use domain::{CallDetails, CallDirection, CallId, CallRecord, Timestamp};
use provisioning::{CallRecordsRequest, LiveCallsRequest, ProvisioningError};
use std::collections::HashMap;
use std::sync::Arc;
use storage::Page;

#[derive(Template)]
#[template(path = "calls.html")]
struct CallsPage {
    frame: Frame,
    up: Up,
    records: Vec<Record>,
    directions: Vec<&'static str>,
    direction: String,
    answered: String,
    older: Option<String>,
    is_newest: bool,
    is_filtered: bool,
}

#[derive(Template)]
#[template(path = "calls_up.html")]
struct UpPart {
    up: Up,
}

struct Up {
    base: String,
    form_token: String,
    calls: Vec<Row>,
    total: u64,
    most: u32,
    may_end: bool,
}

/// A call that is up.
struct Row {
    id: String,
    from: String,
    to: String,
    direction: &'static str,
    state: &'static str,
    username: Option<String>,
    credential: Option<String>,
    destination: String,
    begun_at: Moment,
    lasts: String,
}

/// A call that has ended.
struct Record {
    href: String,
    from: String,
    to: String,
    direction: &'static str,
    is_answered: bool,
    reason: String,
    status: u16,
    begun_at: Moment,
    duration: String,
}

#[derive(Template)]
#[template(path = "call_record.html")]
struct RecordPage {
    frame: Frame,
    id: String,
    from: String,
    to: String,
    facts: Vec<(&'static str, String)>,
    begun_at: Moment,
    answered_at: Option<Moment>,
    ended_at: Moment,
    credential: Option<String>,
    username: String,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/console/{auth_id}/calls", get(list))
        .route("/console/{auth_id}/calls/{call_id}", get(show))
        .route("/console/{auth_id}/calls/{call_id}/end", post(end))
}

async fn list(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    IsPart(is_part): IsPart,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let query = ListQuery::new(query);
    let account = visit.scope.clone().account_read()?;
    let request = LiveCallsRequest { page: Page { limit: ROWS, offset: 0 }, trunk: None, credential: None };
    let (live, now) = shared.provisioning.live_calls(&account, request);
    let base = visit.base();
    let up = Up {
        calls: live.calls.into_iter().map(|call| row(call, (&base, now))).collect(),
        total: live.total,
        most: shared.provisioning.concurrency(&account).most,
        may_end: visit.scope.may_write_account(),
        form_token: visit.visitor.session.form_token.to_string(),
        base: base.clone(),
    };
    if is_part {
        return page(&UpPart { up });
    }
    let request = CallRecordsRequest {
        before: CallId::parse(query.text("before")),
        limit: ROWS,
        direction: CallDirection::from_name(query.text("direction")),
        answered: match query.text("answered") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        ..CallRecordsRequest::default()
    };
    let found = shared.provisioning.call_records(&account, request).await?;
    page(&CallsPage {
        frame: visit.frame("Calls", Section::Calls),
        up,
        records: found.records.iter().map(|record| ended(record, &base)).collect(),
        directions: CallDirection::ALL.iter().map(|direction| direction.as_str()).collect(),
        direction: query.text("direction").to_owned(),
        answered: query.text("answered").to_owned(),
        older: found.next.map(|id| format!("{base}/calls?{}", query.with("before", &id.to_string()))),
        is_newest: query.text("before").is_empty(),
        is_filtered: !query.text("direction").is_empty() || !query.text("answered").is_empty(),
    })
}

fn row(call: CallDetails, (base, now): (&str, Timestamp)) -> Row {
    let since = call.answered_at.unwrap_or(call.begun_at);
    Row {
        id: call.id.to_string(),
        state: call.state().as_str(),
        direction: call.direction.as_str(),
        credential: call.credential.map(|id| format!("{base}/credentials/{id}")),
        username: call.username.map(|username| username.to_string()),
        from: call.from.into(),
        to: call.to.into(),
        destination: call.destination.into(),
        begun_at: call.begun_at.into(),
        lasts: span(now.as_unix_seconds().saturating_sub(since.as_unix_seconds())),
    }
}

fn ended(record: &CallRecord, base: &str) -> Record {
    let call = &record.call;
    Record {
        href: format!("{base}/calls/{}", call.id),
        from: call.from.to_string(),
        to: call.to.to_string(),
        direction: call.direction.as_str(),
        is_answered: call.answered_at.is_some(),
        reason: record.end.reason.as_str().replace('_', " "),
        status: record.end.sip_status,
        begun_at: call.begun_at.into(),
        duration: if call.answered_at.is_some() { span(record.duration_ms() / 1000) } else { "–".to_owned() },
    }
}

async fn show(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_read()?;
    let id = CallId::parse(&id).ok_or(ProvisioningError::CallRecordNotFound)?;
    let record = shared.provisioning.call_record(&account, id).await?;
    let call = &record.call;
    page(&RecordPage {
        frame: visit.frame(&format!("Call from {} to {}", call.from, call.to), Section::Calls),
        id: call.id.to_string(),
        from: call.from.to_string(),
        to: call.to.to_string(),
        facts: facts(&record),
        begun_at: call.begun_at.into(),
        answered_at: call.answered_at.map(Moment),
        ended_at: record.end.at.into(),
        credential: call.credential.map(|id| format!("{}/credentials/{id}", visit.base())),
        username: call.username.as_ref().map(ToString::to_string).unwrap_or_default(),
    })
}

fn facts(record: &CallRecord) -> Vec<(&'static str, String)> {
    let (call, end) = (&record.call, &record.end);
    let mut facts = vec![
        ("Direction", call.direction.as_str().to_owned()),
        ("Ended", format!("{}, by {}", end.reason.as_str().replace('_', " "), end.by.as_str())),
        ("SIP status", end.sip_status.to_string()),
        ("Talked for", span(record.duration_ms() / 1000)),
        ("Came from", format!("{} over {}", call.source, call.caller_transport.as_str())),
    ];
    let mut add = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
    add("Went to", Some(call.destination.to_string()).filter(|text| !text.is_empty()));
    add("Post-dial delay", call.post_dial_delay_ms().map(|delay| format!("{delay} ms")));
    add("Q.850 cause", end.q850_cause.map(|cause| cause.to_string()));
    add("Caller’s Call-ID", Some(call.caller_call_id.to_string()).filter(|text| !text.is_empty()));
    add("Callee’s Call-ID", Some(call.callee_call_id.to_string()).filter(|text| !text.is_empty()));
    facts
}

async fn end(
    State(shared): State<Arc<Shared>>,
    Path((_, id)): Path<(String, String)>,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let id = CallId::parse(&id).ok_or(ProvisioningError::CallNotFound)?;
    shared.provisioning.end_call(&account, visit.context(), id).await?;
    see_other(&format!("{}/calls?done=calls-ended", visit.base()))
}
