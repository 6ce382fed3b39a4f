//! Credentials: found, made, changed, and looked into.

mod change;
mod create;
mod delete;
mod list;
mod rotate;
mod show;

use crate::Shared;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::routing::{get, post};
use domain::{CredentialId, PasswordScore, Username, UsernameRule};
use provisioning::{CredentialsRequest, PageStart, ProvisioningError};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Shared>> {
    let one = "/console/{auth_id}/credentials/{credential_id}";
    Router::new()
        .route("/console/{auth_id}/credentials", get(list::list).post(create::create))
        .route("/console/{auth_id}/credentials/new", get(create::form))
        .route("/console/{auth_id}/credentials/strength", post(create::strength))
        .route(one, get(show::show))
        .route(&format!("{one}/status"), get(show::status))
        .route(&format!("{one}/edit"), post(change::edit))
        .route(&format!("{one}/enable"), post(change::enable))
        .route(&format!("{one}/disable"), get(change::confirm_disable).post(change::disable))
        .route(&format!("{one}/end-phones"), post(change::end_phones))
        .route(&format!("{one}/rotate"), get(rotate::form).post(rotate::rotate))
        .route(&format!("{one}/end-overlap"), post(rotate::end_overlap))
        .route(&format!("{one}/delete"), get(delete::confirm).post(delete::delete))
}

/// The credential that the path names; what names none is as if it were deleted.
pub(in crate::pages) struct CredentialInPath(pub CredentialId);

impl FromRequestParts<Arc<Shared>> for CredentialInPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let parameters = RawPathParams::from_request_parts(parts, &()).await;
        let parameters = parameters.map_err(|_| Refusal::NotFound("There is no such credential."))?;
        let found = parameters.iter().find(|(name, _)| *name == "credential_id");
        let id = found.and_then(|(_, value)| CredentialId::parse(value));
        id.map(Self).ok_or(Refusal::Refused(ProvisioningError::CredentialNotFound))
    }
}

/// The credential of that username, as somebody typed it.
pub(super) async fn of_username(shared: &Shared, visit: &Visit, name: &str) -> Result<CredentialId, Refusal> {
    let username = Username::parse(name, UsernameRule::Extended)
        .map_err(|error| Refusal::Wrong(format!("the username {name} {error}")))?;
    let request = CredentialsRequest { start: PageStart::Offset(0), limit: 1, username: Some(username) };
    let found = shared.provisioning.credentials_page(&visit.scope, request).await?;
    let one = found.credentials.first();
    Ok(one.ok_or_else(|| Refusal::Wrong(format!("there is no credential of the username {name}")))?.id)
}

/// A password's score in words.
pub(super) struct Strength {
    pub score: u8,
    pub word: &'static str,
}

impl From<PasswordScore> for Strength {
    fn from(score: PasswordScore) -> Self {
        let word = match score.get() {
            0 => "guessed at once",
            1 => "very easy to guess",
            2 => "easy to guess",
            3 => "hard to guess",
            _ => "very hard to guess",
        };
        Self { score: score.get(), word }
    }
}
