//! A trunk: over which next hops whose calls go, how many at a time, and by which rules.

use crate::{
    AccountId, CallRules, CredentialId, HostName, IpAclId, OriginationUriId, Revision, SipUri, Timestamp, TrunkId,
    Username, WebhookUrl,
};

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name used in storage and in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The one of that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == name)
            }
        }
    };
}
pub(crate) use named;

named! {
    /// Whether a trunk takes calls, in the word it was given, which clients expect back.
    TrunkStatus {
        /// It does.
        Active = "active",
        /// It does not.
        Inactive = "inactive",
        /// It does.
        Enabled = "enabled",
        /// It does not.
        Disabled = "disabled",
    }
}

named! {
    /// Which calls a trunk carries, as its tenant sees them.
    TrunkDirection {
        /// From next hops to the account.
        Inbound = "inbound",
        /// From the account to next hops.
        Outbound = "outbound",
        /// Either way.
        Both = "both",
    }
}

named! {
    /// A transport a trunk can be told to use.
    TrunkTransport {
        /// UDP.
        Udp = "udp",
        /// TCP.
        Tcp = "tcp",
        /// TLS over TCP.
        Tls = "tls",
    }
}

named! {
    /// The HTTP method of call events.
    WebhookMethod {
        /// POST, with the event in the body.
        Post = "POST",
        /// GET, which some receivers ask for.
        Get = "GET",
    }
}

impl TrunkStatus {
    /// Whether it takes calls.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Active | Self::Enabled)
    }
}

impl TrunkDirection {
    /// Whether calls from next hops are taken.
    #[must_use]
    pub const fn takes_inbound(self) -> bool {
        matches!(self, Self::Inbound | Self::Both)
    }

    /// Whether calls to next hops are taken.
    #[must_use]
    pub const fn takes_outbound(self) -> bool {
        matches!(self, Self::Outbound | Self::Both)
    }
}

/// How many calls are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// At the same time; 0 allows none.
    pub concurrent_calls: u32,
    /// That begin within any second; 0 allows none.
    pub calls_per_second: u32,
}

impl CallLimits {
    /// Those of an account whose operator set none.
    pub const OF_ACCOUNT: Self = Self { concurrent_calls: 100, calls_per_second: 20 };
    /// Those of a trunk that was given none.
    pub const OF_TRUNK: Self = Self { concurrent_calls: 10, calls_per_second: 2 };
    /// Most calls at a time that can be set.
    pub const MOST_CONCURRENT_CALLS: u32 = 100_000;
    /// Most calls per second that can be set.
    pub const MOST_CALLS_PER_SECOND: u32 = 10_000;
}

/// Where a trunk sends calls from next hops, unless the called number says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InboundDestination {
    /// To the registered phones of that username of the account.
    Username(Username),
    /// To the account's origination URI of that text.
    Uri(SipUri),
}

impl InboundDestination {
    /// The text it was given as.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Username(username) => username.as_str(),
            Self::Uri(uri) => uri.as_str(),
        }
    }
}

/// What is stored and returned for clients of the hosted service, and decides nothing: no media is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct MediaFlags {
    /// `recording`.
    pub recording: bool,
    /// `enable_transcription`.
    pub transcription: bool,
    /// `pii_redaction`.
    pub pii_redaction: bool,
    /// `pii_entity_types`, where given: at most 1024 characters.
    pub pii_entity_types: Option<Box<str>>,
    /// `recording_webhook_enabled`.
    pub recording_webhook: bool,
}

/// What a trunk is attached to; all of it belongs to the trunk's account, and each list names nothing twice.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TrunkAttachments {
    /// Whose calls it takes.
    pub credentials: Vec<CredentialId>,
    /// From where it takes calls.
    pub ip_acls: Vec<IpAclId>,
    /// The next hop that is tried first.
    pub primary_uri: Option<OriginationUriId>,
    /// The next hop that is tried after the primary.
    pub fallback_uri: Option<OriginationUriId>,
    /// The next hops that are tried after these, by priority and weight.
    pub origination_uris: Vec<OriginationUriId>,
}

impl TrunkAttachments {
    /// Most entries in each list.
    pub const MOST: usize = 100;

    /// Whether there is any next hop: without one, outbound calls are refused.
    #[must_use]
    pub fn has_next_hop(&self) -> bool {
        self.primary_uri.is_some() || self.fallback_uri.is_some() || !self.origination_uris.is_empty()
    }

    /// Every origination URI named, the primary first.
    pub fn uris(&self) -> impl Iterator<Item = OriginationUriId> + '_ {
        self.primary_uri.into_iter().chain(self.fallback_uri).chain(self.origination_uris.iter().copied())
    }
}

/// A trunk as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Its public identifier.
    pub id: TrunkId,
    /// The account that owns it.
    pub account: AccountId,
    /// What people call it, 1 to 128 characters.
    pub name: Box<str>,
    /// Its own host: the first eight digits of its identifier below the base domain; unique. The whole identifier
    /// below the base domain leads to it too.
    pub host: HostName,
    /// Whether it takes calls.
    pub status: TrunkStatus,
    /// Which calls it carries.
    pub direction: TrunkDirection,
    /// Whether signalling must be over TLS, enforced when a call is made.
    pub secure: bool,
    /// The transport towards next hops that name none.
    pub transport: TrunkTransport,
    /// How many calls it takes.
    pub limits: CallLimits,
    /// Where calls from next hops go, unless the number says otherwise.
    pub inbound_destination: Option<InboundDestination>,
    /// The tenant's own note, at most 255 characters, possibly empty.
    pub description: Box<str>,
    /// What is only stored.
    pub media: MediaFlags,
    /// Who is told of its calls.
    pub webhook_url: Option<WebhookUrl>,
    /// How they are told.
    pub webhook_method: WebhookMethod,
    /// What it is attached to.
    pub attachments: TrunkAttachments,
    /// What its calls may do.
    pub rules: CallRules,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// The revision that last wrote it; storage sets it, and a change made from an older one is refused.
    pub revision: Revision,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        assert!(TrunkStatus::ALL.iter().all(|one| TrunkStatus::from_name(one.as_str()) == Some(*one)));
        assert!(TrunkStatus::ALL.iter().map(|one| one.is_active()).eq([true, false, true, false]));
        assert!(TrunkDirection::ALL.iter().map(|one| one.takes_inbound()).eq([true, false, true]));
        assert!(TrunkDirection::ALL.iter().map(|one| one.takes_outbound()).eq([false, true, true]));
        assert_eq!(TrunkTransport::from_name("ws"), None);
    }
}
