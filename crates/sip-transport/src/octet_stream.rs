//! Messages in a stream of octets, as TCP and TLS carry them (RFC 3261 section 18.3).

use crate::carrier::{Carrier, Ending, Item};
use crate::linger::{linger, read_some};
use sip_message::framing::{Framed, StreamFramer};
use std::io;
use std::mem::take;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// A stream, what was read of it and not yet handled, and what is to be written.
pub(crate) struct OctetStream<S> {
    stream: S,
    input: Vec<u8>,
    /// How much of the input was handed out.
    taken: usize,
    framer: StreamFramer,
    output: Vec<u8>,
}

impl<S> OctetStream<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, input: Vec::new(), taken: 0, framer: StreamFramer::new(), output: Vec::new() }
    }

    fn give_back(&mut self) {
        self.input.drain(..self.taken);
        self.taken = 0;
        if self.input.is_empty() {
            self.input = Vec::new();
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Carrier for OctetStream<S> {
    async fn read(&mut self) -> io::Result<bool> {
        self.give_back();
        let Self { stream, input, .. } = self;
        read_some(stream, |octets| input.extend_from_slice(octets)).await
    }

    fn next(&mut self) -> Item<'_> {
        let pending = self.input.get(self.taken..).unwrap_or_default();
        match self.framer.frame(pending) {
            Framed::Message(length) => {
                self.taken += length;
                Item::Message(pending.get(..length).unwrap_or_default())
            }
            Framed::KeepAlive(length) => {
                self.taken += length;
                if length >= 4 { Item::Ping } else { Item::Pulse }
            }
            Framed::Incomplete => Item::Nothing,
            Framed::Malformed(error) => Item::Unusable(error.describe()),
        }
    }

    fn is_midway(&self) -> bool {
        // Line breaks may yet become a double CRLF: some phones keep a connection alive by one CRLF every few minutes,
        // and must not be taken for peers that stall.
        let pending = self.input.get(self.taken..).unwrap_or_default();
        pending.iter().any(|octet| !matches!(octet, b'\r' | b'\n'))
    }

    fn push(&mut self, message: &[u8]) {
        self.output.extend_from_slice(message);
    }

    fn push_pong(&mut self) {
        self.push(b"\r\n");
    }

    async fn send(&mut self) -> io::Result<()> {
        // Not kept: a silent connection shall cost nothing.
        let output = take(&mut self.output);
        if output.is_empty() {
            return Ok(());
        }
        self.stream.write_all(&output).await?;
        self.stream.flush().await
    }

    async fn finish(&mut self, why: Ending) {
        // Of TLS this includes the close_notify, without which the peer cannot tell an end from an attack (RFC 8446
        // section 6.1).
        linger(&mut self.stream, why).await;
    }
}
