//! What was changed, by whom; written in the same transaction as the change itself.

use crate::{AccountId, Timestamp};

/// A kind of change, named for filters and reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuditAction {
    /// An account, its realm if new, its SIP domain and its first token were created.
    AccountCreated,
    /// An account's name, state or profile was changed.
    AccountUpdated,
    /// An account was deleted, with its credentials, host names and tokens.
    AccountDeleted,
    /// A host name leads to an account's realm from now on.
    HostAdded,
    /// A host name no longer leads anywhere.
    HostRemoved,
    /// An API token of an account was made.
    TokenCreated,
    /// An API token of an account was revoked.
    TokenRevoked,
    /// A token for the operator API was made.
    OperatorTokenCreated,
    /// A token for the operator API was revoked.
    OperatorTokenRevoked,
    /// Stored secrets were sealed anew with another master key.
    KeysRotated,
    /// A credential was created.
    CredentialCreated,
    /// A credential's password, state or description was changed.
    CredentialUpdated,
    /// A credential was deleted.
    CredentialDeleted,
    /// A credential was given a new password, beside which the one before may work for a while.
    CredentialRotated,
    /// The password before the present one works no more, earlier than was said.
    OverlapEnded,
    /// Passwords before the present ones were forgotten, their time being over.
    PreviousPasswordsForgotten,
    /// A device of a credential was created, with a secret of its own.
    DeviceCreated,
    /// A device was given another name, or its desk phone another address or form of configuration.
    DeviceUpdated,
    /// A device was given a new secret in place of its own.
    DeviceRotated,
    /// A device was revoked.
    DeviceRevoked,
    /// A link that makes a device was made.
    ProvisioningLinkCreated,
    /// A provisioning link was opened for one fetch, in place of being spent by hand.
    ProvisioningLinkOpened,
    /// A provisioning link was taken back.
    ProvisioningLinkRevoked,
    /// The address at which an account's desk phones fetch their configuration was replaced.
    ProvisioningPathReplaced,
    /// Registrations of a credential were ended.
    RegistrationsEnded,
    /// A call, or all calls of a credential, were ended.
    CallsEnded,
    /// What a realm's challenges offer, or what it accepts, was changed.
    RealmPolicyChanged,
    /// MD5 was retired for a realm, or HA1s under it deleted for that.
    RealmMd5Retired,
    /// A trunk was created.
    TrunkCreated,
    /// A trunk, its attachments or its rules were changed.
    TrunkUpdated,
    /// A trunk was deleted.
    TrunkDeleted,
    /// An entry of an IP access list was created.
    IpAclCreated,
    /// An entry of an IP access list was changed.
    IpAclUpdated,
    /// An entry of an IP access list was deleted.
    IpAclDeleted,
    /// An origination URI was created.
    OriginationUriCreated,
    /// An origination URI or its secret was changed.
    OriginationUriUpdated,
    /// An origination URI was deleted.
    OriginationUriDeleted,
    /// A number was allocated to an account.
    NumberAllocated,
    /// A number was assigned, unassigned or sent elsewhere.
    NumberUpdated,
    /// A number was taken back from its account.
    NumberReleased,
    /// An account's webhook was created.
    WebhookCreated,
    /// An account's webhook was changed.
    WebhookUpdated,
    /// The secret of an account's webhook was replaced.
    WebhookSecretRotated,
    /// An account's webhook was deleted.
    WebhookDeleted,
    /// All credentials of an account were given out with their sealed secrets.
    SealedCredentialsExported,
    /// A ban was lifted before its end.
    BanLifted,
    /// A setting of the installation was changed.
    SettingChanged,
}

impl AuditAction {
    /// The stable name used in storage and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountCreated => "account.created",
            Self::AccountUpdated => "account.updated",
            Self::AccountDeleted => "account.deleted",
            Self::HostAdded => "host.added",
            Self::HostRemoved => "host.removed",
            Self::TokenCreated => "token.created",
            Self::TokenRevoked => "token.revoked",
            Self::OperatorTokenCreated => "operator_token.created",
            Self::OperatorTokenRevoked => "operator_token.revoked",
            Self::KeysRotated => "keys.rotated",
            Self::CredentialCreated => "credential.created",
            Self::CredentialUpdated => "credential.updated",
            Self::CredentialDeleted => "credential.deleted",
            Self::CredentialRotated => "credential.rotated",
            Self::OverlapEnded => "credential.overlap_ended",
            Self::PreviousPasswordsForgotten => "credentials.previous_passwords_forgotten",
            Self::DeviceCreated => "device.created",
            Self::DeviceUpdated => "device.updated",
            Self::DeviceRotated => "device.rotated",
            Self::DeviceRevoked => "device.revoked",
            Self::ProvisioningLinkCreated => "provisioning_link.created",
            Self::ProvisioningLinkOpened => "provisioning_link.opened",
            Self::ProvisioningLinkRevoked => "provisioning_link.revoked",
            Self::ProvisioningPathReplaced => "provisioning_path.replaced",
            Self::RegistrationsEnded => "registrations.ended",
            Self::CallsEnded => "calls.ended",
            Self::RealmPolicyChanged => "realm.policy_changed",
            Self::RealmMd5Retired => "realm.md5_retired",
            Self::TrunkCreated => "trunk.created",
            Self::TrunkUpdated => "trunk.updated",
            Self::TrunkDeleted => "trunk.deleted",
            Self::IpAclCreated => "ip_acl.created",
            Self::IpAclUpdated => "ip_acl.updated",
            Self::IpAclDeleted => "ip_acl.deleted",
            Self::OriginationUriCreated => "origination_uri.created",
            Self::OriginationUriUpdated => "origination_uri.updated",
            Self::OriginationUriDeleted => "origination_uri.deleted",
            Self::NumberAllocated => "number.allocated",
            Self::NumberUpdated => "number.updated",
            Self::NumberReleased => "number.released",
            Self::WebhookCreated => "webhook.created",
            Self::WebhookUpdated => "webhook.updated",
            Self::WebhookSecretRotated => "webhook.secret_rotated",
            Self::WebhookDeleted => "webhook.deleted",
            Self::SealedCredentialsExported => "credentials.exported_sealed",
            Self::BanLifted => "ban.lifted",
            Self::SettingChanged => "setting.changed",
        }
    }
}

/// One line of the append-only audit log. Never holds a secret, before or after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When the change was decided.
    pub at: Timestamp,
    /// The account it concerns, if one.
    pub account: Option<AccountId>,
    /// Who did it: an auth id, `operator` or `server`.
    pub actor: Box<str>,
    /// The address the request came from, empty for local ones.
    pub source: Box<str>,
    /// The request's identifier, as in `X-Request-ID`.
    pub request_id: Box<str>,
    /// What was done.
    pub action: AuditAction,
    /// What it was done to: a credential id, an auth id, a realm or a setting's name.
    pub subject: Box<str>,
    /// What changed, as a short JSON object without secrets.
    pub detail: Box<str>,
}
