//! The API over storage in memory, as tests use it.

use crate::{Config, HttpApi, Readiness};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use domain::{AccountId, AuthId, RandomSource, Timestamp};
use http_body_util::BodyExt;
use keyring::Keyring;
use provisioning::{AccountName, InstallationOperator, NewAccountRequest, OperatorIndex, Parts, Provisioning};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use storage::ChangeFeed;
use testkit::{MemoryStorage, ScriptedLiveCalls, SeededRandom, VirtualClock};

/// The account that [`TestApi`]'s requests are made for.
pub(crate) const ACCOUNT: &str = "MA_TEST0001";
/// An account that exists beside it.
pub(crate) const OTHER: &str = "MA_TEST0002";
/// The number of [`ACCOUNT`].
pub(crate) const ACCOUNT_NUMBER: AccountId = AccountId(1);
/// The number of [`OTHER`].
pub(crate) const OTHER_NUMBER: AccountId = AccountId(2);
/// An id that no credential has.
pub(crate) const NOBODY: &str = "aabbccdd-1234-5678-90ab-cdef12345678";

pub(crate) struct TestApi {
    pub api: HttpApi,
    pub storage: Arc<MemoryStorage>,
    pub calls: Arc<ScriptedLiveCalls>,
    pub clock: Arc<VirtualClock>,
    pub token: String,
    pub other_token: String,
    readiness: Arc<SetReadiness>,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub parts: axum::http::response::Parts,
    pub body: String,
}

#[derive(Default)]
struct SetReadiness(Mutex<Option<String>>);

impl Readiness for SetReadiness {
    fn problem(&self) -> Option<String> {
        let problem = self.0.lock().unwrap().clone();
        assert_ne!(problem.as_deref(), Some("panic"), "as a faulty handler might");
        problem
    }
}

impl TestApi {
    pub async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let clock = Arc::new(VirtualClock::new(Timestamp::from_micros(1_778_562_711_635_106)));
        let random: Arc<dyn RandomSource> = Arc::new(SeededRandom::new(1));
        let operators = Arc::new(OperatorIndex::new());
        storage.follow(Arc::clone(&operators) as _).await.unwrap();
        let provisioning = Arc::new(Provisioning::new(Parts {
            storage: Arc::clone(&storage) as _,
            keyring: Arc::new(Keyring::generate(&*random)),
            clock: Arc::clone(&clock) as _,
            random: Arc::clone(&random),
            operators,
            config: provisioning::Config::default(),
        }));
        let calls = Arc::new(ScriptedLiveCalls::default());
        provisioning.know_calls(Arc::clone(&calls) as _);
        let token = create_account(&provisioning, ACCOUNT).await;
        let other_token = create_account(&provisioning, OTHER).await;
        let readiness = Arc::new(SetReadiness::default());
        let api = HttpApi::new(provisioning, Arc::clone(&readiness) as _, random, config);
        Self { api, storage, calls, clock, token, other_token, readiness }
    }

    pub fn becomes_unready(&self, sentence: &str) {
        *self.readiness.0.lock().unwrap() = Some(sentence.to_owned());
    }

    /// A request with the account's headers; `path` may start with `~` for the account's own path.
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path.replacen('~', &format!("/api/v1/Account/{ACCOUNT}"), 1))
            .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 50_000))))
            .header("x-auth-id", ACCOUNT)
            .header("x-auth-token", &self.token)
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.api.answer(request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { parts, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.with_json(Method::POST, path, body).await
    }

    pub async fn put(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.with_json(Method::PUT, path, body).await
    }

    pub async fn post_with_key(&self, path: &str, key: &str, body: &str) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        self.send(request.header("idempotency-key", key).body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Asks with another token of the same account.
    pub async fn with_token(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        self.as_whom((ACCOUNT, token), method, path, body).await
    }

    /// Asks as the account beside it.
    pub async fn as_other(&self, method: &str, path: &str, body: &str) -> Answer {
        self.as_whom((OTHER, &self.other_token), method, path, body).await
    }

    /// Asks as any account.
    pub async fn as_account(&self, auth_id: &str, token: &str, method: &str, path: &str) -> Answer {
        self.as_whom((auth_id, token), method, path, "").await
    }

    async fn as_whom(&self, (auth_id, token): (&str, &str), method: &str, path: &str, body: &str) -> Answer {
        let request = self.request(method.parse().unwrap(), path).header("content-type", "application/json");
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.headers_mut().insert("x-auth-id", auth_id.parse().unwrap());
        request.headers_mut().insert("x-auth-token", token.parse().unwrap());
        self.send(request).await
    }

    /// Creates a credential and answers its id.
    pub async fn created(&self, username: &str) -> String {
        let body = format!(r#"{{"username":"{username}","password":"correct horse"}}"#);
        let answer = self.post("~/credentials", body).await;
        assert_eq!(answer.status(), 201, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Creates a credential of the account beside it and answers its id.
    pub async fn other_credential(&self, username: &str) -> String {
        let body = format!(r#"{{"username":"{username}","password":"correct horse"}}"#);
        let answer = self.as_other("POST", &format!("/api/v1/Account/{OTHER}/credentials"), &body).await;
        assert_eq!(answer.status(), 201, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    async fn with_json(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        let request = self.request(method, path).header("content-type", "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }
}

impl Answer {
    pub fn status(&self) -> StatusCode {
        self.parts.status
    }

    pub fn header(&self, name: &str) -> &str {
        self.parts.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Status and body on one line.
    pub fn shown(&self) -> String {
        format!("{} {}", self.status().as_u16(), self.body)
    }

    /// The sentence of an error whose body has the form of one.
    pub fn error(&self) -> String {
        let body = self.json();
        assert_eq!(body["code"], self.status().as_u16(), "{}", self.body);
        assert_eq!(self.header("content-type"), "application/json");
        let extra = body.as_object().unwrap().keys().find(|key| !["error", "code", "details"].contains(&key.as_str()));
        assert_eq!(extra, None);
        let sentence = body["error"].as_str().unwrap();
        assert!(!sentence.is_empty());
        sentence.to_owned()
    }
}

async fn create_account(provisioning: &Provisioning, auth_id: &str) -> String {
    let name = AccountName::parse("Test").unwrap();
    let request =
        NewAccountRequest { auth_id: Some(AuthId::parse(auth_id).unwrap()), ..NewAccountRequest::named(name) };
    let operator = InstallationOperator::admitted_by_file_permissions();
    let created = provisioning.create_account(&operator, request).await.unwrap();
    created.auth_token.to_string()
}
