//! How our registration at a next hop stands.

use crate::moment::Moment;
use domain::{OriginationUri, RegistrationStanding};
use serde::Serialize;
use storage::UpstreamRegistrations;
use utoipa::ToSchema;

/// How our registration at the next hop stands at this moment.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpstreamRegistrationState)]
pub(crate) struct RegistrationObject {
    /// `registering`: the first answer is not there yet. `registered`: the carrier has confirmed it. `failing`: the last
    /// attempt failed and is repeated with growing pauses. `rejected`: the carrier refuses us, most likely the username or
    /// password; tried again about every hour, and at once when the secret is set anew. `unregistered`: it was ended from
    /// here.
    #[schema(pattern = "^(registering|registered|failing|rejected|unregistered)$", example = "registered")]
    state: &'static str,
    /// Since when.
    since: Moment,
    /// Until when the carrier keeps our contact, if it does; also while renewing it fails.
    expires_at: Option<Moment>,
    /// When it is renewed or tried again; null while an attempt is under way.
    next_attempt_at: Option<Moment>,
    /// The status of the carrier's last final answer; null if the last attempt got none.
    #[schema(minimum = 200, maximum = 699, example = 200)]
    last_status: Option<u16>,
    /// What the carrier gave as its reason, or what was met with on the way.
    #[schema(max_length = 100, example = "OK")]
    last_reason: Option<String>,
}

impl From<RegistrationStanding> for RegistrationObject {
    fn from(standing: RegistrationStanding) -> Self {
        Self {
            state: standing.state.as_str(),
            since: standing.since.into(),
            expires_at: standing.expires_at.map(Moment::from),
            next_attempt_at: standing.next_attempt_at.map(Moment::from),
            last_status: standing.last_status,
            last_reason: standing.last_reason.map(String::from),
        }
    }
}

/// No signalling plane, so no registration.
#[derive(Debug)]
pub(crate) struct NobodyRegisters;

impl UpstreamRegistrations for NobodyRegisters {
    fn standing(&self, _uri: &OriginationUri) -> Option<RegistrationStanding> {
        None
    }
}
