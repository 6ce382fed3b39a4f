//! The values sipwarden is about: accounts, realms, credentials, secrets, bindings and events.
//!
//! Every value here is parsed once, at the edge that received it, into a type that cannot be wrong. This crate never
//! does IO, never reads a clock and never draws randomness; it only names how others may ask for them ([`Clock`],
//! [`RandomSource`]).

pub mod account;
pub mod account_settings;
pub mod algorithm_use;
pub mod api_token;
pub mod audit_event;
pub mod auth_event;
pub mod auth_record;
pub mod ban;
pub mod call_event;
pub mod call_record;
pub mod call_rules;
pub mod contact_binding;
pub mod credential;
pub mod credential_use;
pub mod csv_cell;
pub mod device;
pub mod generated_password;
pub mod host_name;
pub mod identifier;
pub mod ip_acl;
pub mod live_binding;
pub mod mac_address;
pub mod near_miss;
pub mod network;
pub mod number;
pub mod origination_uri;
pub mod password_score;
pub mod phone_format;
pub mod previous_generation;
pub mod provisioning_link;
pub mod realm;
pub mod registration_standing;
pub mod requirements;
pub mod revision;
pub mod secret;
pub mod sip_uri;
pub mod time;
pub mod trunk;
pub mod webhook;
pub mod webhook_url;

pub use account::{Account, AccountId, AccountProfile, ApiId, AuthId, AuthIdError};
pub use account_settings::{AccountSettings, EventRetention};
pub use algorithm_use::{AlgorithmUse, Day};
pub use api_token::{ApiToken, ApiTokenHash, OperatorToken, TokenId, TokenScope};
pub use audit_event::{AuditAction, AuditEvent};
pub use auth_event::{AuthEvent, AuthReason, AuthRemark, DigestAlgorithm, SignallingTransport};
pub use auth_record::{AuthRecord, AuthRecordId};
pub use ban::{Ban, BanKind};
pub use call_event::{CallEvent, CallEventKind};
pub use call_record::{
    CallDetails, CallDirection, CallEnd, CallEndReason, CallId, CallRecord, CallSnapshot, CallState, HungUpBy,
};
pub use call_rules::{
    CallRules, CallerIdentity, Destination, DestinationRefused, Digits, DigitsError, PassedHeader, PassedHeaderError,
    ReferPolicy,
};
pub use contact_binding::{BindingId, ContactBinding};
pub use credential::{Credential, CredentialId, Username, UsernameError, UsernameRule};
pub use credential_use::CredentialUse;
pub use csv_cell::{csv_cell, starts_a_formula};
pub use device::{DeskPhone, Device, DeviceLabel, DeviceLabelError, DeviceOrigin, Devices, Revocation, TooManyDevices};
pub use generated_password::GeneratedPassword;
pub use host_name::{HostName, HostNameError};
pub use identifier::{BanId, DeviceId, IpAclId, OriginationUriId, ProvisioningLinkId, TrunkId};
pub use ip_acl::{IpAcl, TooWide};
pub use live_binding::{BindingFacts, BindingTexts, LiveBinding, Stored};
pub use mac_address::{MacAddress, MacAddressError};
pub use near_miss::NearMiss;
pub use network::{Network, NetworkError};
pub use number::{CalledNumberIn, E164, E164Error, Number, NumberTarget};
pub use origination_uri::{OriginationUri, UpstreamRegistration, UpstreamSecret};
pub use password_score::PasswordScore;
pub use phone_format::PhoneFormat;
pub use previous_generation::PreviousGeneration;
pub use provisioning_link::{LinkStage, ProvisioningLink};
pub use realm::{ChallengePolicy, DigestRules, Realm, RealmId, RealmName, RealmNameError};
pub use registration_standing::{RegistrationStanding, RegistrationState};
pub use requirements::{Networks, Requirements, TooManyNetworks};
pub use revision::Revision;
pub use secret::{Password, PasswordError, Sealed, SealedHa1s};
pub use sip_uri::{SipUri, SipUriError, UriHost};
pub use time::{Clock, RandomSource, Timestamp};
pub use trunk::{
    CallLimits, InboundDestination, MediaFlags, Trunk, TrunkAttachments, TrunkDirection, TrunkStatus, TrunkTransport,
    WebhookMethod,
};
pub use webhook::{PreviousWebhookSecret, Webhook, WebhookEventKind, WebhookEvents, WebhookSecret};
pub use webhook_url::{WebhookUrl, WebhookUrlError};
