//! How long a REGISTER with Authorization takes from octets to every value a registrar needs.
//!
//! `cargo bench -p sip-message`; the aim is 1.5 µs on one core for all of it.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sip_message::{
    CheckedAddress, CheckedContact, CheckedRequest, Defect, HeaderName, HeaderSpans, Message, Request, parse,
};
use std::hint::black_box;

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

fn register(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("REGISTER of 694 octets");
    group.throughput(Throughput::Bytes(REGISTER.len() as u64));
    let mut spans = HeaderSpans::new();
    group.bench_function("parse", |bencher| bencher.iter(|| parse(black_box(REGISTER), &mut spans).is_ok()));
    group.bench_function("parse and check", |bencher| {
        bencher.iter(|| with_request(&mut spans, |request| request.check().is_ok()));
    });
    group.bench_function("parse, check and take every value", |bencher| {
        bencher.iter(|| with_request(&mut spans, |request| take_values(&request.check()?)));
    });
    group.finish();
}

criterion_group!(benches, register);
criterion_main!(benches);

fn with_request<R>(spans: &mut HeaderSpans, then: impl FnOnce(&Request<'_>) -> R) -> Option<R> {
    match parse(black_box(REGISTER), spans) {
        Ok(Message::Request(request)) => Some(then(&request)),
        _ => None,
    }
}

/// Everything a registrar asks of a REGISTER; the sum keeps the compiler from leaving any of it out.
fn take_values(request: &CheckedRequest<'_>) -> Result<usize, Defect> {
    let mut octets = request.uri().host.len() + request.method().as_bytes().len();
    let via = request.top_via();
    octets += via.branch.map_or(0, <[u8]>::len) + via.host.octets.len();
    octets += request.from_header().address.tag().map_or(0, <[u8]>::len);
    octets += request.to_header().uri.user.map_or(0, <[u8]>::len);
    octets += request.call_id().len() + usize::try_from(request.cseq_number()).unwrap_or(0);
    octets += usize::from(request.max_forwards().unwrap_or(70));
    octets += usize::try_from(request.expires().unwrap_or(0)).unwrap_or(0);
    for contact in request.contacts() {
        if let CheckedContact::Address(CheckedAddress { address, uri }) = contact {
            octets += uri.host.len() + usize::from(address.q_thousandths()?.unwrap_or(1000));
            octets += usize::try_from(address.expires()?.unwrap_or(0)).unwrap_or(0);
        }
    }
    for credentials in request.headers().digest_credentials(HeaderName::Authorization) {
        let credentials = credentials?;
        octets += credentials.response.map_or(0, <[u8]>::len) + credentials.nonce.map_or(0, <[u8]>::len);
    }
    octets += request.headers().option_tags(HeaderName::Require).count();
    Ok(black_box(octets))
}
