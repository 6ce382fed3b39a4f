//! Whether the process lives, and whether it can serve.

use crate::answer;
use crate::api::Shared;
use crate::problem::Problem;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use std::sync::Arc;

/// Knows whether both planes can serve.
pub trait Readiness: Send + Sync {
    /// What is missing, as a sentence for the operator; `None` when nothing is.
    fn problem(&self) -> Option<String>;
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn alive() -> Result<Response, Problem> {
    answer::json(StatusCode::OK, &Health { status: "alive" })
}

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
