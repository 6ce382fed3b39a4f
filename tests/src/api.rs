//! The credentials API as a plain HTTP client sees it.

use crate::account::Account;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Request;

const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// One HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers as they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body's octets.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value; the first, if there are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none, showing it.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.shown()))
    }

    /// Expects that status and answers the body as JSON.
    ///
    /// # Panics
    /// When it is another, showing the answer.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.shown());
        self.json()
    }

    /// Expects the error that every route answers: `error` and `code`, perhaps `details`, with that status and a request id.
    ///
    /// # Panics
    /// When anything of it is otherwise.
    pub fn expect_error(&self, status: u16) -> Value {
        let body = self.expect(status);
        let object = body.as_object().unwrap_or_else(|| panic!("no object: {}", self.shown()));
        assert_eq!(body["code"], status, "{}", self.shown());
        assert!(body["error"].as_str().is_some_and(|sentence| !sentence.trim().is_empty()), "{}", self.shown());
        let known = |key: &String| ["error", "code", "details"].contains(&key.as_str());
        assert!(object.keys().all(known), "{}", self.shown());
        if let Some(details) = object.get("details") {
            assert_eq!(status, 400, "details belong to validation errors: {}", self.shown());
            for detail in details.as_array().unwrap_or_else(|| panic!("no list: {}", self.shown())) {
                assert!(detail["field"].is_string() && detail["problem"].is_string(), "{}", self.shown());
            }
        }
        self.expect_request_id();
        body
    }

    /// Expects a 400 that names the field.
    ///
    /// # Panics
    /// When it is another answer, or the field is neither in `details` nor in the sentence.
    pub fn expect_field_error(&self, field: &str) {
        let body = self.expect_error(400);
        let in_details =
            body["details"].as_array().is_some_and(|details| details.iter().any(|detail| detail["field"] == field));
        let in_sentence = body["error"].as_str().is_some_and(|sentence| sentence.contains(field));
        assert!(in_details || in_sentence, "{field} is not named: {}", self.shown());
    }

    /// The request id, which every answer has.
    ///
    /// # Panics
    /// When there is none.
    pub fn expect_request_id(&self) -> &str {
        let id = self.header("x-request-id").filter(|id| !id.is_empty());
        id.unwrap_or_else(|| panic!("no X-Request-ID: {}", self.shown()))
    }

    /// The whole answer, for messages.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}

/// An account's view of the API. Each request has a connection of its own.
#[derive(Clone, Debug)]
pub struct Api {
    agent: Agent,
    base: String,
    auth_id: String,
    auth_token: String,
}

impl Api {
    /// The API at that address, with that account's identity.
    #[must_use]
    pub fn new(address: SocketAddr, account: &Account) -> Self {
        let configuration = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(REQUEST_LIMIT))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .allow_non_standard_methods(true)
            .proxy(None)
            .build();
        Self {
            agent: configuration.new_agent(),
            base: format!("http://{address}"),
            auth_id: account.auth_id.clone(),
            auth_token: account.auth_token.clone(),
        }
    }

    /// The path of this account's credentials and what follows.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/Account/{}/{rest}", self.auth_id)
    }

    /// Sends a request with this account's identity and, if there is a body, as JSON.
    #[must_use]
    pub fn send(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let json: &[_] = if body.is_empty() { &[] } else { &[("Content-Type", "application/json")] };
        self.send_with(method, path, json, body)
    }

    /// Sends a request with this account's identity and these headers.
    #[must_use]
    pub fn send_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let identity = [("X-Auth-ID", self.auth_id.as_str()), ("X-Auth-Token", self.auth_token.as_str())];
        self.send_as(method, path, &[&identity, headers].concat(), body)
    }

    /// Sends a request with exactly these headers, and no identity but theirs.
    ///
    /// # Panics
    /// When there is no answer.
    #[must_use]
    pub fn send_as(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let outcome = if body.is_empty() && !matches!(method, "POST" | "PUT" | "PATCH") {
            self.agent.run(request.body(()).expect("a request"))
        } else {
            self.agent.run(request.body(body).expect("a request"))
        };
        let mut response = outcome.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = response.body_mut().read_to_vec().unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        Answer { status: response.status().as_u16(), headers, body }
    }

    /// Asks for a credential.
    #[must_use]
    pub fn create(&self, username: &str, password: &str) -> Answer {
        let body = json!({"username": username, "password": password}).to_string();
        self.send("POST", &self.path("credentials"), body.as_bytes())
    }

    /// Creates a credential and answers its id.
    ///
    /// # Panics
    /// When it is not created.
    #[must_use]
    pub fn credential(&self, username: &str, password: &str) -> String {
        let object = self.create(username, password).expect(201);
        object["id"].as_str().expect("an id").to_owned()
    }

    /// Changes a credential and expects that it was done.
    ///
    /// # Panics
    /// When it was not.
    pub fn update(&self, id: &str, change: &Value) -> Value {
        let answer = self.send("PUT", &self.path(&format!("credentials/{id}")), change.to_string().as_bytes());
        answer.expect(200)
    }

    /// Deletes a credential and expects that it was done, with nothing said.
    ///
    /// # Panics
    /// When it was not.
    pub fn delete(&self, id: &str) {
        let answer = self.send("DELETE", &self.path(&format!("credentials/{id}")), b"");
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{}", answer.shown());
    }
}
