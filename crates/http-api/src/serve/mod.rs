//! The serving loop: connections in, requests to [`HttpApi`], answers out.

mod handshake;
mod lingering_body;
mod stream;

#[cfg(test)]
mod handshake_tests;
#[cfg(test)]
mod tests;

use crate::HttpApi;
use crate::provision::Encrypted;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::uri::Scheme;
use handshake::Plain;
use handshakes::HandshakePlaces;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use lingering_body::LingeringBody;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use stream::Stream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

pub use handshake::Handshake;

/// How long accepting rests when the process or the system has no room for another connection: trying at once would
/// only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves HTTP/1 until `shutdown` completes, then stops accepting, closes idle connections and lets requests under way
/// finish, for as long as the longest of the configured timeouts. No failure of a connection or of accepting ends it.
pub async fn serve(listener: TcpListener, api: HttpApi, shutdown: impl Future<Output = ()>) {
    serve_after(Plain, listener, api, shutdown).await;
}

/// The same on connections that need a handshake first. A shutdown drops handshakes under way: no request depends on
/// them yet.
pub async fn serve_after(
    handshake: impl Handshake,
    listener: TcpListener,
    api: HttpApi,
    shutdown: impl Future<Output = ()>,
) {
    let connections = GracefulShutdown::new();
    tokio::select! {
        () = accept_all(&handshake, &listener, &api, &connections) => {}
        () = shutdown => {}
    }
    drop(listener);
    let config = api.config();
    let patience = config.request_timeout.max(config.header_read_timeout).max(config.write_timeout);
    if tokio::time::timeout(patience, connections.shutdown()).await.is_err() {
        tracing::warn!("some connections were still busy when the time to finish them was over");
    }
}

async fn accept_all<H: Handshake>(
    handshake: &H,
    listener: &TcpListener,
    api: &HttpApi,
    connections: &GracefulShutdown,
) {
    let places = HandshakePlaces::new(api.config().max_handshakes);
    let slots = Arc::new(Semaphore::new(api.config().max_connections.min(Semaphore::MAX_PERMITS)));
    // The semaphore is never closed, so this ends only with the process.
    while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
        let (stream, client) = accept(listener).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%client, %error, "answers may be delayed");
        }
        let (watcher, api, handshake) = (connections.watcher(), api.clone(), handshake.clone());
        let handshake = async move { handshake.complete(stream).await };
        let scheme = if H::IS_SECURE { Scheme::HTTPS } else { Scheme::HTTP };
        let ready = places.bound(api.config().handshake_timeout, handshake);
        tokio::spawn(async move {
            match ready.await {
                Ok(stream) => {
                    if let Err(error) = watcher.watch(connection(stream, (client, scheme), &api)).await {
                        tracing::debug!(%client, %error, "a connection ended early");
                    }
                }
                Err(error) => tracing::debug!(%client, %error, "a handshake was not completed"),
            }
            drop(slot);
        });
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                if let Some(pause) = pause_after(&error) {
                    tracing::error!(%error, "no connection could be accepted; trying again shortly");
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

/// How long to rest after a failure of accepting: not at all when only the one connection was lost.
fn pause_after(error: &io::Error) -> Option<Duration> {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    let one_lost = matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted);
    (!one_lost).then_some(ACCEPT_PAUSE)
}

fn connection<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    stream: S,
    (client, scheme): (SocketAddr, Scheme),
    api: &HttpApi,
) -> impl GracefulConnection<Output = hyper::Result<()>> + Send + use<S> {
    let config = api.config();
    let stream = Stream::new(stream, config.write_timeout, Arc::clone(api.random()));
    let drain_for = config.body_read_timeout;
    let api = api.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (api, scheme) = (api.clone(), scheme.clone());
        async move {
            let (mut parts, incoming) = request.into_parts();
            parts.extensions.insert(ConnectInfo(client));
            if scheme == Scheme::HTTPS {
                parts.extensions.insert(Encrypted);
            }
            parts.extensions.insert(scheme);
            let body = LingeringBody::new(incoming, &parts.headers, drain_for);
            Ok::<_, Infallible>(api.answer(hyper::Request::from_parts(parts, Body::new(body))).await)
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(config.header_read_timeout)
        .max_buf_size(config.max_header_octets.max(crate::Config::MIN_HEADER_OCTETS))
        // A client may close its sending side once it has asked.
        .half_close(true)
        .serve_connection(stream, service)
}
