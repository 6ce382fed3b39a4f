//! The responses of the echo service.

use super::ALLOW;
use sip_message::write::{Echoed, ResponseWriter, Status};
use sip_message::{CheckedRequest, HeaderName, Request};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What every response of the service needs.
pub(super) struct Answering<'a> {
    pub(super) host: &'a str,
}

/// What a response has beside what it repeats of its request.
pub(super) struct Extra {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

/// Why a request is not done.
pub(super) struct Refusal(Extra);

impl Extra {
    pub(super) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// What an OPTIONS asks for (RFC 3261 section 11.2).
    pub(super) fn capabilities() -> Self {
        let headers =
            vec![("Allow", ALLOW.to_vec()), ("Accept", b"application/sdp".to_vec()), ("Supported", b"timer".to_vec())];
        Self { headers, ..Self::status(200) }
    }
}

impl Refusal {
    pub(super) fn status(status: u16) -> Self {
        Self(Extra::status(status))
    }

    fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    pub(super) fn not_allowed() -> Self {
        Self::status(405).with("Allow", ALLOW)
    }

    pub(super) fn busy() -> Self {
        Self::status(486).with("Retry-After", "30")
    }

    /// The interval is shorter than we let sessions be refreshed in (RFC 4028 section 9).
    pub(super) fn interval_too_small(least_seconds: u32) -> Self {
        Self::status(422).with("Min-SE", least_seconds.to_string())
    }

    pub(super) fn no_description() -> Self {
        Self::status(415).with("Accept", "application/sdp")
    }

    /// Warn code 305 or 300 of RFC 3261 section 20.43, with the reason.
    pub(super) fn not_acceptable(host: &str, code: u16, text: &str) -> Self {
        Self::status(488).with("Warning", format!("{code} {host} \"{text}\""))
    }

    pub(super) fn into_extra(self) -> Extra {
        self.0
    }
}

/// Refuses what a Require asks for and nobody here does (RFC 3261 section 8.2.2.3).
pub(super) fn unsupported(request: &CheckedRequest<'_>) -> Option<Refusal> {
    let tags = request.headers().option_tags(HeaderName::Require);
    let unknown: Vec<&[u8]> = tags.filter(|tag| !tag.eq_ignore_ascii_case(b"timer")).collect();
    (!unknown.is_empty()).then(|| Refusal::status(420).with("Unsupported", unknown.join(&b", "[..])))
}

impl Answering<'_> {
    pub(super) fn respond(&self, request: &CheckedRequest<'_>, tag: &str, extra: &Extra) -> Vec<u8> {
        self.write(Echoed::from(request), Status::of(extra.status), tag, extra)
    }

    /// The answer to a request with a defect.
    pub(super) fn refuse(
        &self,
        request: &Request<'_>,
        status: Status<'_>,
        headers: &[(&'static str, &[u8])],
    ) -> Vec<u8> {
        let headers = headers.iter().map(|(name, value)| (*name, value.to_vec())).collect();
        let extra = Extra { headers, ..Extra::status(status.code) };
        // One tag for all of them is enough: nothing follows such a response.
        self.write(Echoed::from(request), status, "defect", &extra)
    }

    fn write(&self, echoed: Echoed<'_>, status: Status<'_>, tag: &str, extra: &Extra) -> Vec<u8> {
        let source = sent_by(&echoed);
        let mut out = Vec::with_capacity(1024);
        let mut writer = ResponseWriter::start(&mut out, echoed, status, source, tag.as_bytes())
            .header_parts(HeaderName::Contact, &[b"<sip:echo@", self.host.as_bytes(), b">"]);
        for (name, value) in &extra.headers {
            writer = writer.header(name, value);
        }
        writer.finish(&extra.body);
        out
    }
}

/// The address in the topmost Via, so that it goes back as it came: in one process there is no other.
fn sent_by(echoed: &Echoed<'_>) -> SocketAddr {
    let via = echoed.top_via();
    let address = via.and_then(|via| via.host.ip()).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    SocketAddr::new(address, via.and_then(|via| via.host.port).unwrap_or(5060))
}
