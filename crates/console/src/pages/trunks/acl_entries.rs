//! Networks whose requests trunks know without a password.

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
use domain::{IpAcl, IpAclId, Network};
use provisioning::{IpAclPatch, ProvisioningError};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "network.html")]
struct NetworkPage {
    frame: Frame,
    id: String,
    entry: IpAcl,
    trunks: Vec<Holder>,
}

#[derive(Template)]
#[template(path = "network_delete.html")]
struct DeletePage {
    frame: Frame,
    id: String,
    network: String,
    trunks: Vec<Holder>,
}

/// A trunk that is attached to it.
struct Holder {
    id: String,
    name: String,
}

/// The entry that the path names; what names none is as if it were deleted.
pub(super) struct EntryInPath(IpAclId);

impl FromRequestParts<Arc<Shared>> for EntryInPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let refused = || Refusal::Refused(ProvisioningError::IpAclNotFound);
        let parameters = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| refused())?;
        let found = parameters.iter().find(|(name, _)| *name == "entry_id");
        found.and_then(|(_, value)| IpAclId::parse(value)).map(Self).ok_or_else(refused)
    }
}

pub(super) async fn add(
    State(shared): State<Arc<Shared>>,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let patch = IpAclPatch { description: Some(description(&fields)?), ..IpAclPatch::default() };
    shared.provisioning.create_ip_acl(&account, visit.context(), (network(&fields)?, patch), None).await?;
    see_other(&format!("{}/trunks?done=created", visit.base()))
}

fn network(fields: &Fields) -> Result<Network, Refusal> {
    let network: Network =
        fields.text("network").parse().map_err(|error| Refusal::Wrong(format!("the network {error}")))?;
    IpAcl::check(&network).map_err(|error| Refusal::Wrong(format!("the network {error}")))?;
    Ok(network)
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    EntryInPath(id): EntryInPath,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_read()?;
    let entry = shared.provisioning.ip_acl(&account, id).await?;
    page(&NetworkPage {
        frame: visit.frame(&entry.network.to_string(), Section::Trunks),
        id: id.to_string(),
        trunks: holders(&shared, &visit, id).await?,
        entry,
    })
}

async fn holders(shared: &Shared, visit: &Visit, id: IpAclId) -> Result<Vec<Holder>, Refusal> {
    let account = visit.scope.clone().account_read()?;
    let trunks = shared.provisioning.trunks(&account, ALL).await?.objects.into_iter();
    let attached = trunks.filter(|trunk| trunk.attachments.ip_acls.contains(&id));
    Ok(attached.map(|trunk| Holder { id: trunk.id.to_string(), name: trunk.name.into() }).collect())
}

pub(super) async fn edit(
    State(shared): State<Arc<Shared>>,
    EntryInPath(id): EntryInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let patch = IpAclPatch {
        network: Some(network(&fields)?),
        description: Some(description(&fields)?),
        enabled: Some(fields.is_ticked("enabled")),
    };
    shared.provisioning.update_ip_acl(&account, visit.context(), (id, patch)).await?;
    see_other(&format!("{}/trunks/networks/{id}?done=updated", visit.base()))
}

pub(super) async fn confirm_delete(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    EntryInPath(id): EntryInPath,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let network = shared.provisioning.ip_acl(&account, id).await?.network.to_string();
    page(&DeletePage {
        frame: visit.frame(&format!("Delete {network}"), Section::Trunks),
        id: id.to_string(),
        network,
        trunks: holders(&shared, &visit, id).await?,
    })
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    EntryInPath(id): EntryInPath,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    shared.provisioning.delete_ip_acl(&account, visit.context(), id).await?;
    see_other(&format!("{}/trunks?done=deleted", visit.base()))
}
