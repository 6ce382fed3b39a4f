//! What is registered, and where.

use sip_message::{Scheme, Uri};

/// The longest that a registration is asked for or believed to last, in seconds: a week.
pub(crate) const LONGEST_SECONDS: u32 = 604_800;

/// One registration with a carrier. Texts are as they stand on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegistrationConfig {
    /// The Request-URI: the carrier's domain, as `sip:carrier.example`.
    pub registrar: Box<str>,
    /// Who is registered, as `sip:4711@carrier.example`.
    pub address_of_record: Box<str>,
    /// The user part of our Contact, by which calls for this trunk are known; letters, digits, `-`, `_` and `.` only.
    pub contact_user: Box<str>,
    /// The instance that tells our contact from others (RFC 5626), as `urn:uuid:…`.
    pub instance: Option<Box<str>>,
    /// How long a registration shall last, in seconds: 60 to 86,400. The carrier may shorten it.
    pub expires_seconds: u32,
    /// The value of User-Agent.
    pub user_agent: Box<str>,
    /// Within how many milliseconds from the beginning the first REGISTER goes out, so that a start does not send all of
    /// them at once.
    pub first_within_ms: u64,
}

/// What cannot be registered, and what to write instead.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegistrationConfigError {
    /// The registrar is no sip or sips URI of a host alone.
    #[error("the registrar must be a sip or sips URI without a user, such as sip:carrier.example")]
    Registrar,
    /// The address-of-record is no sip or sips URI with a user.
    #[error("the address-of-record must be a sip or sips URI with a user, such as sip:4711@carrier.example")]
    AddressOfRecord,
    /// The contact's user has other characters, or none.
    #[error("the user of the contact must be of letters, digits, hyphens, underscores and dots")]
    ContactUser,
    /// The instance has characters that cannot stand in a quoted string.
    #[error("the instance must be a URN, such as urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6")]
    Instance,
    /// It would last too short or too long.
    #[error("a registration must be asked for 60 to 86400 seconds")]
    Expires,
}

impl RegistrationConfig {
    pub(crate) fn check(&self) -> Result<(), RegistrationConfigError> {
        let user_of = |text: &str| {
            let uri = Uri::parse(text.as_bytes()).ok()?;
            let is_plain = uri.headers.is_empty() && !text.contains(['<', '>']) && !uri.host.is_empty();
            (matches!(uri.scheme, Scheme::Sip | Scheme::Sips) && is_plain).then_some(uri.user.map(<[u8]>::len))
        };
        let is_token = |text: &str| text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet));
        let is_urn = |text: &str| {
            text.starts_with("urn:")
                && text.bytes().all(|octet| octet.is_ascii_graphic() && !b"\"<>\\".contains(&octet))
        };
        if user_of(&self.registrar) != Some(None) {
            Err(RegistrationConfigError::Registrar)
        } else if !matches!(user_of(&self.address_of_record), Some(Some(1..))) {
            Err(RegistrationConfigError::AddressOfRecord)
        } else if self.contact_user.is_empty() || !is_token(&self.contact_user) {
            Err(RegistrationConfigError::ContactUser)
        } else if !self.instance.as_deref().is_none_or(is_urn) {
            Err(RegistrationConfigError::Instance)
        } else if !(60..=86_400).contains(&self.expires_seconds) {
            Err(RegistrationConfigError::Expires)
        } else {
            Ok(())
        }
    }
}
