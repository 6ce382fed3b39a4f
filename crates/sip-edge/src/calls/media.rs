//! What bridges the media of calls, seen from them. Who does it lives elsewhere.

use domain::CallId;
use sip_b2bua::{LegId, MediaFault, SdpKind};

/// What the media of a leg is sent as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MediaProfile {
    /// RTP without encryption.
    PlainRtp,
    /// SRTP with keys in the description (RFC 4568).
    Sdes,
    /// What browsers speak: ICE and DTLS-SRTP (RFC 8827).
    WebRtc,
}

/// Which calls' media is bridged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MediaRule {
    /// Those whose legs speak differently, or one of whose legs cannot be reached where it says.
    #[default]
    WhereNeeded,
    /// All.
    Always,
}

/// Names what two legs of a call send each other. Every leg that is called has a name of its own, and it is the same
/// after a restart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MediaName {
    /// The call.
    pub call: CallId,
    /// The number of the leg that is called.
    pub leg: u8,
}

/// A session description on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionDescription {
    /// What it belongs to.
    pub name: MediaName,
    /// Whose it is: the number of a leg.
    pub from: u8,
    /// Who gets it.
    pub to: u8,
    /// Whether it offers or answers.
    pub half: Half,
    /// What whoever gets it speaks.
    pub profile: MediaProfile,
    /// It.
    pub sdp: Vec<u8>,
}

/// Which half of an exchange a description is (RFC 3264).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Half {
    /// The first.
    Offer,
    /// The second.
    Answer,
}

/// Takes what became of a description.
pub type Rewritten = Box<dyn FnOnce(Result<Vec<u8>, MediaFault>) + Send>;

/// Rewrites session descriptions so that media goes through what bridges it. Nothing here waits: what becomes of a
/// description is told later, on any thread, exactly once and within seconds, and never from within the call that asked.
pub trait MediaBridge: Send + Sync {
    /// Rewrites a description for whoever gets it.
    fn rewrite(&self, description: SessionDescription, rewritten: Rewritten);

    /// Nothing more comes of that name.
    fn release(&self, name: MediaName);
}

impl Half {
    pub(crate) const fn of(kind: SdpKind) -> Self {
        match kind {
            SdpKind::Offer => Self::Offer,
            SdpKind::Answer => Self::Answer,
        }
    }
}

/// What is known of a leg's media.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum LegMedia {
    /// Nothing: no description has crossed.
    #[default]
    Unknown,
    /// Its descriptions cross as they are.
    Untouched,
    /// It is bridged, and speaks that.
    Bridged(MediaProfile),
}

impl LegMedia {
    /// As one octet, for what outlasts a restart.
    pub(crate) const fn to_octet(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Untouched => 1,
            Self::Bridged(MediaProfile::PlainRtp) => 2,
            Self::Bridged(MediaProfile::Sdes) => 3,
            Self::Bridged(MediaProfile::WebRtc) => 4,
        }
    }

    /// What an octet said; `None` for one that says nothing.
    pub(crate) const fn of_octet(octet: u8) -> Option<Self> {
        Some(match octet {
            0 => Self::Unknown,
            1 => Self::Untouched,
            2 => Self::Bridged(MediaProfile::PlainRtp),
            3 => Self::Bridged(MediaProfile::Sdes),
            4 => Self::Bridged(MediaProfile::WebRtc),
            _ => return None,
        })
    }
}

impl MediaName {
    pub(crate) const fn of(call: CallId, leg: LegId) -> Self {
        Self { call, leg: leg.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_leg_outlasts_a_restart() {
        let profiles = [MediaProfile::PlainRtp, MediaProfile::Sdes, MediaProfile::WebRtc].map(LegMedia::Bridged);
        for media in [LegMedia::Unknown, LegMedia::Untouched].into_iter().chain(profiles) {
            assert_eq!(LegMedia::of_octet(media.to_octet()), Some(media));
        }
        assert_eq!(LegMedia::of_octet(5), None);
    }
}
