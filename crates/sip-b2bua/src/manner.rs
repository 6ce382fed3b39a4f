//! How a call treats what it carries across, for as long as it lasts.

use crate::{HeaderPolicy, Media, ReferPolicy};
use sip_dialog::SessionPolicy;
use sip_message::write::HeaderLines;
use sip_message::{HeaderName, Headers};

/// What of the setup outlasts the ringing.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub headers: HeaderPolicy,
    pub refer: ReferPolicy,
    pub session: SessionPolicy,
    pub media: Media,
    pub product: Option<Box<[u8]>>,
}

/// What a message says of the extensions of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extensions {
    /// Ours too: it begins or confirms a session.
    Session,
    /// Ours too, but for `100rel`: a change of a session is answered without ringing, and nobody carries its PRACK.
    Change,
    /// Only what the other side says.
    Others,
}

/// Whose product a message names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Request,
    Response,
}

/// Option tags that work from end to end through us, as long as what they need crosses: `100rel` (PRACK), and what lives in
/// bodies. `timer` is each leg's own; `replaces` and `outbound` name dialogs and flows that only one side has.
const CARRIED: [&[u8]; 8] =
    [b"100rel", b"precondition", b"early-session", b"199", b"norefersub", b"ice", b"sdp-anat", b"uui"];

impl Extensions {
    fn carry(self, tag: &[u8]) -> bool {
        let is_excluded = self == Self::Change && tag.eq_ignore_ascii_case(b"100rel");
        !is_excluded && CARRIED.iter().any(|carried| carried.eq_ignore_ascii_case(tag))
    }
}

/// The option tags a request requires that cannot be met; 420 names them (RFC 3261 section 8.2.2.3).
pub(crate) fn unmet_requirements(headers: Headers<'_>, extensions: Extensions) -> Vec<&[u8]> {
    let met = |tag: &&[u8]| extensions.carry(tag) || tag.eq_ignore_ascii_case(b"timer");
    headers.option_tags(HeaderName::Require).filter(|tag| !met(tag)).collect()
}

impl Manner {
    /// The headers of a message that cross, and ours that describe it.
    pub(crate) fn crossing(&self, headers: Headers<'_>, (kind, extensions): (Kind, Extensions)) -> HeaderLines {
        let mut lines = HeaderLines::new();
        self.headers.carry(headers, &mut lines);
        self.name_product(headers, kind, &mut lines);
        let supported = list(headers, HeaderName::Supported, |tag| extensions.carry(tag));
        match (extensions, supported.is_empty()) {
            (Extensions::Session | Extensions::Change, true) => lines.header("Supported", b"timer"),
            (Extensions::Session | Extensions::Change, false) => {
                lines.header_parts("Supported", &[b"timer, ", &supported]);
            }
            (Extensions::Others, true) => {}
            (Extensions::Others, false) => lines.header("Supported", &supported),
        }
        let refuses_refer = self.refer == ReferPolicy::Refuse;
        let allow = list(headers, HeaderName::Allow, |method| !refuses_refer || method != b"REFER");
        if !allow.is_empty() {
            lines.header("Allow", &allow);
        }
        if kind == Kind::Request {
            let required = list(headers, HeaderName::Require, |tag| extensions.carry(tag));
            if !required.is_empty() {
                lines.header("Require", &required);
            }
        }
        lines
    }

    /// The headers of a message of our own.
    pub(crate) fn own(&self, kind: Kind) -> HeaderLines {
        let mut lines = HeaderLines::new();
        if let Some(product) = &self.product {
            lines.header(product_header(kind).as_str(), product);
        }
        lines
    }

    fn name_product(&self, headers: Headers<'_>, kind: Kind, lines: &mut HeaderLines) {
        let name = product_header(kind);
        let theirs = headers.iter().find(|header| header.name == name);
        if theirs.is_none_or(|theirs| !self.headers.lets_pass(&theirs)) {
            lines.append(&self.own(kind));
        }
    }
}

const fn product_header(kind: Kind) -> HeaderName {
    match kind {
        Kind::Request => HeaderName::UserAgent,
        Kind::Response => HeaderName::Server,
    }
}

fn list(headers: Headers<'_>, name: HeaderName, keep: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut joined = Vec::new();
    for value in headers.option_tags(name).filter(|value| keep(value)) {
        if !joined.is_empty() {
            joined.extend_from_slice(b", ");
        }
        joined.extend_from_slice(value);
    }
    joined
}
