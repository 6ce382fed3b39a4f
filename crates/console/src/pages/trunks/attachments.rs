//! What a trunk is attached to.

use super::{ALL, TrunkInPath};
use crate::Shared;
use crate::form::{Fields, Posted};
use crate::frame::see_other;
use crate::pages::credentials;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use axum::extract::State;
use axum::response::Response;
use domain::{CredentialId, IpAclId, OriginationUriId};
use provisioning::AttachmentsPatch;
use std::sync::Arc;

pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    TrunkInPath(id): TrunkInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let hops = shared.provisioning.origination_uris(&account, ALL).await?.objects;
    let trunk = shared.provisioning.trunk(&account, id).await?;
    let known = &trunk.attachments.origination_uris;
    // Those that are there already keep their order.
    let others = hops.iter().map(|hop| hop.id).filter(|id| !known.contains(id));
    let ordered: Vec<OriginationUriId> = known.iter().copied().chain(others).collect();
    let at = |place: &str| -> Vec<OriginationUriId> {
        let ids = ordered.iter().copied();
        ids.filter(|id| fields.text(&format!("hop-{id}")) == place).collect()
    };
    let patch = AttachmentsPatch {
        credentials: Some(credentials_named(&shared, &visit, &fields).await?),
        ip_acls: Some(fields.all("network").filter_map(IpAclId::parse).collect()),
        primary_uri: Some(at("primary").first().copied()),
        fallback_uri: Some(at("fallback").first().copied()),
        origination_uris: Some(at("further")),
    };
    if at("primary").len() > 1 || at("fallback").len() > 1 {
        return Err(Refusal::Wrong(
            "one next hop can be the first, and one the second; let others be further ones".into(),
        ));
    }
    shared.provisioning.update_attachments(&account, visit.context(), (id, patch)).await?;
    see_other(&format!("{}/trunks/{id}?done=updated", visit.base()))
}

/// Credentials are named by username: there may be more than a list could offer.
async fn credentials_named(shared: &Shared, visit: &Visit, fields: &Fields) -> Result<Vec<CredentialId>, Refusal> {
    let mut ids = Vec::new();
    for name in fields.text("credentials").split([',', ' ', '\n', '\r']).filter(|name| !name.is_empty()) {
        ids.push(credentials::of_username(shared, visit, name).await?);
    }
    Ok(ids)
}
