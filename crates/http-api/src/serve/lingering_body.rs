//! Takes in the rest of a body that nobody wants, so that the client gets to read why.
//!
//! A request may be refused before its body is read. Closing the connection then would meet octets under way with a
//! reset, and the answer would be lost with it; so the rest is received and dropped, within bounds.

use axum::http::{HeaderMap, header::EXPECT};
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

/// Most octets taken in for nothing: what HTTP clients commonly send before they look for an answer.
const MAX_DRAINED_OCTETS: u64 = 4 * 1024 * 1024;

/// A request body. What was not read of it when it is dropped is received for a while and dropped too.
pub(crate) struct LingeringBody {
    incoming: Option<Incoming>,
    started: Instant,
    drain_for: Duration,
}

impl LingeringBody {
    /// Wraps a body that has `drain_for` to arrive, read or not.
    pub fn new(incoming: Incoming, headers: &HeaderMap, drain_for: Duration) -> Self {
        // A client that asks first (`Expect: 100-continue`) sends nothing unless told to, and reading would tell it.
        let drain_for = if headers.contains_key(EXPECT) { Duration::ZERO } else { drain_for };
        Self { incoming: Some(incoming), started: Instant::now(), drain_for }
    }
}

impl Body for LingeringBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
        let polled = Pin::new(incoming).poll_frame(context);
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.incoming = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for LingeringBody {
    fn drop(&mut self) {
        let unread = self.incoming.take().filter(|incoming| !incoming.is_end_stream());
        let Some(incoming) = unread.filter(|incoming| incoming.size_hint().lower() <= MAX_DRAINED_OCTETS) else {
            return;
        };
        let time_left = self.drain_for.saturating_sub(self.started.elapsed());
        if !time_left.is_zero()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(timeout(time_left, drain(incoming)));
        }
    }
}

async fn drain(mut incoming: Incoming) {
    let mut left = MAX_DRAINED_OCTETS;
    while let Some(Ok(frame)) = incoming.frame().await {
        let octets = frame.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(u64::MAX));
        let Some(rest) = left.checked_sub(octets) else { return };
        left = rest;
    }
}
