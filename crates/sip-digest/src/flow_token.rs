//! The proof in a flow token (RFC 5626 section 5.2): names that a server gives away and must know again, unaltered.
//!
//! What the octets mean is not this crate's; they are authenticated, not hidden. A token is 60 octets, 50 of the name and
//! the first 80 bits of its HMAC-SHA-256: as with nonces, a guess can be tried only here.

use crate::url_safe;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Octets of what a token names.
pub const FLOW_TOKEN_OCTETS: usize = 50;
/// Characters of a token: letters, digits, `-` and `_`.
pub const FLOW_TOKEN_LENGTH: usize = 80;
/// Octets of the name and its proof.
const WHOLE_OCTETS: usize = 60;
/// Octets of the proof, as many as in the example of RFC 5626 section 5.2.
const MAC_OCTETS: usize = WHOLE_OCTETS - FLOW_TOKEN_OCTETS;

/// A token as it stands in the user part of a URI.
pub type FlowTokenText = [u8; FLOW_TOKEN_LENGTH];

/// The key of flow tokens; wiped when dropped. [`crate::NonceIssuer::flow_token_key`] derives one.
#[derive(Clone)]
pub struct FlowTokenKey(Hmac<Sha256>);

impl FlowTokenKey {
    pub(crate) fn new(octets: &[u8; 32]) -> Self {
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
        Self(Hmac::new((&*block).into()))
    }

    /// The token of that name.
    #[must_use]
    pub fn seal(&self, name: &[u8; FLOW_TOKEN_OCTETS]) -> FlowTokenText {
        let mut whole = [0; WHOLE_OCTETS];
        let mac = self.mac(name);
        whole.iter_mut().zip(name.iter().chain(&mac)).for_each(|(to, from)| *to = *from);
        url_safe::encode(&whole)
    }

    /// The name in a token; `None` for any text that [`Self::seal`] does not give with this key.
    #[must_use]
    pub fn open(&self, text: &[u8]) -> Option<[u8; FLOW_TOKEN_OCTETS]> {
        let whole: [u8; WHOLE_OCTETS] = url_safe::decode::<WHOLE_OCTETS, FLOW_TOKEN_LENGTH>(text)?;
        let (name, mac) = whole.split_first_chunk::<FLOW_TOKEN_OCTETS>()?;
        bool::from(self.mac(name).ct_eq(mac)).then_some(*name)
    }

    fn mac(&self, name: &[u8; FLOW_TOKEN_OCTETS]) -> [u8; MAC_OCTETS] {
        let mut hmac = self.0.clone();
        hmac.update(name);
        let whole: [u8; 32] = hmac.finalize().into_bytes().into();
        let [a, b, c, d, e, f, g, h, i, j, ..] = whole;
        [a, b, c, d, e, f, g, h, i, j]
    }
}

impl fmt::Debug for FlowTokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FlowTokenKey(<redacted>)")
    }
}
