//! Requests over TLS: whom the user agent believes.

#![cfg(test)]

use sip_digest::HashAlgorithm;
use sip_message::framing::{Framed, StreamFramer};
use sip_message::write::{ResponseWriter, Status};
use sip_message::{HeaderSpans, Message, parse};
use sip_user_agent::{Account, Outcome, TlsPeer, UaTransport, UserAgent, UserAgentError};
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;
use tls_identity::{Acceptor, Connector, Identities, PairFiles, PeerName, ServerAuthorities, ServerRefusal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server for `localhost` that answers one request on each connection with 200, and closes it.
async fn server() -> (SocketAddr, TempDir) {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, pair.cert.pem()).unwrap();
    std::fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
    let identities = Identities::load(vec![PairFiles { certificate, key }]).unwrap();
    let acceptor = Acceptor::new(Arc::new(identities), &[]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, source) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let (mut framer, mut received) = (StreamFramer::new(), Vec::new());
            while !matches!(framer.frame(&received), Framed::Message(_)) {
                assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0);
            }
            let mut spans = HeaderSpans::new();
            let Ok(Message::Request(request)) = parse(&received, &mut spans) else { panic!("no request") };
            let headers = request.headers();
            assert_eq!(headers.top_via().unwrap().transport, b"TLS");
            let mut out = Vec::new();
            ResponseWriter::start(&mut out, &request, Status::of(200), source, b"t").finish(b"");
            stream.write_all(&out).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    (address, folder)
}

fn account(server: SocketAddr, name: &str, authority: &std::path::Path) -> Account {
    let connector = Connector::new(&ServerAuthorities::of_file(authority).unwrap()).unwrap();
    Account {
        server,
        transport: UaTransport::Tls(TlsPeer { connector, name: PeerName::of_host(name).unwrap() }),
        domain: "h.example".to_owned(),
        username: "alice".to_owned(),
        password: "Correct!Horse7".to_owned().into(),
        user_agent: "Scripted/1.0".to_owned(),
        hashes: HashAlgorithm::ALL.to_vec(),
    }
}

#[tokio::test]
async fn a_server_that_proves_itself_is_spoken_to_and_again_when_it_has_closed() {
    let (server, folder) = server().await;
    let account = account(server, "localhost", &folder.path().join("certificate.pem"));
    let mut user_agent = UserAgent::open(account, [1; 32]).await.unwrap();
    assert!(user_agent.contact().ends_with(";transport=tls"), "{}", user_agent.contact());
    for _ in 0..2 {
        assert_eq!(user_agent.options().await.outcome, Outcome::Success(200));
    }
}

#[tokio::test]
async fn another_name_or_authority_is_refused() {
    let (server, folder) = server().await;
    let opened = UserAgent::open(account(server, "elsewhere.example", &folder.path().join("certificate.pem")), [1; 32]);
    assert!(matches!(opened.await, Err(UserAgentError::Untrusted(ServerRefusal::WrongName))));
    let (_, other) = self::server().await;
    let opened = UserAgent::open(account(server, "localhost", &other.path().join("certificate.pem")), [1; 32]);
    assert!(matches!(
        opened.await,
        Err(UserAgentError::Untrusted(ServerRefusal::UnknownAuthority | ServerRefusal::Unacceptable(_)))
    ));
}
