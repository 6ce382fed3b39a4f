//! The authentication event.

use crate::moment::Moment;
use domain::AuthRecord;
use provisioning::AuthEventView;
use serde::Serialize;
use utoipa::ToSchema;

/// One attempt to authenticate, or several alike. Texts are what was sent: cut to 64 octets, and true only if the sender
/// is honest.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AuthEvent)]
pub(crate) struct AuthEventObject<'v> {
    /// Names it in this account's lists.
    #[schema(example = "3q2-7wAAAAE")]
    pub id: &'v str,
    /// When the first attempt was decided.
    pub at: Moment,
    /// When the last one was; the same for a single one.
    pub last_at: Moment,
    /// How many attempts it stands for.
    #[schema(minimum = 1, example = 1)]
    pub attempts: u32,
    /// Whether it stands for more than one.
    pub sampled: bool,
    /// Why it was answered as it was: one of the names that the guide lists.
    #[schema(pattern = "^[a-z_]+$", example = "wrong_password")]
    pub reason: &'static str,
    /// What else is worth telling: one of the names that the guide lists, or null.
    #[schema(pattern = "^[a-z0-9_]+$")]
    pub remark: Option<&'static str>,
    /// What nearly went right: one of the names that the guide lists, or null.
    #[schema(pattern = "^[a-z0-9_]+$", example = "letter_case")]
    pub near_miss: Option<&'static str>,
    /// The credential, which may be gone by now; null where none was found.
    #[schema(format = "uuid")]
    pub credential_id: Option<String>,
    /// What the device is called whose password was given; null where it was none's.
    #[schema(example = "Ann's mobile")]
    pub device: Option<&'v str>,
    /// The digest username as sent; null without one, and where several were.
    #[schema(example = "office_phone_01")]
    pub username: Option<&'v str>,
    /// The realm of the phone's answer where that was the fault; else null.
    pub claimed_realm: Option<&'v str>,
    /// The address and port it came from; null where it stands for attempts from several.
    #[schema(example = "192.0.2.7:5062")]
    pub source: Option<String>,
    /// The transport it came over.
    #[schema(pattern = "^(udp|tcp|tls|ws|wss)$", example = "udp")]
    pub transport: &'static str,
    /// The SIP method.
    #[schema(example = "REGISTER")]
    pub method: &'v str,
    /// The host of the Request-URI; null where several were addressed.
    #[schema(example = "ma-xxxxxxxx.sip.example.com")]
    pub host: Option<&'v str>,
    /// The User-Agent header; null without one.
    #[schema(example = "Yealink SIP-T46S 66.85.0.5")]
    pub user_agent: Option<&'v str>,
    /// The Call-ID of the first attempt; null where it stands for several names.
    #[schema(example = "a84b4c76e66710@192.0.2.7")]
    pub call_id: Option<&'v str>,
    /// The algorithm that was answered with, or offered first; null where neither was.
    #[schema(pattern = "^(MD5|SHA-256|SHA-512-256)$", example = "MD5")]
    pub algorithm: Option<&'static str>,
}

impl<'v> From<&'v AuthEventView> for AuthEventObject<'v> {
    fn from(view: &'v AuthEventView) -> Self {
        let record = &view.record;
        let there = |text: &'v str| (!text.is_empty()).then_some(text);
        Self {
            id: &view.id,
            at: record.at.into(),
            last_at: record.last_at.into(),
            attempts: record.attempts,
            sampled: record.attempts > 1,
            reason: record.reason.as_str(),
            remark: record.remark.map(|remark| remark.as_str()),
            near_miss: record.near_miss.map(|near_miss| near_miss.as_str()),
            credential_id: record.credential.map(|credential| credential.to_string()),
            device: record.device.as_deref(),
            username: there(&record.username),
            claimed_realm: record.claimed_realm.as_deref(),
            source: (record.source != AuthRecord::MANY_SOURCES).then(|| record.source.to_string()),
            transport: record.transport.as_str(),
            method: &record.method,
            host: there(&record.host),
            user_agent: there(&record.user_agent),
            call_id: there(&record.call_id),
            algorithm: record.algorithm.map(|algorithm| algorithm.as_str()),
        }
    }
}
