//! `GET /api/v1/Account/{auth_id}/trunks/credentials?limit&offset`

use super::object::CredentialObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::pagination::Window;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct CredentialList<'v> {
    meta: Meta,
    objects: Vec<CredentialObject<'v>>,
}

#[derive(Serialize)]
struct Meta {
    limit: u32,
    offset: u64,
    total: u64,
}

pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    Window(page): Window,
) -> Result<Response, Problem> {
    let (views, total) = shared.provisioning.credentials(&scope, page).await?;
    let meta = Meta { limit: page.limit, offset: page.offset, total };
    let objects = views.iter().map(CredentialObject::from).collect();
    answer::json(StatusCode::OK, &CredentialList { meta, objects })
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;

    #[tokio::test]
    async fn pages_in_order_of_creation() {
        let api = TestApi::new().await;
        let empty = api.get("~/trunks/credentials").await;
        assert_eq!(empty.shown(), r#"200 {"meta":{"limit":20,"offset":0,"total":0},"objects":[]}"#);
        let mut ids = Vec::new();
        for number in 0..23 {
            api.clock.advance_millis(1);
            ids.push(api.created(&format!("user_{number}")).await);
        }
        for (query, meta, expected) in [
            ("", r#"{"limit":20,"offset":0,"total":23}"#, &ids[..20]),
            ("/?offset=20", r#"{"limit":20,"offset":20,"total":23}"#, &ids[20..]),
            ("?limit=2&offset=1&page=9", r#"{"limit":2,"offset":1,"total":23}"#, &ids[1..3]),
            (
                "?limit=1000&offset=9223372036854775807",
                r#"{"limit":1000,"offset":9223372036854775807,"total":23}"#,
                &[],
            ),
        ] {
            let answer = api.get(&format!("~/trunks/credentials{query}")).await;
            assert!(answer.shown().starts_with(&format!(r#"200 {{"meta":{meta},"objects":["#)), "{}", answer.shown());
            let objects = answer.json()["objects"].as_array().unwrap().clone();
            let found: Vec<_> = objects.iter().map(|object| object["id"].as_str().unwrap()).collect();
            assert_eq!(found, expected, "{query}");
        }
        let one = api.get("~/trunks/credentials?limit=1").await.json()["objects"][0].clone();
        assert_eq!(one, api.get(&format!("~/credentials/{}", ids[0])).await.json());
    }

    #[tokio::test]
    async fn a_wrong_window_is_named() {
        let api = TestApi::new().await;
        for query in ["limit=-1", "limit=0", "limit=99999999999", "limit=x", "limit=1&limit=1"] {
            let answer = api.get(&format!("~/trunks/credentials?{query}")).await;
            assert_eq!(
                (answer.status().as_u16(), &answer.json()["details"][0]["field"]),
                (400, &"limit".into()),
                "{query}"
            );
            assert!(answer.error().starts_with("limit must be "), "{query}");
        }
        let answer = api.get("~/trunks/credentials?offset=-1").await;
        assert_eq!(answer.error(), "offset must be a whole number from 0 to 9223372036854775807");
    }
}
