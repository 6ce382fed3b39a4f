//! Trunks: whose calls they carry, over which next hops, by which rules.

mod attachments;
mod change;
mod list;
mod neighbours;
mod rules;
mod show;

use crate::Shared;
use crate::refusal::Refusal;
use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::routing::{get, post};
use domain::TrunkId;
use provisioning::ProvisioningError;
use std::sync::Arc;
use storage::Page;

/// As many of a kind as an account may have.
const ALL: Page = Page { limit: 1000, offset: 0 };

pub(super) fn routes() -> Router<Arc<Shared>> {
    let one = "/console/{auth_id}/trunks/{trunk_id}";
    Router::new()
        .route("/console/{auth_id}/trunks", get(list::list).post(change::create))
        .route("/console/{auth_id}/trunks/next-hops", post(neighbours::add_next_hop))
        .route("/console/{auth_id}/trunks/networks", post(neighbours::add_network))
        .route(one, get(show::show))
        .route(&format!("{one}/edit"), post(change::edit))
        .route(&format!("{one}/attachments"), post(attachments::update))
        .route(&format!("{one}/rules"), post(rules::update))
        .route(&format!("{one}/delete"), get(change::confirm_delete).post(change::delete))
}

/// The trunk that the path names; what names none is as if it were deleted.
struct TrunkInPath(TrunkId);

impl FromRequestParts<Arc<Shared>> for TrunkInPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let parameters = RawPathParams::from_request_parts(parts, &()).await;
        let parameters = parameters.map_err(|_| Refusal::Refused(ProvisioningError::TrunkNotFound))?;
        let found = parameters.iter().find(|(name, _)| *name == "trunk_id");
        let id = found.and_then(|(_, value)| TrunkId::parse(value));
        id.map(Self).ok_or(Refusal::Refused(ProvisioningError::TrunkNotFound))
    }
}
