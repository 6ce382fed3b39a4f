//! The octets of one connection, with two things that hyper lacks.
//!
//! * A client that does not read what it asked for is dropped after a while, like one that does not send.
//! * hyper refuses octets that are no HTTP request by itself, with an empty body. The body every error has is put
//!   there, and what the client is still sending is received, so that no reset takes the answer away.

use crate::api::X_REQUEST_ID;
use crate::problem::Problem;
use crate::request_id::RequestId;
use bytes::{Buf, Bytes};
use domain::RandomSource;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Sleep, sleep};

/// How long a refused client may go on sending before its connection is closed under it.
const LINGER: Duration = Duration::from_secs(2);

/// A connection as hyper reads and writes it.
pub(crate) struct Stream<S> {
    inner: TokioIo<S>,
    write_timeout: Duration,
    /// Runs while the client does not take what is written.
    patience: Option<Pin<Box<Sleep>>>,
    /// Runs from when a refused client's octets are dropped; apart from the other, since flushing goes on beside it.
    linger: Option<Pin<Box<Sleep>>>,
    random: Arc<dyn RandomSource>,
    /// What is still to be written in place of hyper's own refusal.
    refusal: Option<Bytes>,
    refused: bool,
    /// Nothing more is sent; what is received may still linger.
    shut_down: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream<S> {
    pub fn new(stream: S, write_timeout: Duration, random: Arc<dyn RandomSource>) -> Self {
        Self {
            inner: TokioIo::new(stream),
            write_timeout,
            patience: None,
            linger: None,
            random,
            refusal: None,
            refused: false,
            shut_down: false,
        }
    }

    /// Writes, or fails when nothing could be written for the whole write timeout.
    fn poll_write_in_time(&mut self, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_in_time(context, |inner, context| inner.poll_write(context, octets))
    }

    /// Polls, or fails when it was never ready for the whole write timeout: TLS keeps octets back until the client
    /// takes them, so flushing and closing wait for it like writing.
    fn poll_in_time<T>(
        &mut self,
        context: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut TokioIo<S>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(done) = poll(Pin::new(&mut self.inner), context) {
            self.patience = None;
            return Poll::Ready(done);
        }
        ready!(poll_timer(&mut self.patience, context, self.write_timeout));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Receives and drops what the client sends until it closes or the time for that is over.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // Asked first: a client that never stops sending would never let reading wait.
        if poll_timer(&mut self.linger, context, LINGER).is_ready() {
            return Poll::Ready(());
        }
        let mut scratch = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            let received = ready!(Pin::new(&mut self.inner).poll_read(context, buffer.unfilled()));
            if received.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }

    fn poll_write_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(mut rest) = self.refusal.take().filter(|rest| !rest.is_empty()) {
            match self.poll_write_in_time(context, &rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => {
                    rest.advance(written);
                    self.refusal = Some(rest);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.refusal = Some(rest);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Read for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

/// Not vectored: answers are small, and hyper then writes head and body with one call.
impl<S: AsyncRead + AsyncWrite + Unpin> Write for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        if self.refusal.is_none() {
            let Some(bare) = BareRefusal::recognise(octets) else { return self.poll_write_in_time(context, octets) };
            let id = RequestId::drawn(&*self.random);
            tracing::info!(%id, status = bare.problem.status().as_u16(), "refused octets that are no HTTP request");
            self.refusal = Some(bare.completed(&id));
            self.refused = true;
        }
        ready!(self.poll_write_refusal(context))?;
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_in_time(context, |inner, context| inner.poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut_down {
            ready!(self.poll_in_time(context, |inner, context| inner.poll_shutdown(context)))?;
            self.shut_down = true;
        }
        if self.refused {
            ready!(self.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }
}

/// Ready when that much time has passed since this was first asked.
fn poll_timer(timer: &mut Option<Pin<Box<Sleep>>>, context: &mut Context<'_>, time: Duration) -> Poll<()> {
    timer.get_or_insert_with(|| Box::pin(sleep(time))).as_mut().poll(context)
}

/// A refusal that hyper writes by itself, known by its empty body: no error of ours has one.
struct BareRefusal<'o> {
    problem: Problem,
    head: &'o str,
}

const NO_CONTENT: &str = "content-length: 0\r\n";

impl<'o> BareRefusal<'o> {
    fn recognise(octets: &'o [u8]) -> Option<Self> {
        let (status_line, _) = octets.split_first_chunk::<12>()?;
        let problem = match status_line {
            b"HTTP/1.1 400" | b"HTTP/1.0 400" => Problem::NotHttp,
            b"HTTP/1.1 414" | b"HTTP/1.0 414" => Problem::TargetTooLong,
            b"HTTP/1.1 431" | b"HTTP/1.0 431" => Problem::HeadersTooLarge,
            _ => return None,
        };
        let head = std::str::from_utf8(octets).ok()?;
        (head.ends_with("\r\n\r\n") && head.contains(NO_CONTENT)).then_some(Self { problem, head })
    }

    /// The same with the headers and the body that every error has.
    fn completed(&self, id: &RequestId) -> Bytes {
        let body = self.problem.body();
        let headers = format!(
            "content-type: application/json\r\n{X_REQUEST_ID}: {id}\r\ncache-control: no-store\r\n\
             x-content-type-options: nosniff\r\ncontent-length: {}\r\n",
            body.len()
        );
        let mut octets = self.head.replacen(NO_CONTENT, &headers, 1).into_bytes();
        octets.extend_from_slice(&body);
        octets.into()
    }
}
