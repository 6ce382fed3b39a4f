//! HTTPS: its settings, its listeners, and certificates that are reloaded.

use crate::failure::Failure;
use http_api::{Handshake, HttpApi};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tls_identity::{Acceptor, Identities, PairFiles, TlsStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What is spoken inside, as ALPN names it.
const PROTOCOLS: [&str; 1] = ["http/1.1"];

/// Where HTTPS is served and with what: nowhere unless an address is given.
#[derive(Debug, Default)]
pub(crate) struct HttpsSettings {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) pairs: Vec<PairFiles>,
}

impl HttpsSettings {
    /// Pairs each certificate with the key of the same place.
    pub(crate) fn settle(
        listen: Vec<SocketAddr>,
        certificates: Vec<PathBuf>,
        keys: Vec<PathBuf>,
    ) -> Result<Self, Failure> {
        if certificates.len() != keys.len() {
            return Err(Failure::Refused(format!(
                "there are {} TLS certificates and {} keys; give a --tls-key for each --tls-certificate, in the same order",
                certificates.len(),
                keys.len()
            )));
        }
        match (listen.is_empty(), certificates.is_empty()) {
            (false, true) => Err(Failure::Refused(
                "HTTPS needs a certificate and its key; name them with --tls-certificate and --tls-key".into(),
            )),
            (true, false) => Err(Failure::Refused(
                "there is a TLS certificate but no address that serves with it; give one with --https-listen".into(),
            )),
            _ => {
                let pair = |(certificate, key)| PairFiles { certificate, key };
                Ok(Self { listen, pairs: certificates.into_iter().zip(keys).map(pair).collect() })
            }
        }
    }

    /// Reads every certificate and key, if any.
    pub(crate) fn load(&self) -> Result<Option<Arc<Identities>>, Failure> {
        let load = |pairs| Identities::load(pairs).map(Arc::new);
        let pairs = (!self.pairs.is_empty()).then(|| self.pairs.clone());
        Ok(pairs.map(load).transpose()?)
    }
}

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

    async fn complete(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}
