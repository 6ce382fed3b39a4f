//! An account's webhook as clients know it: the same fields in every answer.

use crate::moment::Moment;
use domain::AuthId;
use provisioning::WebhookView;
use serde::Serialize;
use storage::WebhookReport;
use utoipa::ToSchema;

/// Where an account is told what happens to its calls and phones, and how telling goes.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallWebhook)]
pub(crate) struct WebhookObject<'v> {
    /// The account.
    #[schema(example = "MA_XXXXXXXX")]
    account_id: &'v str,
    /// Where messages go; null where the URLs of trunks are enough.
    #[schema(max_length = 2048, example = "https://hooks.example.com/calls")]
    url: Option<&'v str>,
    /// Which events are told: any of `call.ringing`, `call.answered`, `call.ended`,
    /// `auth.refused` and `auth.banned`.
    #[schema(min_items = 1, max_items = 5, example = json!(["call.ringing", "call.answered", "call.ended"]))]
    events: Vec<&'static str>,
    /// Whether anything is told, at this URL or those of trunks.
    enabled: bool,
    /// What messages are signed with, in the answers that make it; afterwards always `<redacted>`.
    #[schema(pattern = "^(<redacted>|whsec_[0-9a-f]{64})$", example = "<redacted>")]
    secret: &'v str,
    /// Until when messages are signed with the secret of before besides; null where they are not.
    previous_secret_valid_until: Option<Moment>,
    /// How its messages fare, those to the URLs of trunks among them.
    deliveries: DeliveriesObject<'v>,
    /// When it was created.
    created_at: Moment,
    /// When anything about it last changed.
    updated_at: Moment,
}

/// How messages fare. But for what waits, since the server started.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookDeliveries)]
struct DeliveriesObject<'v> {
    /// Messages that are kept and not delivered yet.
    #[schema(minimum = 0, example = 0)]
    waiting: u64,
    /// When the last one was answered with 2xx; null if none was.
    last_success_at: Option<Moment>,
    /// The last attempt that was answered otherwise, or not at all; null if there was none.
    last_failure: Option<FailureObject<'v>>,
}

/// An attempt that failed. It is made again, with growing pauses, for a day.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookFailure)]
struct FailureObject<'v> {
    /// When.
    at: Moment,
    /// Where.
    #[schema(example = "https://hooks.example.com/calls")]
    url: &'v str,
    /// What went wrong.
    #[schema(example = "answered with 500 Internal Server Error")]
    problem: &'v str,
}

impl<'v> WebhookObject<'v> {
    pub fn new(account: &'v AuthId, view: &'v WebhookView) -> Self {
        let WebhookView { webhook, secret, report, now } = view;
        let previous = webhook.secret.previous.as_ref().filter(|previous| *now < previous.until);
        Self {
            account_id: account.as_str(),
            url: webhook.url.as_ref().map(|url| url.as_str()),
            events: webhook.events.names().collect(),
            enabled: webhook.enabled,
            secret: secret.as_ref().map_or("<redacted>", |secret| secret.as_str()),
            previous_secret_valid_until: previous.map(|previous| previous.until.into()),
            deliveries: DeliveriesObject::from(report),
            created_at: webhook.created_at.into(),
            updated_at: webhook.updated_at.into(),
        }
    }
}

impl<'v> From<&'v WebhookReport> for DeliveriesObject<'v> {
    fn from(report: &'v WebhookReport) -> Self {
        let failure = report.last_failure.as_ref();
        Self {
            waiting: report.waiting,
            last_success_at: report.last_success.map(Moment::from),
            last_failure: failure.map(|failure| FailureObject {
                at: failure.at.into(),
                url: &failure.url,
                problem: &failure.problem,
            }),
        }
    }
}
