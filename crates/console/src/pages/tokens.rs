//! API tokens: made, shown once, revoked.

use crate::Shared;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Layout, Section, page, page_of_status, see_other};
use crate::moment::Moment;
use crate::refusal::{Refusal, capitalised};
use crate::session::Person;
use crate::visitor::Visit;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use domain::{Timestamp, TokenId, TokenScope};
use provisioning::{ApiTokenView, NewApiToken, ProvisioningError, TokenLabel};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Seconds of a day.
const DAY: i64 = 86_400;

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage {
    frame: Frame,
    tokens: Vec<TokenRow>,
    /// The one that was made just now.
    made: Option<Zeroizing<String>>,
    error: Option<String>,
    label: String,
}

struct TokenRow {
    id: String,
    label: String,
    scope: &'static str,
    created_at: Moment,
    expires_at: Option<Moment>,
    last_used_at: Option<Moment>,
    is_own: bool,
    has_expired: bool,
}

#[derive(Template)]
#[template(path = "token_revoke.html")]
struct RevokePage {
    frame: Frame,
    id: String,
    label: String,
    is_own: bool,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/console/{auth_id}/tokens", get(list).post(create))
        .route("/console/{auth_id}/tokens/{token_id}/revoke", get(confirm).post(revoke))
}

async fn list(State(shared): State<Arc<Shared>>, visit: Visit) -> Result<Response, Refusal> {
    page(&tokens_page(&shared, &visit).await?)
}

async fn tokens_page(shared: &Shared, visit: &Visit) -> Result<TokensPage, Refusal> {
    let account = visit.scope.clone().account_read()?;
    let now = shared.clock.now();
    let tokens = shared.provisioning.api_tokens(&account).await?;
    let row = |token: ApiTokenView| TokenRow {
        id: token.id.to_string(),
        label: token.label.into(),
        scope: token.scope.as_str(),
        created_at: token.created_at.into(),
        has_expired: token.expires_at.is_some_and(|end| end <= now),
        expires_at: token.expires_at.map(Moment),
        last_used_at: token.last_used_at.map(Moment),
        is_own: is_own(visit, token.id),
    };
    Ok(TokensPage {
        frame: visit.frame("API tokens", Section::Tokens),
        tokens: tokens.into_iter().map(row).collect(),
        made: None,
        error: None,
        label: String::new(),
    })
}

/// Whether this session is signed in by it.
fn is_own(visit: &Visit, id: TokenId) -> bool {
    matches!(&visit.visitor.person, Person::Tenant(operator) if operator.token() == id)
}

async fn create(
    State(shared): State<Arc<Shared>>,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let made = match new_token(&fields, shared.clock.now()) {
        Err(error) => Err(error),
        Ok(new) => match shared.provisioning.create_api_token(&account, visit.context(), new).await {
            Ok(created) => Ok(created.auth_token),
            Err(error @ ProvisioningError::TooManyTokens) => Err(capitalised(&error.to_string())),
            Err(error) => return Err(error.into()),
        },
    };
    let list = tokens_page(&shared, &visit).await?;
    match made {
        Ok(token) => page_of_status(StatusCode::CREATED, &TokensPage { made: Some(token), ..list }),
        Err(error) => {
            let label = fields.text("label").to_owned();
            page_of_status(StatusCode::UNPROCESSABLE_ENTITY, &TokensPage { error: Some(error), label, ..list })
        }
    }
}

fn new_token(fields: &Fields, now: Timestamp) -> Result<NewApiToken, String> {
    let label = TokenLabel::parse(fields.text("label")).map_err(|error| capitalised(&error.to_string()))?;
    let scope = TokenScope::from_name(fields.text("scope")).ok_or("Choose what the token may do.")?;
    let expires_at = match fields.text("days") {
        "" => None,
        days => {
            let days: i64 = days.parse().ok().filter(|days| (1..=3650).contains(days)).ok_or("Choose an end.")?;
            Some(now.plus_seconds(days * DAY))
        }
    };
    Ok(NewApiToken { label, scope, expires_at })
}

async fn confirm(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let id = TokenId::parse(&id).ok_or(ProvisioningError::TokenNotFound)?;
    let token = shared.provisioning.api_token(&account, id).await?;
    page(&RevokePage {
        frame: visit.frame(&format!("Revoke {}", token.label), Section::Tokens),
        id: id.to_string(),
        label: token.label.into(),
        is_own: is_own(&visit, id),
    })
}

async fn revoke(
    State(shared): State<Arc<Shared>>,
    Path((_, id)): Path<(String, String)>,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let id = TokenId::parse(&id).ok_or(ProvisioningError::TokenNotFound)?;
    shared.provisioning.revoke_api_token(&account, visit.context(), id).await?;
    see_other(&format!("{}/tokens?done=token-revoked", visit.base()))
}
