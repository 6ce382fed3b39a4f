//! What is known of the names in an attempt.

use domain::{AccountId, RealmId};

/// What the installation's names say of an attempt. Asked off the signalling path and about what was answered already, so
/// that neither what it costs nor what it finds shows on the wire.
pub trait Names: Send + Sync {
    /// The account that a host of that realm belongs to, or the only one of the realm.
    fn owner(&self, realm: RealmId, host: &str) -> Option<AccountId>;

    /// Whether the realm has a credential of exactly that name.
    fn has_credential(&self, realm: RealmId, username: &str) -> bool;

    /// Whether the realm never offers MD5.
    fn is_without_md5(&self, realm: RealmId) -> bool;
}
