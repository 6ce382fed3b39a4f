//! What may stand at the other side.

use crate::template::Format;

/// A platform or a telephone exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// LiveKit SIP: an outbound and an inbound trunk.
    Livekit,
    /// Vapi: a SIP trunk of one's own and its numbers.
    Vapi,
    /// `ElevenLabs`: numbers of a SIP trunk.
    Elevenlabs,
    /// Pipecat on Daily: a SIP trunk and how to call out.
    Pipecat,
    /// Asterisk: `pjsip.conf`.
    Asterisk,
    /// `FreeSWITCH`: a gateway.
    Freeswitch,
}

impl Product {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Asterisk, Self::Freeswitch, Self::Livekit, Self::Vapi, Self::Elevenlabs, Self::Pipecat];

    /// The name on command lines and in paths.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Livekit => "livekit",
            Self::Vapi => "vapi",
            Self::Elevenlabs => "elevenlabs",
            Self::Pipecat => "pipecat",
            Self::Asterisk => "asterisk",
            Self::Freeswitch => "freeswitch",
        }
    }

    /// The product of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.as_str() == name)
    }

    /// What its maker calls it, for people to choose from.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Livekit => "LiveKit",
            Self::Vapi => "Vapi",
            Self::Elevenlabs => "ElevenLabs",
            Self::Pipecat => "Pipecat on Daily",
            Self::Asterisk => "Asterisk",
            Self::Freeswitch => "FreeSWITCH",
        }
    }

    /// Where its configuration goes.
    #[must_use]
    pub const fn place(self) -> &'static str {
        match self {
            Self::Livekit => "Bodies of the requests that make an outbound and an inbound trunk.",
            Self::Vapi => "Bodies of the requests that make the trunk's credential and its numbers.",
            Self::Elevenlabs => "Bodies of the requests that make the numbers.",
            Self::Pipecat => "Bodies of the request that makes the trunk, and of the one that calls out.",
            Self::Asterisk => "Sections for pjsip.conf, or a file that it includes.",
            Self::Freeswitch => "A gateway: a file below the folder of the external profile.",
        }
    }

    /// Whether it is JSON as it stands.
    #[must_use]
    pub fn is_json(self) -> bool {
        self.template().1 == Format::Json
    }

    /// Daily sends no digest when it calls out.
    pub(crate) fn needs_credential(self) -> bool {
        self != Self::Pipecat
    }

    /// The template file and how its values are written.
    pub(crate) fn template(self) -> (&'static str, Format) {
        match self {
            Self::Livekit => (include_str!("../recipes/livekit.json"), Format::Json),
            Self::Vapi => (include_str!("../recipes/vapi.json"), Format::Json),
            Self::Elevenlabs => (include_str!("../recipes/elevenlabs.json"), Format::Json),
            Self::Pipecat => (include_str!("../recipes/pipecat.json"), Format::Json),
            Self::Asterisk => (include_str!("../recipes/asterisk.conf"), Format::Ini),
            Self::Freeswitch => (include_str!("../recipes/freeswitch.xml"), Format::Xml),
        }
    }
}
