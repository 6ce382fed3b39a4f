//! What tenants say of trunks.

use domain::{
    CallLimits, CallRules, CallerIdentity, CredentialId, Digits, InboundDestination, IpAclId, MediaFlags,
    OriginationUriId, PassedHeader, ReferPolicy, Trunk, TrunkDirection, TrunkStatus, TrunkTransport, WebhookMethod,
    WebhookUrl,
};

use crate::{CallLimitsPatch, Description};

/// A name of 1 to 128 characters without control characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkName(Box<str>);

/// Why a text is not a [`TrunkName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 128 characters and no control characters")]
pub struct TrunkNameError;

impl TrunkName {
    /// Parses a name.
    ///
    /// # Errors
    /// [`TrunkNameError`].
    pub fn parse(text: &str) -> Result<Self, TrunkNameError> {
        // Of what was sent: a line break at its end is one too.
        let is_clean = !text.chars().any(char::is_control);
        let text = text.trim();
        let length_ok = (1..=128).contains(&text.chars().count());
        if length_ok && is_clean { Ok(Self(text.into())) } else { Err(TrunkNameError) }
    }
}

/// A trunk to be created: its name, and what differs from the defaults.
#[derive(Debug, Clone)]
pub struct NewTrunk {
    /// What people call it.
    pub name: TrunkName,
    /// What differs from the defaults.
    pub patch: TrunkPatch,
}

/// What to change about a trunk; what is absent stays, and an inner `None` takes away.
#[derive(Debug, Clone, Default)]
pub struct TrunkPatch {
    /// What people call it.
    pub name: Option<TrunkName>,
    /// Whether it takes calls.
    pub status: Option<TrunkStatus>,
    /// Which calls it carries.
    pub direction: Option<TrunkDirection>,
    /// Whether signalling must be over TLS.
    pub secure: Option<bool>,
    /// The transport towards next hops that name none.
    pub transport: Option<TrunkTransport>,
    /// How many calls it takes.
    pub limits: CallLimitsPatch,
    /// Where calls from next hops go.
    pub inbound_destination: Option<Option<InboundDestination>>,
    /// The tenant's own note.
    pub description: Option<Description>,
    /// `recording`.
    pub recording: Option<bool>,
    /// `enable_transcription`.
    pub transcription: Option<bool>,
    /// `pii_redaction`.
    pub pii_redaction: Option<bool>,
    /// `pii_entity_types`.
    pub pii_entity_types: Option<Option<Box<str>>>,
    /// `recording_webhook_enabled`.
    pub recording_webhook: Option<bool>,
    /// Who is told of its calls.
    pub webhook_url: Option<Option<WebhookUrl>>,
    /// How they are told.
    pub webhook_method: Option<WebhookMethod>,
    /// Its only credential from now on.
    pub credential: Option<Option<CredentialId>>,
    /// Its only entry of the access list from now on.
    pub ip_acl: Option<Option<IpAclId>>,
    /// The next hop that is tried first.
    pub primary_uri: Option<Option<OriginationUriId>>,
    /// The next hop that is tried after the primary.
    pub fallback_uri: Option<Option<OriginationUriId>>,
}

impl TrunkPatch {
    pub(crate) fn apply_to(&self, trunk: &mut Trunk) {
        if let Some(TrunkName(name)) = &self.name {
            trunk.name.clone_from(name);
        }
        trunk.status = self.status.unwrap_or(trunk.status);
        trunk.direction = self.direction.unwrap_or(trunk.direction);
        trunk.secure = self.secure.unwrap_or(trunk.secure);
        trunk.transport = self.transport.unwrap_or(trunk.transport);
        trunk.limits = self.limits.applied_to(trunk.limits);
        replace(&mut trunk.inbound_destination, self.inbound_destination.as_ref());
        if let Some(description) = &self.description {
            trunk.description = description.as_str().into();
        }
        self.apply_to_media(&mut trunk.media);
        replace(&mut trunk.webhook_url, self.webhook_url.as_ref());
        trunk.webhook_method = self.webhook_method.unwrap_or(trunk.webhook_method);
        let attachments = &mut trunk.attachments;
        if let Some(credential) = self.credential {
            attachments.credentials = credential.into_iter().collect();
        }
        if let Some(entry) = self.ip_acl {
            attachments.ip_acls = entry.into_iter().collect();
        }
        replace(&mut attachments.primary_uri, self.primary_uri.as_ref());
        replace(&mut attachments.fallback_uri, self.fallback_uri.as_ref());
    }

    fn apply_to_media(&self, media: &mut MediaFlags) {
        media.recording = self.recording.unwrap_or(media.recording);
        media.transcription = self.transcription.unwrap_or(media.transcription);
        media.pii_redaction = self.pii_redaction.unwrap_or(media.pii_redaction);
        replace(&mut media.pii_entity_types, self.pii_entity_types.as_ref());
        media.recording_webhook = self.recording_webhook.unwrap_or(media.recording_webhook);
    }
}

/// What to change about a trunk's rules; what is absent stays, and an inner `None` takes away.
#[derive(Debug, Clone, Default)]
pub struct RulesPatch {
    /// What happens to a caller's number that is not the trunk's.
    pub caller_identity: Option<CallerIdentity>,
    /// The country the trunk is in.
    pub home_country_code: Option<Option<Digits>>,
    /// Beginnings of further numbers that may be called.
    pub allowed_prefixes: Option<Vec<Digits>>,
    /// Beginnings of numbers that may not be called.
    pub refused_prefixes: Option<Vec<Digits>>,
    /// Whether any country may be called.
    pub international: Option<bool>,
    /// Digits that are taken off what was dialled.
    pub tech_prefix: Option<Option<Digits>>,
    /// Most minutes a day.
    pub minutes_per_day: Option<Option<u32>>,
    /// Numbers of emergency services.
    pub emergency_numbers: Option<Vec<Digits>>,
    /// Where emergency calls go.
    pub emergency_uri: Option<Option<OriginationUriId>>,
    /// What happens to a REFER.
    pub refer: Option<ReferPolicy>,
    /// Whether SRTP is required.
    pub require_srtp: Option<bool>,
    /// Header fields that cross.
    pub passed_headers: Option<Vec<PassedHeader>>,
}

impl RulesPatch {
    pub(crate) fn apply_to(&self, rules: &mut CallRules) {
        rules.caller_identity = self.caller_identity.unwrap_or(rules.caller_identity);
        replace(&mut rules.home_country_code, self.home_country_code.as_ref());
        replace(&mut rules.allowed_prefixes, self.allowed_prefixes.as_ref());
        replace(&mut rules.refused_prefixes, self.refused_prefixes.as_ref());
        rules.international = self.international.unwrap_or(rules.international);
        replace(&mut rules.tech_prefix, self.tech_prefix.as_ref());
        replace(&mut rules.minutes_per_day, self.minutes_per_day.as_ref());
        replace(&mut rules.emergency_numbers, self.emergency_numbers.as_ref());
        replace(&mut rules.emergency_uri, self.emergency_uri.as_ref());
        rules.refer = self.refer.unwrap_or(rules.refer);
        rules.require_srtp = self.require_srtp.unwrap_or(rules.require_srtp);
        replace(&mut rules.passed_headers, self.passed_headers.as_ref());
    }
}

fn replace<T: Clone>(present: &mut T, new: Option<&T>) {
    if let Some(new) = new {
        present.clone_from(new);
    }
}

/// The limits of a new trunk.
pub(super) const LIMITS: CallLimits = CallLimits::OF_TRUNK;
