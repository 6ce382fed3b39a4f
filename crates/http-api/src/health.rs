//! Whether the process lives, and whether it can serve.

use crate::answer;
use crate::api::Shared;
use crate::problem::Problem;
use crate::routes::Routes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Knows whether both planes can serve.
pub trait Readiness: Send + Sync {
    /// What is missing, as a sentence for the operator; `None` when nothing is.
    fn problem(&self) -> Option<String>;
}

/// How the server is.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Health {
    /// `alive` or `ready`.
    #[schema(pattern = "^(alive|ready)$", example = "ready")]
    status: &'static str,
}

pub(crate) fn routes() -> Routes {
    Routes::tagged("Health").operation(__path_alive, alive).operation(__path_ready, ready).schema::<Health>()
}

/// Whether a path is one of these, or of metrics: what they say is of this process, and rests on nothing stored.
pub(crate) fn is_health(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics")
}

/// Does the process live?
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "alive",
    responses((status = 200, description = "It does", body = Health))
)]
async fn alive() -> Result<Response, Problem> {
    answer::json(StatusCode::OK, &Health { status: "alive" })
}

/// Can it serve HTTP and SIP?
///
/// 503 tells in a sentence what is missing.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "ready",
    responses((status = 200, description = "It can", body = Health))
)]
async fn ready(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    match shared.readiness.problem() {
        None => answer::json(StatusCode::OK, &Health { status: "ready" }),
        Some(sentence) => Err(Problem::NotReady(sentence)),
    }
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;

    #[tokio::test]
    async fn health() {
        let api = TestApi::new().await;
        assert_eq!(api.get("/healthz").await.shown(), r#"200 {"status":"alive"}"#);
        assert_eq!(api.get("/readyz/").await.shown(), r#"200 {"status":"ready"}"#);
        api.becomes_unready("The SIP side is still loading its credentials");
        assert_eq!(
            api.get("/readyz").await.shown(),
            r#"503 {"error":"The SIP side is still loading its credentials","code":503}"#
        );
        assert_eq!(api.get("/healthz").await.status(), 200);
    }
}
