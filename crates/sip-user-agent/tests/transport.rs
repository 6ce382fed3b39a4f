//! What the network and a faulty peer do to an exchange.

#![cfg(test)]

mod support;

use sip_digest::HashAlgorithm::Md5;
use sip_user_agent::{Account, Direction, Exchange, Outcome, UaTransport, UserAgent, UserAgentError};
use std::net::SocketAddr;
use std::time::Duration;
use support::{Peer, Reaction, Registrar, lines};
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// How long a test waits for what ought to come within half a second, but less than timer F.
const PATIENCE: Duration = Duration::from_secs(25);

async fn peer(transport: UaTransport, script: impl IntoIterator<Item = Reaction>) -> Peer {
    Peer::open(transport, Registrar::new(&[Md5], script)).await
}

#[tokio::test(start_paused = true)]
async fn a_lost_request_is_sent_again() {
    let mut peer = peer(UaTransport::Udp, [Reaction::Lose, Reaction::Lose]).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let exchange = peer.during(user_agent.register(60)).await;
    assert_eq!(exchange.outcome, Outcome::Success(200));
    let [first, second, third, ..] = exchange.ladder.as_slice() else { panic!("{exchange:?}") };
    for again in [second, third] {
        assert_eq!((again.direction, &again.message), (Direction::Sent, &first.message));
    }
    // The intervals are those of timer E.
    assert!(second.at >= Duration::from_millis(500) && third.at >= Duration::from_millis(1500), "{exchange:?}");
    assert_eq!(peer.registrar.seen[0], peer.registrar.seen[1]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_times_out_with_timer_f() {
    for (transport, sent) in [(UaTransport::Udp, 11), (UaTransport::Tcp, 1)] {
        let mut peer = peer(transport, std::iter::repeat_with(|| Reaction::Lose).take(20)).await;
        let mut user_agent = peer.user_agent(&[Md5]).await;
        let exchange = peer.during(user_agent.register(60)).await;
        assert_eq!((exchange.outcome, exchange.ladder.len()), (Outcome::TimedOut, sent));
        assert_eq!(exchange.elapsed.as_secs(), 32);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_it_earlier() {
    for transport in [UaTransport::Udp, UaTransport::Tcp] {
        let mut peer = peer(transport, std::iter::repeat_with(|| Reaction::Lose).take(20)).await;
        let mut user_agent = peer.user_agent(&[Md5]).await.with_deadline(Duration::from_secs(2));
        let exchange = peer.during(user_agent.options()).await;
        assert_eq!((exchange.outcome, exchange.elapsed.as_secs()), (Outcome::TimedOut, 2));
    }
}

#[tokio::test]
async fn a_provisional_response_is_not_the_end() {
    let mut peer = peer(UaTransport::Udp, [Reaction::TryFirst]).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let exchange = peer.during(user_agent.register(60)).await;
    assert_eq!((exchange.outcome.clone(), lines(&exchange)[1].as_str()), (Outcome::Success(200), "<- 100 Trying"));
}

/// The answer as a 200, broken in one way each.
fn impostors(answer: &[u8]) -> Vec<Vec<u8>> {
    let good = String::from_utf8(answer.to_vec()).unwrap().replace("401 Unauthorized", "200 OK");
    let via = good.lines().find(|line| line.starts_with("Via:")).unwrap();
    let without = |name: &str| {
        let line = good.lines().find(|line| line.starts_with(name)).unwrap();
        good.replace(&format!("{line}\r\n"), "")
    };
    [
        good.replace("branch=z9hG4bK", "branch=z9hG4bKx"),
        good.replace(via, &format!("{via}\r\n{via}")),
        good.replace(" REGISTER\r\n", " OPTIONS\r\n"),
        good.replace("SIP/2.0 200", "SIP/3.0 200"),
        good.replace("SIP/2.0 200", "SIP/2.0 999"),
        good.replace("Content-Length: 0", "Content-Length: 9"),
        good.replace("\r\nCall-ID:", "\r\nCall-ID:\0"),
        without("Via"),
        without("Call-ID"),
        without("From"),
        without("CSeq"),
        good.replace("SIP/2.0 200 OK\r\n", "OPTIONS sip:alice@h SIP/2.0\r\n"),
        "\r\n\r\n".to_owned(),
        "hello\r\n\r\n".to_owned(),
        good[..30].to_owned(),
        String::new(),
    ]
    .map(String::into_bytes)
    .to_vec()
}

#[tokio::test]
async fn what_is_no_sound_response_to_the_request_is_passed_over() {
    let mut peer = peer(UaTransport::Udp, [Reaction::Precede(impostors)]).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let exchange = peer.during(user_agent.register(60)).await;
    assert_eq!((exchange.outcome.clone(), lines(&exchange).len()), (Outcome::Success(200), 4), "{exchange:?}");
}

/// The same octets unbroken are taken, or the test above would show nothing.
#[tokio::test]
async fn a_sound_response_is_taken() {
    let genuine = |answer: &[u8]| {
        vec![String::from_utf8(answer.to_vec()).unwrap().replace("401 Unauthorized", "200 OK").into_bytes()]
    };
    let mut peer = peer(UaTransport::Udp, [Reaction::Precede(genuine)]).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let exchange = peer.during(user_agent.register(60)).await;
    assert_eq!((exchange.outcome.clone(), lines(&exchange).len()), (Outcome::Success(200), 2), "{exchange:?}");
}

#[tokio::test]
async fn a_chattering_server_costs_bounded_memory() {
    let chatter = |answer: &[u8]| {
        let trying = String::from_utf8(answer.to_vec()).unwrap().replace("401 Unauthorized", "100 Trying");
        vec![trying.into_bytes(); 100]
    };
    let mut peer = peer(UaTransport::Tcp, [Reaction::Precede(chatter)]).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let exchange = peer.during(user_agent.register(60)).await;
    assert_eq!((exchange.outcome, exchange.ladder.len()), (Outcome::Success(200), Exchange::MAX_STEPS));
}

/// A socket that sends what is no response for as long as it is asked to, and a user agent that it sends this to.
async fn flooded() -> (UdpSocket, SocketAddr, UserAgent) {
    let peer = peer(UaTransport::Udp, []).await;
    let flooding = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let account = Account { server: flooding.local_addr().unwrap(), ..peer.account(&[Md5]) };
    let user_agent = UserAgent::open(account, [0; 32]).await.unwrap();
    let target = user_agent.contact().split('@').nth(1).unwrap().parse().unwrap();
    (flooding, target, user_agent)
}

async fn flood_once(flooding: &UdpSocket, target: SocketAddr) {
    for _ in 0..50 {
        flooding.send_to(b"SIP/2.0 200 OK\r\n\r\n", target).await.unwrap();
    }
    tokio::task::yield_now().await;
}

/// In real time, since a paused clock stands still while there is something to receive. The flood lasts until the second
/// copy is there, however slow the machine, so only a request that is never repeated fails this.
#[tokio::test]
async fn a_flood_does_not_keep_a_request_from_being_sent_again() {
    let (flooding, target, mut user_agent) = flooded().await;
    let until_sent_again = async {
        let (mut copies, mut request) = (0, [0; 2048]);
        while copies < 2 {
            flood_once(&flooding, target).await;
            while flooding.try_recv_from(&mut request).is_ok() {
                copies += 1;
            }
        }
    };
    tokio::select! {
        exchange = user_agent.register(60) => panic!("ended while flooded: {exchange:?}"),
        flood = timeout(PATIENCE, until_sent_again) => flood.expect("sent again while flooded"),
    }
}

#[tokio::test]
async fn a_flood_does_not_hold_the_deadline_up() {
    let (flooding, target, user_agent) = flooded().await;
    let mut user_agent = user_agent.with_deadline(Duration::from_millis(50));
    let flood = async {
        loop {
            flood_once(&flooding, target).await;
        }
    };
    let exchange = tokio::select! {
        exchange = timeout(PATIENCE, user_agent.register(60)) => exchange.expect("an end while flooded"),
        () = flood => unreachable!("floods for ever"),
    };
    assert_eq!(exchange.outcome, Outcome::TimedOut);
}

/// A test call may run as a task of its own.
#[tokio::test]
async fn exchanges_can_move_between_threads() {
    let mut peer = peer(UaTransport::Udp, []).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let task = tokio::spawn(async move { user_agent.register(60).await });
    let exchange = peer.during(async { task.await.unwrap() }).await;
    assert_eq!(exchange.outcome, Outcome::Success(200));
}

#[tokio::test]
async fn a_closed_connection_is_opened_again_for_the_next_exchange() {
    let mut peer = peer(UaTransport::Tcp, [Reaction::Close]).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let contact = user_agent.contact().to_owned();
    let exchange = peer.during(user_agent.register(60)).await;
    assert!(matches!(exchange.outcome, Outcome::TransportFailed(_)), "{exchange:?}");
    let exchange = peer.during(user_agent.register(60)).await;
    assert_eq!(exchange.outcome, Outcome::Success(200));
    assert_eq!(exchange.contacts, [format!("<{contact}>;expires=60")]);
    let vias: Vec<_> = peer.registrar.seen.iter().map(|request| request.lines().nth(1).unwrap()).collect();
    let own_address = |via: &str| contact.contains(via.split([' ', ';']).nth(2).unwrap());
    assert_eq!(vias.iter().map(|via| own_address(via)).collect::<Vec<_>>(), [true, false, false], "{vias:?}");
}

#[tokio::test]
async fn what_cannot_be_framed_ends_the_connection() {
    let mut peer = peer(UaTransport::Tcp, [Reaction::Precede(|_| vec![vec![b'<'; 64]])]).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    let exchange = peer.during(user_agent.register(60)).await;
    let text = "the server sent what is not SIP: no start line".to_owned();
    assert_eq!(exchange.outcome, Outcome::TransportFailed(text));
    assert_eq!(peer.during(user_agent.register(60)).await.outcome, Outcome::Success(200), "over a new connection");
}

#[tokio::test]
async fn a_closed_port_is_noticed() {
    let peer = peer(UaTransport::Udp, []).await;
    let mut user_agent = peer.user_agent(&[Md5]).await;
    drop(peer);
    let exchange = user_agent.register(60).await;
    assert!(matches!(exchange.outcome, Outcome::TransportFailed(_)), "{exchange:?}");

    let peer = self::peer(UaTransport::Tcp, []).await;
    let account = peer.account(&[Md5]);
    drop(peer);
    assert!(matches!(UserAgent::open(account, [0; 32]).await, Err(UserAgentError::Connect(_))));
}
