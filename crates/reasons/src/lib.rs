//! Authentication events in sentences: who did what, why it was answered so, and what mends it.
//!
//! A sentence follows from the record and from what its account can see of its credential now; it says nothing that the
//! account does not know, and above all nothing about another account.

mod moment;
mod refusals;
mod subject;

#[cfg(test)]
mod tests;

use domain::{AuthReason, AuthRecord, AuthRemark, NearMiss, RealmName, Timestamp};

/// What is known of a record's credential and realm now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances<'c> {
    /// The credential, unless it is gone or there is none.
    pub credential: Option<CredentialNow>,
    /// The realm of the account.
    pub realm: Option<&'c RealmName>,
}

/// A credential as sentences need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialNow {
    /// Whether it is enabled.
    pub enabled: bool,
    /// Which password it has, counted from one.
    pub generation: u32,
    /// Since when it has that one.
    pub password_changed_at: Timestamp,
    /// Whether it demands SHA-256.
    pub demands_sha256: bool,
}

/// A record in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Who did what, and why it was answered so; without a full stop.
    pub sentence: String,
    /// What mends it; `None` where nothing is broken.
    pub mend: Option<String>,
}

/// Says what became of an attempt.
#[must_use]
pub fn explain(record: &AuthRecord, circumstances: &Circumstances<'_>) -> Explanation {
    let (what, mend) = match record.reason {
        AuthReason::Ok => let_in(record),
        AuthReason::Challenge => unanswered(record),
        _ => refusals::refused(record, circumstances),
    };
    let times = subject::how_often(record);
    let clock = if record.near_miss == Some(NearMiss::ClockOff) { "; its clock is off by minutes" } else { "" };
    Explanation { sentence: format!("{} {what}{clock}{times}", subject::of(record)), mend }
}

fn let_in(record: &AuthRecord) -> (String, Option<String>) {
    let algorithm = record.algorithm.map(|algorithm| format!(" with {}", algorithm.as_str())).unwrap_or_default();
    let device = record.device.as_deref().map(|label| format!(" as its device \"{label}\"")).unwrap_or_default();
    let algorithm = format!("{device}{algorithm}");
    match record.remark {
        Some(AuthRemark::AlgorithmDowngrade) => (
            format!("was let in{algorithm}, although this credential has been used with a better algorithm before"),
            Some("find out which phone that is; to keep MD5 out, demand SHA-256 of the credential".to_owned()),
        ),
        Some(AuthRemark::PreviousPassword) => (
            format!("was let in{algorithm} by the old password of a rotation whose overlap still runs"),
            Some("enter the new password in the phone, or end the overlap".to_owned()),
        ),
        Some(AuthRemark::InsecureTransport | AuthRemark::RevokedDevice) | None => {
            (format!("was let in{algorithm}"), None)
        }
    }
}

fn unanswered(record: &AuthRecord) -> (String, Option<String>) {
    let what = "was asked for a password and did not answer";
    let (why, mend) = match record.near_miss {
        Some(NearMiss::AnswerNotArriving) => (
            "; it sent the same request again, so our answers do not seem to reach it",
            "look at the firewall and NAT between; over UDP the phone should send rport, or use TCP or TLS",
        ),
        Some(NearMiss::NoCommonAlgorithm) => (
            "; this realm offers no MD5, and many phones know nothing else",
            "update the phone, or let the realm's challenge policy be compatible",
        ),
        _ => ("", "enter username and password in the phone, if it is one of yours"),
    };
    (format!("{what}{why}"), Some(mend.to_owned()))
}
