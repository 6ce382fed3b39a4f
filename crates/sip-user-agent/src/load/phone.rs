//! One phone: its account and what it remembers from one exchange to the next.

use super::errand::Desk;
use super::plan::Caller;
use crate::authentication::{Claimant, Identity, Session};
use crate::request::{host_port, transport_parameter};
use sip_digest::HashAlgorithm;
use sip_message::Method;
use std::net::SocketAddr;
use zeroize::Zeroizing;

/// Which challenges are answered, the most wanted first.
const HASHES: [HashAlgorithm; 3] = [HashAlgorithm::Md5, HashAlgorithm::Sha256, HashAlgorithm::Sha512_256];

/// Without Debug: it holds a password and a nonce.
pub(super) struct Phone {
    pub(super) username: Box<str>,
    password: Zeroizing<String>,
    pub(super) address_of_record: Box<str>,
    pub(super) local: SocketAddr,
    pub(super) contact: Box<str>,
    /// Of all its registrations (RFC 3261 section 10.2), and their From tag.
    pub(super) call_id: Box<str>,
    /// What may follow from the last challenge.
    pub(super) session: Option<Session>,
    pub(super) cseq: u32,
    /// Whether the server knows a binding of its contact.
    pub(super) is_bound: bool,
    pub(super) is_busy: bool,
}

impl Phone {
    pub(super) fn new(caller: Caller, desk: &mut Desk, local: SocketAddr) -> Self {
        let plan = &desk.plan;
        let parameter = transport_parameter(&plan.transport);
        let address_of_record = plan.address_of_record(&caller.username).into_boxed_str();
        let user = address_of_record.split('@').next().unwrap_or_default();
        Self {
            contact: format!("{user}@{}{parameter}", host_port(local)).into(),
            call_id: desk.unique().into(),
            username: caller.username.into(),
            password: caller.password,
            address_of_record,
            local,
            session: None,
            cseq: 0,
            is_bound: false,
            is_busy: false,
        }
    }

    /// By what credentials for a request of that method and URI are claimed.
    pub(super) fn claimant<'a>(&'a self, method: Method<'static>, uri: &'a str, body: &'a [u8]) -> Claimant<'a> {
        let identity = Identity { username: &self.username, password: &self.password, hashes: &HASHES };
        Claimant { identity, method, uri, body }
    }
}
