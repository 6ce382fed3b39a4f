//! Reading and ending streams, for whatever stands on them.

use crate::carrier::Ending;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::ready;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Most octets taken in by one read. They stand on the thread's stack, so that waiting for them costs nothing.
const READ_OCTETS: usize = 8_192;
/// Most octets taken in for nothing, so that the peer gets to read what was said last: closing while octets are under
/// way would meet them with a reset, and the farewell would be lost with it.
const LINGER_OCTETS: usize = 256 * 1_024;

/// Waits for octets and hands them over; `false` at the end of the stream. Nothing is lost when this is given up.
pub(crate) async fn read_some<S: AsyncRead + Unpin>(stream: &mut S, mut take: impl FnMut(&[u8])) -> io::Result<bool> {
    poll_fn(|context| {
        let mut room = [const { MaybeUninit::uninit() }; READ_OCTETS];
        let mut read = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut *stream).poll_read(context, &mut read))?;
        take(read.filled());
        Ok(!read.filled().is_empty()).into()
    })
    .await
}

/// Ends our side, and where the peer may still be sending waits for its end. The caller bounds the time.
pub(crate) async fn linger<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, why: Ending) {
    // It fails when the connection is lost already.
    if stream.shutdown().await.is_err() || why != Ending::Unusable {
        return;
    }
    let mut left = LINGER_OCTETS;
    while left > 0 && matches!(read_some(stream, |octets| left = left.saturating_sub(octets.len())).await, Ok(true)) {}
}
