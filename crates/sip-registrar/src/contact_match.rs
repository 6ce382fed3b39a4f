//! Which present binding a contact means.

use domain::LiveBinding;
use sip_message::{NameAddr, Uri, uris_match};

/// What names a contact: its URI, or for a phone with several flows its instance and reg-id (RFC 5626 section 6).
pub(crate) struct ContactIdentity<'m> {
    pub(crate) octets: &'m [u8],
    uri: Option<Uri<'m>>,
    pub(crate) instance: &'m [u8],
    pub(crate) reg_id: u32,
}

impl<'m> ContactIdentity<'m> {
    pub(crate) fn of(contact: &NameAddr<'m>) -> Self {
        let instance = contact.param("+sip.instance").unwrap_or_default();
        // Without an instance a reg-id says nothing and is ignored (RFC 5626 section 6).
        let named = contact.param("reg-id").filter(|_| !instance.is_empty());
        let reg_id = named.and_then(parse_reg_id).unwrap_or(0);
        Self { octets: contact.uri_octets, uri: contact.uri().ok(), instance, reg_id }
    }

    /// Instance and reg-id where both sides have them, else the URI rules of RFC 3261 section 19.1.4.
    pub(crate) fn is(&self, binding: &LiveBinding) -> bool {
        let texts = binding.texts();
        if self.reg_id != 0 && binding.facts.reg_id != 0 {
            return self.reg_id == binding.facts.reg_id && self.instance == texts.instance;
        }
        if self.octets == texts.contact {
            return true;
        }
        match (&self.uri, Uri::parse(texts.contact)) {
            (Some(mine), Ok(theirs)) => uris_match(mine, &theirs),
            _ => false,
        }
    }
}

/// 1 to 2^31 - 1 (RFC 5626 section 9).
fn parse_reg_id(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok().filter(|id| (1..=0x7fff_ffff).contains(id))
}
