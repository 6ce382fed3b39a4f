//! What a REGISTER asks for, read without allocation.

use crate::Rejection;
use sip_message::{Contact, Defect, HeaderName, Headers, NameAddr, Request};

/// How many octets of a User-Agent are kept.
const USER_AGENT_OCTETS: usize = 128;

/// The parts of a REGISTER that every contact shares.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'m> {
    pub(crate) headers: Headers<'m>,
    pub(crate) call_id: &'m [u8],
    pub(crate) cseq: u32,
    pub(crate) expires: Option<u32>,
    pub(crate) user_agent: &'m [u8],
    pub(crate) wish: Wish,
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

impl<'m> Reading<'m> {
    pub(crate) fn of(request: &Request<'m>) -> Result<Self, Rejection> {
        let headers = request.headers();
        let expires = headers.expires()?;
        let user_agent = headers.first(HeaderName::UserAgent).unwrap_or_default();
        Ok(Self {
            headers,
            call_id: headers.call_id()?,
            cseq: headers.cseq()?.number,
            expires,
            user_agent: user_agent.get(..USER_AGENT_OCTETS).unwrap_or(user_agent),
            wish: wish(headers, expires)?,
        })
    }

    /// The named contacts; a wildcard has been ruled out or in by [`Wish`].
    pub(crate) fn contacts(&self) -> impl Iterator<Item = Result<NameAddr<'m>, Defect>> + use<'m> {
        self.headers.contacts().filter_map(|contact| match contact {
            Ok(Contact::Address(address)) => Some(Ok(address)),
            Ok(Contact::Wildcard) => None,
            Err(defect) => Some(Err(defect)),
        })
    }
}

fn wish(headers: Headers<'_>, expires: Option<u32>) -> Result<Wish, Rejection> {
    let (mut wildcards, mut addresses) = (0_u32, 0_u32);
    for contact in headers.contacts() {
        match contact? {
            Contact::Wildcard => wildcards += 1,
            Contact::Address(_) => addresses += 1,
        }
    }
    match (wildcards, addresses, expires) {
        (0, 0, _) => Ok(Wish::Query),
        (0, _, _) => Ok(Wish::Change),
        (1, 0, Some(0)) => Ok(Wish::RemoveAll),
        _ => Err(Rejection::MisplacedWildcard),
    }
}
