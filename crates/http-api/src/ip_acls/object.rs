//! An entry of an IP access list as clients know it: exactly these seven fields.

use crate::moment::Moment;
use domain::{AuthId, IpAcl};
use serde::Serialize;
use utoipa::ToSchema;

/// An entry of an IP access list.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IpAcl)]
pub(crate) struct IpAclObject<'v> {
    /// Names the entry in paths.
    #[schema(format = "uuid", example = "aabbccdd-1234-7678-90ab-cdef12345678")]
    id: String,
    /// The account that owns it.
    #[schema(example = "MA_XXXXXXXX")]
    account_id: &'v str,
    /// An address, or a network in CIDR notation.
    #[schema(example = "192.0.2.0/28")]
    ip_address: String,
    /// A note; empty where there is none.
    description: &'v str,
    /// Whether it lets anybody in.
    enabled: bool,
    /// When it was created.
    created_at: Moment,
    /// When anything about it last changed.
    updated_at: Moment,
}

impl<'v> IpAclObject<'v> {
    pub fn new(account: &'v AuthId, entry: &'v IpAcl) -> Self {
        let network = &entry.network;
        Self {
            id: entry.id.to_string(),
            account_id: account.as_str(),
            ip_address: network.single_address().map_or_else(|| network.to_string(), |address| address.to_string()),
            description: &entry.description,
            enabled: entry.enabled,
            created_at: entry.created_at.into(),
            updated_at: entry.updated_at.into(),
        }
    }
}
