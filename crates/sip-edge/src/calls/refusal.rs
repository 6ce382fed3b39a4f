//! Why a call is not made.

use crate::calls::limits::LimitReached;
use domain::{CallEndReason, DestinationRefused};
use sip_message::write::Status;

/// Why an authenticated call is refused. Each has a reason phrase of its own, so that a phone's log says what to mend.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallRefusal {
    /// The Request-URI leads to a host that is none of ours; nothing is relayed there.
    #[error("the host of the Request-URI is none of ours")]
    NotOurHost,
    /// Nobody of that name or number here.
    #[error("nobody has that name or number")]
    NotFound,
    /// Whoever is called has no phone registered now.
    #[error("no phone is registered for whoever is called")]
    NotRegistered,
    /// A number was dialled, and the credential is attached to no active trunk that calls out.
    #[error("the credential is attached to no trunk that takes outbound calls")]
    NoTrunk,
    /// The trunk belongs to another account, or the credential is not attached to it.
    #[error("the credential is not attached to the trunk")]
    NotOnTrunk,
    /// The trunk is not active, or does not carry calls that way.
    #[error("the trunk is not active in that direction")]
    TrunkInactive,
    /// The trunk has access lists and the source is in none of them.
    #[error("the source is in no access list of the trunk")]
    SourceNotInAcl,
    /// The trunk wants TLS.
    #[error("the trunk wants TLS")]
    SecureTransportRequired,
    /// The trunk wants SRTP in the session description.
    #[error("the trunk wants SRTP")]
    SrtpRequired,
    /// The caller shows a number that is not the trunk's.
    #[error("the caller's number is not the trunk's")]
    CallerIdentity,
    /// The trunk's rules forbid the number.
    #[error("{0}")]
    Destination(DestinationRefused),
    /// An emergency number, and the trunk has no route for it.
    #[error("the trunk has no route for emergency calls")]
    NoEmergencyRoute,
    /// The trunk has no enabled origination URI.
    #[error("the trunk has no enabled origination URI")]
    NoNextHop,
    /// The trunk's minutes of today are used up.
    #[error("the trunk's minutes of today are used up")]
    MinutesUsedUp,
    /// As many calls as allowed are up.
    #[error("as many calls as allowed are up")]
    TooManyCalls,
    /// As many calls as allowed have begun within this second.
    #[error("as many calls as allowed have begun within a second")]
    TooManyPerSecond,
    /// A REFER to a host that is none of ours.
    #[error("the host of Refer-To is none of ours")]
    ReferElsewhere,
}

impl CallRefusal {
    /// The status line it is answered with.
    pub(crate) const fn status(self) -> Status<'static> {
        let (code, reason) = match self {
            Self::NotOurHost => (403, "Not A Domain Of This Server"),
            Self::NotFound => (404, "Not Found"),
            Self::NotRegistered => (480, "Not Registered"),
            Self::NoTrunk => (403, "Credential Has No Outbound Trunk"),
            Self::NotOnTrunk => (403, "Credential Not Attached To Trunk"),
            Self::TrunkInactive => (403, "Trunk Not Active In This Direction"),
            Self::SourceNotInAcl => (403, "Source Not In Access List"),
            Self::SecureTransportRequired => (403, "Trunk Requires TLS"),
            Self::SrtpRequired => (488, "Trunk Requires SRTP"),
            Self::CallerIdentity => (403, "Caller Number Not Of This Trunk"),
            Self::Destination(DestinationRefused::NotANumber) => (484, "Not A Telephone Number"),
            Self::Destination(DestinationRefused::International) => (403, "International Calls Not Allowed"),
            Self::Destination(DestinationRefused::NotAllowed | DestinationRefused::Refused) => {
                (403, "Destination Not Allowed")
            }
            Self::NoEmergencyRoute => (403, "No Emergency Calls Here"),
            Self::NoNextHop => (480, "Trunk Has No Next Hop"),
            Self::MinutesUsedUp => (480, "Minutes Of Today Used Up"),
            Self::TooManyCalls => (480, "Too Many Calls"),
            Self::TooManyPerSecond => (480, "Too Many Calls Per Second"),
            Self::ReferElsewhere => (403, "Refer-To Not A Domain Of This Server"),
        };
        Status { code, reason }
    }

    /// The Q.850 cause of its Reason header (RFC 3326): 42, congestion of the switching equipment, for limits; 21,
    /// rejected, for rules; 1, 20 and 38 for what is not there.
    pub(crate) const fn q850_cause(self) -> u8 {
        match self {
            Self::TooManyCalls | Self::TooManyPerSecond | Self::MinutesUsedUp => 42,
            Self::NotFound => 1,
            Self::NotRegistered => 20,
            Self::Destination(DestinationRefused::NotANumber) => 28,
            Self::NoNextHop => 38,
            _ => 21,
        }
    }

    /// How a record names it.
    pub(crate) const fn end_reason(self) -> CallEndReason {
        match self {
            Self::TooManyCalls | Self::TooManyPerSecond | Self::MinutesUsedUp => CallEndReason::LimitReached,
            Self::NotFound | Self::Destination(DestinationRefused::NotANumber) => CallEndReason::NotFound,
            Self::NotRegistered => CallEndReason::NoAnswer,
            Self::NoNextHop => CallEndReason::Unreachable,
            _ => CallEndReason::Forbidden,
        }
    }
}

impl From<LimitReached> for CallRefusal {
    fn from(reached: LimitReached) -> Self {
        match reached {
            LimitReached::Concurrent(_) => Self::TooManyCalls,
            LimitReached::PerSecond(_) => Self::TooManyPerSecond,
        }
    }
}

impl From<DestinationRefused> for CallRefusal {
    fn from(refused: DestinationRefused) -> Self {
        Self::Destination(refused)
    }
}
