//! A REGISTER whose sender may change the bindings it asks about.

use sip_digest::VerifiedIdentity;
use sip_message::{CheckedRequest, Uri};

/// Says whether an address-of-record is the subject's own.
pub trait AddressOfRecordOwner {
    /// Whether the subject may register for that address (the To header's URI).
    fn owns(&self, address_of_record: &Uri<'_>) -> bool;
}

/// The proven identity is not that of the address-of-record (RFC 3261 section 10.3 step 4); answered 403.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotTheirAddressOfRecord;

/// A REGISTER together with the proof that its sender owns the address-of-record.
#[derive(Debug)]
pub struct AuthorizedRegister<'r, 'm, S> {
    pub(crate) request: &'r CheckedRequest<'m>,
    identity: &'r VerifiedIdentity<S>,
}

impl<'r, 'm, S: AddressOfRecordOwner> AuthorizedRegister<'r, 'm, S> {
    /// Checks that the identity owns the address-of-record in To.
    ///
    /// # Errors
    /// [`NotTheirAddressOfRecord`].
    pub fn new(
        request: &'r CheckedRequest<'m>,
        identity: &'r VerifiedIdentity<S>,
    ) -> Result<Self, NotTheirAddressOfRecord> {
        let to = &request.to_header().uri;
        if identity.subject().owns(to) { Ok(Self { request, identity }) } else { Err(NotTheirAddressOfRecord) }
    }

    /// Whose bindings it is about.
    #[must_use]
    pub fn subject(&self) -> &'r S {
        self.identity.subject()
    }
}
