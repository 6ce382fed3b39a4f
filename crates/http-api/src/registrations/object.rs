//! The registration object.

use crate::moment::Moment;
use provisioning::RegistrationView;
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// A contact that a phone has registered. Texts are the phone's own: octets that are no UTF-8 are shown as U+FFFD, and
/// nothing in them is to be believed.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Registration)]
pub(crate) struct RegistrationObject<'v> {
    /// Names the registration in paths while it lives.
    #[schema(pattern = "^[A-Za-z0-9_-]+$")]
    id: &'v str,
    /// The credential it was made with.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    credential_id: String,
    /// That credential's username.
    #[schema(example = "alice")]
    username: &'v str,
    /// What the device is called whose password it was made with; null where it was the credential's own.
    #[schema(example = "Ann's mobile")]
    device: Option<&'v str>,
    /// Where the phone says it is reached.
    #[schema(example = "sip:alice@192.0.2.7:5062")]
    contact: Cow<'v, str>,
    /// The address and port that the registration came from.
    #[schema(example = "192.0.2.7:5062")]
    source: String,
    /// The transport it came over: `udp`, `tcp`, `tls`, `ws` or `wss`.
    #[schema(pattern = "^(udp|tcp|tls|ws|wss)$", example = "udp")]
    transport: &'static str,
    /// Whether the connection it came over is open; null where the transport has none.
    connected: Option<bool>,
    /// The phone's own name for itself, at most 128 octets; null where it gives none.
    #[schema(example = "Yealink SIP-T46U 108.86.0.45")]
    user_agent: Option<Cow<'v, str>>,
    /// When it was first made.
    registered_at: Moment,
    /// When it ends unless the phone refreshes it.
    expires_at: Moment,
    /// The preference among the contacts of one credential, 0 to 1.
    #[schema(minimum = 0, maximum = 1, example = 1.0)]
    q: f64,
    /// The phone's instance (RFC 5626); null where it names none.
    #[schema(example = "<urn:uuid:00000000-0000-1000-8000-000a95a0e128>")]
    instance: Option<Cow<'v, str>>,
    /// Which of the phone's flows (RFC 5626); null where it names none.
    #[schema(minimum = 1, example = 1)]
    reg_id: Option<u32>,
    /// The proxies to pass on the way to the phone (RFC 3327), as the Path header has them; null where there are none.
    #[schema(example = "<sip:edge.example.com;lr>")]
    path: Option<Cow<'v, str>>,
}

impl<'v> From<&'v RegistrationView> for RegistrationObject<'v> {
    fn from(view: &'v RegistrationView) -> Self {
        let binding = &view.registration.binding;
        let text = |octets: &'v [u8]| (!octets.is_empty()).then(|| String::from_utf8_lossy(octets));
        Self {
            id: &view.id,
            credential_id: binding.credential.to_string(),
            username: &view.registration.username,
            device: view.registration.device.as_deref(),
            contact: String::from_utf8_lossy(&binding.contact),
            source: binding.source.to_string(),
            transport: binding.transport.as_str(),
            connected: view.registration.is_connected,
            user_agent: text(&binding.user_agent),
            registered_at: binding.registered_at.into(),
            expires_at: binding.expires_at.into(),
            q: f64::from(binding.q_thousandths) / 1000.0,
            instance: text(&binding.instance),
            reg_id: Some(binding.reg_id).filter(|reg_id| *reg_id != 0),
            path: text(&binding.path),
        }
    }
}
