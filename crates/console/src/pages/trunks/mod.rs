//! Trunks: whose calls they carry, over which next hops, by which rules.

mod acl_entries;
mod attachments;
mod change;
mod list;
mod next_hops;
mod recipes;
mod rules;
mod show;

use crate::Shared;
use crate::form::Fields;
use crate::refusal::Refusal;
use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::routing::{get, post};
use domain::TrunkId;
use provisioning::{Description, ProvisioningError};
use std::sync::Arc;
use storage::Page;

/// As many of a kind as an account may have.
const ALL: Page = Page { limit: 1000, offset: 0 };

pub(super) fn routes() -> Router<Arc<Shared>> {
    let one = "/console/{auth_id}/trunks/{trunk_id}";
    Router::new()
        .route("/console/{auth_id}/trunks", get(list::list).post(change::create))
        .route(&format!("{one}/recipes/{{product}}"), get(recipes::show))
        .route(one, get(show::show))
        .route(&format!("{one}/edit"), post(change::edit))
        .route(&format!("{one}/attachments"), post(attachments::update))
        .route(&format!("{one}/rules"), post(rules::update))
        .route(&format!("{one}/delete"), get(change::confirm_delete).post(change::delete))
        .merge(neighbours())
}

/// What trunks can be attached to.
fn neighbours() -> Router<Arc<Shared>> {
    let hops = "/console/{auth_id}/trunks/next-hops";
    let hop = format!("{hops}/{{hop_id}}");
    let networks = "/console/{auth_id}/trunks/networks";
    let network = format!("{networks}/{{entry_id}}");
    Router::new()
        .route(hops, post(next_hops::add))
        .route(&hop, get(next_hops::show).post(next_hops::edit))
        .route(&format!("{hop}/secret"), post(next_hops::set_secret))
        .route(&format!("{hop}/forget-secret"), post(next_hops::forget_secret))
        .route(&format!("{hop}/delete"), get(next_hops::confirm_delete).post(next_hops::delete))
        .route(networks, post(acl_entries::add))
        .route(&network, get(acl_entries::show).post(acl_entries::edit))
        .route(&format!("{network}/delete"), get(acl_entries::confirm_delete).post(acl_entries::delete))
}

/// The note of a form.
fn description(fields: &Fields) -> Result<Description, Refusal> {
    Description::parse(fields.text("description")).map_err(|error| Refusal::Wrong(format!("the description {error}")))
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
