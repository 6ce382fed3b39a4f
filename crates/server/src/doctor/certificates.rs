//! Certificates, and how long they are good.

use super::finding::Finding;
use crate::configuration::Configuration;
use crate::system::SystemClock;
use domain::Clock;
use tls_identity::{PairFiles, Validity, validity};

/// Sooner than that and somebody should look why it was not renewed; automatic renewals come 30 days before.
const SOON_DAYS: i64 = 21;
const DAY_SECONDS: i64 = 86_400;

pub(super) fn examine(configuration: &Configuration) -> Vec<Finding> {
    let pairs = &configuration.tls.pairs;
    if pairs.is_empty() {
        let text = "none: passwords' proofs and signalling travel in the clear; phones outside a trusted network want \
                    --tls-certificate, --tls-key and --sip-listen tls:ADDR";
        return vec![Finding::warning("certificates", text.into())];
    }
    let now = SystemClock.now().as_micros() / 1_000_000;
    pairs.iter().map(|files| examine_pair(files, now)).collect()
}

fn examine_pair(files: &PairFiles, now: i64) -> Finding {
    match validity(files) {
        Err(error) => Finding::failed("certificates", format!("{error}; correct or replace it")),
        Ok(found) => judged(&files.certificate.display().to_string(), found, now),
    }
}

fn judged(path: &str, found: Validity, now: i64) -> Finding {
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let (from, left) = (seconds(found.from), seconds(found.until) - now);
    let days = left / DAY_SECONDS;
    if from > now {
        Finding::failed("certificates", format!("{path} is not good yet; look at the clock, or wait"))
    } else if left <= 0 {
        Finding::failed("certificates", format!("{path} expired {} days ago; renew it", -days))
    } else if days < SOON_DAYS {
        Finding::warning("certificates", format!("{path} is good for {days} days only; renew it"))
    } else {
        Finding::ok("certificates", format!("{path} is good for {days} days"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Grade;
    use super::*;
    use std::time::Duration;

    #[test]
    fn certificates_are_judged_by_what_is_left() {
        let now = 1_800_000_000;
        let good = |from: i64, days: i64| Validity {
            from: Duration::from_secs((now + from).unsigned_abs()),
            until: Duration::from_secs((now + days * DAY_SECONDS + 1).unsigned_abs()),
        };
        for (found, grade, said) in [
            (good(-1, 90), Grade::Ok, "90 days"),
            (good(-1, 20), Grade::Warning, "20 days only"),
            (good(-1, -3), Grade::Failed, "expired 2 days ago"),
            (good(60, 90), Grade::Failed, "not good yet"),
        ] {
            let finding = judged("c.pem", found, now);
            assert!(finding.grade == grade && finding.text.contains(said), "{finding:?}");
        }
    }
}
