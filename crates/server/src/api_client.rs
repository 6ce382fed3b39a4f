//! A client of the HTTP API: what a customer's program would do. The quickstart and the `credential` commands use it.

use crate::failure::Failure;
use crate::trust;
use bytes::Bytes;
use serde_json::Value;
use std::fmt::Display;
use std::io::{ErrorKind, Read, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use ureq::Agent;
use ureq::http::{HeaderValue, Request};

/// Longest an answer may take.
const TIMEOUT: Duration = Duration::from_secs(35);
/// Octets of a stream read at once.
const PART_OCTETS: usize = 16 << 10;
/// Parts of a stream that may wait to be read.
const PARTS_WAITING: usize = 16;
/// How long a server on this machine may take to start: `sipwarden serve &` returns before it listens.
const STARTING_LIMIT: Duration = Duration::from_secs(5);
/// How often a server that may be starting is tried again.
const STARTING_POLL: Duration = Duration::from_millis(50);

/// Calls the API as one account. Not `Debug`: it holds the token.
pub(crate) struct ApiClient {
    /// Made at the first call.
    agent: OnceLock<Agent>,
    ca_file: Option<PathBuf>,
    base: String,
    auth_id: String,
    auth_token: String,
}

/// What came back.
pub(crate) struct Answer {
    /// Method and path, for people.
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) text: String,
    pub(crate) elapsed: Duration,
}

impl ApiClient {
    /// A client of the server at `url`, such as `http://127.0.0.1:8080`.
    pub(crate) fn new(url: &str, auth_id: &str, auth_token: &str) -> Self {
        Self {
            agent: OnceLock::new(),
            ca_file: None,
            base: format!("{}/api/v1", url.trim_end_matches('/')),
            auth_id: auth_id.to_owned(),
            auth_token: auth_token.to_owned(),
        }
    }

    /// Trusts the authorities in that file for https, if one is given, instead of the system's.
    pub(crate) fn trusting(self, ca_file: Option<PathBuf>) -> Self {
        Self { ca_file, ..self }
    }

    /// Calls one path below the account. Any status is an answer; only no answer is a failure.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Answer, Failure> {
        self.call_api(method, &format!("Account/{}/{path}", self.auth_id), body).await
    }

    /// Posts rows, one JSON object a line, to a path below the account.
    pub(crate) async fn send_rows(&self, path: &str, rows: &[u8]) -> Result<Answer, Failure> {
        let url = format!("{}/Account/{}/{path}", self.base, self.auth_id);
        let request = self.request("POST", &url, rows.to_vec())?;
        self.answered(request, "application/x-ndjson").await
    }

    /// Calls one path below `/api/v1/`.
    pub(crate) async fn call_api(&self, method: &str, path: &str, body: Option<Value>) -> Result<Answer, Failure> {
        let url = format!("{}/{path}", self.base);
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.answered(self.request(method, &url, body.into_bytes())?, "application/json").await
    }

    async fn answered(&self, mut request: Request<Vec<u8>>, content_type: &'static str) -> Result<Answer, Failure> {
        let (method, url) = (request.method().to_string(), request.uri().to_string());
        request.headers_mut().insert("Content-Type", HeaderValue::from_static(content_type));
        let agent = self.agent()?;
        let begun = Instant::now();
        // The client blocks, so it waits on a thread of its own.
        let exchanged = tokio::task::spawn_blocking(move || exchange(&agent, &request)).await;
        let (status, text) =
            exchanged.map_err(|error| no_answer(&url, &error))?.map_err(|error| failed(&url, &error))?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let request = url.split_once("/api/").map_or(url.clone(), |(_, path)| format!("{method} /api/{path}"));
        Ok(Answer { request, status, body, text, elapsed: begun.elapsed() })
    }

    /// Copies what one path below the account answers to standard output as it comes, however long that takes.
    pub(crate) async fn copy(&self, path: &str) -> Result<(), Failure> {
        let url = format!("{}/Account/{}/{path}", self.base, self.auth_id);
        let request = self.request("GET", &url, Vec::new())?;
        let agent = self.agent()?;
        let request =
            agent.configure_request(request).timeout_global(None).timeout_recv_response(Some(TIMEOUT)).build();
        let copied = tokio::task::spawn_blocking(move || copy_out(&agent, &request)).await;
        match copied.map_err(|error| no_answer(&url, &error))? {
            Ok(None) => Ok(()),
            Ok(Some((status, text))) => {
                let body = serde_json::from_str(&text).unwrap_or(Value::Null);
                let answer = Answer { request: url, status, body, text, elapsed: Duration::ZERO };
                answer.expect(200).map(|_| ())
            }
            Err(error) => Err(failed(&url, &error)),
        }
    }

    /// What one path below the account answers, part by part as it comes, for as long as it does.
    pub(crate) async fn stream(&self, path: &str) -> Result<mpsc::Receiver<Bytes>, Failure> {
        let url = format!("{}/Account/{}/{path}", self.base, self.auth_id);
        let request = self.request("GET", &url, Vec::new())?;
        let agent = self.agent()?;
        let request =
            agent.configure_request(request).timeout_global(None).timeout_recv_response(Some(TIMEOUT)).build();
        let (sender, parts) = mpsc::channel(PARTS_WAITING);
        let begun = tokio::task::spawn_blocking(move || agent.run(request)).await;
        let mut response = begun.map_err(|error| no_answer(&url, &error))?.map_err(|error| failed(&url, &error))?;
        let status = response.status().as_u16();
        if status != 200 {
            let text = response.body_mut().read_to_string().map_err(|error| failed(&url, &error))?;
            let body = serde_json::from_str(&text).unwrap_or(Value::Null);
            let answer = Answer { request: url, status, body, text, elapsed: Duration::ZERO };
            return answer.expect(200).map(|_| parts);
        }
        // It ends with the stream, or with whoever reads it.
        tokio::task::spawn_blocking(move || {
            let mut reader = response.body_mut().as_reader();
            let mut part = vec![0; PART_OCTETS];
            while let Ok(read @ 1..) = reader.read(&mut part) {
                let octets = Bytes::copy_from_slice(part.get(..read).unwrap_or_default());
                if sender.blocking_send(octets).is_err() {
                    return;
                }
            }
        });
        Ok(parts)
    }

    fn request(&self, method: &str, url: &str, body: Vec<u8>) -> Result<Request<Vec<u8>>, Failure> {
        Request::builder()
            .method(method)
            .uri(url)
            .header("X-Auth-ID", &self.auth_id)
            .header("X-Auth-Token", &self.auth_token)
            .body(body)
            .map_err(|error| no_answer(url, &error))
    }

    fn agent(&self) -> Result<Agent, Failure> {
        if let Some(agent) = self.agent.get() {
            return Ok(agent.clone());
        }
        trust::warn_of_clear_text(&self.base);
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT));
        let agent = config.tls_config(trust::tls(self.ca_file.as_deref())?).build().into();
        Ok(self.agent.get_or_init(|| agent).clone())
    }
}

fn no_answer(url: &str, error: &dyn Display) -> Failure {
    Failure::NoAnswer { url: url.to_owned(), error: error.to_string() }
}

fn failed(url: &str, error: &ureq::Error) -> Failure {
    if trust::is_distrust(error) {
        Failure::Untrusted { url: url.to_owned(), error: error.to_string() }
    } else {
        no_answer(url, error)
    }
}

/// Copies a body that was answered with 200 to standard output; any other answer comes back.
fn copy_out(agent: &Agent, request: &Request<Vec<u8>>) -> Result<Option<(u16, String)>, ureq::Error> {
    let mut response = agent.run(request.clone())?;
    if response.status().as_u16() != 200 {
        return Ok(Some((response.status().as_u16(), response.body_mut().read_to_string()?)));
    }
    let mut output = std::io::stdout().lock();
    std::io::copy(&mut response.body_mut().as_reader(), &mut output)?;
    output.flush()?;
    Ok(None)
}

fn exchange(agent: &Agent, request: &Request<Vec<u8>>) -> Result<(u16, String), ureq::Error> {
    let may_be_starting = is_on_this_machine(request.uri().host().unwrap_or_default());
    let deadline = Instant::now() + STARTING_LIMIT;
    let mut response = loop {
        match agent.run(request.clone()) {
            // Refused connections only: whatever else happened, the request may have been carried out.
            Err(ureq::Error::Io(error))
                if error.kind() == ErrorKind::ConnectionRefused && may_be_starting && Instant::now() < deadline =>
            {
                thread::sleep(STARTING_POLL);
            }
            outcome => break outcome?,
        }
    };
    let text = response.body_mut().read_to_string()?;
    Ok((response.status().as_u16(), text))
}

fn is_on_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl Answer {
    /// The body of an answer that says the request was carried out; any other is a refusal, in the server's own words.
    pub(crate) fn accepted(self) -> Result<Value, Failure> {
        let status = self.status;
        self.expect(if (200..300).contains(&status) { status } else { 200 })
    }

    /// The body of an answer with that status; any other is a refusal, in the server's own words.
    pub(crate) fn expect(self, status: u16) -> Result<Value, Failure> {
        if self.status == status {
            return Ok(self.body);
        }
        let said = self.body.get("error").and_then(Value::as_str).unwrap_or("the answer is not of this API");
        Err(Failure::Refused(format!("{said} ({})", self.status)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_on_this_machine_are_waited_for() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_on_this_machine(host), "{host}");
        }
        for host in ["", "192.0.2.1", "[2001:db8::1]", "localhost.example.com", "127.0.0.1.example.com"] {
            assert!(!is_on_this_machine(host), "{host}");
        }
    }
}
