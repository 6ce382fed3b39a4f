//! Where the account's desk phones fetch their configuration, and many of them made at once.

mod import;
mod replace;
mod show;

use crate::Shared;
use axum::Router;
use axum::routing::get;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/console/{auth_id}/desk-phones", get(show::show).post(import::import))
        .route("/console/{auth_id}/desk-phones/replace", get(replace::confirm).post(replace::replace))
}
