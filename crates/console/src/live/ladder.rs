//! The SIP messages of an attempt, as far as they are known: messages are not kept, so this is drawn from the event, and
//! says nothing that the event does not. A digest's response is never among what is kept.

use domain::{AuthReason, AuthRecord};

/// One arrow.
pub(crate) struct Step {
    /// Towards this server, or back.
    pub is_inward: bool,
    /// The first line.
    pub line: String,
    /// What is known of its headers.
    pub headers: Vec<String>,
}

/// The arrows of an attempt, first to last.
pub(crate) fn ladder(record: &AuthRecord) -> Vec<Step> {
    let target = if record.host.is_empty() { "…" } else { &record.host };
    let line = format!("{} sip:{target} SIP/2.0", record.method);
    let mut steps = Vec::new();
    if record.reason != AuthReason::Challenge {
        steps.push(inward(line.clone(), vec![]));
        steps.push(outward(challenge_line(record), vec!["the challenge that every exchange begins with".into()]));
    }
    steps.push(inward(line, headers(record)));
    let (answer, note) = answer(record);
    steps.push(outward(answer, note.into_iter().map(Into::into).collect()));
    steps
}

fn inward(line: String, headers: Vec<String>) -> Step {
    Step { is_inward: true, line, headers }
}

fn outward(line: String, headers: Vec<String>) -> Step {
    Step { is_inward: false, line, headers }
}

fn headers(record: &AuthRecord) -> Vec<String> {
    let mut headers = Vec::new();
    if !record.user_agent.is_empty() {
        headers.push(format!("User-Agent: {}", record.user_agent));
    }
    if !record.call_id.is_empty() {
        headers.push(format!("Call-ID: {}", record.call_id));
    }
    if record.reason != AuthReason::Challenge {
        let algorithm = record.algorithm.map(|algorithm| format!(", algorithm={}", algorithm.as_str()));
        let realm = record.claimed_realm.as_deref().map(|realm| format!(", realm=\"{realm}\"")).unwrap_or_default();
        let name = if record.method.as_ref() == "REGISTER" { "Authorization" } else { "Proxy-Authorization" };
        headers.push(format!(
            "{name}: Digest username=\"{}\"{realm}{}, response=\"••••••••\"",
            record.username,
            algorithm.unwrap_or_default()
        ));
    }
    headers
}

fn challenge_line(record: &AuthRecord) -> String {
    let line = if record.method.as_ref() == "REGISTER" {
        "SIP/2.0 401 Unauthorized"
    } else {
        "SIP/2.0 407 Proxy Authentication Required"
    };
    line.to_owned()
}

fn answer(record: &AuthRecord) -> (String, Option<&'static str>) {
    match record.reason {
        AuthReason::Ok if record.method.as_ref() == "REGISTER" => ("SIP/2.0 200 OK".to_owned(), Some("registered")),
        AuthReason::Ok => ("let in".to_owned(), Some("what became of the request is not part of this event")),
        AuthReason::Challenge => (challenge_line(record), Some("no answer came")),
        AuthReason::StaleNonce => (challenge_line(record), Some("stale=true, where its digest was right")),
        AuthReason::CpsExceeded | AuthReason::CallsExceeded => {
            ("refused for its limit".to_owned(), Some("the digest was right"))
        }
        _ => (challenge_line(record), Some("the same for every refusal, so that it tells a stranger nothing")),
    }
}
