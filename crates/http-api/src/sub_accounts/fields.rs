//! The fields that creating and changing a sub-account have in common.

use crate::json_object::JsonObject;
use provisioning::{AccountName, Description, Email, Permissions, PhoneNumber, ProfilePatch, RateLimit};

/// Takes the fields of the profile; what is wrong with them gathers in the object.
pub(super) fn profile(object: &mut JsonObject) -> ProfilePatch {
    let email = object.text("email").and_then(|text| object.valid("email", Email::parse(&text)));
    let phone = object.text("phone").and_then(|text| object.valid("phone", PhoneNumber::parse(&text)));
    let description = object.text("description");
    let description = description.and_then(|text| object.valid("description", Description::parse(&text)));
    let permissions = object.map("permissions");
    let permissions = permissions.and_then(|map| object.valid("permissions", Permissions::from_object(&map)));
    let rate_limit = object.number("rate_limit");
    let rate_limit = rate_limit.and_then(|number| object.valid("rate_limit", RateLimit::new(number)));
    ProfilePatch { email, phone, description, permissions, rate_limit }
}

/// Unwraps a name, or notes why it is none.
pub(super) fn name(object: &mut JsonObject, text: &str) -> Option<AccountName> {
    object
        .valid("name", AccountName::parse(text).map_err(|_| "must have 1 to 128 characters and no control characters"))
}
