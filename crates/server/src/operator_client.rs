//! Asks the operator API: over the control socket of a running server, over HTTP of a server elsewhere, or of an
//! installation that no server has open and this process opens for the one request.

use crate::cli::Installation;
use crate::configuration::locate;
use crate::data_dir::DataDir;
use crate::database::DatabasePlace;
use crate::failure::Failure;
use crate::listening::Listening;
use crate::node::{Node, Opening};
use crate::operator_api;
use crate::patience::{self, Reached};
use crate::remote_operator::RemoteOperator;
use bytes::Bytes;
use http_api::{Exposure, HttpApi, Readiness};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::fmt::Display;
use std::sync::Arc;
use tokio::net::UnixStream;

/// Most octets of an answer that is read whole.
const MAX_ANSWER_OCTETS: usize = 64 << 20;

/// Reaches the operator API one of the three ways.
pub(crate) enum OperatorClient {
    Local(Box<LocalOperator>),
    Remote(RemoteOperator),
}

/// The installation in a data directory of this machine.
pub(crate) struct LocalOperator {
    data_dir: DataDir,
    connection: http1::SendRequest<Full<Bytes>>,
    /// Keeps an installation open that this process has opened.
    opened: Option<Node>,
}

/// What is asked.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'static str,
    /// Below `/admin/v1/`.
    pub(crate) path: &'a str,
    pub(crate) body: Option<Value>,
}

/// The parts of an answer as they come.
pub(crate) struct OperatorAnswer {
    pub(crate) status: u16,
    pub(crate) body: AnswerBody,
}

/// Where the body of an answer comes from.
pub(crate) enum AnswerBody {
    Local { path: std::path::PathBuf, incoming: Incoming },
    Remote(crate::remote_operator::RemoteBody),
}

impl OperatorClient {
    /// Reaches the server of `--url`, else the installation.
    pub(crate) async fn reach(installation: Installation) -> Result<Self, Failure> {
        let Installation { data_dir, database_url, master_key_file, url, ca_file, json: _ } = installation;
        if let Some(url) = url {
            return RemoteOperator::new(&url, ca_file.as_deref()).map(Self::Remote);
        }
        let place = DatabasePlace::of(database_url.as_deref())?;
        let (data_dir, key_source) = locate(data_dir, master_key_file);
        data_dir.create()?;
        let (stream, opened) = match patience::reach(&data_dir).await? {
            Reached::Server(stream) => (stream, None),
            Reached::Alone(lock) => {
                let opening = Opening {
                    data_dir: &data_dir,
                    place: &place,
                    key_source: &key_source,
                    config: provisioning::Config::default(),
                    observer: None,
                    node: None,
                };
                let node = Node::open_locked(lock, opening).await?;
                let stream = connect_within(&node, &data_dir).map_err(|error| failed(&data_dir, &error))?;
                (stream, Some(node))
            }
        };
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (connection, driver) = handshake.map_err(|error| failed(&data_dir, &error))?;
        // It ends with the connection, and what went wrong on it is told to whoever waits for an answer.
        tokio::spawn(driver);
        Ok(Self::Local(Box::new(LocalOperator { data_dir, connection, opened })))
    }

    /// The URL at which programs of this machine reach the server, if one runs here.
    pub(crate) fn server_url(&self) -> Option<String> {
        match self {
            Self::Local(local) if local.opened.is_none() => Listening::read(&local.data_dir)?.local_url(),
            Self::Local(_) => None,
            Self::Remote(remote) => Some(remote.url().to_owned()),
        }
    }

    /// Folds what an installation opened for this has written into its database, so that the one file is all of it.
    pub(crate) async fn close(self) {
        if let Self::Local(local) = self
            && let Some(node) = local.opened
        {
            node.database.close().await;
        }
    }

    /// Asks; any status is an answer.
    pub(crate) async fn send(&mut self, ask: Ask<'_>) -> Result<OperatorAnswer, Failure> {
        match self {
            Self::Local(local) => local.send(ask).await,
            Self::Remote(remote) => remote.send(ask).await,
        }
    }

    /// The JSON body of an answer that says the request was carried out; any other is a refusal, in the server's own
    /// words. An answer without a body is null.
    pub(crate) async fn ask(&mut self, ask: Ask<'_>) -> Result<Value, Failure> {
        self.send(ask).await?.accepted().await?.json().await
    }
}

impl LocalOperator {
    async fn send(&mut self, ask: Ask<'_>) -> Result<OperatorAnswer, Failure> {
        let path = self.data_dir.control_socket();
        let failed = |error: &dyn Display| Failure::Control { path: path.clone(), error: error.to_string() };
        let request = Request::builder()
            .method(ask.method)
            .uri(format!("/admin/v1/{}", ask.path))
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(ask.body.map(|body| body.to_string()).unwrap_or_default())))
            .map_err(|error| failed(&error))?;
        // After an answer the connection takes a moment until it can carry the next request.
        self.connection.ready().await.map_err(|error| failed(&error))?;
        let response: Response<Incoming> =
            self.connection.send_request(request).await.map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        Ok(OperatorAnswer { status, body: AnswerBody::Local { path, incoming: response.into_body() } })
    }
}

impl OperatorAnswer {
    /// The same answer, if it says that the request was carried out.
    pub(crate) async fn accepted(self) -> Result<Self, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let status = self.status;
        let body = self.json().await.unwrap_or(Value::Null);
        let said = body.get("error").and_then(Value::as_str).unwrap_or("the answer is not of this API");
        Err(Failure::Refused(format!("{said} ({status})")))
    }

    /// The next part of the body; `None` at its end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match &mut self.body {
            AnswerBody::Local { path, incoming } => loop {
                let failed = |error: hyper::Error| Failure::Control { path: path.clone(), error: error.to_string() };
                let Some(frame) = incoming.frame().await.transpose().map_err(failed)? else { return Ok(None) };
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            },
            AnswerBody::Remote(body) => body.next().await,
        }
    }

    async fn json(mut self) -> Result<Value, Failure> {
        let mut octets = Vec::new();
        while let Some(part) = self.next().await? {
            octets.extend_from_slice(&part);
            if octets.len() > MAX_ANSWER_OCTETS {
                return Err(Failure::Refused("the answer is too long to be one of this API".into()));
            }
        }
        if octets.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&octets).map_err(|_| Failure::Refused("the answer is not of this API".into()))
    }
}

/// The same API as that of a server's control socket, without a server.
fn connect_within(node: &Node, data_dir: &DataDir) -> std::io::Result<UnixStream> {
    let config = http_api::Config {
        operator_api: Some(operator_api::of(node, data_dir, Exposure::ControlSocketOnly)),
        ..http_api::Config::default()
    };
    let api = HttpApi::new(Arc::clone(&node.provisioning), Arc::new(OneRequest), Arc::clone(&node.random), config);
    let (near, far) = UnixStream::pair()?;
    tokio::spawn(http_api::serve_control_connection(far, api));
    Ok(near)
}

/// Nobody asks a process of one request whether it is ready.
struct OneRequest;

impl Readiness for OneRequest {
    fn problem(&self) -> Option<String> {
        None
    }
}

fn failed(data_dir: &DataDir, error: &dyn Display) -> Failure {
    Failure::Control { path: data_dir.control_socket(), error: error.to_string() }
}
