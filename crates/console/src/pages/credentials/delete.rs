//! Deletes a credential, after saying what that breaks.

use super::CredentialInPath;
use super::change::calls_of;
use crate::Shared;
use crate::form::Posted;
use crate::frame::{Frame, Layout, Section, page, see_other};
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::CredentialId;
use std::sync::Arc;
use storage::Page;

/// Most trunks an account may have.
const ALL_TRUNKS: u32 = 1000;

#[derive(Template)]
#[template(path = "credential_delete.html")]
struct DeletePage {
    frame: Frame,
    id: String,
    username: String,
    phones: u64,
    calls: Option<u64>,
    trunks: Vec<String>,
}

pub(super) async fn confirm(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Refusal> {
    visit.scope.clone().credentials_write()?;
    let view = shared.provisioning.credential(&visit.scope, id).await?;
    let phones = shared.provisioning.phones_online(&visit.scope, &*shared.config.registrations, [id]).await;
    page(&DeletePage {
        frame: visit.frame(&format!("Delete {}", view.username), Section::Credentials),
        id: id.to_string(),
        username: view.username.into(),
        phones: phones.get(&id).copied().unwrap_or(0),
        calls: calls_of(&shared, &visit, id),
        trunks: trunks_of(&shared, &visit, id).await?,
    })
}

/// The trunks it is attached to; none are named to a token that may not see trunks.
async fn trunks_of(shared: &Shared, visit: &Visit, id: CredentialId) -> Result<Vec<String>, Refusal> {
    let Ok(account) = visit.scope.clone().account_read() else { return Ok(Vec::new()) };
    let trunks = shared.provisioning.trunks(&account, Page { limit: ALL_TRUNKS, offset: 0 }).await?;
    let attached = trunks.objects.into_iter().filter(|trunk| trunk.attachments.credentials.contains(&id));
    Ok(attached.map(|trunk| trunk.name.into()).collect())
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    shared.provisioning.delete_credential(&scope, visit.context(), id).await?;
    see_other(&format!("{}/credentials?done=deleted", visit.base()))
}
