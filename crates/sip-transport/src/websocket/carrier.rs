//! SIP messages in a WebSocket: one in each WebSocket message (RFC 7118 section 5).

use super::{Incoming, Kind, MessageReader, WebSocketFault};
use crate::carrier::{Carrier, Ending, Item};
use crate::linger::{linger, read_some};
use sip_message::framing::{Framed, datagram};
use std::io;
use std::mem::take;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

/// A WebSocket whose handshake is done.
pub(crate) struct WebSocket<S> {
    stream: S,
    reader: MessageReader,
    /// Octets that came with the handshake and were not looked at yet.
    unread: bool,
    /// How the last message was sent.
    kind: Kind,
    output: Vec<u8>,
    fault: Option<WebSocketFault>,
    /// The peer has said farewell and was answered.
    parted: bool,
}

impl<S> WebSocket<S> {
    pub fn new(stream: S, reader: MessageReader) -> Self {
        let unread = reader.is_midway();
        Self { stream, reader, unread, kind: Kind::default(), output: Vec::new(), fault: None, parted: false }
    }
}

/// Appends a frame as servers send it: whole and unmasked.
fn put(output: &mut Vec<u8>, opcode: OpCode, payload: &[u8]) {
    let header = FrameHeader { is_final: true, opcode, ..FrameHeader::default() };
    // Writing to a Vec cannot fail.
    let _ = header.format(u64::try_from(payload.len()).unwrap_or(u64::MAX), output);
    output.extend_from_slice(payload);
}

fn put_message(output: &mut Vec<u8>, kind: Kind, message: &[u8]) {
    // What we send may quote what came as binary before; text that is none would end the connection.
    let is_text = kind == Kind::Text && std::str::from_utf8(message).is_ok();
    put(output, OpCode::Data(if is_text { Data::Text } else { Data::Binary }), message);
}

fn put_close(output: &mut Vec<u8>, code: Option<u16>) {
    put(output, OpCode::Control(Control::Close), code.map(u16::to_be_bytes).as_ref().map_or(&[], <[u8; 2]>::as_slice));
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Carrier for WebSocket<S> {
    async fn read(&mut self) -> io::Result<bool> {
        if take(&mut self.unread) {
            return Ok(true);
        }
        let reader = &mut self.reader;
        read_some(&mut self.stream, |octets| reader.feed(octets)).await
    }

    fn next(&mut self) -> Item<'_> {
        match self.reader.take() {
            Incoming::Message(kind, octets) => {
                self.kind = kind;
                match datagram(octets) {
                    // RFC 7118 section 6: the keep-alive of RFC 5626, in a message of its own.
                    Framed::KeepAlive(_) if octets.starts_with(b"\r\n\r\n") => Item::Ping,
                    Framed::KeepAlive(_) => Item::Pulse,
                    _ => Item::Message(octets),
                }
            }
            Incoming::Ping(payload) => {
                put(&mut self.output, OpCode::Control(Control::Pong), payload);
                Item::Control
            }
            Incoming::Pong => Item::Control,
            Incoming::Close(code) => {
                put_close(&mut self.output, code);
                self.parted = true;
                Item::Farewell
            }
            Incoming::Incomplete => Item::Nothing,
            Incoming::Faulty(fault) => {
                self.fault = Some(fault);
                Item::Unusable(fault.describe())
            }
        }
    }

    fn is_midway(&self) -> bool {
        self.reader.is_midway()
    }

    fn push(&mut self, message: &[u8]) {
        put_message(&mut self.output, self.kind, message);
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
        let code = match why {
            Ending::ByPeer => CloseCode::Normal.into(),
            Ending::GoingAway => CloseCode::Away.into(),
            Ending::TimedOut | Ending::Revoked => CloseCode::Policy.into(),
            Ending::Unusable => self.fault.map_or(CloseCode::Protocol.into(), WebSocketFault::code),
        };
        if !self.parted {
            put_close(&mut self.output, Some(code));
            if self.send().await.is_err() {
                return;
            }
        }
        linger(&mut self.stream, why).await;
    }
}
