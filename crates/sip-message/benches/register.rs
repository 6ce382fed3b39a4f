//! How long a REGISTER with Authorization takes from octets to every value a registrar needs.
//!
//! `cargo bench -p sip-message`; the aim is 1.5 µs on one core for all of it.

use sip_message::{Contact, Defect, HeaderName, HeaderSpans, Message, parse};
use std::hint::black_box;
use std::time::{Duration, Instant};

const REGISTER: &[u8] = b"REGISTER sip:ma-xxxxxxxx.sip.example.com SIP/2.0\r\n\
Via: SIP/2.0/UDP 192.168.1.23:5060;branch=z9hG4bK-524287-1---7d4b5e2f8a;rport\r\n\
Max-Forwards: 70\r\n\
From: \"Front Desk\" <sip:front_desk@ma-xxxxxxxx.sip.example.com>;tag=8f3a61c2\r\n\
To: <sip:front_desk@ma-xxxxxxxx.sip.example.com>\r\n\
Call-ID: 84b4c76e66710fb1f0c8b0a4e3b2f3d1\r\n\
CSeq: 2 REGISTER\r\n\
Contact: <sip:front_desk@192.168.1.23:5060;transport=udp;ob>;expires=300\r\n\
Expires: 300\r\n\
Authorization: Digest username=\"front_desk\", realm=\"MA_XXXXXXXX.sip.example.com\", nonce=\"5f1e0b9c77aa41d8\", \
uri=\"sip:ma-xxxxxxxx.sip.example.com\", response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5, \
cnonce=\"0a4f113b\", qop=auth, nc=00000001\r\n\
Content-Length: 0\r\n\r\n";

const REPEATS: u32 = 100_000;
const ROUNDS: u32 = 9;

fn main() {
    println!("REGISTER of {} octets, best of {ROUNDS} rounds of {REPEATS}:", REGISTER.len());
    report("parse", |spans| parse(REGISTER, spans).is_ok());
    report("parse and check", |spans| match parse(REGISTER, spans) {
        Ok(Message::Request(request)) => request.check().is_ok(),
        _ => false,
    });
    report("parse and read every value", |spans| read_all(REGISTER, spans).is_ok_and(|octets| octets > 0));
    report("parse, check and read every value", |spans| match parse(REGISTER, spans) {
        Ok(Message::Request(request)) => {
            request.check().is_ok() && read_values(&request).is_ok_and(|octets| octets > 0)
        }
        _ => false,
    });
}

fn report(what: &str, mut work: impl FnMut(&mut HeaderSpans) -> bool) {
    let mut spans = HeaderSpans::new();
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..REPEATS {
            assert!(work(black_box(&mut spans)), "{what} failed");
        }
        best = best.min(start.elapsed());
    }
    println!("{:>8.0} ns  {what}", best.as_secs_f64() * 1e9 / f64::from(REPEATS));
}

fn read_all(octets: &[u8], spans: &mut HeaderSpans) -> Result<usize, Defect> {
    match parse(black_box(octets), spans) {
        Ok(Message::Request(request)) => read_values(&request),
        _ => Err(Defect::MalformedStartLine),
    }
}

fn read_values(request: &sip_message::Request<'_>) -> Result<usize, Defect> {
    let headers = request.headers();
    let mut octets = request.uri()?.host.len() + request.method().as_bytes().len();
    let via = headers.top_via()?;
    octets += via.branch.map_or(0, <[u8]>::len) + via.host.octets.len();
    octets += headers.from_header()?.tag().map_or(0, <[u8]>::len);
    octets += headers.to_header()?.uri()?.user.map_or(0, <[u8]>::len);
    octets += headers.call_id()?.len() + headers.cseq()?.method.as_bytes().len();
    octets += usize::from(headers.max_forwards()?.unwrap_or(70));
    octets += usize::try_from(headers.expires()?.unwrap_or(0)).unwrap_or(0);
    for contact in headers.contacts() {
        if let Contact::Address(address) = contact? {
            octets += address.uri()?.host.len() + usize::from(address.q_thousandths()?.unwrap_or(1000));
            octets += usize::try_from(address.expires()?.unwrap_or(0)).unwrap_or(0);
        }
    }
    for credentials in headers.digest_credentials(HeaderName::Authorization) {
        let credentials = credentials?;
        octets += credentials.response.map_or(0, <[u8]>::len) + credentials.nonce.map_or(0, <[u8]>::len);
    }
    octets += headers.option_tags(HeaderName::Require).count();
    Ok(black_box(octets))
}
