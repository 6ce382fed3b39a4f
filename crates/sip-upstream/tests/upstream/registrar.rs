//! A carrier that reads each REGISTER and answers as it is told.

use sip_digest::{Answer, QopPreference, Secret};
use sip_message::{
    DigestChallenge, DigestCredentials, HeaderName, HeaderSpans, Message, Method, Request, Response, parse,
};

pub const USERNAME: &str = "4711";
pub const PASSWORD: &str = "correct horse";
pub const REGISTRAR: &str = "sip:carrier.example";

/// What a REGISTER said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub call_id: String,
    pub cseq: u32,
    pub branch: String,
    /// The whole Contact header.
    pub contact: String,
    pub expires: u32,
    /// The nonce, algorithm and count of each proof that was right.
    pub proofs: Vec<(String, String, String)>,
    /// How many were wrong.
    pub wrong: usize,
}

impl Seen {
    pub fn read(octets: &[u8]) -> Self {
        let mut spans = HeaderSpans::new();
        let Ok(Message::Request(request)) = parse(octets, &mut spans) else { panic!("no request") };
        request.check().unwrap();
        assert_eq!((request.method(), request.uri_octets()), (Method::Register, REGISTRAR.as_bytes()));
        let headers = request.headers();
        let (mut proofs, mut wrong) = (Vec::new(), 0);
        for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
            for credentials in headers.digest_credentials(name).map(Result::unwrap) {
                let show = |value: Option<&[u8]>| text(value.unwrap_or_default());
                if is_right(&credentials, &request) {
                    proofs.push((show(credentials.nonce), show(credentials.algorithm), show(credentials.nc)));
                } else {
                    wrong += 1;
                }
            }
        }
        assert_eq!(headers.to_header().unwrap().uri_octets, b"sip:4711@carrier.example");
        assert_eq!(headers.from_header().unwrap().uri_octets, b"sip:4711@carrier.example");
        Self {
            call_id: text(headers.call_id().unwrap()),
            cseq: headers.cseq().unwrap().number,
            branch: text(headers.top_via().unwrap().branch.unwrap()),
            contact: text(headers.first(HeaderName::Contact).unwrap()),
            expires: headers.expires().unwrap().unwrap(),
            proofs,
            wrong,
        }
    }
}

/// Computed again, from the password and what the credentials say.
fn is_right(credentials: &DigestCredentials<'_>, request: &Request<'_>) -> bool {
    let challenge = DigestChallenge {
        realm: credentials.realm,
        nonce: credentials.nonce,
        opaque: credentials.opaque,
        algorithm: credentials.algorithm,
        qop: credentials.qop,
        ..DigestChallenge::default()
    };
    let answer = Answer {
        challenge,
        username: USERNAME.as_bytes(),
        secret: Secret::Password(PASSWORD.as_bytes()),
        method: request.method().as_bytes(),
        uri: request.uri_octets(),
        cnonce: credentials.cnonce.unwrap_or_default(),
        count: credentials.nc.map_or(0, |nc| u32::from_str_radix(&text(nc), 16).unwrap()),
        body: b"",
        qop: QopPreference::Auth,
    };
    let mut value = Vec::new();
    answer.write(&mut value).unwrap();
    let response = text(credentials.response.unwrap());
    credentials.username == Some(USERNAME.as_bytes())
        && credentials.uri == Some(request.uri_octets())
        && text(&value).contains(&format!("response=\"{response}\""))
}

/// A response with those header lines; `with` gets it read.
pub fn answered<T>(start: &str, headers: &[&str], with: impl FnOnce(&Response<'_>) -> T) -> T {
    let lines: String = headers.iter().flat_map(|header| [*header, "\r\n"]).collect();
    let octets = format!(
        "SIP/2.0 {start}\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n\
         Call-ID: x\r\nCSeq: 1 REGISTER\r\n{lines}Content-Length: 0\r\n\r\n"
    );
    let mut spans = HeaderSpans::new();
    let Ok(Message::Response(response)) = parse(octets.as_bytes(), &mut spans) else { panic!("no response") };
    response.check().unwrap();
    with(&response)
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}
