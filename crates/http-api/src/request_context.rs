//! Who asked and under which name, for the audit record.

use crate::request_id::RequestId;
use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use provisioning::RequestContext;
use std::convert::Infallible;
use std::net::SocketAddr;

/// Extracts the request's id and the client's address, without its port: ports say nothing a day later.
pub(crate) struct Context(pub RequestContext);

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.as_str().into()).unwrap_or_default();
        let client = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let source = client.map(|ConnectInfo(address)| address.ip().to_canonical().to_string()).unwrap_or_default();
        Ok(Self(RequestContext { request_id, source: source.into_boxed_str() }))
    }
}

/// Puts the context among the request's extensions, for faces that know nothing of request ids.
pub(crate) async fn note_context(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(Context(context)) = Context::from_request_parts(&mut parts, &()).await;
    parts.extensions.insert(context);
    next.run(Request::from_parts(parts, body)).await
}
