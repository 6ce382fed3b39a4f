//! Serving the API to whom file permissions admit.

use super::AdmittedByFilePermissions;
use crate::HttpApi;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};

/// How long accepting rests after it failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves HTTP/1 on a socket until dropped. The socket's permissions (0600) must have admitted whoever can connect: its
/// requests need no token.
pub async fn serve_control_socket(listener: UnixListener, api: HttpApi) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_control_connection(stream, api.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "accepting on the control socket failed; trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The same for one connection, such as one within this process.
pub async fn serve_control_connection(stream: UnixStream, api: HttpApi) {
    let header_read_timeout = api.config().header_read_timeout;
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let api = api.clone();
        request.extensions_mut().insert(AdmittedByFilePermissions);
        async move { Ok::<_, Infallible>(api.answer(request.map(Body::new)).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_read_timeout)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection to the control socket ended early");
    }
}
