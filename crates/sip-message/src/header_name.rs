//! Header field names: the known ones as an enum, found without comparing against each.

macro_rules! header_names {
    ($( $variant:ident $text:literal $compact:literal $cardinality:ident; )+) => {
        /// A header field name this crate knows, or [`HeaderName::Other`].
        ///
        /// Known means that its first occurrence is found without a search and that a forbidden repetition is noticed.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum HeaderName {
            $( #[doc = concat!("`", $text, "`.")] $variant, )+
            /// Any name not listed here.
            Other,
        }

        /// All known names, in the order of their discriminants.
        const KNOWN: [HeaderName; HeaderName::Other as usize] = [ $( HeaderName::$variant, )+ ];

        impl HeaderName {
            /// The usual spelling; empty for [`HeaderName::Other`], whose spelling only the message has.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ Self::Other => "" }
            }

            /// Whether a message may have it once only (RFC 3261 section 7.3.1: it is not a comma-separated list).
            #[must_use]
            pub const fn is_single(self) -> bool {
                match self { $( Self::$variant => Cardinality::$cardinality.is_single(), )+ Self::Other => false }
            }

            /// The one-letter form of RFC 3261 section 7.3.3, as a lower-case octet.
            const fn compact(self) -> u8 {
                match self { $( Self::$variant => $compact, )+ Self::Other => 0 }
            }

            pub(crate) const fn missing_phrase(self) -> &'static str {
                match self { $( Self::$variant => concat!("Missing ", $text), )+ Self::Other => "Missing header" }
            }

            pub(crate) const fn duplicate_phrase(self) -> &'static str {
                match self { $( Self::$variant => concat!("Duplicate ", $text), )+ Self::Other => "Duplicate header" }
            }

            pub(crate) const fn out_of_range_phrase(self) -> &'static str {
                match self { $( Self::$variant => concat!($text, " out of range"), )+ Self::Other => "Number out of range" }
            }

            pub(crate) const fn duplicate_parameter_phrase(self) -> &'static str {
                match self {
                    $( Self::$variant => concat!("Duplicate parameter in ", $text), )+
                    Self::Other => "Duplicate parameter",
                }
            }

            pub(crate) const fn malformed_phrase(self) -> &'static str {
                match self { $( Self::$variant => concat!("Malformed ", $text), )+ Self::Other => "Malformed header" }
            }
        }
    };
}

/// How often a header may stand in one message.
#[derive(Clone, Copy)]
enum Cardinality {
    Single,
    List,
}

impl Cardinality {
    const fn is_single(self) -> bool {
        matches!(self, Self::Single)
    }
}

header_names! {
    Via "Via" b'v' List;
    From "From" b'f' Single;
    To "To" b't' Single;
    CallId "Call-ID" b'i' Single;
    CSeq "CSeq" 0 Single;
    MaxForwards "Max-Forwards" 0 Single;
    Contact "Contact" b'm' List;
    Expires "Expires" 0 Single;
    MinExpires "Min-Expires" 0 Single;
    Authorization "Authorization" 0 List;
    ProxyAuthorization "Proxy-Authorization" 0 List;
    WwwAuthenticate "WWW-Authenticate" 0 List;
    ProxyAuthenticate "Proxy-Authenticate" 0 List;
    AuthenticationInfo "Authentication-Info" 0 Single;
    ContentLength "Content-Length" b'l' Single;
    ContentType "Content-Type" b'c' Single;
    ContentEncoding "Content-Encoding" b'e' List;
    ContentDisposition "Content-Disposition" 0 Single;
    Require "Require" 0 List;
    ProxyRequire "Proxy-Require" 0 List;
    Supported "Supported" b'k' List;
    Unsupported "Unsupported" 0 List;
    Route "Route" 0 List;
    RecordRoute "Record-Route" 0 List;
    Path "Path" 0 List;
    ServiceRoute "Service-Route" 0 List;
    UserAgent "User-Agent" 0 Single;
    Server "Server" 0 Single;
    Date "Date" 0 Single;
    Allow "Allow" 0 List;
    AllowEvents "Allow-Events" b'u' List;
    Accept "Accept" 0 List;
    AcceptEncoding "Accept-Encoding" 0 List;
    AcceptLanguage "Accept-Language" 0 List;
    RetryAfter "Retry-After" 0 Single;
    Warning "Warning" 0 List;
    Subject "Subject" b's' Single;
    Event "Event" b'o' Single;
    SubscriptionState "Subscription-State" 0 Single;
    Timestamp "Timestamp" 0 Single;
    Reason "Reason" 0 List;
    RAck "RAck" 0 Single;
    RSeq "RSeq" 0 Single;
    ReferTo "Refer-To" b'r' Single;
    ReferredBy "Referred-By" b'b' Single;
    Replaces "Replaces" 0 Single;
    SessionExpires "Session-Expires" b'x' Single;
    MinSe "Min-SE" 0 Single;
    FlowTimer "Flow-Timer" 0 Single;
    Identity "Identity" b'y' List;
    PAssertedIdentity "P-Asserted-Identity" 0 List;
    PPreferredIdentity "P-Preferred-Identity" 0 List;
    Privacy "Privacy" 0 List;
    SipEtag "SIP-ETag" 0 Single;
    SipIfMatch "SIP-If-Match" 0 Single;
}

/// How many names are known.
pub(crate) const KNOWN_COUNT: usize = KNOWN.len();

const SLOTS: usize = 256;

/// Slot of a name's length, first and last letter; [`slot_table`] proves at compile time that no two names share one.
const fn slot(length: usize, first: u8, last: u8) -> usize {
    let (first, last) = ((first | 0x20) as usize, (last | 0x20) as usize);
    (length + first * 19 + last * 49) % SLOTS
}

#[expect(clippy::indexing_slicing, reason = "runs at compile time, where an index out of bounds is a compile error")]
const fn slot_table() -> [HeaderName; SLOTS] {
    let mut table = [HeaderName::Other; SLOTS];
    let mut index = 0;
    while index < KNOWN.len() {
        let name = KNOWN[index];
        let text = name.as_str().as_bytes();
        let place = slot(text.len(), text[0], text[text.len() - 1]);
        assert!(matches!(table[place], HeaderName::Other), "two header names share a slot");
        table[place] = name;
        index += 1;
    }
    table
}

#[expect(clippy::indexing_slicing, reason = "runs at compile time, where an index out of bounds is a compile error")]
const fn compact_table() -> [HeaderName; 256] {
    let mut table = [HeaderName::Other; 256];
    let mut index = 0;
    while index < KNOWN.len() {
        let letter = KNOWN[index].compact();
        if letter != 0 {
            table[letter as usize] = KNOWN[index];
            table[letter.to_ascii_uppercase() as usize] = KNOWN[index];
        }
        index += 1;
    }
    table
}

static BY_SLOT: [HeaderName; SLOTS] = slot_table();
static BY_COMPACT: [HeaderName; 256] = compact_table();

impl HeaderName {
    /// Identifies a name as it stands in a message, in any case and in its long or compact form.
    #[must_use]
    pub fn from_octets(name: &[u8]) -> Self {
        match name {
            [] => Self::Other,
            [letter] => BY_COMPACT.get(usize::from(*letter)).copied().unwrap_or(Self::Other),
            [first, .., last] => {
                let known = BY_SLOT.get(slot(name.len(), *first, *last)).copied().unwrap_or(Self::Other);
                let spelling = known.as_str().as_bytes();
                // Nearly all peers use the usual spelling, and equality is the cheaper test.
                if spelling == name || spelling.eq_ignore_ascii_case(name) { known } else { Self::Other }
            }
        }
    }
}

impl AsRef<str> for HeaderName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_any_case() {
        for name in KNOWN {
            assert_eq!(HeaderName::from_octets(name.as_str().as_bytes()), name);
            assert_eq!(HeaderName::from_octets(name.as_str().to_ascii_uppercase().as_bytes()), name);
            assert_eq!(HeaderName::from_octets(name.as_str().to_ascii_lowercase().as_bytes()), name);
            assert_eq!(HeaderName::from_octets(&[name.as_str().as_bytes(), b"x"].concat()), HeaderName::Other);
        }
    }

    #[test]
    fn compact_forms_and_strangers() {
        for (letter, name) in [(b'v', HeaderName::Via), (b'I', HeaderName::CallId), (b'L', HeaderName::ContentLength)] {
            assert_eq!(HeaderName::from_octets(&[letter]), name);
        }
        for stranger in [&b""[..], b"q", b"Viaduct", b"C%6Fntact", b"F-om", b"\xff\xff"] {
            assert_eq!(HeaderName::from_octets(stranger), HeaderName::Other);
        }
    }
}
