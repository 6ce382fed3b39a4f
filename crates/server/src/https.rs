//! HTTPS: its listeners, and certificates that are reloaded.

use crate::failure::Failure;
use http_api::{Handshake, HttpApi};
use std::io;
use std::sync::Arc;
use tls_identity::{Acceptor, Identities, TlsStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What is spoken inside, as ALPN names it.
const PROTOCOLS: [&str; 1] = ["http/1.1"];

/// Serves on every listener until told to stop.
pub(crate) fn serve(
    listeners: Vec<TcpListener>,
    identities: &Option<Arc<Identities>>,
    api: &HttpApi,
    stopped: &watch::Receiver<bool>,
) -> Result<Vec<JoinHandle<()>>, Failure> {
    let Some(identities) = identities else { return Ok(Vec::new()) };
    let handshake = TlsHandshake(Acceptor::new(Arc::clone(identities), &PROTOCOLS)?);
    let serve = |listener: TcpListener| {
        let (api, mut stopped) = (api.clone(), stopped.clone());
        let shutdown = async move {
            // A closed channel means the same as a request to stop.
            let _ = stopped.wait_for(|stop| *stop).await.is_ok();
        };
        tokio::spawn(http_api::serve_after(handshake.clone(), listener, api, shutdown))
    };
    Ok(listeners.into_iter().map(serve).collect())
}

/// Reloads the certificates at each SIGHUP, which from now on ends nobody.
pub(crate) fn reload_on_hangup(identities: Option<Arc<Identities>>) -> Result<JoinHandle<()>, Failure> {
    let mut hangups = signal(SignalKind::hangup()).map_err(Failure::Runtime)?;
    Ok(tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let Some(identities) = identities.clone() else {
                tracing::info!("SIGHUP: there is no TLS certificate to reload");
                continue;
            };
            if let Err(error) = tokio::task::spawn_blocking(move || identities.reload()).await {
                tracing::error!(%error, "the TLS certificates could not be reloaded");
            }
        }
    }))
}

#[derive(Clone)]
struct TlsHandshake(Acceptor);

impl Handshake for TlsHandshake {
    type Connection = TlsStream<TcpStream>;

    const IS_SECURE: bool = true;

    async fn complete(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}
