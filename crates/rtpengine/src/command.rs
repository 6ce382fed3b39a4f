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

/// A description to be rewritten.
pub(crate) struct Rewrite<'a> {
    pub(crate) command: &'static str,
    pub(crate) call: &'a CallKey,
    pub(crate) from_tag: &'a str,
    pub(crate) to_tag: Option<&'a str>,
    pub(crate) sdp: &'a [u8],
    pub(crate) profile: Profile,
}

impl Rewrite<'_> {
    pub(crate) fn to_value(&self) -> Value {
        let mut entries = begun(self.command, self.call, self.from_tag);
        if let Some(to_tag) = self.to_tag {
            set(&mut entries, "to-tag", Value::text(to_tag));
        }
        set(&mut entries, "sdp", Value::text(self.sdp));
        set(&mut entries, "replace", Value::list(&["origin", "session-connection"]));
        self.profile.set_in(&mut entries);
        Value::Dictionary(entries)
    }
}

/// The end of a call.
pub(crate) fn delete(call: &CallKey, from_tag: &str) -> Value {
    Value::Dictionary(begun("delete", call, from_tag))
}

pub(crate) fn ping() -> Value {
    Value::Dictionary(BTreeMap::from([(b"command".to_vec(), Value::text("ping"))]))
}

type Entries = BTreeMap<Vec<u8>, Value>;

fn begun(command: &str, call: &CallKey, from_tag: &str) -> Entries {
    let mut entries = Entries::new();
    set(&mut entries, "command", Value::text(command));
    set(&mut entries, "call-id", Value::text(call.as_str()));
    set(&mut entries, "from-tag", Value::text(from_tag));
    entries
}

fn set(entries: &mut Entries, key: &str, value: Value) {
    entries.insert(key.as_bytes().to_vec(), value);
}

impl Profile {
    fn set_in(self, entries: &mut Entries) {
        let (protocol, ice, mux) = match self {
            Self::PlainRtp => ("RTP/AVP", "remove", "demux"),
            Self::Sdes => ("RTP/SAVP", "remove", "demux"),
            Self::WebRtc => ("UDP/TLS/RTP/SAVPF", "force", "require"),
        };
        set(entries, "transport-protocol", Value::text(protocol));
        set(entries, "ICE", Value::text(ice));
        set(entries, "rtcp-mux", Value::list(&[mux]));
        match self {
            Self::WebRtc => set(entries, "SDES", Value::list(&["off"])),
            Self::PlainRtp | Self::Sdes => set(entries, "DTLS", Value::text("off")),
        }
    }
}
