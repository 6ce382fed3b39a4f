//! The client against Debian's rtpengine, forwarding in user space: what it makes of descriptions, and that packets flow.

#![cfg(test)]

use rtpengine::{CallKey, Config, Profile, RtpEngine, RtpEngineError, Sides};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket as StdSocket};
use std::process::Stdio;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// Longer than the daemon takes to start.
const LIMIT: Duration = Duration::from_secs(20);

/// Who offers, and who answers.
const SIDES: Sides<'static> = Sides { offerer: "f", answerer: "t" };

/// How often a port is looked for.
const TRIES: usize = 5;

struct Daemon {
    _child: Child,
    _folder: tempfile::TempDir,
    client: RtpEngine,
}

impl Daemon {
    async fn start() -> Self {
        for _ in 0..TRIES {
            if let Some(daemon) = Self::try_start().await {
                return daemon;
            }
        }
        panic!("no rtpengine stays up");
    }

    /// `None` if it ends at once: somebody else took the port that was free a moment ago.
    async fn try_start() -> Option<Self> {
        let port = StdSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut child = Command::new("rtpengine")
            .args(["--foreground", "--table=-1", "--interface=127.0.0.1", "--log-stderr", "--num-threads=1"])
            .args([&format!("--listen-ng={address}"), "--port-min=42000", "--port-max=43000"])
            // The installed one has fixed ports for operators, which one daemon alone can have.
            .arg("--config-file=none")
            .arg(format!("--pidfile={}", folder.path().join("pid").display()))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("rtpengine, which cargo xtask test brings");
        let client = RtpEngine::open(Config::of(vec![address]), u64::from(port)).await.unwrap();
        let alive = async {
            while client.ping().await != [(address, true)] {
                if child.try_wait().unwrap().is_some() {
                    return false;
                }
                sleep(Duration::from_millis(50)).await;
            }
            true
        };
        let is_alive = timeout(LIMIT, alive).await.expect("a daemon that answers or ends");
        is_alive.then_some(Self { _child: child, _folder: folder, client })
    }
}

fn plain(port: u16) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n\
         a=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
    )
}

fn text(sdp: &[u8]) -> String {
    String::from_utf8(sdp.to_vec()).unwrap()
}

fn audio(sdp: &[u8]) -> SocketAddr {
    let line = text(sdp);
    let line = line.lines().find(|line| line.starts_with("m=audio ")).expect("audio").to_owned();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), line.split(' ').nth(1).unwrap().parse().unwrap())
}

/// A packet of PCMU with that payload.
fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    [&[0x80, 0, 0, sequence, 0, 0, sequence, 0, 1, 2, 3, 4], payload].concat()
}

async fn arrives(from: &UdpSocket, to: SocketAddr, at: &UdpSocket, payload: &[u8]) {
    let mut octets = [0; 2048];
    // The first packets teach the daemon where they come from.
    for sequence in 0..20 {
        from.send_to(&packet(sequence, payload), to).await.unwrap();
        if let Ok(received) = timeout(Duration::from_millis(250), at.recv_from(&mut octets)).await {
            let (length, _) = received.unwrap();
            assert_eq!(&octets[12..length], payload);
            return;
        }
    }
    panic!("nothing came through {to}");
}

#[tokio::test]
async fn packets_flow_between_two_plain_sides() {
    let daemon = Daemon::start().await;
    let (caller, callee) =
        (UdpSocket::bind("127.0.0.1:0").await.unwrap(), UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let call = CallKey::new("plain");
    let offer = plain(caller.local_addr().unwrap().port());
    let offered = daemon.client.offer(&call, SIDES, offer.as_bytes(), Profile::PlainRtp).await.unwrap();
    let answer = plain(callee.local_addr().unwrap().port());
    let answered = daemon.client.answer(&call, SIDES, answer.as_bytes(), Profile::PlainRtp).await.unwrap();
    assert_ne!((audio(&offered), audio(&answered)), (caller.local_addr().unwrap(), callee.local_addr().unwrap()));
    arrives(&caller, audio(&answered), &callee, b"from the caller").await;
    arrives(&callee, audio(&offered), &caller, b"from the callee").await;
    daemon.client.delete(&call).await.unwrap();
    let gone = daemon.client.answer(&call, SIDES, answer.as_bytes(), Profile::PlainRtp).await;
    assert!(matches!(gone, Err(RtpEngineError::CallLost)), "{gone:?}");
}

#[tokio::test]
async fn a_plain_offer_becomes_what_a_browser_or_an_srtp_phone_takes() {
    let daemon = Daemon::start().await;
    for (profile, wanted, unwanted) in [
        (
            Profile::WebRtc,
            &["UDP/TLS/RTP/SAVPF", "a=ice-ufrag:", "a=fingerprint:", "a=setup:", "a=rtcp-mux", "a=candidate:"][..],
            &["a=crypto:"][..],
        ),
        (Profile::Sdes, &["RTP/SAVP 0", "a=crypto:"], &["a=fingerprint:", "a=ice-ufrag:", "a=rtcp-mux"]),
        (Profile::PlainRtp, &["RTP/AVP 0"], &["a=crypto:", "a=fingerprint:", "a=ice-ufrag:"]),
    ] {
        let call = CallKey::new(format!("{profile:?}"));
        let offered = text(&daemon.client.offer(&call, SIDES, plain(4000).as_bytes(), profile).await.unwrap());
        for part in wanted {
            assert!(offered.contains(part), "{profile:?} without {part}: {offered}");
        }
        for part in unwanted {
            assert!(!offered.contains(part), "{profile:?} with {part}: {offered}");
        }
        daemon.client.delete(&call).await.unwrap();
    }
}

#[tokio::test]
async fn an_srtp_phones_answer_becomes_plain_for_the_caller() {
    let daemon = Daemon::start().await;
    let call = CallKey::new("sdes");
    daemon.client.offer(&call, SIDES, plain(4000).as_bytes(), Profile::Sdes).await.unwrap();
    let answer = plain(4002).replace("RTP/AVP", "RTP/SAVP")
        + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    let answered = daemon.client.answer(&call, SIDES, answer.as_bytes(), Profile::PlainRtp).await.unwrap();
    let answered = text(&answered);
    assert!(answered.contains("RTP/AVP 0") && !answered.contains("a=crypto"), "{answered}");
}

#[tokio::test]
async fn an_answer_is_over_what_was_offered() {
    let daemon = Daemon::start().await;
    for protocol in ["RTP/AVP", "RTP/AVPF", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"] {
        let call = CallKey::new(protocol);
        let keys = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
        let mark = "a=setup:actpass\r\na=fingerprint:sha-1 \
                    00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33\r\n";
        let (profile, more) = match protocol {
            "RTP/AVP" | "RTP/AVPF" => (Profile::PlainRtp, ""),
            "RTP/SAVPF" => (Profile::Sdes, keys),
            _ => (Profile::WebRtc, mark),
        };
        let offer = plain(4000).replace("RTP/AVP", protocol) + more;
        daemon.client.offer(&call, SIDES, offer.as_bytes(), Profile::PlainRtp).await.unwrap();
        let answered = daemon.client.answer(&call, SIDES, plain(4002).as_bytes(), profile).await.unwrap();
        assert!(text(&answered).contains(&format!(" {protocol} 0")), "{protocol}: {}", text(&answered));
    }
}

#[tokio::test]
async fn what_is_offered_or_answered_again_goes_the_same_way() {
    let daemon = Daemon::start().await;
    for profile in [Profile::PlainRtp, Profile::Sdes, Profile::WebRtc] {
        let call = CallKey::new(format!("twice {profile:?}"));
        let mut ports = Vec::new();
        // As after a challenge, and where ringing has a description before the answer repeats it.
        for _ in 0..2 {
            ports.push(audio(&daemon.client.offer(&call, SIDES, plain(4000).as_bytes(), profile).await.unwrap()));
        }
        assert_eq!(ports[0], ports[1], "{profile:?}");
        let answer = plain(4002);
        let first = daemon.client.answer(&call, SIDES, answer.as_bytes(), Profile::PlainRtp).await.unwrap();
        let second = daemon.client.answer(&call, SIDES, answer.as_bytes(), Profile::PlainRtp).await.unwrap();
        assert_eq!(audio(&first), audio(&second), "{profile:?}");
    }
}

#[tokio::test]
async fn the_answerer_may_offer_later_and_keeps_its_port() {
    let daemon = Daemon::start().await;
    let call = CallKey::new("again");
    let offered = daemon.client.offer(&call, SIDES, plain(4000).as_bytes(), Profile::PlainRtp).await.unwrap();
    let answered = daemon.client.answer(&call, SIDES, plain(4002).as_bytes(), Profile::PlainRtp).await.unwrap();
    let turned = Sides { offerer: SIDES.answerer, answerer: SIDES.offerer };
    let again = daemon.client.offer(&call, turned, plain(4002).as_bytes(), Profile::PlainRtp).await.unwrap();
    assert_eq!(audio(&again), audio(&answered), "the first to offer sees the same port as before");
    let answered = daemon.client.answer(&call, turned, plain(4000).as_bytes(), Profile::PlainRtp).await.unwrap();
    assert_eq!(audio(&answered), audio(&offered));
}

#[tokio::test]
async fn what_it_does_not_take_it_refuses() {
    let daemon = Daemon::start().await;
    let refused = daemon.client.offer(&CallKey::new("bad"), SIDES, b"no description", Profile::PlainRtp).await;
    assert!(matches!(refused, Err(RtpEngineError::Refused(_))), "{refused:?}");
    assert_eq!(daemon.client.calls(), 0);
}
