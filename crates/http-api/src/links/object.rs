//! The provisioning link object.

use crate::moment::Moment;
use domain::{LinkStage, PhoneFormat, ProvisioningLink};
use phone_provisioning::path_of_link;
use provisioning::LinkCreated;
use serde::Serialize;
use utoipa::ToSchema;

/// A link that makes a device, once.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProvisioningLink)]
pub(crate) struct LinkObject<'v> {
    /// Names the link in paths; it tells nothing of its token.
    #[schema(format = "uuid", example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    id: String,
    /// The credential whose device it makes.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    credential_id: String,
    /// What the device is going to be called.
    #[schema(min_length = 1, max_length = 64, example = "Ann's mobile")]
    label: &'v str,
    /// What its configuration is written in; null where whoever spends the link says.
    #[schema(pattern = "^[a-z]+$", example = "linphone")]
    format: Option<&'static str>,
    /// What spends it: `post`, the form on its page, or `get`, a mere look.
    #[schema(pattern = "^(post|get)$", example = "post")]
    spent_by: &'static str,
    /// When it was made.
    created_at: Moment,
    /// From when on it is good for nothing.
    expires_at: Moment,
}

/// A link that was just made.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewlyMadeProvisioningLink)]
pub(crate) struct LinkCreatedObject<'v> {
    /// Names the link in paths.
    #[schema(format = "uuid", example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    id: String,
    /// The credential whose device it makes.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    credential_id: String,
    /// What the device is going to be called.
    #[schema(min_length = 1, max_length = 64, example = "Ann's mobile")]
    label: &'v str,
    /// What its configuration is written in; null where whoever spends the link says.
    #[schema(pattern = "^[a-z]+$", example = "linphone")]
    format: Option<&'static str>,
    /// What spends it.
    #[schema(pattern = "^(post|get)$", example = "post")]
    spent_by: &'static str,
    /// The link, with the host that this request named; shown this once.
    #[schema(example = "https://sip.example.com/provision/q7Zb0-2fXk9sTnYcVhLpRw3uEgJm_1Aa")]
    url: String,
    /// When it was made.
    created_at: Moment,
    /// From when on it is good for nothing.
    expires_at: Moment,
}

/// What spends a link, as the API calls it.
pub(super) const fn spent_by(stage: LinkStage) -> &'static str {
    match stage {
        LinkStage::Offered => "post",
        LinkStage::Opened => "get",
    }
}

impl<'v> From<&'v ProvisioningLink> for LinkObject<'v> {
    fn from(link: &'v ProvisioningLink) -> Self {
        Self {
            id: link.id.to_string(),
            credential_id: link.credential.to_string(),
            label: link.label.as_str(),
            format: link.format.map(PhoneFormat::as_str),
            spent_by: spent_by(link.stage),
            created_at: link.created_at.into(),
            expires_at: link.expires_at.into(),
        }
    }
}

impl<'v> LinkCreatedObject<'v> {
    /// The object, its link below that origin.
    pub(super) fn new(created: &'v LinkCreated, origin: &str) -> Self {
        let LinkObject { id, credential_id, label, format, spent_by, created_at, expires_at } =
            LinkObject::from(&created.link);
        let path = path_of_link(created.link.stage, created.token.as_str());
        Self { id, credential_id, label, format, spent_by, url: format!("{origin}{path}"), created_at, expires_at }
    }
}
