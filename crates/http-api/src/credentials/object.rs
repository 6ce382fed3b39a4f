//! The credential object: exactly these eight fields, in this order, none null. Known clients refuse any other.

use domain::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use provisioning::CredentialView;
use serde::Serialize;

/// Stands where the password was.
const REDACTED: &str = "<redacted>";
/// Always six digits, like the documented API: clients parse with a fixed format.
const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

#[derive(Serialize)]
pub(crate) struct CredentialObject<'v> {
    id: String,
    account_id: &'v str,
    username: &'v str,
    password: &'static str,
    realm: &'v str,
    enabled: bool,
    created_at: String,
    updated_at: String,
}

impl<'v> From<&'v CredentialView> for CredentialObject<'v> {
    fn from(view: &'v CredentialView) -> Self {
        Self {
            id: view.id.to_string(),
            account_id: view.account.as_str(),
            username: &view.username,
            password: REDACTED,
            realm: view.realm.as_str(),
            enabled: view.enabled,
            created_at: printed(view.created_at),
            updated_at: printed(view.updated_at),
        }
    }
}

/// A moment as `2026-05-12T05:11:51.635106Z`; the nearest one a calendar has for moments beyond.
fn printed(moment: Timestamp) -> String {
    let micros = moment.as_micros();
    let nearest = if micros < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    PRINTER.timestamp_to_string(&jiff::Timestamp::from_microsecond(micros).unwrap_or(nearest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (micros, expected) in [
            (1_778_562_711_635_106, "2026-05-12T05:11:51.635106Z"),
            (1_778_562_711_000_000, "2026-05-12T05:11:51.000000Z"),
            (1_778_562_711_100_000, "2026-05-12T05:11:51.100000Z"),
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (i64::MAX, "9999-12-30T22:00:00.999999Z"),
        ] {
            assert_eq!(printed(Timestamp::from_micros(micros)), expected);
        }
    }
}
