//! The requests of this crate, as octets.

use crate::delays;
use crate::secret::Credentials;
use domain::RandomSource;
use sip_message::write::RequestWriter;
use sip_message::{HeaderName, Method};

/// How a request leaves us, once it is known where it goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Way<'w> {
    /// The beginning of the Via, as `SIP/2.0/TCP 192.0.2.1:5060`.
    pub via: &'w [u8],
    /// Where requests to us go, without a user, as `<sip:192.0.2.1:5060;transport=tcp>`.
    pub contact: &'w [u8],
}

/// An OPTIONS that asks whether a next hop is there (RFC 3261 section 11).
#[derive(Clone, Copy, Debug)]
pub struct OptionsProbe<'p> {
    /// The next hop's URI.
    pub uri: &'p [u8],
    /// Who asks, as `sip:ping@example.com`.
    pub from: &'p [u8],
    /// The value of User-Agent.
    pub user_agent: &'p [u8],
}

impl OptionsProbe<'_> {
    /// The request's octets, with a branch, tag and Call-ID of its own.
    #[must_use]
    pub fn write(&self, way: &Way<'_>, random: &dyn RandomSource) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        RequestWriter::start(&mut out, Method::Options, self.uri)
            .header_parts(HeaderName::Via, &[way.via, b";branch=z9hG4bK", &token(random), b";rport"])
            .header_u32(HeaderName::MaxForwards, 70)
            .header_parts(HeaderName::From, &[b"<", self.from, b">;tag=", &token(random)])
            .header_parts(HeaderName::To, &[b"<", self.uri, b">"])
            .header(HeaderName::CallId, &token(random))
            .header(HeaderName::CSeq, b"1 OPTIONS")
            .header(HeaderName::Contact, way.contact)
            .header(HeaderName::UserAgent, self.user_agent)
            .header(HeaderName::Accept, b"application/sdp")
            .finish(b"");
        out
    }
}

/// A REGISTER (RFC 3261 section 10.2).
pub(crate) struct Register<'r> {
    pub registrar: &'r str,
    pub address_of_record: &'r str,
    pub call_id: &'r [u8],
    pub tag: &'r [u8],
    pub cseq: u32,
    pub contact: &'r [u8],
    pub instance: Option<&'r str>,
    pub expires_seconds: u32,
    pub user_agent: &'r str,
    pub credentials: &'r [Credentials],
}

impl Register<'_> {
    pub fn write(&self, via: &[u8], random: &dyn RandomSource) -> Vec<u8> {
        let own = self.address_of_record.as_bytes();
        let cseq = format!("{} REGISTER", self.cseq);
        let mut out = Vec::with_capacity(1024);
        let mut writer = RequestWriter::start(&mut out, Method::Register, self.registrar.as_bytes())
            .header_parts(HeaderName::Via, &[via, b";branch=z9hG4bK", &token(random), b";rport"])
            .header_u32(HeaderName::MaxForwards, 70)
            .header_parts(HeaderName::From, &[b"<", own, b">;tag=", self.tag])
            .header_parts(HeaderName::To, &[b"<", own, b">"])
            .header(HeaderName::CallId, self.call_id)
            .header(HeaderName::CSeq, cseq.as_bytes());
        writer = match self.instance {
            Some(instance) => {
                let parts = [b"<", self.contact, b">;+sip.instance=\"<", instance.as_bytes(), b">\""];
                writer.header_parts(HeaderName::Contact, &parts)
            }
            None => writer.header_parts(HeaderName::Contact, &[b"<", self.contact, b">"]),
        };
        writer = writer
            .header_u32(HeaderName::Expires, self.expires_seconds)
            .header(HeaderName::UserAgent, self.user_agent.as_bytes());
        for credentials in self.credentials {
            writer = writer.header(credentials.header, &credentials.value);
        }
        writer.finish(b"");
        out
    }
}

/// Our contact with a user, without the angle brackets.
pub(crate) fn contact_with_user(contact: &[u8], user: &str) -> Vec<u8> {
    let bare = contact.strip_prefix(b"<").and_then(|bare| bare.strip_suffix(b">")).unwrap_or(contact);
    let scheme = bare.iter().position(|octet| *octet == b':').map_or(0, |colon| colon + 1);
    let (scheme, rest) = bare.split_at_checked(scheme).unwrap_or((bare, b""));
    [scheme, user.as_bytes(), b"@", rest].concat()
}

/// 24 hexadecimal digits that nobody can guess: who knows a branch can answer.
pub(crate) fn token(random: &dyn RandomSource) -> [u8; 24] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut token = [0; 24];
    random.fill(&mut token);
    for octet in &mut token {
        *octet = DIGITS.get(usize::from(*octet & 15)).copied().unwrap_or(b'0');
    }
    token
}

/// A CSeq to begin with; small enough that it never ends (RFC 3261 section 8.1.1.5).
pub(crate) fn first_cseq(random: &dyn RandomSource) -> u32 {
    u32::try_from(delays::below(1 << 16, random)).unwrap_or(0) + 1
}
