//! The credential routes, one operation per file.

mod create;
mod delete;
mod list;
mod object;
mod show;
mod update;

use crate::api::Shared;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/v1/Account/{auth_id}/credentials", post(create::create))
        .route("/api/v1/Account/{auth_id}/trunks/credentials", get(list::list))
        .route(
            "/api/v1/Account/{auth_id}/credentials/{credential_id}",
            get(show::show).put(update::update).delete(delete::delete),
        )
}
