//! Changes a credential, and switches it off and on.

use super::CredentialInPath;
use crate::Shared;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Layout, Section, page, see_other};
use crate::pages::networks;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use provisioning::{
    CallsAfter, CredentialUpdate, Description, ExpiryUpdate, LiveCallsRequest, RegistrationsToEnd, RequirementsUpdate,
};
use std::sync::Arc;
use storage::Page;

#[derive(Template)]
#[template(path = "credential_disable.html")]
struct DisablePage {
    frame: Frame,
    id: String,
    username: String,
    phones: u64,
    calls: Option<u64>,
}

pub(super) async fn edit(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let update = update_of(&fields)?;
    shared.provisioning.update_credential(&scope, visit.context(), (id, update)).await?;
    see_other(&format!("{}/credentials/{id}?done=updated", visit.base()))
}

fn update_of(fields: &Fields) -> Result<CredentialUpdate, Refusal> {
    let description = Description::parse(fields.text("description"))
        .map_err(|error| Refusal::Wrong(format!("the description {error}")))?;
    let networks = networks::parse(fields.text("networks"))?;
    Ok(CredentialUpdate {
        description: Some(description),
        requirements: RequirementsUpdate {
            sha256: Some(fields.is_ticked("sha256")),
            secure_transport: Some(fields.is_ticked("secure_transport")),
            networks: Some(networks),
        },
        expiry: expiry(fields.text("expires_on"), fields.text("expires_on_before"))?,
        ..CredentialUpdate::default()
    })
}

/// The end of a day, UTC: a day is what a form without a script can ask for. A day that is unchanged leaves the moment.
fn expiry(text: &str, before: &str) -> Result<ExpiryUpdate, Refusal> {
    if text == before {
        return Ok(ExpiryUpdate::Keep);
    }
    if text.is_empty() {
        return Ok(ExpiryUpdate::Never);
    }
    let wrong = || Refusal::Wrong("the day of the end must be a date like 2027-01-31".to_owned());
    let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    let next = day.tomorrow().map_err(|_| wrong())?;
    let end = next.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?;
    Ok(ExpiryUpdate::At(Timestamp::from_seconds(end.timestamp().as_second())))
}

pub(super) async fn enable(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let update = CredentialUpdate { enabled: Some(true), ..CredentialUpdate::default() };
    shared.provisioning.update_credential(&scope, visit.context(), (id, update)).await?;
    see_other(&format!("{}/credentials/{id}?done=enabled", visit.base()))
}

pub(super) async fn confirm_disable(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Refusal> {
    visit.scope.clone().credentials_write()?;
    let view = shared.provisioning.credential(&visit.scope, id).await?;
    let phones = shared.provisioning.phones_online(&visit.scope, &*shared.config.registrations, [id]).await;
    page(&DisablePage {
        frame: visit.frame(&format!("Disable {}", view.username), Section::Credentials),
        id: id.to_string(),
        username: view.username.into(),
        phones: phones.get(&id).copied().unwrap_or(0),
        calls: calls_of(&shared, &visit, id),
    })
}

/// How many calls it has up; unknown to a token that may not see calls.
pub(super) fn calls_of(shared: &Shared, visit: &Visit, id: domain::CredentialId) -> Option<u64> {
    let account = visit.scope.clone().account_read().ok()?;
    let request = LiveCallsRequest { page: Page { limit: 1, offset: 0 }, trunk: None, credential: Some(id) };
    Some(shared.provisioning.live_calls(&account, request).0.total)
}

pub(super) async fn disable(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let calls = if fields.is_ticked("end_calls") { CallsAfter::End } else { CallsAfter::Keep };
    let update = CredentialUpdate { enabled: Some(false), calls, ..CredentialUpdate::default() };
    shared.provisioning.update_credential(&scope, visit.context(), (id, update)).await?;
    see_other(&format!("{}/credentials/{id}?done=disabled", visit.base()))
}

pub(super) async fn end_phones(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let which = match fields.text("registration") {
        "" => RegistrationsToEnd::All,
        one => RegistrationsToEnd::One(one),
    };
    let online = &*shared.config.registrations;
    shared.provisioning.end_registrations(&scope, visit.context(), (online, id, which)).await?;
    see_other(&format!("{}/credentials/{id}?done=phones-ended", visit.base()))
}
