//! One credential: what it is, who is online with it, and what became of its attempts.

use super::{CredentialInPath, Strength};
use crate::Shared;
use crate::frame::{Frame, Layout, Section, page};
use crate::limits::ATTEMPT_ROWS;
use crate::live::AttemptRow;
use crate::moment::Moment;
use crate::pages::phones::PhoneRow;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::{CredentialId, Requirements};
use provisioning::{AuthEventsRequest, CredentialDetails, CredentialView, RegistrationsRequest, RotationView};
use std::sync::Arc;

/// Phones shown on the credential's own page.
const PHONES: u32 = 20;

#[derive(Template)]
#[template(path = "credential.html")]
struct CredentialPage {
    frame: Frame,
    id: String,
    username: String,
    description: String,
    status: Status,
    realm: String,
    domain: String,
    created_at: Moment,
    updated_at: Moment,
    password_changed_at: Moment,
    password_age_days: u64,
    generation: u32,
    strength: Option<Strength>,
    expires_at: Option<Moment>,
    last_used: Option<LastUse>,
    requirements: Requirements,
    networks: String,
    devices: Vec<String>,
    attempts: Vec<AttemptRow>,
    may_write: bool,
}

impl CredentialPage {
    fn password_age(&self) -> String {
        match self.password_age_days {
            0 => "today".to_owned(),
            1 => "a day ago".to_owned(),
            days => format!("{days} days ago"),
        }
    }
}

struct LastUse {
    at: Moment,
    source: String,
    transport: &'static str,
    user_agent: String,
    algorithm: &'static str,
}

#[derive(Template)]
#[template(path = "credential_status.html")]
struct StatusPart {
    status: Status,
}

/// Whether it works, and who is online with it.
struct Status {
    base: String,
    form_token: String,
    is_enabled: bool,
    has_expired: bool,
    phones: Vec<PhoneRow>,
    total: u64,
    overlap: Option<Overlap>,
    may_write: bool,
}

struct Overlap {
    until: Moment,
    on_current: u64,
    on_previous: usize,
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Refusal> {
    let provisioning = &shared.provisioning;
    let view = provisioning.credential(&visit.scope, id).await?;
    let details = provisioning.credential_details(&visit.scope, id).await?;
    let requirements = provisioning.requirements(&visit.scope, id).await?;
    let events = AuthEventsRequest { limit: ATTEMPT_ROWS, credential: Some(id), ..AuthEventsRequest::default() };
    let base = visit.base();
    let attempts = provisioning.why(&visit.scope, events).await?.events;
    let attempts = attempts.iter().map(|event| AttemptRow::new(event, &base)).collect();
    let status = status_of(&shared, &visit, (&view, &details)).await?;
    let devices = provisioning.devices(&visit.scope, id).await?;
    let devices = devices.iter().map(|one| one.device.label.to_string()).collect();
    page(&CredentialPage { devices, ..page_of(&visit, (view, details, requirements), (status, attempts)) })
}

fn page_of(
    visit: &Visit,
    (view, details, requirements): (CredentialView, CredentialDetails, Requirements),
    (status, attempts): (Status, Vec<AttemptRow>),
) -> CredentialPage {
    let networks: Vec<_> = requirements.networks.as_slice().iter().map(ToString::to_string).collect();
    CredentialPage {
        frame: visit.frame(&view.username, Section::Credentials),
        id: view.id.to_string(),
        username: view.username.into(),
        description: view.description.into(),
        status,
        realm: visit.scope.realm_name().to_string(),
        domain: visit.scope.sip_domain().to_string(),
        created_at: view.created_at.into(),
        updated_at: view.updated_at.into(),
        password_changed_at: details.password_changed_at.into(),
        password_age_days: details.password_age_days,
        generation: details.generation,
        strength: details.password_score.map(Strength::from),
        expires_at: details.expires_at.map(Moment),
        last_used: details.last_used.map(|used| LastUse {
            at: used.at.into(),
            source: used.source.to_string(),
            transport: used.transport.as_str(),
            user_agent: used.user_agent.into(),
            algorithm: used.algorithm.as_str(),
        }),
        requirements,
        networks: networks.join(", "),
        devices: Vec::new(),
        attempts,
        may_write: visit.scope.may_write_credentials(),
    }
}

/// The part that changes while one looks at it.
pub(super) async fn status(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Refusal> {
    let view = shared.provisioning.credential(&visit.scope, id).await?;
    let details = shared.provisioning.credential_details(&visit.scope, id).await?;
    page(&StatusPart { status: status_of(&shared, &visit, (&view, &details)).await? })
}

async fn status_of(
    shared: &Shared,
    visit: &Visit,
    (view, details): (&CredentialView, &CredentialDetails),
) -> Result<Status, Refusal> {
    let online = &*shared.config.registrations;
    let request = registrations_of(view.id);
    let page = shared.provisioning.registrations(&visit.scope, online, request).await?;
    let now = shared.clock.now();
    let overlap = match details.overlap_until {
        None => None,
        Some(until) => {
            let rotation = shared.provisioning.rotation(&visit.scope, online, view.id).await?;
            let RotationView { on_current, on_previous, .. } = rotation;
            Some(Overlap { until: until.into(), on_current, on_previous: on_previous.len() })
        }
    };
    Ok(Status {
        base: format!("{}/credentials/{}", visit.base(), view.id),
        form_token: visit.visitor.session.form_token.to_string(),
        is_enabled: view.enabled,
        has_expired: details.expires_at.is_some_and(|end| end <= now),
        phones: page.registrations.iter().map(|one| PhoneRow::new(one, (&visit.base(), now))).collect(),
        total: page.total,
        overlap,
        may_write: visit.scope.may_write_credentials(),
    })
}

fn registrations_of(id: CredentialId) -> RegistrationsRequest {
    let (username, transport, source) = (None, None, None);
    RegistrationsRequest { cursor: "".into(), limit: PHONES, credential: Some(id), username, transport, source }
}
