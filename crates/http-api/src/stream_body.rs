//! Bodies that are made while they are sent.

use bytes::Bytes;
use hyper::body::{Body, Frame};
use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Octets read at once.
const CHUNK_OCTETS: usize = 64 << 10;
/// Chunks that wait for the client.
const WAITING_CHUNKS: usize = 4;

/// A body whose chunks come from another thread or task; when it is dropped, sending to it fails.
pub(crate) struct StreamBody {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
}

impl StreamBody {
    /// The file from where it stands to its end, read no faster than the client takes it.
    pub fn of_file(mut file: File) -> Self {
        let (sender, chunks) = mpsc::channel(WAITING_CHUNKS);
        tokio::task::spawn_blocking(move || {
            loop {
                let mut chunk = vec![0; CHUNK_OCTETS];
                let read = file.read(&mut chunk).map(|length| {
                    chunk.truncate(length);
                    Bytes::from(chunk)
                });
                let ends = !read.as_ref().is_ok_and(|chunk| !chunk.is_empty());
                // A failure ends the body early, and so tells the client that it is not whole.
                let gone = !matches!(&read, Ok(end) if end.is_empty()) && sender.blocking_send(read).is_err();
                if ends || gone {
                    return;
                }
            }
        });
        Self { chunks }
    }
}

impl StreamBody {
    /// A body of what is sent to it, no faster than the client takes it. It ends when the sender is dropped; an error
    /// breaks it off, and so tells the client that it is not whole.
    pub fn channel() -> (mpsc::Sender<io::Result<Bytes>>, Self) {
        let (sender, chunks) = mpsc::channel(WAITING_CHUNKS);
        (sender, Self { chunks })
    }

    /// A first line, then those that come, printed.
    pub fn of_lines<L: Send + 'static>(
        first: Bytes,
        mut lines: mpsc::Receiver<L>,
        print: impl Fn(L) -> Bytes + Send + 'static,
    ) -> Self {
        let (sender, chunks) = mpsc::channel(WAITING_CHUNKS);
        tokio::spawn(async move {
            let mut next = Some(first);
            while let Some(line) = next {
                if sender.send(Ok(line)).await.is_err() {
                    return;
                }
                next = lines.recv().await.map(&print);
            }
        });
        Self { chunks }
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.chunks.poll_recv(context).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use std::io::{Seek, Write};

    #[tokio::test]
    async fn a_file_is_sent_whole() {
        let octets: Vec<u8> = (0..CHUNK_OCTETS * 10 + 7).map(|place| u8::try_from(place % 251).unwrap()).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&octets).unwrap();
        file.rewind().unwrap();
        assert_eq!(StreamBody::of_file(file).collect().await.unwrap().to_bytes(), octets);
        assert_eq!(StreamBody::of_file(tempfile::tempfile().unwrap()).collect().await.unwrap().to_bytes(), "");
    }
}
