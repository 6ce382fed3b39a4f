//! Calls of the user agent client to the echo service.

#![cfg(test)]

mod support;

use sip_digest::HashAlgorithm::{self, Md5, Sha256, Sha512_256};
use sip_user_agent::{
    Account, CallEnd, CallPlan, CallReport, Direction, Heard, UaTransport, UserAgent, UserAgentError,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use support::echo_bridge::EchoBridge;
use support::{PASSWORD, Registrar, USERNAME};
use tokio::net::UdpSocket;

const TO: &str = "sip:echo@h.example";

fn account(server: SocketAddr, hashes: &[HashAlgorithm]) -> Account {
    Account {
        server,
        transport: UaTransport::Udp,
        domain: "h.example".to_owned(),
        username: USERNAME.to_owned(),
        password: PASSWORD.to_owned().into(),
        user_agent: "Scripted/1.0".to_owned(),
        hashes: hashes.to_vec(),
    }
}

fn plan(talk_ms: u64) -> CallPlan {
    CallPlan { to: TO.to_owned(), talk: Duration::from_millis(talk_ms), ring: Duration::from_secs(5) }
}

async fn call(server: SocketAddr, hashes: &[HashAlgorithm], plan: &CallPlan) -> CallReport {
    let mut user_agent = UserAgent::open(account(server, hashes), [5; 32]).await.unwrap();
    user_agent.call(plan).await.unwrap()
}

fn lines(report: &CallReport) -> Vec<String> {
    let arrow = |direction| if direction == Direction::Sent { "->" } else { "<-" };
    let mut lines: Vec<_> =
        report.ladder.iter().map(|step| format!("{} {}", arrow(step.direction), step.summary)).collect();
    lines.dedup();
    lines
}

#[tokio::test]
async fn a_tone_comes_back() {
    let bridge = EchoBridge::transparent().await;
    let report = call(bridge.address, &[Md5], &plan(1000)).await;
    assert_eq!(report.end, CallEnd::HungUp, "{:?}", lines(&report));
    let media = report.media.expect("it was answered");
    assert_eq!(media.heard, Heard::Tone, "{media:?}");
    assert!(media.sent >= 40 && media.returned >= media.sent - 2, "{media:?}");
    assert_eq!((media.reception.lost(), media.reception.duplicates), (0, 0), "{media:?}");
    assert!(media.round_trip.is_some_and(|times| times.mean < Duration::from_millis(200)), "{media:?}");
    assert_eq!(
        lines(&report),
        [
            "-> INVITE sip:echo@h.example (CSeq 1)",
            "<- 200 OK",
            "-> ACK sip:echo@echo.invalid (CSeq 1)",
            "-> BYE sip:echo@echo.invalid (CSeq 2)",
            "<- 200 OK"
        ]
    );
    assert_eq!(bridge.echo.calls(), 0);
}

#[tokio::test]
async fn every_algorithm_is_answered_and_nothing_secret_is_shown() {
    for hash in [Md5, Sha256, Sha512_256] {
        let registrar = Registrar::new(&[hash], []);
        let bridge = EchoBridge::open(Some(registrar), Box::new(|octets| vec![octets])).await;
        let report = call(bridge.address, &[hash], &plan(200)).await;
        assert_eq!((&report.end, report.algorithm), (&CallEnd::HungUp, Some(hash)), "{:?}", lines(&report));
        let shown = lines(&report);
        assert!(shown[1].starts_with("<- 407 Proxy Authentication Required"), "{shown:?}");
        assert!(shown[2].starts_with("-> ACK sip:echo@h.example (CSeq 1"), "{shown:?}");
        assert!(shown[3].starts_with("-> INVITE sip:echo@h.example (CSeq 2, Digest"), "{shown:?}");
        let acks = bridge.requests("ACK sip:echo@echo.invalid");
        assert!(acks[0].contains("Proxy-Authorization: Digest"), "the ACK repeats the credentials: {acks:?}");
        let byes = bridge.requests("BYE");
        assert!(byes[0].contains("nc=00000002"), "{byes:?}");
        let nonce = byes[0].split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert!(!format!("{report:?}").contains(nonce) && !format!("{report:?}").contains(PASSWORD));
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let registrar = Registrar::new(&[Md5], []);
    let bridge = EchoBridge::open(Some(registrar), Box::new(|octets| vec![octets])).await;
    let wrong = Account { password: "wrong".to_owned().into(), ..account(bridge.address, &[Md5]) };
    let report = UserAgent::open(wrong, [5; 32]).await.unwrap().call(&plan(200)).await.unwrap();
    assert!(matches!(report.end, CallEnd::Refused { status: 407, .. }), "{:?}", lines(&report));
    assert!(report.media.is_none() && report.answered_after.is_none());
    assert_eq!(bridge.requests("INVITE").len(), 2, "the same credentials are not tried twice");
}

#[tokio::test]
async fn no_challenge_that_can_be_answered() {
    let registrar = Registrar::new(&[Md5], []);
    let bridge = EchoBridge::open(Some(registrar), Box::new(|octets| vec![octets])).await;
    assert_eq!(call(bridge.address, &[Sha256], &plan(200)).await.end, CallEnd::NoAcceptableChallenge);
}

#[tokio::test]
async fn a_repeated_success_is_acknowledged_again_and_another_fork_is_sent_away() {
    let passage = |octets: Vec<u8>| {
        if octets.starts_with(b"SIP/2.0 200") && octets.windows(12).any(|text| text == b"CSeq: 1 INVI") {
            let text = String::from_utf8(octets.clone()).unwrap();
            let ringing = text.replace("200 OK", "180 Ringing");
            let to = text.lines().find(|line| line.starts_with("To: ")).unwrap();
            let fork =
                text.replace(to, "To: <sip:echo@h.example>;tag=fork").replace("echo@echo.invalid", "fork@x.invalid");
            return vec![ringing.into_bytes(), octets.clone(), octets, fork.into_bytes()];
        }
        vec![octets]
    };
    let bridge = EchoBridge::open(None, Box::new(passage)).await;
    let report = call(bridge.address, &[Md5], &plan(300)).await;
    assert_eq!(report.end, CallEnd::HungUp, "{:?}", lines(&report));
    assert!(report.post_dial_delay < report.answered_after, "{report:?}");
    assert_eq!(bridge.requests("ACK sip:echo@echo.invalid").len(), 2);
    assert_eq!(bridge.requests("ACK sip:fork@x.invalid").len(), 1);
    let byes = bridge.requests("BYE sip:fork@x.invalid");
    assert!(byes[0].contains("To: <sip:echo@h.example>;tag=fork"), "{byes:?}");
    assert_eq!(bridge.requests("BYE sip:echo@echo.invalid").len(), 1);
}

/// A peer that does what each test writes down: what to answer to each message.
async fn scripted(answer: impl Fn(&str) -> Vec<String> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut datagram = vec![0; 65_535];
        loop {
            let (length, source) = socket.recv_from(&mut datagram).await.unwrap();
            for answer in answer(str::from_utf8(&datagram[..length]).unwrap()) {
                socket.send_to(answer.as_bytes(), source).await.unwrap();
            }
        }
    });
    address
}

/// A response to a request, with those headers and that body.
fn respond(request: &str, status: &str, more: &str) -> String {
    let copied = |name: &str| request.lines().find(|line| line.starts_with(name)).unwrap();
    let to = copied("To: ");
    let tag = if to.contains("tag=") { "" } else { ";tag=peer" };
    let [via, from, call_id, cseq] = ["Via: ", "From: ", "Call-ID: ", "CSeq: "].map(copied);
    let (headers, body) =
        more.split_once("\r\n\r\n").map_or((more.to_owned(), ""), |(headers, body)| (format!("{headers}\r\n"), body));
    format!(
        "SIP/2.0 {status}\r\n{via}\r\n{from}\r\n{to}{tag}\r\n{call_id}\r\n{cseq}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn a_call_that_rings_too_long_is_cancelled() {
    let invite = Arc::new(parking_lot::Mutex::new(String::new()));
    let server = scripted(move |message| {
        if message.starts_with("INVITE") {
            *invite.lock() = message.to_owned();
            vec![respond(message, "100 Trying", ""), respond(message, "180 Ringing", "")]
        } else if message.starts_with("CANCEL") {
            vec![respond(message, "200 OK", ""), respond(&invite.lock(), "487 Request Terminated", "")]
        } else {
            vec![]
        }
    })
    .await;
    let rings = CallPlan { ring: Duration::from_millis(300), ..plan(100) };
    let report = call(server, &[Md5], &rings).await;
    assert_eq!(report.end, CallEnd::NotAnswered, "{:?}", lines(&report));
    let shown = lines(&report);
    assert!(shown.iter().any(|line| line.starts_with("-> CANCEL")), "{shown:?}");
    assert!(shown.last().unwrap().starts_with("-> ACK"), "{shown:?}");
    assert!(report.post_dial_delay.is_some() && report.answered_after.is_none());
}

#[tokio::test]
async fn a_refusal_is_acknowledged_and_told() {
    let server = scripted(|message| match message.split(' ').next() {
        Some("INVITE") => vec![respond(message, "486 Busy \u{7}Here", "")],
        _ => vec![],
    })
    .await;
    let report = call(server, &[Md5], &plan(100)).await;
    assert_eq!(report.end, CallEnd::Refused { status: 486, reason: "Busy \\u{7}Here".to_owned() });
    assert!(lines(&report).last().unwrap().starts_with("-> ACK"), "{:?}", lines(&report));
}

#[tokio::test]
async fn an_answer_without_media_is_hung_up_on() {
    for (more, problem) in [
        ("Contact: <sip:p@h>\r\n", "the description does not begin with v=0"),
        (
            "Contact: <sip:p@h>\r\n\r\nv=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 0 RTP/AVP 0\r\n",
            "the answer accepts no audio stream of the offer",
        ),
        (
            "Contact: <sip:p@h>\r\n\r\nv=0\r\nc=IN IP4 somewhere.example\r\nm=audio 4000 RTP/AVP 0\r\n",
            "the answer names no address for media",
        ),
    ] {
        let server = scripted(move |message| match message.split(' ').next() {
            Some("INVITE") => vec![respond(message, "200 OK", more)],
            Some("BYE") => vec![respond(message, "200 OK", "")],
            _ => vec![],
        })
        .await;
        let report = call(server, &[Md5], &plan(100)).await;
        assert_eq!(report.end, CallEnd::NoCommonMedia(problem.to_owned()), "{:?}", lines(&report));
        assert!(lines(&report).iter().any(|line| line.starts_with("-> BYE sip:p@h")), "{:?}", lines(&report));
    }
}

/// The peer asks who we are, moves the media, and hangs up: each is answered, by the rules.
#[tokio::test]
async fn what_the_peer_asks_within_the_call_is_answered() {
    let sink = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = sink.local_addr().unwrap().port();
    let heard = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let noted = Arc::clone(&heard);
    let invite = Arc::new(parking_lot::Mutex::new(String::new()));
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n"
    );
    let server = scripted(move |message| {
        let inside = |method: &str, cseq: u32, body: &str| {
            let invite = invite.lock();
            let line = |name: &str| invite.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
            let contact = line("Contact: ");
            let (from, to, id) = (line("To: "), line("From: "), line("Call-ID: "));
            let uri = contact.trim_matches(['<', '>']);
            format!(
                "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{method}{cseq}\r\nMax-Forwards: 70\r\n\
                 From: {from};tag=peer\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:p@h>\r\n\
                 Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        match message.split(' ').next() {
            Some("INVITE") => {
                *invite.lock() = message.to_owned();
                vec![respond(message, "200 OK", &format!("Contact: <sip:p@h>\r\n\r\n{sdp}"))]
            }
            Some("ACK") if message.contains("CSeq: 1 ") => {
                let strange = inside("OPTIONS", 11, "").replace(";tag=peer", ";tag=stranger");
                vec![
                    inside("OPTIONS", 10, ""),
                    strange,
                    inside("INVITE", 12, &format!("{sdp}a=sendonly\r\n")),
                    inside("INVITE", 13, "v=0\r\nm=video 1 RTP/AVP 0\r\n"),
                    inside("INFO", 3, ""),
                    inside("REFER", 14, ""),
                    inside("BYE", 15, ""),
                ]
            }
            _ => {
                noted.lock().push(message.to_owned());
                vec![]
            }
        }
    })
    .await;
    let report = call(server, &[Md5], &plan(5000)).await;
    assert_eq!(report.end, CallEnd::PeerHungUp, "{:?}", lines(&report));
    tokio::time::timeout(Duration::from_secs(5), async {
        while heard.lock().len() < 7 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    let answers = heard.lock().clone();
    let starts: Vec<_> = answers.iter().map(|answer| &answer[8..11]).collect();
    assert_eq!(starts, ["200", "481", "200", "488", "500", "405", "200"]);
    assert!(answers[2].contains("a=recvonly\r\n") && answers[2].contains("RTP/AVP 8\r\n"), "{}", answers[2]);
}

#[tokio::test]
async fn whom_to_call_has_to_be_a_sip_uri() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut user_agent = UserAgent::open(account(server.local_addr().unwrap(), &[Md5]), [5; 32]).await.unwrap();
    for to in ["", "bob", "tel:+4930", "sip:b b@h", "sip:b@h\r\nX: y", "sip:b@h?Route=x"] {
        let target = CallPlan { to: to.to_owned(), ..plan(100) };
        assert!(matches!(user_agent.call(&target).await, Err(UserAgentError::InvalidTarget)), "{to:?}");
    }
}
