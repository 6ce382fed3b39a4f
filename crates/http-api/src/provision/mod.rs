//! What whoever has a provisioning link does with it: pages for people, files for phones and apps.
//!
//! No account is proved here by headers: the link's token is all. So nothing of a token goes into a log, a trace, a
//! referrer or a cache; a mere look spends nothing; and all of it wants HTTPS, since passwords pass.

mod answer;
mod desk_phone;
mod fetch;
mod form;
mod origin;
mod page;
mod phone;
mod redeem;
mod show;

pub(crate) use origin::{Encrypted, Origin};

use crate::api::Shared;
use axum::Router;
use axum::routing::{MethodFilter, on};
use std::sync::Arc;

/// Not among the operations of the `OpenAPI` document: these are pages and files, not the API.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/provision/{token}", on(MethodFilter::GET, show::show).on(MethodFilter::POST, redeem::redeem))
        .route("/provision/mac/{auth_id}/{secret}/{file}", on(MethodFilter::GET, desk_phone::fetch))
        .route("/provision/fetch/{token}", on(MethodFilter::GET, fetch::fetch))
        .route("/provision/style.css", on(MethodFilter::GET, page::style))
}

/// A path as logs and traces may show it: of what lies below, nothing is shown.
pub(crate) fn shown_path(path: &str) -> &str {
    // However it is spelt: what leads nowhere may still hold a token.
    if path.to_ascii_lowercase().contains("provision/") { "/provision/<redacted>" } else { path }
}
