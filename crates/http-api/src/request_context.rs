//! Who asked and under which name, for the audit record.

use crate::request_id::RequestId;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
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
