//! The clock: nonces, expiries, records and certificates go by it.

use super::finding::Finding;
use crate::system::SystemClock;
use domain::Clock;
use std::path::Path;

/// 2026-01-01T00:00:00Z: this program is younger.
const PROGRAM_IS_YOUNGER_SECONDS: i64 = 1_767_225_600;
/// Files that services which keep the clock leave where it is kept.
const KEPT_BY: [(&str, &str); 3] = [
    ("/run/systemd/timesync/synchronized", "systemd-timesyncd"),
    ("/run/chrony/chronyd.pid", "chrony"),
    ("/run/ntpd.pid", "ntpd"),
];

pub(super) fn examine() -> Vec<Finding> {
    let now = SystemClock.now().as_micros() / 1_000_000;
    if now < PROGRAM_IS_YOUNGER_SECONDS {
        let text =
            "it shows a time before this program was written; set it, and let systemd-timesyncd or chrony keep it";
        return vec![Finding::failed("clock", text.into())];
    }
    let keeper = KEPT_BY.iter().find(|(path, _)| Path::new(path).exists());
    vec![match keeper {
        Some((_, name)) => Finding::ok("clock", format!("kept by {name}")),
        None => Finding::warning(
            "clock",
            "nothing on this machine seems to keep it; run chrony or systemd-timesyncd, unless the host keeps it (as for \
             containers)"
                .into(),
        ),
    }]
}
