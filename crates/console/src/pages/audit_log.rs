//! What was changed, by whom and from where.

use crate::Shared;
use crate::frame::{Frame, Layout, Section, page};
use crate::limits::ROWS;
use crate::moment::Moment;
use crate::pages::list_query::ListQuery;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use domain::AuthId;
use provisioning::AuditRequest;
use std::collections::HashMap;
use std::sync::Arc;
use storage::AuditRecord;

#[derive(Template)]
#[template(path = "audit_log.html")]
struct AuditPage {
    frame: Frame,
    records: Vec<AuditRow>,
    action: String,
    subject: String,
    actor: String,
    older: Option<String>,
    is_newest: bool,
    is_filtered: bool,
}

/// A record in words.
pub(crate) struct AuditRow {
    pub number: u64,
    pub at: Moment,
    pub actor: String,
    pub source: String,
    pub action: String,
    pub subject: String,
    pub account: String,
    pub details: Vec<(String, String)>,
}

impl AuditRow {
    pub fn new((record, account): (AuditRecord, Option<AuthId>)) -> Self {
        Self {
            number: record.number,
            at: record.at.into(),
            actor: record.actor.into(),
            source: record.source.into(),
            action: record.action.replace(['_', '.'], " "),
            subject: record.subject.into(),
            account: account.map(|account| account.to_string()).unwrap_or_default(),
            details: details(&record.detail),
        }
    }
}

/// The members of the record's JSON object; what is no object is shown as it is.
fn details(json: &str) -> Vec<(String, String)> {
    let plain = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match serde_json::from_str(json) {
        Ok(serde_json::Value::Object(members)) => {
            // What is not set says nothing.
            let set = members.iter().map(|(name, value)| (name.replace('_', " "), plain(value)));
            set.filter(|(_, value)| !matches!(value.as_str(), "" | "null" | "[]" | "{}")).collect()
        }
        _ => vec![("detail".to_owned(), json.to_owned())],
    }
}

/// What the address of a list of records asks for.
pub(crate) fn request(query: &ListQuery) -> AuditRequest {
    let given = |name| Some(query.text(name)).filter(|text| !text.is_empty()).map(Into::into);
    AuditRequest {
        before: query.text("before").parse().ok(),
        limit: ROWS,
        action: given("action"),
        subject: given("subject"),
        actor: given("actor"),
        from: None,
        to: None,
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/console/{auth_id}/audit-log", get(list))
}

async fn list(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let query = ListQuery::new(query);
    let account = visit.scope.clone().account_read()?;
    let found = shared.provisioning.audit_log(&account, request(&query)).await?;
    let path = format!("{}/audit-log", visit.base());
    page(&AuditPage {
        frame: visit.frame("Audit log", Section::AuditLog),
        records: found.records.into_iter().map(AuditRow::new).collect(),
        action: query.text("action").to_owned(),
        subject: query.text("subject").to_owned(),
        actor: query.text("actor").to_owned(),
        older: found.next.map(|before| format!("{path}?{}", query.with("before", &before.to_string()))),
        is_newest: query.text("before").is_empty(),
        is_filtered: ["action", "subject", "actor"].iter().any(|name| !query.text(name).is_empty()),
    })
}
