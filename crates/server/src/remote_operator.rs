//! The operator API of a server elsewhere, over HTTP with an operator token.

use crate::failure::Failure;
use crate::operator_client::{AnswerBody, Ask, OperatorAnswer};
use crate::trust;
use bytes::Bytes;
use std::io::Read;
use std::path::Path;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Request;
use zeroize::Zeroizing;

/// The environment variable of the operator token: others can read command lines.
const TOKEN_VARIABLE: &str = "SIPWARDEN_OPERATOR_TOKEN";
/// Longest until an answer begins; long work begins it when it is done.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3600);
/// Longest until there is a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Octets read at once.
const PART_OCTETS: usize = 64 << 10;

/// Not `Debug`: it holds the token.
pub(crate) struct RemoteOperator {
    agent: Agent,
    url: String,
    token: Zeroizing<String>,
}

/// A body that is being received.
pub(crate) struct RemoteBody {
    url: String,
    /// Absent once it has ended.
    reader: Option<ureq::BodyReader<'static>>,
}

impl RemoteOperator {
    pub(crate) fn new(url: &str, ca_file: Option<&Path>) -> Result<Self, Failure> {
        let token = std::env::var(TOKEN_VARIABLE).map_err(|_| {
            Failure::Refused(
                "--url needs an operator token in SIPWARDEN_OPERATOR_TOKEN; make one on the server's machine with \
                 `sipwarden operator-token create`"
                    .into(),
            )
        })?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .tls_config(trust::tls(ca_file)?);
        trust::warn_of_clear_text(url);
        Ok(Self {
            agent: config.build().into(),
            url: url.trim_end_matches('/').to_owned(),
            token: Zeroizing::new(token),
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn send(&self, ask: Ask<'_>) -> Result<OperatorAnswer, Failure> {
        let url = format!("{}/admin/v1/{}", self.url, ask.path);
        let failed = |error: String| Failure::NoAnswer { url: url.clone(), error };
        let authorization = Zeroizing::new(format!("Bearer {}", *self.token));
        let request = Request::builder()
            .method(ask.method)
            .uri(&url)
            .header("Authorization", authorization.as_str())
            .header("Content-Type", "application/json")
            .body(ask.body.map(|body| body.to_string()).unwrap_or_default())
            .map_err(|error| failed(error.to_string()))?;
        let agent = self.agent.clone();
        // The client blocks, so it waits on a thread of its own.
        let response = tokio::task::spawn_blocking(move || agent.run(request)).await;
        let response = response.map_err(|error| failed(error.to_string()))?.map_err(|error| {
            if trust::is_distrust(&error) {
                Failure::Untrusted { url: url.clone(), error: error.to_string() }
            } else {
                failed(error.to_string())
            }
        })?;
        let status = response.status().as_u16();
        let reader = Some(response.into_body().into_reader());
        Ok(OperatorAnswer { status, body: AnswerBody::Remote(RemoteBody { url, reader }) })
    }
}

impl RemoteBody {
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some(mut reader) = self.reader.take() else { return Ok(None) };
        let failed = |error: String| Failure::NoAnswer { url: self.url.clone(), error };
        let reading = tokio::task::spawn_blocking(move || {
            let mut part = vec![0; PART_OCTETS];
            let length = reader.read(&mut part)?;
            part.truncate(length);
            Ok::<_, std::io::Error>((reader, Bytes::from(part)))
        });
        let read = reading.await.map_err(|error| failed(error.to_string()))?;
        let (reader, part) = read.map_err(|error| failed(error.to_string()))?;
        if part.is_empty() {
            return Ok(None);
        }
        self.reader = Some(reader);
        Ok(Some(part))
    }
}
