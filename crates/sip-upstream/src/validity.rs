//! How long a registration lasts, and when it is renewed.

use crate::Millis;
use crate::delays::between;
use crate::registration_config::LONGEST_SECONDS;
use domain::RandomSource;
use sip_message::{Contact, NameAddr, Response, Uri, uris_match};

/// A refresh never comes sooner after the last, however short the carrier's registrations are.
const SHORTEST_PAUSE_MS: Millis = 10_000;
/// Time for a refresh to fail and be tried once more: longer than timer F.
const ROOM_MS: Millis = 40_000;

/// How many seconds the answer gives our contact: its own `expires` before the Expires header (RFC 3261 section 10.2.4).
/// A carrier that rewrites addresses may have written ours differently; where it lists but one, that is ours.
pub(crate) fn granted(response: &Response<'_>, contact: &[u8], instance: Option<&str>, asked: u32) -> u32 {
    let headers = response.headers();
    let listed: Vec<NameAddr<'_>> = headers
        .contacts()
        .filter_map(|contact| match contact {
            Ok(Contact::Address(address)) => Some(address),
            _ => None,
        })
        .collect();
    let is_ours = |address: &&NameAddr<'_>| has_instance(address, instance) || is_same(address, contact);
    let only = match listed.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    let ours = listed.iter().find(is_ours).or(only);
    let own = ours.and_then(|address| address.expires().ok().flatten());
    own.or_else(|| headers.expires().ok().flatten()).unwrap_or(asked).min(LONGEST_SECONDS)
}

fn has_instance(address: &NameAddr<'_>, instance: Option<&str>) -> bool {
    let (Some(listed), Some(instance)) = (address.instance(), instance) else { return false };
    let bare = listed.strip_prefix(b"<").and_then(|bare| bare.strip_suffix(b">")).unwrap_or(listed);
    bare.eq_ignore_ascii_case(instance.as_bytes())
}

fn is_same(address: &NameAddr<'_>, contact: &[u8]) -> bool {
    let (Ok(listed), Ok(own)) = (address.uri(), Uri::parse(contact)) else { return false };
    uris_match(&listed, &own)
}

/// When a registration of that many seconds is renewed: somewhere between a half and nine tenths of it, and early enough
/// that there is time for a second attempt.
pub(crate) fn refresh_after(seconds: u32, random: &dyn RandomSource) -> Millis {
    let whole = Millis::from(seconds) * 1_000;
    let latest = (whole / 10 * 9).min(whole.saturating_sub(ROOM_MS).max(whole / 2));
    let earliest = (whole / 2).min(latest / 4 * 3);
    between(earliest, latest, random).max(SHORTEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Constant(u8);

    impl RandomSource for Constant {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    #[test]
    fn refreshes_come_in_time_and_never_in_haste() {
        for (seconds, earliest, latest) in [
            (3_600, 1_800, 3_240),
            (600, 300, 540),
            (300, 150, 260),
            (120, 60, 80),
            (60, 22, 30),
            (30, 11, 15),
            (5, 10, 10),
            (0, 10, 10),
        ] {
            for octet in 0..=255 {
                let after = refresh_after(seconds, &Constant(octet)) / 1_000;
                assert!((earliest..=latest).contains(&after), "{seconds}: {after}");
            }
        }
    }
}
