//! Next hops: where calls of trunks are sent, and how we answer when one challenges us.

use super::{ALL, description};
use crate::Shared;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Layout, Section, page, see_other};
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::extract::{FromRequestParts, RawPathParams, State};
use axum::http::request::Parts;
use axum::response::Response;
use domain::{OriginationUri, OriginationUriId, SipUri, TrunkTransport, UpstreamRegistration};
use provisioning::{NewUpstreamSecret, OriginationUriPatch, ProvisioningError, UpstreamUsername};
use std::sync::Arc;
use zeroize::Zeroizing;

#[derive(Template)]
#[template(path = "next_hop.html")]
struct NextHopPage {
    frame: Frame,
    id: String,
    hop: OriginationUri,
    transports: Vec<&'static str>,
    trunks: Vec<Holder>,
    expires_seconds: u32,
}

#[derive(Template)]
#[template(path = "next_hop_delete.html")]
struct DeletePage {
    frame: Frame,
    id: String,
    uri: String,
    trunks: Vec<Holder>,
}

/// A trunk that is attached to it.
struct Holder {
    id: String,
    name: String,
    /// Whether no other next hop is attached.
    has_no_other: bool,
}

/// The next hop that the path names; what names none is as if it were deleted.
pub(super) struct NextHopInPath(OriginationUriId);

impl FromRequestParts<Arc<Shared>> for NextHopInPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let refused = || Refusal::Refused(ProvisioningError::OriginationUriNotFound);
        let parameters = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| refused())?;
        let found = parameters.iter().find(|(name, _)| *name == "hop_id");
        found.and_then(|(_, value)| OriginationUriId::parse(value)).map(Self).ok_or_else(refused)
    }
}

pub(super) async fn add(
    State(shared): State<Arc<Shared>>,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let patch = OriginationUriPatch { uri: None, enabled: None, ..patch(&fields)? };
    shared.provisioning.create_origination_uri(&account, visit.context(), (uri(&fields)?, patch), None).await?;
    see_other(&format!("{}/trunks?done=created", visit.base()))
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    NextHopInPath(id): NextHopInPath,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_read()?;
    let hop = shared.provisioning.origination_uri(&account, id).await?;
    let registration = hop.secret.as_ref().and_then(|secret| secret.registration);
    page(&NextHopPage {
        frame: visit.frame(&hop.uri.to_string(), Section::Trunks),
        id: id.to_string(),
        transports: TrunkTransport::ALL.iter().map(|transport| transport.as_str()).collect(),
        trunks: holders(&shared, &visit, id).await?,
        expires_seconds: registration
            .map_or(UpstreamRegistration::DEFAULT_EXPIRES_SECONDS, |registration| registration.expires_seconds),
        hop,
    })
}

async fn holders(shared: &Shared, visit: &Visit, id: OriginationUriId) -> Result<Vec<Holder>, Refusal> {
    let account = visit.scope.clone().account_read()?;
    let trunks = shared.provisioning.trunks(&account, ALL).await?.objects.into_iter();
    let attached = trunks.filter(|trunk| trunk.attachments.uris().any(|uri| uri == id));
    let holder = |trunk: domain::Trunk| Holder {
        id: trunk.id.to_string(),
        has_no_other: trunk.attachments.uris().all(|uri| uri == id),
        name: trunk.name.into(),
    };
    Ok(attached.map(holder).collect())
}

pub(super) async fn edit(
    State(shared): State<Arc<Shared>>,
    NextHopInPath(id): NextHopInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let patch = OriginationUriPatch { uri: Some(uri(&fields)?), ..patch(&fields)? };
    shared.provisioning.update_origination_uri(&account, visit.context(), (id, patch)).await?;
    see_other(&format!("{}/trunks/next-hops/{id}?done=updated", visit.base()))
}

fn uri(fields: &Fields) -> Result<SipUri, Refusal> {
    SipUri::parse(fields.text("uri")).map_err(|error| Refusal::Wrong(format!("the next hop {error}")))
}

fn patch(fields: &Fields) -> Result<OriginationUriPatch, Refusal> {
    Ok(OriginationUriPatch {
        uri: None,
        priority: number(fields, "priority")?,
        weight: number(fields, "weight")?,
        enabled: Some(fields.is_ticked("enabled")),
        transport: TrunkTransport::from_name(fields.text("transport")),
        description: Some(description(fields)?),
    })
}

fn number(fields: &Fields, name: &str) -> Result<Option<u16>, Refusal> {
    match fields.text(name) {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| Refusal::Wrong(format!("the {name} must be a whole number up to {}", u16::MAX))),
    }
}

pub(super) async fn confirm_delete(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    NextHopInPath(id): NextHopInPath,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let uri = shared.provisioning.origination_uri(&account, id).await?.uri.to_string();
    page(&DeletePage {
        frame: visit.frame(&format!("Delete {uri}"), Section::Trunks),
        id: id.to_string(),
        uri,
        trunks: holders(&shared, &visit, id).await?,
    })
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    NextHopInPath(id): NextHopInPath,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    shared.provisioning.delete_origination_uri(&account, visit.context(), id).await?;
    see_other(&format!("{}/trunks?done=deleted", visit.base()))
}

pub(super) async fn set_secret(
    State(shared): State<Arc<Shared>>,
    NextHopInPath(id): NextHopInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let username = UpstreamUsername::parse(fields.text("username"))
        .map_err(|error| Refusal::Wrong(format!("our username there {error}")))?;
    // As it was typed: blanks are part of a password.
    let password = Zeroizing::new(fields.raw("password").to_owned());
    NewUpstreamSecret::check_password(&password)
        .map_err(|rule| Refusal::Wrong(format!("our password there {rule}")))?;
    let registration = if fields.is_ticked("register") { Some(registration(&fields)?) } else { None };
    let new = NewUpstreamSecret { username, password, registration };
    shared.provisioning.put_upstream_secret(&account, visit.context(), (id, new)).await?;
    see_other(&format!("{}/trunks/next-hops/{id}?done=updated", visit.base()))
}

fn registration(fields: &Fields) -> Result<UpstreamRegistration, Refusal> {
    let range = UpstreamRegistration::EXPIRES_SECONDS;
    let found = fields.text("expires_seconds").parse().ok().filter(|seconds| range.contains(seconds));
    let expires_seconds = found.ok_or_else(|| {
        Refusal::Wrong(format!("the expiry to ask for must be {} to {} seconds", range.start(), range.end()))
    })?;
    Ok(UpstreamRegistration { expires_seconds })
}

pub(super) async fn forget_secret(
    State(shared): State<Arc<Shared>>,
    NextHopInPath(id): NextHopInPath,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    shared.provisioning.delete_upstream_secret(&account, visit.context(), id).await?;
    see_other(&format!("{}/trunks/next-hops/{id}?done=updated", visit.base()))
}
