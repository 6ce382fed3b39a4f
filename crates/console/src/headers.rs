//! The headers of every page.

use axum::extract::Request;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

/// The type of every page.
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// Nothing but what this server serves; no inline script or style; in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A page's own addresses that its scripts may connect to, besides this server's.
#[derive(Clone)]
pub(crate) struct MayConnectTo(pub String);

/// Adds the headers to whatever is answered.
pub(crate) async fn fix(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = match response.extensions_mut().remove::<MayConnectTo>() {
        Some(MayConnectTo(addresses)) => {
            let policy = POLICY.replace("connect-src 'self'", &format!("connect-src 'self' {addresses}"));
            let policy = format!("{policy}; media-src 'self' blob: mediastream:");
            HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(POLICY))
        }
        None => HeaderValue::from_static(POLICY),
    };
    let microphone = if policy == POLICY { "microphone=()" } else { "microphone=(self)" };
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    // For browsers that know no `frame-ancestors`.
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::try_from(format!("camera=(), geolocation=(), {microphone}"))
            .unwrap_or(HeaderValue::from_static("camera=()")),
    );
    response
}
