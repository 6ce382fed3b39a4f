//! Whatever octets come in, nothing panics, and what was accepted can be written and read again.

#![cfg(test)]

use proptest::prelude::*;
use rtp::sdp::{LocalMedia, SessionDescription, answer};
use rtp::{Reception, RtpPacket, TelephoneEvent, tone_share};

const LOCAL: LocalMedia = LocalMedia {
    address: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    port: 20_000,
    session_id: 7,
    version: 1,
};

/// Lines near enough to a description that many are taken.
fn description() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "[a-z]=[ -~]{0,20}",
        "m=(audio|video) [0-9]{1,5} (RTP/AVP|RTP/SAVP) [0-9 ]{1,12}",
        "c=IN IP[46] [0-9a-f.:/]{1,16}",
        "a=(rtpmap|fmtp|ptime|crypto):[0-9]{1,3} ?(PCMU|PCMA|telephone-event|x)?/?(8000)?",
        "a=(sendrecv|sendonly|recvonly|inactive|rtcp-mux)",
    ];
    prop::collection::vec(line, 0..20)
        .prop_map(|lines| format!("v=0\r\nc=IN IP4 192.0.2.1\r\n{}\r\n", lines.join("\r\n")))
}

proptest! {
    #[test]
    fn octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(packet) = RtpPacket::parse(&octets) {
            let mut out = Vec::new();
            packet.write(&mut out);
            prop_assert_eq!(RtpPacket::parse(&out), Ok(packet));
        }
        let _ = TelephoneEvent::parse(&octets);
        let _ = SessionDescription::parse(&octets);
        let _ = SessionDescription::parse(&[b"v=0\r\n", &octets[..]].concat());
    }

    #[test]
    fn an_answer_keeps_the_streams_of_its_offer(text in description()) {
        let Ok(offer) = SessionDescription::parse(text.as_bytes()) else { return Ok(()) };
        let Ok(answer) = answer(&offer, &LOCAL) else { return Ok(()) };
        let read = SessionDescription::parse(answer.sdp.as_bytes()).unwrap();
        prop_assert_eq!(read.media.len(), offer.media.len());
        prop_assert_eq!(read.media.iter().filter(|stream| stream.port != 0).count(), 1);
        for (ours, theirs) in read.media.iter().zip(&offer.media) {
            prop_assert_eq!((ours.kind, ours.protocol), (theirs.kind, theirs.protocol));
        }
    }

    #[test]
    fn counts_never_contradict_each_other(packets in prop::collection::vec((any::<u16>(), any::<u32>(), any::<u64>()), 0..200)) {
        let mut reception = Reception::default();
        for (sequence, timestamp, arrived_us) in &packets {
            reception.note(*sequence, *timestamp, *arrived_us);
        }
        let report = reception.report();
        prop_assert!(report.received <= report.expected);
        prop_assert_eq!(report.received + report.duplicates, packets.len() as u64);
        prop_assert!(report.reordered <= report.received && report.jitter_ms >= 0.0);
    }

    #[test]
    fn a_share_is_a_share(samples in prop::collection::vec(any::<i16>(), 0..400), frequency_hz in 0_u16..4000) {
        let share = tone_share(&samples, frequency_hz);
        prop_assert!((0.0..=1.0).contains(&share));
    }
}
