//! What is known of the names in authentication events, by the directory.

use directory::Directory;
use domain::{AccountId, ChallengePolicy, RealmId};
use event_log::Names;
use std::sync::Arc;

/// Answers by the directory, which knows every name.
pub(crate) struct KnownNames(pub(crate) Arc<Directory>);

impl Names for KnownNames {
    fn owner(&self, realm: RealmId, host: &str) -> Option<AccountId> {
        let of_trunk = self.0.trunks().of_host(host.as_bytes()).map(|trunk| trunk.account);
        of_trunk.or_else(|| self.0.realms().account_at(realm, host.as_bytes()))
    }

    fn has_credential(&self, realm: RealmId, username: &str) -> bool {
        self.0.has_credential(realm, username.as_bytes())
    }

    fn is_without_md5(&self, realm: RealmId) -> bool {
        self.0.realms().entry(realm).is_some_and(|entry| entry.challenge_policy == ChallengePolicy::Sha256)
    }
}
