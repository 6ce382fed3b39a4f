//! The devices of a credential, and the links that make them.

mod create;
mod end;
mod links;
mod list;

pub(super) use create::desk_phone;

use crate::Shared;
use crate::refusal::Refusal;
use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::routing::{get, post};
use domain::{DeviceId, PhoneFormat, ProvisioningLinkId};
use provisioning::ProvisioningError;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Shared>> {
    let all = "/console/{auth_id}/credentials/{credential_id}/devices";
    let links = "/console/{auth_id}/credentials/{credential_id}/links";
    Router::new()
        .route(all, get(list::list).post(create::create))
        .route(&format!("{all}/desk-phones"), post(create::create_desk_phone))
        .route(&format!("{all}/{{device_id}}/revoke"), get(end::confirm_revocation).post(end::revoke))
        .route(&format!("{all}/{{device_id}}/rotate"), get(end::confirm_rotation).post(end::rotate))
        .route(links, post(links::make))
        .route(&format!("{links}/{{link_id}}/withdraw"), post(links::withdraw))
}

/// What desk phones fetch by themselves is written in.
fn desk_formats() -> Vec<PhoneFormat> {
    PhoneFormat::ALL.into_iter().filter(|format| format.is_of_desk_phones()).collect()
}

/// The device that the path names; what names none is as if it were revoked.
struct DeviceInPath(DeviceId);

impl FromRequestParts<Arc<Shared>> for DeviceInPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let found = named(parts, "device_id").await.and_then(|text| DeviceId::parse(&text));
        found.map(Self).ok_or(Refusal::Refused(ProvisioningError::DeviceNotFound))
    }
}

/// The link that the path names; what names none is as if it were used.
struct LinkInPath(ProvisioningLinkId);

impl FromRequestParts<Arc<Shared>> for LinkInPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let found = named(parts, "link_id").await.and_then(|text| ProvisioningLinkId::parse(&text));
        found.map(Self).ok_or(Refusal::Refused(ProvisioningError::ProvisioningLinkNotFound))
    }
}

async fn named(parts: &mut Parts, name: &str) -> Option<String> {
    let parameters = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}
