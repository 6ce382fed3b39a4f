//! The echo service by itself: what it answers, and whom it sends media to.

#![cfg(test)]

mod support;

use parking_lot::Mutex;
use rtp::RtpPacket;
use rtp::sdp::SessionDescription;
use sip_user_agent::{EchoConfig, EchoUserAgent, MediaAddress};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use support::echo_bridge::echo_config;
use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};

/// Longer than a packet takes on this machine.
const MOMENT: Duration = Duration::from_millis(200);

struct Fixture {
    echo: EchoUserAgent,
    sent: Arc<Mutex<Vec<String>>>,
}

/// A request, and what may be changed about it.
#[derive(Clone)]
struct Asked {
    method: &'static str,
    call_id: &'static str,
    to_tag: String,
    cseq: u32,
    headers: &'static str,
    body: String,
}

impl Asked {
    fn write(&self) -> String {
        let Self { method, call_id, to_tag, cseq, headers, body } = self;
        let tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} sip:echo@h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{method}{cseq}\r\n\
             Record-Route: <sip:edge;lr>\r\nMax-Forwards: 70\r\nFrom: <sip:a@h>;tag=caller\r\nTo: <sip:echo@h>{tag}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:a@192.0.2.1>\r\n{headers}{kind}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

fn asked(method: &'static str, to_tag: &str, cseq: u32) -> Asked {
    Asked { method, call_id: "one", to_tag: to_tag.to_owned(), cseq, headers: "", body: String::new() }
}

fn offer(lines: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{lines}")
}

const AUDIO: &str = "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

fn invite() -> Asked {
    Asked { body: offer(AUDIO), ..asked("INVITE", "", 1) }
}

impl Fixture {
    fn new(config: EchoConfig) -> Self {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&sent);
        let send = Arc::new(move |octets| noted.lock().push(String::from_utf8(octets).unwrap()));
        Self { echo: EchoUserAgent::new(config, [8; 32], send), sent }
    }

    /// Gives it a request and takes what it answers at once.
    async fn ask(&self, asked: &Asked) -> String {
        self.tell(&asked.write()).await
    }

    /// Gives it a message and takes what it answers; nothing if it stays silent.
    async fn tell(&self, message: &str) -> String {
        self.echo.receive(message.as_bytes());
        // The one task that answers is ready to run, if it is.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        self.sent.lock().pop().unwrap_or_default()
    }

    async fn check(&self, asked: &Asked, status: &str, contains: &str) -> String {
        let answer = self.ask(asked).await;
        assert!(answer.starts_with(&format!("SIP/2.0 {status} ")), "{status}: {answer}");
        assert!(answer.contains(contains), "{contains}: {answer}");
        answer
    }

    /// A call, acknowledged: its tag and where its media goes.
    async fn call(&self) -> (String, SocketAddr) {
        let answer = self.check(&invite(), "200", "m=audio").await;
        let (tag, media) = (tag_of(&answer), media_of(&answer));
        self.ask(&asked("ACK", &tag, 1)).await;
        (tag, media)
    }
}

fn tag_of(answer: &str) -> String {
    let to = answer.lines().find(|line| line.starts_with("To: ")).unwrap();
    to.split(";tag=").nth(1).unwrap().to_owned()
}

fn media_of(answer: &str) -> SocketAddr {
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    let description = SessionDescription::parse(body.as_bytes()).unwrap();
    SocketAddr::from(([127, 0, 0, 1], description.media[0].port))
}

fn packet(payload_type: u8, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let timestamp = u32::from(sequence) * 160;
    let mut out = Vec::new();
    RtpPacket { payload_type, marker: false, sequence, timestamp, source: 77, payload }.write(&mut out);
    out
}

async fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

/// The payload of the next packet; `None` if none comes.
async fn heard(socket: &UdpSocket) -> Option<(u16, Vec<u8>)> {
    let mut octets = [0; 2048];
    let (length, _) = timeout(MOMENT, socket.recv_from(&mut octets)).await.ok()?.unwrap();
    let packet = RtpPacket::parse(&octets[..length]).unwrap();
    assert_ne!(packet.source, 77, "its own source");
    Some((packet.sequence, packet.payload.to_vec()))
}

#[tokio::test]
async fn media_goes_back_to_the_first_source_and_nobody_else() {
    let fixture = Fixture::new(echo_config());
    let (tag, media) = fixture.call().await;
    let (phone, stranger) = (socket().await, socket().await);
    assert_eq!(heard(&phone).await, None, "nothing before something came");

    phone.send_to(b"\0\x01\0\0 no RTP at all", media).await.unwrap();
    phone.send_to(&packet(9, 1, b"not agreed on"), media).await.unwrap();
    phone.send_to(&packet(0, 2, b"one"), media).await.unwrap();
    let (first, payload) = heard(&phone).await.expect("an echo");
    assert_eq!(payload, b"one");
    phone.send_to(&packet(101, 4, b"\x01\x8a\0\xa0"), media).await.unwrap();
    assert_eq!(heard(&phone).await, Some((first.wrapping_add(2), b"\x01\x8a\0\xa0".to_vec())), "loss stays visible");

    stranger.send_to(&packet(0, 3, b"let me in"), media).await.unwrap();
    assert_eq!((heard(&stranger).await, heard(&phone).await), (None, None));

    fixture.check(&asked("BYE", &tag, 2), "200", "").await;
    phone.send_to(&packet(0, 5, b"too late"), media).await.unwrap();
    assert_eq!((heard(&phone).await, fixture.echo.calls()), (None, 0));
    fixture.check(&asked("BYE", &tag, 3), "481", "").await;
    // The port is free again.
    UdpSocket::bind(media).await.unwrap();
}

#[tokio::test]
async fn a_hold_silences_it_and_a_new_address_may_be_heard() {
    let fixture = Fixture::new(echo_config());
    let (tag, media) = fixture.call().await;
    let (phone, moved) = (socket().await, socket().await);
    phone.send_to(&packet(0, 1, b"one"), media).await.unwrap();
    assert!(heard(&phone).await.is_some());

    let hold = Asked { body: offer(&format!("{AUDIO}a=sendonly\r\n")), ..asked("INVITE", &tag, 2) };
    let held = fixture.check(&hold, "200", "a=recvonly").await;
    assert!(held.contains(" 2 IN IP4 127.0.0.1\r\n") && media_of(&held) == media, "another version: {held}");
    fixture.ask(&asked("ACK", &tag, 2)).await;
    phone.send_to(&packet(0, 2, b"two"), media).await.unwrap();
    assert_eq!(heard(&phone).await, None);

    let resume = Asked { body: offer(&AUDIO.replace("4000", "4002")), ..asked("UPDATE", &tag, 3) };
    fixture.check(&resume, "200", "a=sendrecv").await;
    moved.send_to(&packet(0, 3, b"three"), media).await.unwrap();
    assert_eq!(heard(&moved).await.map(|(_, payload)| payload), Some(b"three".to_vec()));
    phone.send_to(&packet(0, 4, b"four"), media).await.unwrap();
    assert_eq!((heard(&phone).await, heard(&moved).await), (None, None));
}

#[tokio::test]
async fn without_an_offer_it_makes_one() {
    let fixture = Fixture::new(echo_config());
    let answer = fixture.check(&asked("INVITE", "", 1), "200", "RTP/AVP 0 8 101").await;
    let (tag, media) = (tag_of(&answer), media_of(&answer));
    let phone = socket().await;
    phone.send_to(&packet(8, 1, b"early"), media).await.unwrap();
    assert_eq!(heard(&phone).await, None, "nothing is agreed on yet");
    fixture.ask(&Asked { body: offer("m=audio 4000 RTP/AVP 8\r\n"), ..asked("ACK", &tag, 1) }).await;
    phone.send_to(&packet(8, 2, b"now"), media).await.unwrap();
    assert_eq!(heard(&phone).await.map(|(_, payload)| payload), Some(b"now".to_vec()));
}

#[tokio::test]
async fn requests_outside_a_call() {
    let fixture = Fixture::new(echo_config());
    fixture.check(&asked("OPTIONS", "", 1), "200", "Accept: application/sdp\r\n").await;
    for (method, status) in
        [("BYE", "481"), ("CANCEL", "481"), ("UPDATE", "481"), ("INFO", "481"), ("REFER", "405"), ("MESSAGE", "405")]
    {
        fixture.check(&asked(method, "", 1), status, "").await;
    }
    fixture.check(&asked("INVITE", "unknown", 1), "481", "").await;
    let refused = [
        (offer("m=audio 4000 RTP/SAVP 0\r\n"), "488", "Warning: 305 echo.invalid"),
        (offer("m=audio 4000 RTP/AVP 18\r\n"), "488", "Warning: 305 echo.invalid"),
        (offer(AUDIO).replace("IN IP4 127.0.0.1", "IN IP6 ::1"), "488", "Warning: 300 echo.invalid"),
        ("nonsense".to_owned(), "400", ""),
    ];
    for (body, status, contains) in refused {
        fixture.check(&Asked { body, ..invite() }, status, contains).await;
    }
    let headers = [
        ("Content-Type: text/plain\r\n", "415", "Accept: application/sdp"),
        ("Require: 100rel, timer\r\n", "420", "Unsupported: 100rel\r\n"),
        ("Supported: timer\r\nSession-Expires: 60\r\n", "422", "Min-SE: 90"),
        ("Session-Expires: soon\r\n", "400", ""),
    ];
    for (headers, status, contains) in headers {
        let text = Asked { headers, ..invite() }.write();
        let text = if status == "415" { text.replacen("Content-Type: application/sdp\r\n", "", 1) } else { text };
        let answer = fixture.tell(&text).await;
        assert!(answer.starts_with(&format!("SIP/2.0 {status}")) && answer.contains(contains), "{status}: {answer}");
    }
    assert!(fixture.ask(&asked("ACK", "", 1)).await.is_empty());
    fixture.echo.receive(b"SIP/2.0 200 OK\r\n\r\n");
    fixture.echo.receive(b"\xff\xfe garbage");
    assert!(fixture.sent.lock().is_empty());
    assert_eq!(fixture.echo.calls(), 0);
}

#[tokio::test]
async fn a_dialog_takes_its_own_requests_in_order() {
    let fixture = Fixture::new(echo_config());
    let answer = fixture.check(&invite(), "200", "Record-Route: <sip:edge;lr>").await;
    assert_eq!(fixture.ask(&invite()).await, answer, "the same again for the same");
    let elsewhere = invite().write().replace("z9hG4bKINVITE1", "z9hG4bKother");
    assert!(fixture.tell(&elsewhere).await.starts_with("SIP/2.0 482 "));
    let tag = tag_of(&answer);
    fixture.check(&asked("CANCEL", "", 1), "200", "").await;
    fixture.ask(&asked("ACK", &tag, 1)).await;
    fixture.check(&asked("INFO", &tag, 5), "200", "").await;
    fixture.check(&asked("OPTIONS", &tag, 4), "500", "").await;
    fixture.check(&asked("REFER", &tag, 6), "405", "Allow: ").await;
    let foreign = asked("BYE", &tag, 7).write().replace("tag=caller", "tag=stranger");
    assert!(fixture.tell(&foreign).await.starts_with("SIP/2.0 481 "));
    fixture.check(&Asked { call_id: "two", ..asked("BYE", &tag, 7) }, "481", "").await;
    assert_eq!(fixture.echo.calls(), 1);
    fixture.check(&asked("UPDATE", &tag, 8), "200", "").await;
    fixture.check(&asked("BYE", &tag, 9), "200", "").await;
    assert_eq!(fixture.echo.calls(), 0);
}

#[tokio::test]
async fn calls_are_bounded() {
    let fixture = Fixture::new(EchoConfig { most_calls: 2, ..echo_config() });
    for (call_id, status) in [("a", "200"), ("b", "200"), ("c", "486")] {
        fixture.check(&Asked { call_id, ..invite() }, status, "").await;
    }
    let fixture = Fixture::new(EchoConfig { ports: 31_001..=31_001, ..echo_config() });
    fixture.check(&invite(), "486", "Retry-After").await;
}

#[tokio::test]
async fn what_is_announced_need_not_be_what_is_bound() {
    let bound = [127, 0, 0, 1].into();
    let v4 = MediaAddress { bound, announced: "203.0.113.5".parse().unwrap() };
    let v6 = MediaAddress { bound, announced: "2001:db8::5".parse().unwrap() };
    let fixture = Fixture::new(EchoConfig { media_addresses: vec![v4, v6], ..echo_config() });
    fixture.check(&invite(), "200", "c=IN IP4 203.0.113.5\r\n").await;
    let other = offer(AUDIO).replace("IN IP4 127.0.0.1", "IN IP6 ::1");
    fixture.check(&Asked { body: other, call_id: "two", ..invite() }, "200", "c=IN IP6 2001:db8::5\r\n").await;
}

/// What the service sends by itself after that time, and that it is no sooner.
async fn hangs_up_after(fixture: &Fixture, seconds: u64, reason: &str) {
    sleep(Duration::from_secs(seconds) - MOMENT).await;
    assert!(fixture.sent.lock().is_empty() && fixture.echo.calls() == 1, "not yet");
    sleep(2 * MOMENT).await;
    let bye = fixture.sent.lock().pop().expect("a BYE");
    assert!(bye.starts_with("BYE sip:a@192.0.2.1 SIP/2.0\r\n"), "{bye}");
    for part in ["Route: <sip:edge;lr>\r\n", "To: <sip:a@h>;tag=caller\r\n", "CSeq: 1 BYE\r\n", reason] {
        assert!(bye.contains(part), "{part}: {bye}");
    }
    assert_eq!(fixture.echo.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_minute_without_media_ends_the_call() {
    let fixture = Fixture::new(echo_config());
    fixture.call().await;
    hangs_up_after(&fixture, 60, "No media for a minute").await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_acknowledged_ends() {
    let fixture = Fixture::new(echo_config());
    fixture.check(&invite(), "200", "").await;
    hangs_up_after(&fixture, 32, "No ACK").await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_not_refreshed_ends() {
    let fixture = Fixture::new(echo_config());
    let headers = "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n";
    let answer = fixture
        .check(&Asked { headers, ..invite() }, "200", "Session-Expires: 90;refresher=uac\r\nRequire: timer\r\n")
        .await;
    let (tag, media) = (tag_of(&answer), media_of(&answer));
    fixture.ask(&asked("ACK", &tag, 1)).await;
    let phone = socket().await;
    sleep(Duration::from_secs(50)).await;
    phone.send_to(&packet(0, 1, b"one"), media).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    // A refresh, after which the interval begins anew; media keeps the call up meanwhile.
    fixture.check(&Asked { headers, ..asked("UPDATE", &tag, 2) }, "200", "Session-Expires: 90;refresher=uac\r\n").await;
    sleep(Duration::from_secs(30)).await;
    phone.send_to(&packet(0, 2, b"two"), media).await.unwrap();
    hangs_up_after(&fixture, 30, "Session not refreshed").await;
}

#[tokio::test]
async fn a_caller_that_wants_us_to_refresh_gets_no_timer() {
    let fixture = Fixture::new(echo_config());
    let headers = "Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n";
    let answer = fixture.check(&Asked { headers, ..invite() }, "200", "").await;
    assert!(!answer.contains("Session-Expires"), "{answer}");
}

#[tokio::test]
async fn dropping_the_service_ends_its_calls() {
    let fixture = Fixture::new(echo_config());
    let (_, media) = fixture.call().await;
    drop(fixture);
    timeout(Duration::from_secs(5), async {
        while UdpSocket::bind(media).await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the port is free");
}
