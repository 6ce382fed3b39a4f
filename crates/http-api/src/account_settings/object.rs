//! An account's settings as they are answered.

use domain::{AccountSettings, Network};
use serde::Serialize;
use utoipa::ToSchema;

/// What the account decides about its own credentials and events.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountSettings)]
pub(crate) struct SettingsObject {
    /// How many days authentication events are kept.
    #[schema(minimum = 1, maximum = 3650, example = 30)]
    event_retention_days: u16,
    /// Passwords that score below it, as zxcvbn counts, are refused; 0 refuses none.
    #[schema(maximum = 4, example = 3)]
    minimum_password_score: u8,
    /// Networks, in CIDR notation, whose wrong answers for the account's credentials count towards no ban, and that no ban
    /// keeps from them.
    #[schema(max_items = 32, example = json!(["203.0.113.0/24"]))]
    never_ban: Vec<String>,
}

impl From<AccountSettings> for SettingsObject {
    fn from(settings: AccountSettings) -> Self {
        Self {
            event_retention_days: settings.event_retention.days(),
            minimum_password_score: settings.minimum_password_score.get(),
            never_ban: settings.never_banned.as_slice().iter().map(Network::to_string).collect(),
        }
    }
}
