//! What the quickstart prints, each step as it happens.

use super::Tenant;
use super::places::Places;
use crate::api_client::Answer;
use crate::call;
use domain::AuthReason;
use sip_user_agent::{CallReport, Direction, Exchange, Outcome};
use std::io::Write as _;
use std::time::Duration;

/// Prints steps and counts those that went wrong.
pub(crate) struct Report {
    steps: usize,
    failures: usize,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { steps: 0, failures: 0 }
    }

    pub(crate) fn failures(&self) -> usize {
        self.failures
    }

    pub(crate) fn title(&mut self, text: &str) {
        self.print(&format!("\n{text}\n"));
    }

    /// A step that can only have gone well.
    pub(crate) fn step(&mut self, title: &str, elapsed: Duration, lines: &[String]) {
        self.heading(title, "ok", elapsed);
        for line in lines {
            self.print(&format!("      {line}\n"));
        }
    }

    /// A step that did not even begin.
    pub(crate) fn broken(&mut self, title: &str, problem: &str) {
        self.failures += 1;
        self.heading(title, "FAILED", Duration::ZERO);
        self.print(&format!("      {problem}\n"));
    }

    /// An HTTP request and its answer.
    pub(crate) fn http(&mut self, title: &str, answer: &Answer, expected: u16) {
        let word = self.judge(answer.status == expected);
        self.heading(title, word, answer.elapsed);
        self.print(&format!("      {}\n      {} {}\n", answer.request, answer.status, answer.text));
    }

    /// A SIP exchange: its ladder, how it ended, and the reason the server noted.
    pub(crate) fn exchange(&mut self, title: &str, exchange: &Exchange, noted: Option<AuthReason>, as_expected: bool) {
        let word = self.judge(as_expected);
        self.heading(title, word, exchange.elapsed);
        for step in &exchange.ladder {
            let arrow = match step.direction {
                Direction::Sent => "phone -> server",
                Direction::Received => "phone <- server",
            };
            self.print(&format!("      {:>8}  {arrow}  {}\n", milliseconds(step.at), step.summary));
        }
        let ended = match &exchange.outcome {
            Outcome::Success(status) => format!("{status}, registered"),
            Outcome::Refused { status, reason } => format!("{status} {reason}, not registered"),
            Outcome::TimedOut => "no answer in time".to_owned(),
            Outcome::NoAcceptableChallenge => "no challenge that this phone can answer".to_owned(),
            Outcome::TransportFailed(problem) => problem.clone(),
        };
        let reason = noted.map_or("none", AuthReason::as_str);
        self.print(&format!("      {ended}; the server noted: {reason}\n"));
    }

    /// A call: its ladder, and how it sounded.
    pub(crate) fn call(&mut self, title: &str, report: &CallReport, as_expected: bool) {
        let word = self.judge(as_expected);
        let elapsed = report.ladder.last().map_or(Duration::ZERO, |step| step.at);
        self.heading(title, word, elapsed);
        for line in report.ladder.iter().map(call::step_line).chain(call::measurements(report)) {
            self.print(&format!("      {line}\n"));
        }
        if !as_expected {
            self.print(&format!("      the call ended so: {:?}\n", report.end));
        }
    }

    /// What to try next by hand.
    pub(crate) fn closing(&mut self, places: &Places, tenant: &Tenant, username: &str, password: &str) {
        let Tenant { auth_id, auth_token, realm, sip_domain } = tenant;
        let (http, sip) = (places.http, places.sip);
        self.print(&format!(
            "\nTry the API yourself:\n\n  \
             curl -X POST http://{http}/api/v1/Account/{auth_id}/credentials \\\n    \
             -H \"X-Auth-ID: {auth_id}\" \\\n    -H \"X-Auth-Token: {auth_token}\" \\\n    \
             -H \"Content-Type: application/json\" \\\n    \
             -d '{{\"username\": \"bob\", \"password\": \"AnotherPassword456!\"}}'\n\n\
             Type into a softphone on this machine:\n\n  \
             SIP server / proxy    {sip} (UDP or TCP)\n  \
             Domain                {sip_domain}\n  \
             Username              {username}\n  \
             Authentication name   {username}\n  \
             Password              {password}\n  \
             Realm, if it asks     {realm}\n"
        ));
    }

    fn judge(&mut self, good: bool) -> &'static str {
        if !good {
            self.failures += 1;
        }
        if good { "ok" } else { "FAILED" }
    }

    fn heading(&mut self, title: &str, word: &str, elapsed: Duration) {
        self.steps += 1;
        let number = self.steps;
        self.print(&format!("\n {number:>2}. {title:<44} {word:<6} {}\n", milliseconds(elapsed)));
    }

    fn print(&mut self, text: &str) {
        let mut out = std::io::stdout().lock();
        // Whoever closed our output does not want to read on; the steps still run and the exit code still counts.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
