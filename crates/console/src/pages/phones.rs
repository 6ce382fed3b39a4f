//! Phones that are online.

use crate::Shared;
use crate::frame::{Frame, Layout, Section, page};
use crate::limits::ROWS;
use crate::moment::{Moment, span};
use crate::pages::list_query::ListQuery;
use crate::refusal::Refusal;
use crate::visitor::{IsPart, Visit};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use domain::{SignallingTransport, Timestamp, Username};
use provisioning::{RegistrationView, RegistrationsRequest};
use std::collections::HashMap;
use std::sync::Arc;

/// One phone.
pub(crate) struct PhoneRow {
    pub id: String,
    pub username: String,
    pub credential: String,
    pub contact: String,
    pub source: String,
    pub transport: &'static str,
    pub user_agent: String,
    pub registered_at: Moment,
    pub expires_in: String,
    /// Whether its connection is gone, where it had one.
    pub is_cut_off: bool,
}

#[derive(Template)]
#[template(path = "phones.html")]
struct PhonesPage {
    frame: Frame,
    list: List,
}

#[derive(Template)]
#[template(path = "phones_list.html")]
struct PhonesPart {
    list: List,
}

struct List {
    path: String,
    query: String,
    phones: Vec<PhoneRow>,
    total: u64,
    username: String,
    source: String,
    transport: String,
    next: Option<String>,
    is_filtered: bool,
}

impl PhoneRow {
    pub fn new(view: &RegistrationView, (base, now): (&str, Timestamp)) -> Self {
        let registration = &view.registration;
        let binding = &registration.binding;
        let left = binding.expires_at.as_unix_seconds().saturating_sub(now.as_unix_seconds());
        Self {
            id: view.id.clone(),
            username: registration.username.to_string(),
            credential: format!("{base}/credentials/{}", binding.credential),
            contact: String::from_utf8_lossy(&binding.contact).into_owned(),
            source: binding.source.to_string(),
            transport: binding.transport.as_str(),
            user_agent: String::from_utf8_lossy(&binding.user_agent).into_owned(),
            registered_at: binding.registered_at.into(),
            expires_in: span(left),
            is_cut_off: registration.is_connected == Some(false),
        }
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/console/{auth_id}/phones", get(list))
}

async fn list(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    IsPart(is_part): IsPart,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let query = ListQuery::new(query);
    let list = read(&shared, &visit, &query).await?;
    if is_part {
        page(&PhonesPart { list })
    } else {
        page(&PhonesPage { frame: visit.frame("Phones online", Section::Phones), list })
    }
}

async fn read(shared: &Shared, visit: &Visit, query: &ListQuery) -> Result<List, Refusal> {
    let rule = shared.provisioning.username_rule();
    let given = |name| Some(query.text(name)).filter(|text| !text.is_empty());
    let wrong = |text: &str| Refusal::Wrong(text.to_owned());
    let username = given("username").map(|text| Username::parse(text, rule)).transpose();
    let source = given("source").map(str::parse).transpose();
    let transport = SignallingTransport::ALL.into_iter().find(|one| one.as_str() == query.text("transport"));
    let request = RegistrationsRequest {
        cursor: query.text("cursor").into(),
        limit: ROWS,
        credential: None,
        username: username.map_err(|error| Refusal::Wrong(format!("the username {error}")))?,
        transport,
        source: source.map_err(|_| wrong("the source must be an IP address like 192.0.2.7"))?,
    };
    let found = shared.provisioning.registrations(&visit.scope, &*shared.config.registrations, request).await?;
    let (base, now) = (visit.base(), shared.clock.now());
    Ok(List {
        path: format!("{base}/phones"),
        query: query.with("cursor", query.text("cursor")),
        phones: found.registrations.iter().map(|one| PhoneRow::new(one, (&base, now))).collect(),
        total: found.total,
        username: query.text("username").to_owned(),
        source: query.text("source").to_owned(),
        transport: query.text("transport").to_owned(),
        next: found.next_cursor.map(|cursor| format!("{base}/phones?{}", query.with("cursor", &cursor))),
        is_filtered: ["username", "source", "transport", "cursor"].iter().any(|name| given(name).is_some()),
    })
}
