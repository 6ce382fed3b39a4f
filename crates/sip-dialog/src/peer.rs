//! What the other side of a dialog says it can do.

use sip_message::{HeaderName, Headers};

/// The extensions that decide how we speak to a peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PeerFeatures {
    /// `UPDATE` is in Allow (RFC 3311).
    pub allows_update: bool,
    /// `timer` is supported or required (RFC 4028).
    pub supports_timer: bool,
    /// `100rel` is supported or required (RFC 3262).
    pub supports_reliable: bool,
}

impl PeerFeatures {
    /// What one message says.
    #[must_use]
    pub fn of(headers: Headers<'_>) -> Self {
        let mut features = Self::default();
        features.learn(headers);
        features
    }

    /// Takes what a later message says. A message without Allow or Supported says nothing.
    pub fn learn(&mut self, headers: Headers<'_>) {
        if headers.first(HeaderName::Allow).is_some() {
            self.allows_update = headers.option_tags(HeaderName::Allow).any(|method| method == b"UPDATE");
        }
        if headers.first(HeaderName::Supported).is_some() {
            (self.supports_timer, self.supports_reliable) = (false, false);
        }
        for name in [HeaderName::Supported, HeaderName::Require] {
            for tag in headers.option_tags(name) {
                self.supports_timer |= tag.eq_ignore_ascii_case(b"timer");
                self.supports_reliable |= tag.eq_ignore_ascii_case(b"100rel");
            }
        }
    }
}
