//! One attempt to deliver one message.

use crate::Allowed;
use crate::destination::Destination;
use crate::lookup::Lookups;
use crate::signature;
use bytes::Bytes;
use domain::WebhookMethod;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use storage::{Pending, WebhookDelivery};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The header that says what happened.
const EVENT: &str = "x-sipwarden-event";
/// The header that names the message: the same at each attempt.
const DELIVERY: &str = "x-sipwarden-delivery";
/// Most octets of an answer's head that are read.
const ANSWER_OCTETS: usize = 16 << 10;

/// What HTTP is spoken over.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Makes TLS of connections, and believes only a server that proves to be of that name.
pub trait Secure: Send + Sync + Debug {
    /// Does the handshake. It may take for ever: the caller bounds its time.
    fn secure(&self, host: String, stream: TcpStream) -> Pending<'static, io::Result<Box<dyn Stream>>>;
}

/// Why a message was not delivered this time. Each text is fit for the account and holds nothing of the message.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// The URL cannot be asked.
    #[error("the URL is not one of http or https")]
    Url,
    /// The name does not resolve.
    #[error("the name does not resolve: {0}")]
    Resolve(io::Error),
    /// The name leads to private addresses only.
    #[error("it leads to no public address; the operator allows others with --webhook-allow-network")]
    Private,
    /// No connection could be made.
    #[error("no connection: {0}")]
    Connect(io::Error),
    /// The TLS handshake failed.
    #[error("no TLS: {0}")]
    Tls(io::Error),
    /// HTTP was not spoken as it should.
    #[error("no HTTP answer: {0}")]
    Http(#[from] hyper::Error),
    /// The answer was not 2xx; a redirect is not followed.
    #[error("answered with {0}")]
    Status(StatusCode),
    /// All of it took too long.
    #[error("no answer in time")]
    TimedOut,
}

/// What an attempt needs besides its message.
pub(crate) struct Attempt<'a> {
    pub allowed: &'a Allowed,
    pub secure: &'a dyn Secure,
    pub lookups: &'a Lookups,
    /// What the account may look up at a time.
    pub account_lookups: &'a Arc<Semaphore>,
    /// The account's, as they are now.
    pub secrets: &'a [Zeroizing<String>],
    /// Seconds since 1970.
    pub now_seconds: u64,
}

impl Attempt<'_> {
    /// Connects, asks, and looks at the status; the answer's body is not read.
    pub async fn deliver(&self, delivery: &WebhookDelivery) -> Result<StatusCode, AttemptError> {
        let destination = Destination::of(&delivery.url).ok_or(AttemptError::Url)?;
        let stream = self.connect(&destination).await?;
        let stream: Box<dyn Stream> = if destination.is_secure {
            self.secure.secure(destination.host.clone(), stream).await.map_err(AttemptError::Tls)?
        } else {
            Box::new(stream)
        };
        let (mut sender, connection) =
            http1::Builder::new().max_buf_size(ANSWER_OCTETS).handshake(TokioIo::new(stream)).await?;
        let request = self.request(&destination, delivery)?;
        let asked = pin!(async { sender.send_request(request).await.map(|response| response.status()) });
        // The connection is driven beside the request, and dropped with it.
        let status = driven(connection, asked).await?;
        if status.is_success() { Ok(status) } else { Err(AttemptError::Status(status)) }
    }

    /// To the first address of the name's that may be connected to and takes the connection: the very addresses that were
    /// looked at, whatever the name leads to a moment later.
    async fn connect(&self, destination: &Destination) -> Result<TcpStream, AttemptError> {
        let place = (destination.host.as_str(), destination.port);
        let found = self.lookups.addresses(place, self.account_lookups).await?;
        let admitted: Vec<SocketAddr> = found.into_iter().filter(|it| self.allowed.admits(it.ip())).collect();
        if admitted.is_empty() {
            return Err(AttemptError::Private);
        }
        TcpStream::connect(admitted.as_slice()).await.map_err(AttemptError::Connect)
    }

    fn request(
        &self,
        destination: &Destination,
        delivery: &WebhookDelivery,
    ) -> Result<Request<Full<Bytes>>, AttemptError> {
        let body = Bytes::copy_from_slice(delivery.body.as_bytes());
        let builder = match delivery.method {
            WebhookMethod::Post => Request::post(&destination.path).header(CONTENT_TYPE, "application/json"),
            WebhookMethod::Get => Request::get(destination.path_with_payload(&delivery.body)),
        };
        let builder = builder
            .header(HOST, &destination.authority)
            .header(USER_AGENT, concat!("sipwarden/", env!("CARGO_PKG_VERSION")))
            .header(CONNECTION, "close")
            .header(EVENT, &*delivery.event)
            .header(DELIVERY, Uuid::from_bytes(delivery.id).to_string())
            .header(signature::HEADER, signature::sign(self.secrets, self.now_seconds, &body));
        let sent = if delivery.method == WebhookMethod::Post { body } else { Bytes::new() };
        builder.body(Full::new(sent)).map_err(|_| AttemptError::Url)
    }
}

/// The outcome of what is asked over a connection, which may end in the same moment: with it everything that is asked
/// comes to an end.
async fn driven<T>(
    connection: impl Future<Output = hyper::Result<()>>,
    mut asked: impl Future<Output = T> + Unpin,
) -> T {
    tokio::select! {
        biased;
        outcome = &mut asked => return outcome,
        _ended = connection => {}
    }
    asked.await
}
