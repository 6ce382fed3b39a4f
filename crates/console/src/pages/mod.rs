//! The pages, one file each.

mod attempts;
mod audit_log;
mod bans;
mod calls;
mod credentials;
mod desk_phones;
mod devices;
mod list_query;
mod networks;
mod nodes;
mod numbers;
mod operator;
mod overview;
pub(crate) mod phones;
mod settings;
mod sign_in;
mod tokens;
mod trunks;
mod try_it;

use crate::Shared;
use crate::refusal::Refusal;
use axum::Router;
use axum::routing::any;
use std::sync::Arc;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .merge(sign_in::routes())
        .merge(overview::routes())
        .merge(credentials::routes())
        .merge(devices::routes())
        .merge(desk_phones::routes())
        .merge(attempts::routes())
        .merge(phones::routes())
        .merge(calls::routes())
        .merge(bans::routes())
        .merge(audit_log::routes())
        .merge(tokens::routes())
        .merge(settings::routes())
        .merge(operator::routes())
        .merge(nodes::routes())
        .merge(trunks::routes())
        .merge(numbers::routes())
        .merge(try_it::routes())
        .route("/console/{auth_id}/{*path}", any(nothing))
}

/// For addresses that somebody has mistyped.
async fn nothing() -> Refusal {
    Refusal::NotFound("There is no such page.")
}

#[cfg(test)]
mod tests {
    /// The router panics where one route hides another.
    #[test]
    fn no_route_hides_another() {
        assert!(super::routes().has_routes());
    }
}
