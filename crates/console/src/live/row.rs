//! One attempt, or several alike, as a row that opens.

use super::ladder::{Step, ladder};
use crate::moment::Moment;
use domain::{AuthReason, AuthRecord};
use provisioning::ExplainedEvent;

/// How an attempt ended, for colour and filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    LetIn,
    Unanswered,
    Refused,
}

/// What a row says. Texts of the phone's are escaped by the template.
pub(crate) struct AttemptRow {
    pub id: String,
    pub at: Moment,
    pub attempts: u32,
    pub outcome: Outcome,
    pub reason: &'static str,
    pub sentence: String,
    pub mend: Option<String>,
    pub username: String,
    pub source: String,
    /// Where the credential's page is.
    pub credential: Option<String>,
    pub facts: Vec<(&'static str, String)>,
    pub ladder: Vec<Step>,
}

impl Outcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LetIn => "ok",
            Self::Unanswered => "unanswered",
            Self::Refused => "refused",
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::LetIn => "Let in",
            Self::Unanswered => "No answer",
            Self::Refused => "Refused",
        }
    }

    pub const fn of(reason: AuthReason) -> Self {
        match reason {
            AuthReason::Ok => Self::LetIn,
            AuthReason::Challenge => Self::Unanswered,
            _ => Self::Refused,
        }
    }
}

impl AttemptRow {
    pub fn new(explained: &ExplainedEvent, base: &str) -> Self {
        let record = &explained.event.record;
        Self {
            id: explained.event.id.clone(),
            at: record.last_at.into(),
            attempts: record.attempts,
            outcome: Outcome::of(record.reason),
            reason: record.reason.as_str(),
            sentence: explained.explanation.sentence.clone(),
            mend: explained.explanation.mend.clone(),
            username: record.username.to_string(),
            source: source(record),
            credential: record.credential.map(|id| format!("{base}/credentials/{id}")),
            facts: facts(record),
            ladder: ladder(record),
        }
    }
}

fn source(record: &AuthRecord) -> String {
    if record.source == AuthRecord::MANY_SOURCES { "several addresses".into() } else { record.source.to_string() }
}

fn facts(record: &AuthRecord) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Reason", record.reason.as_str().to_owned())];
    let mut add = |name, value: Option<&str>| {
        facts.extend(value.filter(|value| !value.is_empty()).map(|value| (name, value.to_owned())));
    };
    add("Remark", record.remark.map(|remark| remark.as_str()));
    add("Near miss", record.near_miss.map(|near_miss| near_miss.as_str()));
    add("Username", Some(&record.username));
    add("Realm it named", record.claimed_realm.as_deref());
    add("Host it asked", Some(&record.host));
    add("Transport", Some(record.transport.as_str()));
    add("Algorithm", record.algorithm.map(|algorithm| algorithm.as_str()));
    add("User-Agent", Some(&record.user_agent));
    add("Call-ID", Some(&record.call_id));
    facts
}
