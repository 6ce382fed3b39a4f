//! The devices of a credential, its links, and the forms that make more.

use super::desk_formats;
use crate::Shared;
use crate::form::Fields;
use crate::frame::{Frame, Layout, Section, page, page_of_status};
use crate::moment::Moment;
use crate::pages::credentials::CredentialInPath;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{CredentialId, Devices, LinkStage, PhoneFormat, ProvisioningLink};
use provisioning::{DeviceView, RegistrationsRequest};
use std::collections::HashMap;
use std::sync::Arc;

/// Registrations of a credential that are looked at for whose phones they are.
const REGISTRATIONS: u32 = 100;

/// Which of the page's forms something is said of.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Form {
    #[default]
    None,
    Device,
    DeskPhone,
    Link,
}

#[derive(Template)]
#[template(path = "devices.html")]
struct DevicesPage {
    frame: Frame,
    id: String,
    username: String,
    devices: Vec<DeviceRow>,
    links: Vec<LinkRow>,
    most: usize,
    desk_formats: Vec<PhoneFormat>,
    formats: Vec<PhoneFormat>,
    may_write: bool,
    wrong: Form,
    error: String,
    label: String,
    mac: String,
    format: String,
}

struct DeviceRow {
    id: String,
    label: String,
    mac: String,
    format: &'static str,
    created_at: Moment,
    last_used: Option<(Moment, String)>,
    phones: usize,
}

struct LinkRow {
    id: String,
    label: String,
    format: &'static str,
    is_spent_by_a_look: bool,
    created_at: Moment,
    expires_at: Moment,
}

impl DevicesPage {
    fn is_wrong(&self, form: Form) -> bool {
        self.wrong == form
    }

    /// What was typed into that form, which was not taken.
    fn typed<'t>(&self, form: Form, text: &'t str) -> &'t str {
        if self.wrong == form { text } else { "" }
    }

    fn is_full(&self) -> bool {
        self.devices.len() >= self.most
    }
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Refusal> {
    page(&devices_page(&shared, &visit, id).await?)
}

/// The page once more, with what was typed and what is wrong with it.
pub(super) async fn again(
    (shared, visit, id): (&Shared, &Visit, CredentialId),
    (form, fields): (Form, &Fields),
    error: String,
) -> Result<Response, Refusal> {
    let page = DevicesPage {
        wrong: form,
        error,
        label: fields.text("label").to_owned(),
        mac: fields.text("mac").to_owned(),
        format: fields.text("format").to_owned(),
        ..devices_page(shared, visit, id).await?
    };
    page_of_status(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn devices_page(shared: &Shared, visit: &Visit, id: CredentialId) -> Result<DevicesPage, Refusal> {
    let view = shared.provisioning.credential(&visit.scope, id).await?;
    let online = online(shared, visit, id).await?;
    let devices = shared.provisioning.devices(&visit.scope, id).await?;
    let links = shared.provisioning.links(&visit.scope, id).await?;
    Ok(DevicesPage {
        frame: visit.frame(&format!("Devices of {}", view.username), Section::Credentials),
        id: id.to_string(),
        username: view.username.into(),
        devices: devices.into_iter().map(|device| DeviceRow::new(device, &online)).collect(),
        links: links.into_iter().map(LinkRow::from).collect(),
        most: Devices::MOST,
        desk_formats: desk_formats(),
        formats: PhoneFormat::ALL.into(),
        may_write: visit.scope.may_write_credentials(),
        wrong: Form::None,
        error: String::new(),
        label: String::new(),
        mac: String::new(),
        format: String::new(),
    })
}

/// How many phones are registered with each secret.
async fn online(shared: &Shared, visit: &Visit, id: CredentialId) -> Result<HashMap<u32, usize>, Refusal> {
    let (username, transport, source) = (None, None, None);
    let request = RegistrationsRequest {
        cursor: "".into(),
        limit: REGISTRATIONS,
        credential: Some(id),
        username,
        transport,
        source,
    };
    let found = shared.provisioning.registrations(&visit.scope, &*shared.config.registrations, request).await?;
    let mut phones = HashMap::new();
    for one in &found.registrations {
        *phones.entry(one.registration.binding.generation).or_default() += 1;
    }
    Ok(phones)
}

impl DeviceRow {
    fn new(view: DeviceView, online: &HashMap<u32, usize>) -> Self {
        let phone = view.device.desk_phone();
        Self {
            id: view.device.id.to_string(),
            label: view.device.label.to_string(),
            mac: phone.map(|phone| phone.mac.to_string()).unwrap_or_default(),
            format: phone.map(|phone| phone.format.product()).unwrap_or_default(),
            created_at: view.device.created_at.into(),
            last_used: view.last_used.map(|used| (used.at.into(), used.source.to_string())),
            phones: online.get(&view.device.secret).copied().unwrap_or(0),
        }
    }
}

impl From<ProvisioningLink> for LinkRow {
    fn from(link: ProvisioningLink) -> Self {
        Self {
            id: link.id.to_string(),
            label: link.label.to_string(),
            format: link.format.map_or("whoever uses it chooses", PhoneFormat::product),
            is_spent_by_a_look: link.stage == LinkStage::Opened,
            created_at: link.created_at.into(),
            expires_at: link.expires_at.into(),
        }
    }
}
