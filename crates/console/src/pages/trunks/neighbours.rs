//! What trunks can be attached to: next hops, and networks that are let in.

use crate::Shared;
use crate::form::Posted;
use crate::frame::see_other;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use axum::extract::State;
use axum::response::Response;
use domain::{IpAcl, Network, SipUri};
use provisioning::{Description, IpAclPatch, OriginationUriPatch};
use std::sync::Arc;

pub(super) async fn add_next_hop(
    State(shared): State<Arc<Shared>>,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let uri = SipUri::parse(fields.text("uri")).map_err(|error| Refusal::Wrong(format!("the next hop {error}")))?;
    let patch = OriginationUriPatch {
        description: Some(description(fields.text("description"))?),
        ..OriginationUriPatch::default()
    };
    shared.provisioning.create_origination_uri(&account, visit.context(), (uri, patch), None).await?;
    see_other(&format!("{}/trunks?done=created", visit.base()))
}

pub(super) async fn add_network(
    State(shared): State<Arc<Shared>>,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let network: Network =
        fields.text("network").parse().map_err(|error| Refusal::Wrong(format!("the network {error}")))?;
    IpAcl::check(&network).map_err(|error| Refusal::Wrong(format!("the network {error}")))?;
    let patch = IpAclPatch { description: Some(description(fields.text("description"))?), ..IpAclPatch::default() };
    shared.provisioning.create_ip_acl(&account, visit.context(), (network, patch), None).await?;
    see_other(&format!("{}/trunks?done=created", visit.base()))
}

fn description(text: &str) -> Result<Description, Refusal> {
    Description::parse(text).map_err(|error| Refusal::Wrong(format!("the description {error}")))
}
