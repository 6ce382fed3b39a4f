//! The upgrade on a connection.

use super::carrier::WebSocket;
use super::upgrade::{Judgement, MAX_REQUEST_OCTETS, judge};
use super::{MessageReader, OriginPolicy};
use crate::carrier::Ending;
use crate::linger::linger;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Makes a connection a WebSocket, or answers why not. It may take for ever: the caller bounds time and number.
pub(crate) async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    origins: &OriginPolicy,
) -> io::Result<WebSocket<S>> {
    let mut octets = Vec::new();
    loop {
        match judge(&octets, origins) {
            Judgement::Incomplete => {}
            Judgement::Accepted { answer, request_octets } => {
                stream.write_all(answer.as_bytes()).await?;
                stream.flush().await?;
                let mut reader = MessageReader::new();
                reader.feed(octets.get(request_octets..).unwrap_or_default());
                return Ok(WebSocket::new(stream, reader));
            }
            Judgement::Refused(answer) => {
                stream.write_all(answer.as_bytes()).await?;
                linger(&mut stream, Ending::Unusable).await;
                let reason = answer.lines().last().unwrap_or_default();
                return Err(io::Error::other(format!("no WebSocket: {reason}")));
            }
        }
        let room = MAX_REQUEST_OCTETS.saturating_sub(octets.len());
        let mut limited = (&mut stream).take(u64::try_from(room).unwrap_or(0));
        if limited.read_buf(&mut octets).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
