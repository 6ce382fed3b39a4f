//! What holds for every route.

use super::*;
use crate::test_api::{ACCOUNT, Answer, NOBODY, TestApi};
use axum::http::Method;
use std::collections::BTreeSet;
use std::io;
use std::sync::Mutex;
use std::thread::{self, ThreadId};

const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"];

/// A path, the methods it takes, and the keys of what it answers with success.
struct Route {
    path: &'static str,
    takes: &'static [&'static str],
    keys: &'static [&'static str],
    needs: Needs,
}

#[derive(PartialEq)]
enum Needs {
    Account,
    Nothing,
}

const OBJECT: &[&str] = &["account_id", "created_at", "enabled", "id", "password", "realm", "updated_at", "username"];

const LIST: &[&str] = &["meta", "objects"];

const ROUTES: [Route; 12] = [
    Route { path: "~/credentials", takes: &["POST"], keys: OBJECT, needs: Needs::Account },
    Route { path: "~/trunks/credentials", takes: &["GET", "HEAD"], keys: LIST, needs: Needs::Account },
    Route { path: "~/credentials/{id}", takes: &["DELETE", "GET", "HEAD", "PUT"], keys: OBJECT, needs: Needs::Account },
    Route { path: "/healthz", takes: &["GET", "HEAD"], keys: &["status"], needs: Needs::Nothing },
    Route { path: "/readyz", takes: &["GET", "HEAD"], keys: &["status"], needs: Needs::Nothing },
    Route { path: "/nowhere", takes: &[], keys: &[], needs: Needs::Nothing },
    Route { path: "/api/v1", takes: &[], keys: &[], needs: Needs::Nothing },
    Route { path: "~", takes: &[], keys: &[], needs: Needs::Nothing },
    Route { path: "~/trunks/ip-acl", takes: &["GET", "HEAD"], keys: LIST, needs: Needs::Account },
    Route { path: "~/trunks/origination-uris", takes: &["GET", "HEAD"], keys: LIST, needs: Needs::Account },
    Route { path: "~/numbers", takes: &["GET", "HEAD"], keys: LIST, needs: Needs::Account },
    Route { path: "~/trunks/of/nobody", takes: &[], keys: &[], needs: Needs::Nothing },
];

impl Route {
    fn expected_status(&self, method: &str, authenticated: bool) -> u16 {
        match method {
            _ if self.takes.is_empty() => 404,
            _ if !self.takes.contains(&method) => 405,
            _ if self.needs == Needs::Account && !authenticated => 401,
            "POST" => 201,
            "DELETE" => 204,
            _ => 200,
        }
    }

    fn assert_fits(&self, method: &str, answer: &Answer) {
        let status = answer.status().as_u16();
        if method == "HEAD" || status == 204 {
            assert_eq!(answer.body, "");
        } else if status < 300 {
            let object = answer.json();
            let keys: BTreeSet<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, self.keys.iter().copied().collect());
        } else {
            answer.error();
        }
        let allow: BTreeSet<_> = answer.header("allow").split(',').filter(|method| !method.is_empty()).collect();
        let takes = if status == 405 { self.takes } else { &[] };
        assert_eq!(allow, takes.iter().copied().collect());
        assert_eq!(answer.header("x-request-id").len(), 36);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

/// A request with a body that fits the method.
fn fitting(api: &TestApi, method: &str, path: &str) -> Request<Body> {
    let (content_type, body) = match method {
        "POST" => ("application/json", r#"{"username":"one_of_many","password":"correct horse"}"#),
        "PUT" => ("application/json", r#"{"enabled":true}"#),
        _ => ("text/plain", ""),
    };
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    api.request(method, path).header("content-type", content_type).body(body.into()).unwrap()
}

#[tokio::test]
async fn every_route_and_method_answers_an_error_or_the_documented_success() {
    for route in ROUTES {
        for method in METHODS {
            for (authenticated, slash) in [(true, ""), (true, "/"), (false, ""), (false, "/")] {
                let api = TestApi::new().await;
                let path = route.path.replace("{id}", &api.created("first").await) + slash;
                let mut request = fitting(&api, method, &path);
                if !authenticated {
                    request.headers_mut().remove("x-auth-token");
                }
                let answer = api.send(request).await;
                println!("{method} {path}, authenticated: {authenticated}: {}", answer.shown());
                assert_eq!(answer.status(), route.expected_status(method, authenticated));
                route.assert_fits(method, &answer);
            }
        }
    }
}

#[tokio::test]
async fn spellings_of_a_path_reach_the_same_and_others_nothing() {
    let api = TestApi::new().await;
    for path in ["Account", "account", "ACCOUNT"] {
        for slash in ["", "/", "?x=y", "/?limit=5"] {
            let answer = api.get(&format!("/api/v1/{path}/{ACCOUNT}/trunks/credentials{slash}")).await;
            assert_eq!(answer.status(), 200, "{path} {slash}");
        }
    }
    for path in [
        "",
        "*",
        "//",
        "/healthz//",
        "/HEALTHZ",
        "/API/v1/Account/{}/trunks/credentials",
        "/api/v1/Account//credentials",
        "/api/v1/Account/{}/Trunks/credentials",
        "/api/v1/Account/{}/trunks//credentials",
        "/api/v1/Account/{}/credentials//",
        "/api/v1/Account/{}/credentials/x/y",
        "/api/v1/Accounts/{}/credentials",
        "/api/v1/Account/{}/%63redentials",
    ] {
        let path = path.replace("{}", ACCOUNT);
        let mut request = api.request(Method::GET, "/").body(Body::empty()).unwrap();
        *request.uri_mut() = if path.is_empty() { "host:443".parse().unwrap() } else { path.parse().unwrap() };
        let answer = api.send(request).await;
        assert_eq!(answer.status(), 404, "{path}");
        answer.error();
    }
}

#[tokio::test]
async fn checks_come_in_their_order() {
    let api = TestApi::new().await;
    let path = format!("~/credentials/{NOBODY}");
    // Each request is wrong in every later way too.
    let (wrong_body, other) = ("x".repeat(70_000), "/api/v1/Account/MA_OTHER001/credentials/no-uuid");
    for (method, path, token, content_type, body, expected) in [
        ("BREW", "/nowhere", "wrong", "text/plain", wrong_body.as_str(), 404),
        ("BREW", other, "wrong", "text/plain", &wrong_body, 405),
        ("PUT", other, "wrong", "text/plain", &wrong_body, 401),
        ("PUT", other, "", "text/plain", &wrong_body, 403),
        ("PUT", &path, "", "text/plain", &wrong_body, 415),
        ("PUT", &path, "", "application/json", &wrong_body, 413),
        ("PUT", &path, "", "application/json", "[]", 400),
        ("PUT", &path, "", "application/json", r#"{"username":"x"}"#, 400),
        ("PUT", &path, "", "application/json", "{}", 404),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = api.request(method, path).header("content-type", content_type);
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        if !token.is_empty() {
            request.headers_mut().insert("x-auth-token", token.parse().unwrap());
        }
        let answer = api.send(request).await;
        assert_eq!(answer.status(), expected, "{}", answer.shown());
    }
}

#[tokio::test]
async fn a_request_id_is_echoed_on_success_and_error() {
    let api = TestApi::new().await;
    for (sent, path) in [("client.id-1", "/healthz"), ("client.id-1", "/nowhere"), ("client.id-1", "~/credentials/%")] {
        let request = api.request(Method::GET, path).header("x-request-id", sent).body(Body::empty()).unwrap();
        assert_eq!(api.send(request).await.header("x-request-id"), sent, "{path}");
    }
    let first = api.get("/healthz").await;
    assert_ne!(first.header("x-request-id"), api.get("/healthz").await.header("x-request-id"));
}

#[tokio::test]
async fn a_panic_is_500_and_tells_nothing() {
    let api = TestApi::new().await;
    api.becomes_unready("panic");
    let answer = api.get("/readyz").await;
    assert_eq!(answer.status(), 500);
    assert!(answer.error().starts_with("Internal error; give the operator the X-Request-ID"));
    assert!(!answer.body.contains("faulty"));
    assert_eq!(answer.header("x-request-id").len(), 36);
    assert_eq!(api.get("/healthz").await.status(), 200);
}

/// Takes in what one thread logs.
#[derive(Clone)]
struct Log {
    thread: ThreadId,
    octets: Arc<Mutex<Vec<u8>>>,
}

impl io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if thread::current().id() == self.thread {
            self.octets.lock().unwrap().extend_from_slice(octets);
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_names_requests_and_causes_and_no_secret() {
    let log = Log { thread: thread::current().id(), octets: Arc::default() };
    let writer = log.clone();
    let logging = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::TRACE);
    // For the whole process: a subscriber of one thread may miss what another thread logged first.
    tracing::subscriber::set_global_default(logging.with_writer(move || writer.clone()).finish()).unwrap();
    let api = TestApi::new().await;
    let secret = "correct horse";
    let body = |extra: &str| format!(r#"{{"username":"logged","password":"{secret}"{extra}}}"#);
    api.post("~/credentials?token=in-query", body("")).await;
    api.post("~/credentials", body(r#","pass":"correct horse""#)).await;
    api.post("~/credentials", body(",")).await;
    api.post("~/credentials", format!("\"{secret}\"")).await;
    let wrong = api.request(Method::GET, "~/trunks/credentials").header("x-auth-token", "second-token");
    api.send(wrong.body(Body::empty()).unwrap()).await;
    api.storage.fail_next_commit();
    let failed = api.post("~/credentials", body("").replace("logged", "failed")).await;
    let text = String::from_utf8(log.octets.lock().unwrap().clone()).unwrap();
    for expected in
        ["status=201", "status=400", "status=401", "status=503", "injected failure", &format!("/{ACCOUNT}/")]
    {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    let cause = text.lines().find(|line| line.contains("injected failure")).unwrap();
    assert!(cause.contains(failed.header("x-request-id")), "{cause}");
    for unwanted in [secret, "horse", "in-query", "second-token", &api.token] {
        assert!(!text.contains(unwanted), "{unwanted} in {text}");
    }
}

/// A request reaches pages with who asked, and they may say how long they are kept; what is not theirs is as before.
#[tokio::test]
async fn pages_of_another_face_are_served_beside_the_api() {
    use axum::extract::Extension;
    use axum::routing::get;
    let test = TestApi::new().await;
    let page = |Extension(context): Extension<provisioning::RequestContext>| async move {
        ([(CACHE_CONTROL, "public")], format!("{} {}", context.source, context.request_id))
    };
    let api = test.api.clone().beside(Router::new().route("/page", get(page)));
    let answer = async |path: &str| {
        let request = test.request(Method::GET, path).header("x-request-id", "r-1").body(Body::empty()).unwrap();
        let response = api.answer(request).await;
        let kept = response.headers().get(CACHE_CONTROL).unwrap().to_str().unwrap().to_owned();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        (status, kept, String::from_utf8(body.to_vec()).unwrap())
    };
    assert_eq!(answer("/page").await, (200, "public".into(), "192.0.2.7 r-1".into()));
    assert_eq!(answer("/page/").await.0, 200);
    assert_eq!(answer("/healthz").await.1, "no-store");
    assert_eq!(answer("/nowhere").await.0, 404);
}
