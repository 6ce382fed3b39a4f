//! A ban as it is shown.

use crate::moment::Moment;
use crate::pagination::Meta;
use domain::{AuthId, Ban, BanKind, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// Somebody whose answers are not verified for now.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Ban)]
pub(crate) struct BanObject {
    #[schema(format = "uuid")]
    id: String,
    /// What is banned: a source with one username, a source with whatever username, or a username from wherever it has not worked.
    #[schema(pattern = "^(pair|source|username)$", example = "pair")]
    kind: &'static str,
    /// The account that owns the credential; null without one.
    #[schema(example = "MA_XXXXXXXX")]
    auth_id: Option<String>,
    /// The credential of that username; null where there is none.
    #[schema(format = "uuid")]
    credential_id: Option<String>,
    /// What was sent as the username; null for a source alone.
    #[schema(example = "office_phone_01")]
    username: Option<String>,
    /// An IPv4 address or an IPv6 /64; null for a username alone.
    #[schema(example = "192.0.2.7")]
    source: Option<String>,
    /// Wrong answers within the window that led to it.
    #[schema(minimum = 1, example = 20)]
    failures: u32,
    /// When it began.
    began_at: Moment,
    /// When it ends by itself; attempts meanwhile do not prolong it.
    ends_at: Moment,
    /// Seconds until then.
    #[schema(minimum = 0, example = 540)]
    seconds_left: u64,
    /// Why, and what to do.
    #[schema(
        example = "20 wrong passwords for alice from 192.0.2.7; correct the password in that phone, then lift the ban or wait for its end"
    )]
    cause: String,
}

/// A page of bans, oldest first.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BanList)]
pub(crate) struct BanListObject {
    pub meta: Meta,
    pub objects: Vec<BanObject>,
}

impl BanObject {
    pub fn new(ban: &Ban, auth_id: Option<AuthId>, now: Timestamp) -> Self {
        let network = |network: domain::Network| {
            network.single_address().map_or_else(|| network.to_string(), |address| address.to_string())
        };
        let username = ban.username.as_deref().map(harmless);
        let source = ban.network.map(network);
        let left = ban.ends_at.as_micros().saturating_sub(now.as_micros()).max(0).unsigned_abs();
        Self {
            id: ban.id.to_string(),
            kind: ban.kind.as_str(),
            auth_id: auth_id.map(|auth_id| auth_id.to_string()),
            credential_id: ban.credential.map(|id| id.to_string()),
            cause: cause(ban, username.as_deref().unwrap_or_default(), source.as_deref().unwrap_or_default()),
            username,
            source,
            failures: ban.failures,
            began_at: ban.began_at.into(),
            ends_at: ban.ends_at.into(),
            seconds_left: left.div_ceil(1_000_000),
        }
    }
}

fn cause(ban: &Ban, username: &str, source: &str) -> String {
    let failures = ban.failures;
    match (ban.kind, ban.credential.is_some()) {
        (BanKind::Pair, true) => format!(
            "{failures} wrong answers for {username} from {source}; correct the password in that phone and \
             leave it alone for as long as a failure counts, or lift the ban"
        ),
        (BanKind::Pair, false) => format!(
            "{failures} answers for {username} from {source}, which is no credential; correct the username there, or \
             leave the ban where somebody guesses"
        ),
        (BanKind::Source, _) => format!(
            "{failures} wrong answers from {source} for many usernames; phones there that have worked go on working"
        ),
        (BanKind::Username, _) => format!(
            "{failures} wrong answers for {username} from many sources; where it has worked before it goes on working"
        ),
    }
}

/// Without what could drive a terminal: it is a stranger's text.
fn harmless(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character }).collect()
}
