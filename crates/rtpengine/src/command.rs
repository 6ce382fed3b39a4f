//! The commands of the ng protocol, as far as calls need them.

use crate::bencode::Value;
use std::collections::BTreeMap;

/// Names a call towards rtpengine; the same for all descriptions of one call, and of no other call.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CallKey(String);

impl CallKey {
    /// A call by that text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the side that gets a description speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// RTP/AVP without encryption, RTCP on its own port.
    PlainRtp,
    /// RTP/SAVP with keys in the description (RFC 4568).
    Sdes,
    /// What browsers speak: ICE, DTLS-SRTP, RTCP on the same port (RFC 8827).
    WebRtc,
}

/// The two sides of a description, by whatever names them; the same for as long as the call lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sides<'a> {
    /// Whose offer it is, or whose offer is answered.
    pub offerer: &'a str,
    /// The other.
    pub answerer: &'a str,
}

/// Which half of an exchange a description is (RFC 3264).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Half {
    Offer,
    Answer,
}

/// A description to be rewritten.
pub(crate) struct Rewrite<'a> {
    pub(crate) half: Half,
    pub(crate) call: &'a CallKey,
    pub(crate) sides: Sides<'a>,
    pub(crate) sdp: &'a [u8],
    pub(crate) profile: Profile,
}

impl Rewrite<'_> {
    pub(crate) fn to_value(&self) -> Value {
        let command = match self.half {
            Half::Offer => "offer",
            Half::Answer => "answer",
        };
        let mut entries = begun(command, self.call);
        set(&mut entries, "from-tag", Value::text(self.sides.offerer));
        set(&mut entries, "to-tag", Value::text(self.sides.answerer));
        set(&mut entries, "sdp", Value::text(self.sdp));
        set(&mut entries, "replace", Value::list(&["origin", "session-connection"]));
        self.profile.set_in(&mut entries, self.half);
        Value::Dictionary(entries)
    }
}

/// The end of a call.
pub(crate) fn delete(call: &CallKey) -> Value {
    Value::Dictionary(begun("delete", call))
}

pub(crate) fn ping() -> Value {
    Value::Dictionary(BTreeMap::from([(b"command".to_vec(), Value::text("ping"))]))
}

type Entries = BTreeMap<Vec<u8>, Value>;

fn begun(command: &str, call: &CallKey) -> Entries {
    let mut entries = Entries::new();
    set(&mut entries, "command", Value::text(command));
    set(&mut entries, "call-id", Value::text(call.as_str()));
    entries
}

fn set(entries: &mut Entries, key: &str, value: Value) {
    entries.insert(key.as_bytes().to_vec(), value);
}

impl Profile {
    /// An answer is over what was offered, whatever exactly that was, so nothing is said of its transport.
    fn set_in(self, entries: &mut Entries, half: Half) {
        let (protocol, ice, mux) = match self {
            Self::PlainRtp => ("RTP/AVP", "remove", "demux"),
            Self::Sdes => ("RTP/SAVP", "remove", "demux"),
            Self::WebRtc => ("UDP/TLS/RTP/SAVPF", "force", "require"),
        };
        if half == Half::Offer {
            set(entries, "transport-protocol", Value::text(protocol));
        }
        set(entries, "ICE", Value::text(ice));
        set(entries, "rtcp-mux", Value::list(&[mux]));
        match self {
            Self::WebRtc => set(entries, "SDES", Value::list(&["off"])),
            Self::PlainRtp | Self::Sdes => set(entries, "DTLS", Value::text("off")),
        }
    }
}
