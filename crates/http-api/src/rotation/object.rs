//! The rotation of a credential's password as an object.

use crate::moment::Moment;
use crate::registrations::RegistrationObject;
use provisioning::{Rotated, RotationView};
use serde::Serialize;
use utoipa::ToSchema;

/// Which passwords of a credential work, and which devices use which.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Rotation)]
pub(crate) struct RotationObject<'v> {
    /// The credential.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    credential_id: String,
    /// The present password's number: the first is 1, and each new one counts up.
    #[schema(minimum = 1, example = 2)]
    generation: u32,
    /// When the present password was set.
    password_changed_at: Moment,
    /// Until when the one before works too; null where it does not.
    overlap_until: Option<Moment>,
    devices: DevicesObject<'v>,
}

/// A rotation that was just made.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewlyRotated)]
pub(crate) struct RotatedObject<'v> {
    /// The credential.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    credential_id: String,
    /// The new password's number.
    #[schema(minimum = 1, example = 2)]
    generation: u32,
    /// When it was set.
    password_changed_at: Moment,
    /// Until when the one before works too; null where it ended at once.
    overlap_until: Option<Moment>,
    devices: DevicesObject<'v>,
    /// The new password, shown this once; absent where it was given.
    #[schema(nullable = false, example = "mVbs9tGhqRk4LWnYx2Ff")]
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'v str>,
}

/// Which devices are registered with which password.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DevicesOfRotation)]
pub(crate) struct DevicesObject<'v> {
    /// How many are registered with the present password.
    #[schema(minimum = 0, example = 3)]
    on_current: u64,
    /// How many are registered with the one before, and go offline when the overlap ends.
    #[schema(minimum = 0, example = 1)]
    on_previous: u64,
    /// Those with the one before.
    previous: Vec<RegistrationObject<'v>>,
}

impl<'v> From<&'v RotationView> for DevicesObject<'v> {
    fn from(view: &'v RotationView) -> Self {
        Self {
            on_current: view.on_current,
            on_previous: u64::try_from(view.on_previous.len()).unwrap_or(u64::MAX),
            previous: view.on_previous.iter().map(RegistrationObject::from).collect(),
        }
    }
}

impl<'v> From<&'v RotationView> for RotationObject<'v> {
    fn from(view: &'v RotationView) -> Self {
        Self {
            credential_id: view.credential.to_string(),
            generation: view.generation,
            password_changed_at: view.password_changed_at.into(),
            overlap_until: view.overlap_until.map(Moment::from),
            devices: view.into(),
        }
    }
}

impl<'v> From<&'v Rotated> for RotatedObject<'v> {
    fn from(rotated: &'v Rotated) -> Self {
        let RotationObject { credential_id, generation, password_changed_at, overlap_until, devices } =
            RotationObject::from(&rotated.rotation);
        let password = rotated.password.as_ref().map(domain::GeneratedPassword::as_str);
        Self { credential_id, generation, password_changed_at, overlap_until, devices, password }
    }
}
