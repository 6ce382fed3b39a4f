//! Which present binding a contact means.

use crate::outbound::RegIds;
use domain::LiveBinding;
use sip_message::{CheckedAddress, NameAddr, Uri, uris_match};

/// What names a contact: its URI, or for a phone with several flows its instance and reg-id (RFC 5626 section 6).
#[derive(Clone, Copy)]
pub(crate) struct ContactIdentity<'m> {
    pub(crate) octets: &'m [u8],
    uri: Uri<'m>,
    pub(crate) instance: &'m [u8],
    pub(crate) reg_id: u32,
}

impl<'m> ContactIdentity<'m> {
    pub(crate) fn of(contact: &CheckedAddress<'m>, reg_ids: RegIds) -> Self {
        let CheckedAddress { address, uri } = *contact;
        let instance = address.instance().unwrap_or_default();
        let reg_id = named_flow(&address).filter(|_| reg_ids == RegIds::Count).unwrap_or(0);
        Self { octets: address.uri_octets, uri, instance, reg_id }
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
        Uri::parse(texts.contact).is_ok_and(|theirs| uris_match(&self.uri, &theirs))
    }

    /// Whether a binding by another contact is that of the same phone: by instance, where both have one; else by user
    /// and host, whatever the port, because a phone that connects anew does so from another.
    pub(crate) fn is_same_phone_as(&self, binding: &LiveBinding) -> bool {
        let texts = binding.texts();
        if !self.instance.is_empty() && !texts.instance.is_empty() {
            let is_other_flow = self.reg_id != 0 && binding.facts.reg_id != 0 && self.reg_id != binding.facts.reg_id;
            return self.instance == texts.instance && !is_other_flow;
        }
        Uri::parse(texts.contact).is_ok_and(|theirs| {
            self.uri.is_sip()
                && theirs.is_sip()
                && self.uri.user.is_some() == theirs.user.is_some()
                && self.uri.decoded_user().eq(theirs.decoded_user())
                && self.uri.host.eq_ignore_ascii_case(theirs.host)
        })
    }
}

/// The reg-id of a contact. Without an instance it says nothing and is ignored (RFC 5626 section 6).
pub(crate) fn named_flow(address: &NameAddr<'_>) -> Option<u32> {
    let instance = address.instance().unwrap_or_default();
    address.reg_id().filter(|_| !instance.is_empty()).and_then(parse_reg_id)
}

/// 1 to 2^31 - 1 (RFC 5626 section 9).
fn parse_reg_id(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok().filter(|id| (1..=0x7fff_ffff).contains(id))
}
