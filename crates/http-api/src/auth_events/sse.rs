//! Events as a stream (WHATWG HTML, server-sent events).

use crate::api::Shared;
use crate::problem::Problem;
use crate::stream_body::StreamBody;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::request::Parts;
use axum::response::Response;
use bytes::Bytes;
use provisioning::{AuthEventStream, ExplainedEvent, Streamed};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, interval};

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
/// Asks proxies that know it to pass on what comes when it comes.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How often it is looked whether whoever watches may still do so.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After how much silence a comment is sent: proxies close what is silent for long, and only who is written to is known
/// to have left.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// Tells clients to wait so long before they come again.
const HELLO: &str = "retry: 2000\n\n";

/// Where a client wants to take up: the `Last-Event-ID` header, empty without one.
pub(crate) struct LastEventId(pub Box<str>);

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let value = parts.headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or("unreadable"));
        Ok(Self(value.unwrap_or_default().into()))
    }
}

/// Answers with a stream that lasts until the client leaves, may not watch any more, or the server stops.
pub(crate) fn respond(
    shared: Arc<Shared>,
    stream: AuthEventStream,
    data: impl Fn(&ExplainedEvent) -> Option<String> + Send + Sync + 'static,
) -> Response {
    let (pieces, body) = StreamBody::channel();
    tokio::spawn(async move { tell(&shared, stream, data, &pieces).await });
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, EVENT_STREAM);
    response.headers_mut().insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}

async fn tell(
    shared: &Shared,
    mut stream: AuthEventStream,
    data: impl Fn(&ExplainedEvent) -> Option<String> + Send + Sync,
    pieces: &Sender<io::Result<Bytes>>,
) {
    let permission = stream.permission();
    let mut ticks = interval(LOOK_EVERY);
    let mut said_at = Instant::now();
    if !send(pieces, HELLO.to_owned()).await {
        return;
    }
    loop {
        let next = {
            let mut next = pin!(shared.provisioning.next_of_stream(&mut stream));
            loop {
                tokio::select! {
                    next = &mut next => break next,
                    () = pieces.closed() => return,
                    _ = ticks.tick() => {
                        if !shared.provisioning.may_still_watch(&permission) {
                            return;
                        }
                        if said_at.elapsed() >= KEEP_ALIVE {
                            said_at = Instant::now();
                            if !send(pieces, ":\n\n".to_owned()).await {
                                return;
                            }
                        }
                    }
                }
            }
        };
        let told = match next {
            Ok(Some(told)) => told,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "a stream of authentication events breaks off");
                return;
            }
        };
        let said: String = told.iter().filter_map(|told| printed(told, &data)).collect();
        // Asked right before anything is said, so that a token that was revoked learns nothing more.
        if !shared.provisioning.may_still_watch(&permission) {
            return;
        }
        if !said.is_empty() {
            said_at = Instant::now();
            if !send(pieces, said).await {
                return;
            }
        }
    }
}

fn printed(told: &Streamed, data: impl Fn(&ExplainedEvent) -> Option<String>) -> Option<String> {
    match told {
        Streamed::Event(event) => {
            // JSON has no line breaks of its own.
            Some(format!("event: auth-event\nid: {}\ndata: {}\n\n", event.event.id, data(event)?))
        }
        Streamed::Missed(count) => Some(format!("event: missed\ndata: {{\"missed\":{count}}}\n\n")),
        Streamed::Nothing => None,
    }
}

/// False once nobody takes it.
async fn send(pieces: &Sender<io::Result<Bytes>>, text: String) -> bool {
    pieces.send(Ok(Bytes::from(text))).await.is_ok()
}
