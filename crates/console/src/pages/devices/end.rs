//! Ends the secret of one device: for good, or for another in its place.

use super::DeviceInPath;
use super::create::{Deed, created_page, path};
use crate::Shared;
use crate::form::Posted;
use crate::frame::{Frame, Layout, Section, page, page_of_status, see_other};
use crate::pages::credentials::CredentialInPath;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{CredentialId, DeviceId};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "device_end.html")]
struct EndPage {
    frame: Frame,
    id: String,
    device: String,
    label: String,
    username: String,
    is_desk_phone: bool,
    is_rotation: bool,
}

pub(super) async fn confirm_revocation(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    CredentialInPath(id): CredentialInPath,
    DeviceInPath(device): DeviceInPath,
) -> Result<Response, Refusal> {
    page(&end_page(&shared, &visit, (id, device)).await?)
}

pub(super) async fn confirm_rotation(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    CredentialInPath(id): CredentialInPath,
    DeviceInPath(device): DeviceInPath,
) -> Result<Response, Refusal> {
    page(&EndPage { is_rotation: true, ..end_page(&shared, &visit, (id, device)).await? })
}

async fn end_page(shared: &Shared, visit: &Visit, (id, device): (CredentialId, DeviceId)) -> Result<EndPage, Refusal> {
    visit.scope.clone().credentials_write()?;
    let username = shared.provisioning.credential(&visit.scope, id).await?.username.into();
    let view = shared.provisioning.device(&visit.scope, (id, device)).await?;
    Ok(EndPage {
        frame: visit.frame(view.device.label.as_str(), Section::Credentials),
        id: id.to_string(),
        device: device.to_string(),
        label: view.device.label.to_string(),
        username,
        is_desk_phone: view.device.desk_phone().is_some(),
        is_rotation: false,
    })
}

pub(super) async fn revoke(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    DeviceInPath(device): DeviceInPath,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    shared.provisioning.revoke_device(&scope, visit.context(), (id, device)).await?;
    see_other(&format!("{}?done=device-revoked", path(&visit, id)))
}

pub(super) async fn rotate(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    DeviceInPath(device): DeviceInPath,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let rotated = shared.provisioning.rotate_device(&scope, visit.context(), (id, device)).await?;
    match rotated.password {
        Some(password) => {
            let page = created_page((&shared, &visit), (rotated.view, password), Deed::Rotated).await?;
            page_of_status(StatusCode::CREATED, &page)
        }
        None => see_other(&format!("{}?done=desk-phone-rotated", path(&visit, id))),
    }
}
