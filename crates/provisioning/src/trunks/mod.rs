//! Trunks, and what belongs to them: access lists, next hops with their secrets, numbers.

mod attachments;
mod ip_acls;
mod numbers;
mod origination_uris;
mod patch;
mod trunk;
mod upstream_secrets;

pub use attachments::AttachmentsPatch;
pub use ip_acls::IpAclPatch;
pub use numbers::NumberPatch;
pub use origination_uris::OriginationUriPatch;
pub use patch::{NewTrunk, RulesPatch, TrunkName, TrunkNameError, TrunkPatch};
pub use upstream_secrets::{NewUpstreamSecret, UpstreamUsername, UpstreamUsernameError};

use crate::limits::MAX_OF_A_KIND;
use crate::{Provisioning, ProvisioningError};

/// How often a change is decided anew when others change the same object.
const ATTEMPTS: usize = 64;

/// Refuses one more of a kind of which there are so many.
fn check_room(total: u64) -> Result<(), ProvisioningError> {
    if total >= MAX_OF_A_KIND { Err(ProvisioningError::TooMany) } else { Ok(()) }
}

impl Provisioning {
    fn draw<const N: usize>(&self) -> [u8; N] {
        let mut random = [0; N];
        self.parts.random.fill(&mut random);
        random
    }
}
