//! Lets whoever builds the API watch requests being answered, without this crate knowing what is counted or traced.

use crate::request_id::RequestId;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, Method};
use axum::middleware::Next;
use axum::response::Response;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

/// Where a W3C trace context stands.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Watches requests. A request whose client goes away is dropped together with the future that answers it.
pub trait RequestObserver: fmt::Debug + Send + Sync {
    /// Called with every request that could be read. What it returns is awaited in place of `answering`, so that it can
    /// look at the clock before and after, and give what runs inside a context.
    fn observe<'r>(&'r self, head: RequestHead, answering: Answering<'r>) -> Answering<'r>;
}

/// A request being answered.
pub type Answering<'r> = Pin<Box<dyn Future<Output = Answered> + Send + 'r>>;

/// What an observer learns of a request: nothing that a secret could stand in.
#[derive(Debug)]
pub struct RequestHead {
    method: Method,
    id: RequestId,
    traceparent: Option<Box<str>>,
}

impl RequestHead {
    pub(crate) fn of(request: &axum::http::Request<Body>, id: &RequestId) -> Self {
        let traceparent = traceparent(request.headers());
        Self { method: request.method().clone(), id: id.clone(), traceparent }
    }

    /// The method as sent: any token, so not to be used as a label unseen.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// What `X-Request-ID` of the answer says.
    #[must_use]
    pub fn request_id(&self) -> &str {
        self.id.as_str()
    }

    /// The `traceparent` header (W3C Trace Context), if there is exactly one; not checked.
    #[must_use]
    pub fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }
}

fn traceparent(headers: &HeaderMap) -> Option<Box<str>> {
    let mut sent = headers.get_all(TRACEPARENT).iter();
    match (sent.next(), sent.next()) {
        (Some(only), None) => only.to_str().ok().map(Into::into),
        _ => None,
    }
}

/// A request's answer, before it is sent.
#[derive(Debug)]
pub struct Answered {
    pub(crate) response: Response,
    pub(crate) route: RouteSlot,
}

impl Answered {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The template of the path, such as `/api/v1/Account/{auth_id}/credentials`: one of a fixed set. `None` where
    /// nothing is served.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.route.0.get().map(MatchedPath::as_str)
    }
}

/// Where the router notes which route a request took. It survives a handler that panics or takes too long.
#[derive(Debug, Clone, Default)]
pub(crate) struct RouteSlot(Arc<OnceLock<MatchedPath>>);

/// Fills the slot; to be laid over the whole router.
pub(crate) async fn note_route(request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    if let (Some(slot), Some(path)) = (extensions.get::<RouteSlot>(), extensions.get::<MatchedPath>()) {
        // Nobody else fills it.
        let _ = slot.0.set(path.clone());
    }
    next.run(request).await
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Unobserved;

impl RequestObserver for Unobserved {
    fn observe<'r>(&'r self, _head: RequestHead, answering: Answering<'r>) -> Answering<'r> {
        answering
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::test_api::{NOBODY, TestApi};
    use std::sync::Mutex;

    #[derive(Debug, Default)]
    struct Notes(Mutex<Vec<String>>);

    impl RequestObserver for Notes {
        fn observe<'r>(&'r self, head: RequestHead, answering: Answering<'r>) -> Answering<'r> {
            Box::pin(async move {
                let answered = answering.await;
                let (method, id, parent) = (head.method(), head.request_id(), head.traceparent().unwrap_or("-"));
                let note = format!("{method} {} {} {id} {parent}", answered.route().unwrap_or("-"), answered.status());
                self.0.lock().unwrap().push(note);
                answered
            })
        }
    }

    #[tokio::test]
    async fn an_observer_sees_templates_and_statuses() {
        let notes = Arc::new(Notes::default());
        let api = TestApi::with(Config { observer: Arc::clone(&notes) as _, ..Config::default() }).await;
        for (method, path, parents) in [
            (Method::GET, "/healthz/", &["00-a-b-01"][..]),
            (Method::GET, &format!("~/credentials/{NOBODY}"), &[]),
            (Method::PATCH, &format!("~/credentials/{NOBODY}"), &["one", "two"]),
            (Method::GET, "/api/v1/nowhere", &[]),
            (Method::GET, "/%zz", &[]),
        ] {
            let request = api.request(method, path).header("x-request-id", "known");
            let request = parents.iter().fold(request, |request, parent| request.header("traceparent", *parent));
            let _answer = api.send(request.body(Body::empty()).unwrap()).await;
        }
        api.becomes_unready("panic");
        let request = api.request(Method::GET, "/readyz").header("x-request-id", "known");
        let _answer = api.send(request.body(Body::empty()).unwrap()).await;
        let one = "/api/v1/Account/{auth_id}/credentials/{credential_id}";
        assert_eq!(
            *notes.0.lock().unwrap(),
            [
                "GET /healthz 200 known 00-a-b-01",
                &format!("GET {one} 404 known -"),
                &format!("PATCH {one} 405 known -"),
                "GET - 404 known -",
                "GET - 400 known -",
                "GET /readyz 500 known -",
            ]
        );
    }
}
