//! What to change about what a trunk is attached to.

use domain::{CredentialId, IpAclId, OriginationUriId, TrunkAttachments};

/// What is absent stays; lists are replaced whole, and an inner `None` takes away.
#[derive(Debug, Clone, Default)]
pub struct AttachmentsPatch {
    /// Whose calls it takes.
    pub credentials: Option<Vec<CredentialId>>,
    /// From where it takes calls.
    pub ip_acls: Option<Vec<IpAclId>>,
    /// The next hop that is tried first.
    pub primary_uri: Option<Option<OriginationUriId>>,
    /// The next hop that is tried after the primary.
    pub fallback_uri: Option<Option<OriginationUriId>>,
    /// The next hops that are tried after these.
    pub origination_uris: Option<Vec<OriginationUriId>>,
}

impl AttachmentsPatch {
    pub(crate) fn apply_to(&self, attachments: &mut TrunkAttachments) {
        if let Some(credentials) = &self.credentials {
            attachments.credentials = without_repetitions(credentials);
        }
        if let Some(entries) = &self.ip_acls {
            attachments.ip_acls = without_repetitions(entries);
        }
        attachments.primary_uri = self.primary_uri.unwrap_or(attachments.primary_uri);
        attachments.fallback_uri = self.fallback_uri.unwrap_or(attachments.fallback_uri);
        if let Some(uris) = &self.origination_uris {
            attachments.origination_uris = without_repetitions(uris);
        }
    }
}

fn without_repetitions<T: PartialEq + Copy>(all: &[T]) -> Vec<T> {
    let mut kept = Vec::with_capacity(all.len());
    for one in all {
        if !kept.contains(one) {
            kept.push(*one);
        }
    }
    kept
}
