//! Makes a device with a password that is shown once, or a desk phone, which fetches its own.

use super::list::{Form, again};
use crate::Shared;
use crate::config::PhoneServer;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Layout, Section, page_of_status, see_other};
use crate::pages::credentials::CredentialInPath;
use crate::refusal::{Refusal, capitalised};
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{CredentialId, DeskPhone, DeviceLabel, GeneratedPassword, MacAddress, PhoneFormat};
use provisioning::{Answered, DeviceView, NewDeskPhone, NewDevice, ProvisioningError};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "device_created.html")]
pub(super) struct CreatedPage {
    frame: Frame,
    id: String,
    label: String,
    username: String,
    password: GeneratedPassword,
    domain: String,
    realm: String,
    servers: Vec<PhoneServer>,
    is_rotated: bool,
}

/// How a device came to its password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Created,
    Rotated,
}

pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let place = (&*shared, &visit, id);
    let label = match label(&fields) {
        Ok(label) => label,
        Err(error) => return again(place, (Form::Device, &fields), error).await,
    };
    match shared.provisioning.create_device(&scope, visit.context(), (id, NewDevice { label }), None).await {
        Ok(Answered::Fresh(created)) => {
            let page = created_page((&shared, &visit), (created.view, created.password), Deed::Created).await?;
            page_of_status(StatusCode::CREATED, &page)
        }
        Ok(Answered::Replayed(_)) => Err(Refusal::UnreadableForm),
        Err(error @ ProvisioningError::TooManyDevices) => {
            again(place, (Form::Device, &fields), capitalised(&error.to_string())).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn created_page(
    (shared, visit): (&Shared, &Visit),
    (view, password): (DeviceView, GeneratedPassword),
    deed: Deed,
) -> Result<CreatedPage, Refusal> {
    let credential = shared.provisioning.credential(&visit.scope, view.credential).await?;
    Ok(CreatedPage {
        frame: visit.frame(view.device.label.as_str(), Section::Credentials),
        id: view.credential.to_string(),
        label: view.device.label.to_string(),
        username: credential.username.into(),
        password,
        domain: visit.scope.sip_domain().to_string(),
        realm: visit.scope.realm_name().to_string(),
        servers: shared.config.phone_servers.clone(),
        is_rotated: deed == Deed::Rotated,
    })
}

pub(super) async fn create_desk_phone(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let place = (&*shared, &visit, id);
    let new = match desk_phone((fields.text("label"), fields.text("mac"), fields.text("format"))) {
        Ok(new) => new,
        Err(error) => return again(place, (Form::DeskPhone, &fields), error).await,
    };
    match shared.provisioning.create_desk_phone(&scope, visit.context(), (id, new), None).await {
        Ok(_) => see_other(&format!("{}?done=desk-phone-created", path(&visit, id))),
        Err(error @ (ProvisioningError::TooManyDevices | ProvisioningError::MacTaken)) => {
            again(place, (Form::DeskPhone, &fields), capitalised(&error.to_string())).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Where the credential's devices are listed.
pub(super) fn path(visit: &Visit, id: CredentialId) -> String {
    format!("{}/credentials/{id}/devices", visit.base())
}

/// What the form calls the device.
pub(super) fn label(fields: &Fields) -> Result<DeviceLabel, String> {
    read_label(fields.text("label"))
}

fn read_label(text: &str) -> Result<DeviceLabel, String> {
    DeviceLabel::parse(text).map_err(|error| capitalised(&format!("the label {error}")))
}

/// A desk phone of label, hardware address and format, as texts.
pub(in crate::pages) fn desk_phone((label, mac, format): (&str, &str, &str)) -> Result<NewDeskPhone, String> {
    let label = read_label(label)?;
    let mac = MacAddress::parse(mac).map_err(|error| capitalised(&format!("the hardware address {error}")))?;
    let format = PhoneFormat::from_name(format).filter(|format| format.is_of_desk_phones());
    let format = format.ok_or("The format must be yealink, grandstream, polycom, snom or fanvil.")?;
    Ok(NewDeskPhone { label, phone: DeskPhone { mac, format } })
}
