//! `GET /api/v1/Account/{auth_id}/trunks/credentials?limit&offset`, or `?limit&cursor`, and `?username`

use super::list_query::{ListParameters, ListQuery};
use super::object::CredentialObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::link;
use crate::pagination::Meta;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use provisioning::PageStart;
use serde::Serialize;
use std::sync::Arc;
use storage::Page;
use utoipa::ToSchema;

/// A page of credentials, in order of creation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CredentialList<'v> {
    meta: ListMeta,
    objects: Vec<CredentialObject<'v>>,
}

/// Which page this is: in the form that the request asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum ListMeta {
    Window(Meta),
    Cursor(CursorMeta),
}

/// Which page this is, where the request had a `cursor`.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CursorMeta {
    /// Most objects on this page.
    #[schema(minimum = 1, maximum = 1000, example = 20)]
    limit: u32,
    /// How many there are in all.
    #[schema(minimum = 0, example = 1)]
    total: u64,
    /// Where the next page begins; null where there is none.
    next_cursor: Option<String>,
}

/// List credentials
///
/// By `offset`, or by `cursor`, which neither insertions nor deletions shift and which costs the same anywhere in a long
/// list: begin with an empty one, then give each page's `next_cursor`. A page that has a next one links to it.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/trunks/credentials",
    operation_id = "list-credentials",
    params(ListParameters),
    responses((status = 200, description = "A page of credentials, oldest first", body = CredentialList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    query: ListQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let page = shared.provisioning.credentials_page(&scope, query.to_request()).await?;
    let (meta, next) = match query.start {
        PageStart::Offset(offset) => {
            let meta = Meta::new(Page { limit: query.limit, offset }, page.total);
            let next = meta.next_query();
            (ListMeta::Window(meta), next)
        }
        PageStart::Cursor(_) => {
            let next = page.next_cursor.as_ref().map(|cursor| format!("limit={}&cursor={cursor}", query.limit));
            let meta = CursorMeta { limit: query.limit, total: page.total, next_cursor: page.next_cursor };
            (ListMeta::Cursor(meta), next)
        }
    };
    let objects = page.credentials.iter().map(CredentialObject::from).collect();
    answer::json(StatusCode::OK, &CredentialList { meta, objects })
        .map(|response| link::with_next(response, &uri, next))
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

    #[tokio::test]
    async fn a_cursor_leads_through_the_list_whatever_is_added_or_deleted() {
        let api = TestApi::new().await;
        let mut ids = Vec::new();
        for number in 0..5 {
            ids.push(api.created(&format!("user_{number}")).await);
        }
        let first = api.get("~/trunks/credentials?cursor=&limit=2").await;
        let meta = first.json()["meta"].clone();
        let keys: Vec<_> = meta.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["limit", "next_cursor", "total"]);
        let cursor = meta["next_cursor"].as_str().unwrap();
        let link = format!("</api/v1/Account/MA_TEST0001/trunks/credentials?limit=2&cursor={cursor}>; rel=\"next\"");
        assert_eq!(first.header("link"), link);
        // The page's last credential goes, and with it an offset would skip one.
        api.delete(&format!("~/credentials/{}", ids[1])).await;
        let second = api.get(&format!("~/trunks/credentials?limit=9&cursor={cursor}")).await;
        let second_json = second.json();
        let found: Vec<_> = second_json["objects"].as_array().unwrap().iter().map(|object| &object["id"]).collect();
        assert_eq!(found, ids.iter().skip(2).collect::<Vec<_>>());
        assert_eq!((&second_json["meta"]["next_cursor"], second.header("link")), (&serde_json::Value::Null, ""));
        let elsewhere = format!("/api/v1/Account/MA_TEST0002/trunks/credentials?cursor={cursor}");
        assert_eq!(api.as_other("GET", &elsewhere, "").await.status(), 400, "another account's cursor");
        for query in ["cursor=x", "cursor=%00", "cursor=&offset=1", "cursor=&cursor="] {
            let answer = api.get(&format!("~/trunks/credentials?{query}")).await;
            assert_eq!(answer.status(), 400, "{query}: {}", answer.body);
        }
    }

    #[tokio::test]
    async fn a_window_links_to_the_next_one() {
        let api = TestApi::new().await;
        for number in 0..3 {
            api.created(&format!("user_{number}")).await;
        }
        let first = api.get("~/trunks/credentials/?limit=2").await;
        assert_eq!(
            first.header("link"),
            "</api/v1/Account/MA_TEST0001/trunks/credentials?limit=2&offset=2>; rel=\"next\""
        );
        assert_eq!(api.get("~/trunks/credentials?limit=2&offset=2").await.header("link"), "");
    }

    #[tokio::test]
    async fn a_username_finds_exactly_its_credential() {
        let api = TestApi::new().await;
        let id = api.created("wanted").await;
        api.created("Wanted").await;
        let found = api.get("~/trunks/credentials?username=wanted").await.json();
        assert_eq!((&found["meta"]["total"], &found["objects"][0]["id"]), (&1.into(), &id.into()));
        assert_eq!(api.get("~/trunks/credentials?username=nobody").await.json()["meta"]["total"], 0);
        assert_eq!(api.get("~/trunks/credentials?username=a%20b").await.status(), 400);
    }
}
