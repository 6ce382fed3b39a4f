//! What a REGISTER asks for, read without allocation.

use crate::Rejection;
use crate::contact_match::ContactIdentity;
use crate::outbound::{RegIds, asks_for_outbound, names_a_flow, reg_ids};
use sip_message::{CheckedAddress, CheckedContact, CheckedRequest, HeaderName};

/// How many octets of a User-Agent are kept.
const USER_AGENT_OCTETS: usize = 128;

/// The parts of a REGISTER that every contact shares.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'r, 'm> {
    pub(crate) request: &'r CheckedRequest<'m>,
    pub(crate) call_id: &'m [u8],
    pub(crate) cseq: u32,
    pub(crate) expires: Option<u32>,
    pub(crate) user_agent: &'m [u8],
    pub(crate) wish: Wish,
    reg_ids: RegIds,
}

/// What its Contact headers amount to (RFC 3261 section 10.3 steps 6 and 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wish {
    /// No contact: tell the present bindings.
    Query,
    /// `*`: remove them all.
    RemoveAll,
    /// Add, refresh or remove those named.
    Change,
}

impl<'r, 'm> Reading<'r, 'm> {
    pub(crate) fn of(request: &'r CheckedRequest<'m>) -> Result<Self, Rejection> {
        let reg_ids = reg_ids(request);
        if reg_ids == RegIds::Ignored && asks_for_outbound(request) && names_a_flow(request) {
            return Err(Rejection::FirstHopLacksOutbound);
        }
        let user_agent = request.headers().first(HeaderName::UserAgent).unwrap_or_default();
        Ok(Self {
            request,
            call_id: request.call_id(),
            cseq: request.cseq_number(),
            expires: request.expires(),
            user_agent: user_agent.get(..USER_AGENT_OCTETS).unwrap_or(user_agent),
            wish: wish(request)?,
            reg_ids,
        })
    }

    /// What names a contact of this request.
    pub(crate) fn identity(&self, contact: &CheckedAddress<'m>) -> ContactIdentity<'m> {
        ContactIdentity::of(contact, self.reg_ids)
    }

    /// The named contacts; a wildcard has been ruled out or in by [`Wish`].
    pub(crate) fn contacts(&self) -> impl Iterator<Item = CheckedAddress<'m>> + use<'m> {
        self.request.contacts().filter_map(|contact| match contact {
            CheckedContact::Address(address) => Some(address),
            CheckedContact::Wildcard => None,
        })
    }
}

fn wish(request: &CheckedRequest<'_>) -> Result<Wish, Rejection> {
    let (mut wildcards, mut addresses) = (0_u32, 0_u32);
    for contact in request.contacts() {
        match contact {
            CheckedContact::Wildcard => wildcards += 1,
            CheckedContact::Address(_) => addresses += 1,
        }
    }
    match (wildcards, addresses, request.expires()) {
        (0, 0, _) => Ok(Wish::Query),
        (0, _, _) => Ok(Wish::Change),
        (1, 0, Some(0)) => Ok(Wish::RemoveAll),
        _ => Err(Rejection::MisplacedWildcard),
    }
}
