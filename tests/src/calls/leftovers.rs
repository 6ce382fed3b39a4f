//! What a server still holds of calls.

use super::Line;
use crate::Server;
use crate::soak::total;
use std::time::Duration;

/// After 64*T1 no transaction has anything to wait for; the rest is for a busy machine.
pub const GONE_WITHIN: Duration = Duration::from_secs(35);
/// What is counted while there are calls, and is zero without.
const GAUGES: [&str; 4] = [
    "sipwarden_calls_up",
    "sipwarden_call_dialogs",
    "sipwarden_call_client_transactions",
    "sipwarden_call_invite_transactions",
];

/// Every gauge of a server started with `--metrics-listen` that is not zero, and the places that the account takes.
///
/// # Panics
/// When the server does not count one of them.
#[must_use]
pub fn left(server: &Server, line: &Line) -> Vec<(&'static str, f64)> {
    let page = server.metrics_page();
    let missing: Vec<_> = GAUGES.into_iter().filter(|gauge| !page.contains(gauge)).collect();
    assert!(missing.is_empty(), "the server does not count {missing:?}");
    let mut left: Vec<_> = GAUGES.map(|gauge| (gauge, total(server, gauge))).to_vec();
    left.push(("concurrent_calls", line.concurrent_calls(server) as f64));
    left.retain(|(_, count)| *count != 0.0);
    left
}
