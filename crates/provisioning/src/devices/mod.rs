//! Devices: phones and apps of a credential with secrets of their own, each of which can be revoked alone.

mod change;
mod create;
mod derivation;
mod desk_phone;
mod read;
mod revoke;
mod rotate;
mod update;

pub(crate) use change::Changing;
pub use create::{DeviceCreated, NewDevice};
pub use desk_phone::{DeskPhoneSettings, NewDeskPhone};
pub use rotate::DeviceRotated;

use domain::{CredentialId, CredentialUse, Device};

/// A device as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceView {
    /// The credential it authenticates as.
    pub credential: CredentialId,
    /// The device; its HA1s are for nobody's eyes.
    pub device: Device,
    /// When it was last used, up to a minute ago; `None` if no use is known.
    pub last_used: Option<CredentialUse>,
}

/// What the audit log says of a device.
pub(crate) fn audit_detail(device: &Device) -> serde_json::Value {
    let phone = device.desk_phone();
    serde_json::json!({
        "device": device.id.to_string(),
        "label": device.label.as_str(),
        "mac": phone.map(|phone| phone.mac.to_string()),
        "format": phone.map(|phone| phone.format.as_str()),
    })
}
