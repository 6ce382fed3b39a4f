//! Realms, as the operator manages them.

mod list;
mod retire_md5;
mod update;

pub use retire_md5::Md5Retired;
pub use update::RealmUpdate;

use crate::{Provisioning, ProvisioningError};
use domain::{Realm, RealmName};

impl Provisioning {
    async fn realm_named(&self, realm: RealmName) -> Result<Realm, ProvisioningError> {
        self.storage().realm_by_name(realm).await?.ok_or(ProvisioningError::RealmNotFound)
    }
}
