//! `Link` headers (RFC 8288) that lead to the next page of a list.

use axum::http::header::LINK;
use axum::http::{HeaderValue, Uri};
use axum::response::Response;

/// The answer with a `Link` to the same path with that query, where there is a next page.
pub(crate) fn with_next(mut response: Response, uri: &Uri, next_query: Option<String>) -> Response {
    let next = next_query.map(|query| format!("<{}?{query}>; rel=\"next\"", uri.path()));
    // A path that was routed and a query of ours consist of characters that a header takes.
    if let Some(value) = next.and_then(|next| HeaderValue::try_from(next).ok()) {
        response.headers_mut().insert(LINK, value);
    }
    response
}
