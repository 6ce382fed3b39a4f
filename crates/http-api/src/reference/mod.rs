//! `/docs`: the `OpenAPI` document as pages for people. Plain HTML with one stylesheet, made once at start; there is no
//! script, and nothing is loaded from elsewhere, so it works without the internet and its policy can forbid everything.

mod curl;
mod page;
mod schema;

use crate::api::Shared;
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY};
use axum::routing::get;
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;

const STYLE: &str = include_str!("style.css");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const CSS: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
/// Nothing but the stylesheet from here.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(crate) fn routes(document: &Value) -> Router<Arc<Shared>> {
    let page = Bytes::from(page::rendered(document));
    Router::new()
        .route("/docs", get(async move || (headers(HTML), page)))
        .route("/docs/style.css", get(async || (headers(CSS), STYLE)))
}

fn headers(content_type: HeaderValue) -> [(HeaderName, HeaderValue); 3] {
    [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ]
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;
    use serde_json::Value;

    #[tokio::test]
    async fn every_operation_and_schema_of_the_document_has_an_anchor_and_every_link_a_target() {
        let api = TestApi::new().await;
        let document: Value = api.get("/openapi.json").await.json();
        let page = api.get("/docs").await.body;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(page.contains(&format!("id=\"{id}\"")), "{method} {path}");
                assert!(page.contains(&format!("href=\"#{id}\"")), "{method} {path} is not in the table of contents");
            }
        }
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("id=\"schema-{name}\"")), "{name}");
        }
        for link in page.split("href=\"#").skip(1) {
            let target = link.split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{target}\"")), "#{target} leads nowhere");
        }
    }

    #[tokio::test]
    async fn nothing_is_loaded_from_elsewhere_and_nothing_runs() {
        let api = TestApi::new().await;
        for path in ["/docs", "/docs/", "/docs/style.css"] {
            let answer = api.get(path).await;
            assert_eq!(answer.status(), 200, "{path}");
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
            for wanted in ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
                assert!(policy.contains(wanted), "{policy}");
            }
            for unwanted in ["<script", "javascript:", "style=", " onclick", "@import", "url(", "<img", "<iframe"] {
                assert!(!answer.body.contains(unwanted), "{unwanted} in {path}");
            }
            for attribute in ["href=\"", "src=\"", "action=\""] {
                for value in answer.body.split(attribute).skip(1) {
                    let own =
                        value.starts_with('#') || value.starts_with("/docs") || value.starts_with("/openapi.json");
                    assert!(own, "{attribute}{}", &value[..value.len().min(60)]);
                }
            }
        }
        assert_eq!(api.get("/docs").await.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(api.get("/docs/style.css").await.header("content-type"), "text/css; charset=utf-8");
    }
}
