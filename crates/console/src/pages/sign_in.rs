//! `/`, `/sign-in`, `/sign-out`.

use crate::Shared;
use crate::form::{Fields, Posted};
use crate::frame::{Layout, PlainFrame, page_of_status, see_other};
use crate::refusal::Refusal;
use crate::session::{Person, SessionCookie, check_origin, is_secure};
use crate::visitor::{Source, Visitor};
use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::{HOST, SET_COOKIE};
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use provisioning::RequestContext;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: PlainFrame,
    next: String,
    auth_id: String,
    is_wrong: bool,
    is_signed_out: bool,
    admits_operators: bool,
    is_in_the_clear: bool,
}

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(home))
        .route("/console", get(home))
        .route("/sign-in", get(show).post(sign_in))
        .route("/sign-out", post(sign_out))
}

/// Where whoever is signed in begins.
async fn home(visitor: Visitor) -> Result<Response, Refusal> {
    see_other(&first_page(&visitor.person))
}

fn first_page(person: &Person) -> String {
    match person {
        Person::Tenant(operator) => format!("/console/{}", operator.auth_id()),
        Person::Operator(_) => "/console/operator".to_owned(),
    }
}

async fn show(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (mut parts, _) = request.into_parts();
    if let Ok(visitor) = Visitor::from_request_parts(&mut parts, &shared).await {
        return see_other(&first_page(&visitor.person));
    }
    let page = SignInPage {
        next: query.get("next").cloned().unwrap_or_default(),
        is_signed_out: query.contains_key("signed-out"),
        ..sign_in_page(&shared, &parts)
    };
    page_of_status(StatusCode::OK, &page)
}

fn sign_in_page(shared: &Shared, parts: &Parts) -> SignInPage {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_local = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    SignInPage {
        frame: PlainFrame::new("Sign in"),
        next: String::new(),
        auth_id: String::new(),
        is_wrong: false,
        is_signed_out: false,
        admits_operators: shared.config.admits_operators,
        is_in_the_clear: !is_secure(parts) && !is_local,
    }
}

async fn sign_in(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Refusal> {
    let (mut parts, body) = request.into_parts();
    check_origin(&parts)?;
    let Source(source) = Source::from_request_parts(&mut parts, &shared).await?;
    let now = shared.clock.now();
    shared
        .attempts
        .check(source, now)
        .map_err(|retry_after_seconds| Refusal::TooManyAttempts { retry_after_seconds })?;
    let fields = Fields::read(&parts, body).await?;
    let context = parts.extensions.get::<RequestContext>().cloned().unwrap_or_default();
    let Some(person) = person(&shared, &fields, context) else {
        shared.attempts.note_failure(source, now);
        let page = SignInPage {
            next: fields.text("next").to_owned(),
            auth_id: fields.text("auth_id").to_owned(),
            is_wrong: true,
            ..sign_in_page(&shared, &parts)
        };
        return page_of_status(StatusCode::UNAUTHORIZED, &page);
    };
    // Whatever name the browser came with opens nothing from now on.
    if let Some(earlier) = SessionCookie::sent(&parts) {
        shared.sessions.end(&earlier);
    }
    let mut response = see_other(&after_sign_in(fields.text("next"), &person))?;
    let name = shared.sessions.begin(&*shared.random, now, person);
    let cookie = SessionCookie::on(is_secure(&parts)).set(&name).ok_or(Refusal::Unprintable)?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

fn person(shared: &Shared, fields: &Fields, context: RequestContext) -> Option<Person> {
    let (auth_id, token) = (fields.text("auth_id"), fields.text("auth_token"));
    if auth_id.is_empty() || auth_id == "operator" {
        let admitted = shared.provisioning.authenticate_operator(Some(token.as_bytes()), context).ok();
        return admitted.filter(|_| shared.config.admits_operators).map(Person::Operator);
    }
    shared.provisioning.authenticate(Some(auth_id.as_bytes()), Some(token.as_bytes())).ok().map(Person::Tenant)
}

/// Only to pages of ours: a link must not lead through here to anywhere else.
fn after_sign_in(next: &str, person: &Person) -> String {
    let is_ours = next.starts_with("/console/")
        && !next.contains("//")
        && next.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'\\');
    if is_ours { next.to_owned() } else { first_page(person) }
}

async fn sign_out(State(shared): State<Arc<Shared>>, posted: Posted<Visitor>) -> Result<Response, Refusal> {
    shared.sessions.end_session(&posted.visit.session);
    let mut response = see_other("/sign-in?signed-out")?;
    for is_secure in [true, false] {
        response.headers_mut().extend(SessionCookie::on(is_secure).cleared().map(|cookie| (SET_COOKIE, cookie)));
    }
    Ok(response)
}
