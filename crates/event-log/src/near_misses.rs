//! What nearly went right, looked for once an attempt is over.

use crate::Names;
use crate::sampler::NewRecord;
use domain::{AuthReason, DigestAlgorithm, NearMiss, RealmId, Timestamp};
use jiff::fmt::rfc2822::DateTimeParser;
use storage::AuthEvents;

/// A clock that is off by less disturbs nobody.
const CLOCK_TOLERANCE_SECONDS: i64 = 300;

/// Notes the nearest miss of a record that has none. Storage that fails only costs the hint.
pub(crate) async fn look_for(new: &mut NewRecord, storage: &dyn AuthEvents, names: &dyn Names) {
    if new.record.near_miss.is_some() || new.record.reason == AuthReason::Ok {
        return;
    }
    let named = match (new.record.reason, new.realm) {
        (AuthReason::UnknownUser, Some(realm)) => of_username(&new.record.username, realm, (storage, names)).await,
        (AuthReason::RealmMismatch, _) => Some(NearMiss::OtherRealm),
        (AuthReason::AlgorithmNotAllowed, Some(realm)) => {
            let is_md5 = new.record.algorithm == Some(DigestAlgorithm::Md5);
            (is_md5 && names.is_without_md5(realm)).then_some(NearMiss::Md5Only)
        }
        _ => None,
    };
    new.record.near_miss = named.or_else(|| is_clock_off(&new.date, new.record.at).then_some(NearMiss::ClockOff));
}

async fn of_username(
    username: &str,
    realm: RealmId,
    (storage, names): (&dyn AuthEvents, &dyn Names),
) -> Option<NearMiss> {
    let is_known = |name: &str| names.has_credential(realm, name);
    if username.is_empty() {
        return Some(NearMiss::NoUsername);
    }
    let trimmed = username.trim();
    if trimmed != username && is_known(trimmed) {
        return Some(NearMiss::WhiteSpace);
    }
    let (scheme, rest) = trimmed.split_once(':').unwrap_or(("", trimmed));
    let user = rest.split('@').next().unwrap_or_default();
    if (scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips")) && is_known(user) {
        return Some(NearMiss::UriAsUsername);
    }
    if rest.contains('@') && is_known(user) {
        return Some(NearMiss::DomainInUsername);
    }
    let found = storage.username_in_other_case(realm, username.into()).await;
    let found = found.inspect_err(|error| tracing::debug!(%error, "no near miss was looked for"));
    found.ok().flatten().map(|_| NearMiss::LetterCase)
}

fn is_clock_off(date: &str, at: Timestamp) -> bool {
    let parsed = DateTimeParser::new().parse_timestamp(date).ok();
    let now = i64::try_from(at.as_unix_seconds()).unwrap_or(i64::MAX);
    parsed.is_some_and(|date| date.as_second().abs_diff(now) > CLOCK_TOLERANCE_SECONDS.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks() {
        let at = Timestamp::from_seconds(1_289_690_940);
        for (date, expected) in [
            ("Sat, 13 Nov 2010 23:29:00 GMT", false),
            ("Sat, 13 Nov 2010 23:33:59 GMT", false),
            ("Sat, 13 Nov 2010 23:35:00 GMT", true),
            ("Fri, 01 Jan 1999 00:00:00 GMT", true),
            ("yesterday", false),
            ("", false),
        ] {
            assert_eq!(is_clock_off(date, at), expected, "{date}");
        }
    }
}
