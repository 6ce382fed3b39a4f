//! The device object.

use crate::credentials::LastUseObject;
use crate::moment::Moment;
use provisioning::{DeviceCreated, DeviceRotated, DeviceView};
use serde::Serialize;
use utoipa::ToSchema;

/// A phone or app with a secret of its own. It authenticates under the credential's username.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Device)]
pub(crate) struct DeviceObject<'v> {
    /// Names the device in paths.
    #[schema(format = "uuid", example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    id: String,
    /// The credential it authenticates as.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    credential_id: String,
    /// What you call it.
    #[schema(min_length = 1, max_length = 64, example = "Ann's mobile")]
    label: &'v str,
    /// Where its password comes from: `secret` was drawn and shown once, `derived` is a desk phone that fetches it.
    #[schema(pattern = "^(secret|derived)$", example = "secret")]
    kind: &'static str,
    /// The desk phone's hardware address; null for others.
    #[schema(pattern = "^[0-9a-f]{12}$", example = "805ec012abcd")]
    mac: Option<String>,
    /// What the desk phone's configuration is written in; null for others.
    #[schema(pattern = "^[a-z]+$", example = "yealink")]
    format: Option<&'static str>,
    /// When it was created.
    created_at: Moment,
    /// When it last let somebody in; null where no use is known.
    last_used: Option<LastUseObject<'v>>,
}

/// A device that was just created.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewlyCreatedDevice)]
pub(crate) struct DeviceCreatedObject<'v> {
    /// Names the device in paths.
    #[schema(format = "uuid", example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    id: String,
    /// The credential it authenticates as, under that credential's username.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    credential_id: String,
    /// What you call it.
    #[schema(min_length = 1, max_length = 64, example = "Ann's mobile")]
    label: &'v str,
    /// Where its password comes from: `secret` was drawn, `derived` is a desk phone that fetches it.
    #[schema(pattern = "^(secret|derived)$", example = "secret")]
    kind: &'static str,
    /// The desk phone's hardware address; null for others.
    #[schema(pattern = "^[0-9a-f]{12}$", example = "805ec012abcd")]
    mac: Option<String>,
    /// What the desk phone's configuration is written in; null for others.
    #[schema(pattern = "^[a-z]+$", example = "yealink")]
    format: Option<&'static str>,
    /// When it was created.
    created_at: Moment,
    /// Its password, shown this once; absent for a desk phone.
    #[schema(nullable = false, example = "mVbs9tGhqRk4LWnYx2Ff")]
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'v str>,
}

impl<'v> From<&'v DeviceView> for DeviceObject<'v> {
    fn from(view: &'v DeviceView) -> Self {
        let phone = view.device.desk_phone();
        Self {
            id: view.device.id.to_string(),
            credential_id: view.credential.to_string(),
            label: view.device.label.as_str(),
            kind: if phone.is_some() { "derived" } else { "secret" },
            mac: phone.map(|phone| phone.mac.to_string()),
            format: phone.map(|phone| phone.format.as_str()),
            created_at: view.device.created_at.into(),
            last_used: view.last_used.as_ref().map(LastUseObject::from),
        }
    }
}

impl<'v> From<&'v DeviceCreated> for DeviceCreatedObject<'v> {
    fn from(created: &'v DeviceCreated) -> Self {
        Self { password: Some(created.password.as_str()), ..Self::from(&created.view) }
    }
}

impl<'v> From<&'v DeviceView> for DeviceCreatedObject<'v> {
    fn from(view: &'v DeviceView) -> Self {
        let DeviceObject { id, credential_id, label, kind, mac, format, created_at, .. } = DeviceObject::from(view);
        Self { id, credential_id, label, kind, mac, format, created_at, password: None }
    }
}

impl<'v> From<&'v DeviceRotated> for DeviceCreatedObject<'v> {
    fn from(rotated: &'v DeviceRotated) -> Self {
        let password = rotated.password.as_ref().map(|password| password.as_str());
        Self { password, ..Self::from(&rotated.view) }
    }
}
