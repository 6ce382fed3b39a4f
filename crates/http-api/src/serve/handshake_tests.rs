//! Connections that need a handshake first, with one of a single octet.

use super::*;
use crate::Config;
use crate::test_api::TestApi;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

const FOREVER: Duration = Duration::from_secs(20);
const ALIVE: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// Done when the client has sent `!`.
#[derive(Clone)]
struct OneOctet;

impl Handshake for OneOctet {
    type Connection = TcpStream;

    const IS_SECURE: bool = false;

    async fn complete(&self, mut stream: TcpStream) -> io::Result<TcpStream> {
        if stream.read_u8().await? == b'!' { Ok(stream) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

async fn start(config: Config) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let test = TestApi::with(config).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(serve_after(OneOctet, listener, test.api.clone(), async {
        let _ = stopped.await;
    }));
    (address, stop, running)
}

async fn is_alive(address: SocketAddr) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"!").await.unwrap();
    stream.write_all(ALIVE).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(FOREVER, stream.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    answer.starts_with("HTTP/1.1 200 OK\r\n")
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    tokio::time::timeout(FOREVER, stream.read_u8()).await.is_ok_and(|read| read.is_err())
}

#[tokio::test]
async fn those_that_never_finish_do_not_keep_out_those_that_do() {
    let (address, _stop, _running) =
        start(Config { max_handshakes: 2, max_connections: 4, handshake_timeout: FOREVER * 2, ..Config::default() })
            .await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    assert!(is_alive(address).await);
    for stream in silent.iter_mut().take(18) {
        assert!(is_closed(stream).await);
    }
}

#[tokio::test]
async fn a_handshake_has_its_time() {
    let limit = Duration::from_millis(200);
    let (address, _stop, _running) = start(Config { handshake_timeout: limit, ..Config::default() }).await;
    let begun = std::time::Instant::now();
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut wrong = TcpStream::connect(address).await.unwrap();
    wrong.write_all(b"?").await.unwrap();
    assert!(is_closed(&mut wrong).await && is_alive(address).await);
    assert!(is_closed(&mut silent).await && begun.elapsed() >= limit);
}

#[tokio::test]
async fn a_shutdown_waits_for_no_handshake() {
    let (address, stop, running) = start(Config { handshake_timeout: FOREVER * 2, ..Config::default() }).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    // Accepted in order: when a later one was served, this one is in its handshake.
    assert!(is_alive(address).await);
    stop.send(()).unwrap();
    tokio::time::timeout(FOREVER, running).await.expect("it ends").unwrap();
    assert!(is_closed(&mut silent).await);
}
