//! Which headers cross from one leg to the other.

use crate::begin::wants_privacy;
use sip_message::write::HeaderLines;
use sip_message::{Header, HeaderName, Headers};

/// Which headers cross besides those that always do. Whatever it says, nothing that routes, authenticates or asserts an
/// identity crosses: every leg has its own.
#[derive(Clone, Debug, Default)]
pub struct HeaderPolicy {
    /// Lower case; a prefix where `is_prefix`.
    passed: Vec<Passed>,
}

#[derive(Clone, Debug)]
struct Passed {
    name: Box<[u8]>,
    extent: Extent,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Extent {
    Whole,
    Prefix,
}

/// Headers that describe the message to whoever gets it, and no leg.
const ALWAYS: [HeaderName; 17] = [
    HeaderName::Subject,
    HeaderName::ContentType,
    HeaderName::ContentEncoding,
    HeaderName::ContentDisposition,
    HeaderName::Accept,
    HeaderName::AcceptEncoding,
    HeaderName::AcceptLanguage,
    HeaderName::AllowEvents,
    HeaderName::Date,
    HeaderName::Reason,
    HeaderName::Event,
    HeaderName::SubscriptionState,
    HeaderName::Expires,
    HeaderName::MinExpires,
    HeaderName::RetryAfter,
    HeaderName::Warning,
    HeaderName::Unsupported,
];
/// The same, for names the codec does not know.
const ALWAYS_OTHER: [&[u8]; 8] = [
    b"Content-Language",
    b"MIME-Version",
    b"Priority",
    b"Info-Package",
    b"Recv-Info",
    b"Refer-Sub",
    b"User-to-User",
    b"Accept-Contact",
];
/// What a policy may name although the codec knows it; any other known name belongs to a leg.
const BY_POLICY: [HeaderName; 5] =
    [HeaderName::Identity, HeaderName::UserAgent, HeaderName::Server, HeaderName::ReferredBy, HeaderName::Timestamp];
/// Names the codec does not know that never cross, whatever a policy says.
const NEVER_OTHER: [&[u8]; 12] = [
    b"Remote-Party-ID",
    b"P-Associated-URI",
    b"P-Called-Party-ID",
    b"P-Visited-Network-ID",
    b"P-Access-Network-Info",
    b"P-Served-User",
    b"P-Profile-Key",
    b"P-Asserted-Service",
    b"Max-Breadth",
    b"Proxy-Authentication-Info",
    b"Target-Dialog",
    b"Join",
];

impl HeaderPolicy {
    /// A policy that lets those names pass; `X-*` stands for all that begin with `X-`.
    #[must_use]
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let read = |name: &str| {
            let (name, extent) = name.strip_suffix('*').map_or((name, Extent::Whole), |name| (name, Extent::Prefix));
            Passed { name: name.as_bytes().to_ascii_lowercase().into_boxed_slice(), extent }
        };
        Self { passed: names.into_iter().map(read).collect() }
    }

    /// Whether a header crosses.
    #[must_use]
    pub fn lets_pass(&self, header: &Header<'_>) -> bool {
        if header.name == HeaderName::Other {
            let is_one_of = |names: &[&[u8]]| names.iter().any(|name| name.eq_ignore_ascii_case(header.name_octets));
            return is_one_of(&ALWAYS_OTHER) || (self.names(header.name_octets) && !never(header.name_octets));
        }
        ALWAYS.contains(&header.name)
            || (BY_POLICY.contains(&header.name) && self.names(header.name.as_str().as_bytes()))
    }

    /// What a trusted next hop is told of the caller's wishes: all of it where the policy lets Privacy pass, else only
    /// that the number is not to be shown, which is never left out (RFC 3325 section 9.3).
    pub(crate) fn privacy(&self, headers: Headers<'_>) -> Option<Box<[u8]>> {
        let given = headers.first(HeaderName::Privacy).filter(|_| self.names(HeaderName::Privacy.as_str().as_bytes()));
        given.or_else(|| wants_privacy(headers).then_some(&b"id"[..])).map(Box::from)
    }

    /// Appends the headers that cross.
    pub(crate) fn carry(&self, headers: Headers<'_>, lines: &mut HeaderLines) {
        for header in headers.iter().filter(|header| self.lets_pass(header)) {
            lines.copy(&header);
        }
    }

    /// The names it was made of.
    pub(crate) fn names_as_given(&self) -> impl Iterator<Item = Vec<u8>> {
        self.passed.iter().map(|passed| match passed.extent {
            Extent::Whole => passed.name.to_vec(),
            Extent::Prefix => [&*passed.name, b"*"].concat(),
        })
    }

    fn names(&self, name: &[u8]) -> bool {
        self.passed.iter().any(|passed| match passed.extent {
            Extent::Whole => passed.name.eq_ignore_ascii_case(name),
            Extent::Prefix => {
                name.get(..passed.name.len()).is_some_and(|start| passed.name.eq_ignore_ascii_case(start))
            }
        })
    }
}

/// Charging headers are a family (RFC 7315); the rest is listed.
fn never(name: &[u8]) -> bool {
    let charging = b"P-Charging-";
    name.get(..charging.len()).is_some_and(|start| start.eq_ignore_ascii_case(charging))
        || NEVER_OTHER.iter().any(|never| never.eq_ignore_ascii_case(name))
}
