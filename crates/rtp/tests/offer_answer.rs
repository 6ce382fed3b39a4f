//! Offer and answer (RFC 3264), as texts.

#![cfg(test)]

use rtp::g711::Law;
use rtp::sdp::{Answer, Direction, LocalMedia, NotAnswerable, SessionDescription, accepted, answer, offer};

const LOCAL: LocalMedia = LocalMedia {
    address: std::net::IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 9)),
    port: 20_000,
    session_id: 7,
    version: 1,
};
const HEAD: &str = "v=0\r\no=- 7 1 IN IP4 198.51.100.9\r\ns=-\r\nc=IN IP4 198.51.100.9\r\nt=0 0\r\n";

fn answered(lines: &str) -> Result<Answer, NotAnswerable> {
    let text = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n{lines}");
    answer(&SessionDescription::parse(text.as_bytes()).unwrap(), &LOCAL)
}

/// The lines of the streams in the answer.
fn check(lines: &str, expected: &str) {
    let answer = answered(lines).unwrap();
    assert_eq!(answer.sdp.strip_prefix(HEAD), Some(expected), "{lines}");
    assert!(SessionDescription::parse(answer.sdp.as_bytes()).is_ok());
}

#[test]
fn what_is_spoken_is_taken_with_the_numbers_of_the_offer() {
    check(
        "m=audio 4000 RTP/AVP 96 8 0 100 9\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:100 telephone-event/8000\r\na=ptime:30\r\n",
        "m=audio 20000 RTP/AVP 8 0 100\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:100 telephone-event/8000\r\na=fmtp:100 0-16\r\na=ptime:30\r\na=sendrecv\r\n",
    );
    check(
        "m=audio 4000 RTP/AVPF 0 98\r\na=rtpmap:98 pcmu/8000/1\r\na=rtpmap:0 L16/8000\r\na=rtcp-mux\r\n",
        "m=audio 20000 RTP/AVPF 98\r\na=rtpmap:98 PCMU/8000\r\na=rtcp-mux\r\na=sendrecv\r\n",
    );
}

#[test]
fn other_streams_are_refused_where_they_stand() {
    check(
        "m=video 5000 RTP/AVP 97\r\nm=audio 0 RTP/AVP 0\r\nm=audio 6000 RTP/SAVP 0\r\nm=audio 4000 RTP/AVP 0\r\n\
         m=audio 4002 RTP/AVP 0\r\nm=image 7000 udptl t38\r\n",
        "m=video 0 RTP/AVP 97\r\nm=audio 0 RTP/AVP 0\r\nm=audio 0 RTP/SAVP 0\r\n\
         m=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\nm=audio 0 RTP/AVP 0\r\nm=image 0 udptl t38\r\n",
    );
}

#[test]
fn directions_are_mirrored() {
    for (said, expected) in
        [("sendonly", "recvonly"), ("recvonly", "sendonly"), ("inactive", "inactive"), ("sendrecv", "sendrecv")]
    {
        check(
            &format!("m=audio 4000 RTP/AVP 0\r\na={said}\r\n"),
            &format!("m=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na={expected}\r\n"),
        );
    }
}

#[test]
fn an_address_of_zeros_is_a_hold() {
    let answer = answered("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n").unwrap();
    assert_eq!(answer.chosen.direction, Direction::SendOnly);
    assert!(answer.sdp.ends_with("a=recvonly\r\n"), "{}", answer.sdp);
}

#[test]
fn what_cannot_be_spoken_is_not_answered() {
    for lines in [
        "",
        "m=video 4000 RTP/AVP 0\r\n",
        "m=audio 4000 RTP/AVP 9 18\r\n",
        "m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n",
        "m=audio 4000 RTP/SAVP 0\r\n",
        "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n",
        "m=audio 4000 TCP/RTP/AVP 0\r\n",
        "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127\r\n",
        "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMU/16000\r\n",
    ] {
        assert_eq!(answered(lines), Err(NotAnswerable), "{lines}");
    }
}

#[test]
fn an_address_of_either_family_is_announced() {
    let local = LocalMedia { address: "2001:db8::9".parse().unwrap(), ..LOCAL };
    let text = offer(&local, &[Law::Mu, Law::A], Direction::SendReceive);
    assert_eq!(
        text,
        "v=0\r\no=- 7 1 IN IP6 2001:db8::9\r\ns=-\r\nc=IN IP6 2001:db8::9\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0 8 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n\
         a=ptime:20\r\na=sendrecv\r\n"
    );
    let offered = SessionDescription::parse(text.as_bytes()).unwrap();
    let answered = answer(&offered, &LOCAL).unwrap();
    assert_eq!(answered.chosen.address, Some(local.address));
    assert!(answered.chosen.speaks(101) && answered.chosen.speaks(8) && !answered.chosen.speaks(9));
    let back = accepted(&SessionDescription::parse(answered.sdp.as_bytes()).unwrap()).unwrap();
    assert_eq!((back.laws[0], back.address, back.port), ((0, Law::Mu), Some(LOCAL.address), 20_000));
    let refused = answered.sdp.replace("m=audio 20000", "m=audio 0");
    assert!(accepted(&SessionDescription::parse(refused.as_bytes()).unwrap()).is_err());
}
