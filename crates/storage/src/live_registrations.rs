//! Who is online: registrations as they are at this moment, wherever that is known.

use crate::{Pending, StorageError};
use domain::{AccountId, BindingId, ContactBinding, CredentialId, SignallingTransport};
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::net::IpAddr;

/// Which registrations are asked for; what is absent does not narrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationFilter {
    /// Whose.
    pub account: AccountId,
    /// Of this credential.
    pub credential: Option<CredentialId>,
    /// Of the credential of exactly this username.
    pub username: Option<Box<str>>,
    /// Made over this transport.
    pub transport: Option<SignallingTransport>,
    /// Made from this address, whatever the port.
    pub source: Option<IpAddr>,
}

/// A registration that has not expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRegistration {
    /// The binding.
    pub binding: ContactBinding,
    /// The username of its credential.
    pub username: Box<str>,
    /// What the device is called whose secret made it, if it was one's.
    pub device: Option<Box<str>>,
    /// Whether the connection it was made over is open; `None` where the transport has none.
    pub is_connected: Option<bool>,
}

/// A page of registrations, in the order they were made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveRegistrationPage {
    /// The page.
    pub registrations: Vec<LiveRegistration>,
    /// How many match in all, on whatever page.
    pub total: u64,
    /// The last one's name, if others follow: where the next page begins.
    pub next: Option<BindingId>,
}

/// Tells who is online. Registrations are changed by [`Change::EndRegistrations`](crate::Change::EndRegistrations).
pub trait LiveRegistrations: Send + Sync + Debug {
    /// At most `limit` registrations that match and were made after the one of that name, which may be gone by now.
    fn registrations(
        &self,
        filter: RegistrationFilter,
        after: Option<BindingId>,
        limit: u32,
    ) -> Pending<'_, LiveRegistrationPage>;

    /// How many registrations each of these credentials of an account has; those without any are left out. Costs one look
    /// at everybody, however many are asked for.
    fn count(&self, account: AccountId, credentials: HashSet<CredentialId>) -> Pending<'_, HashMap<CredentialId, u64>>;

    /// Completes when every change of registrations so far is stored, so that a restart brings none of them back.
    ///
    /// # Errors
    /// [`StorageError`] when that could not be done.
    fn stored(&self) -> Pending<'_, Result<(), StorageError>>;
}
