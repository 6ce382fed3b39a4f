//! Answers with a page or a file.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use phone_provisioning::Configuration;

/// Nothing but the stylesheet from here, and forms to here.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// A page.
pub(super) fn page(html: String) -> Response {
    let mut headers = private_headers();
    headers.insert(CONTENT_TYPE, HTML);
    (headers, html).into_response()
}

/// A file for an app, or one to be saved.
pub(super) fn file(configuration: &Configuration) -> Response {
    let mut headers = private_headers();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(configuration.media_type));
    let name = format!("attachment; filename=\"{}\"", configuration.file_name);
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    (headers, configuration.text.to_string()).into_response()
}

/// Where it came from is nobody else's business: the address is worth a device.
fn private_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_ROBOTS_TAG, HeaderValue::from_static("noindex, nofollow"));
    headers
}
