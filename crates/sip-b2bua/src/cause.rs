//! Q.850 causes (RFC 3326, RFC 3398).

use sip_message::{HeaderName, Headers};

/// Normal call clearing.
pub(crate) const NORMAL_CLEARING: u8 = 16;
/// No answer from the user.
pub(crate) const NO_ANSWER: u8 = 19;
/// Recovery on timer expiry.
pub(crate) const TIMER_EXPIRY: u8 = 102;
/// Normal, unspecified.
pub(crate) const UNSPECIFIED: u8 = 31;
/// Resource unavailable, unspecified.
pub(crate) const RESOURCE_UNAVAILABLE: u8 = 47;
/// Bearer capability not implemented: what RFC 3398 section 8.2.6.1 makes of a session that is not acceptable.
pub(crate) const BEARER_NOT_IMPLEMENTED: u8 = 65;
/// Interworking, unspecified.
const INTERWORKING: u8 = 127;

/// The cause that a Reason header names under the protocol Q.850.
pub(crate) fn of_reason(headers: Headers<'_>) -> Option<u8> {
    headers.comma_values(HeaderName::Reason).find_map(|reason| {
        let mut parts = reason.split(|octet| *octet == b';').map(<[u8]>::trim_ascii);
        let protocol = parts.next()?;
        let cause = parts.find_map(|param| {
            let mut sides = param.splitn(2, |octet| *octet == b'=').map(<[u8]>::trim_ascii);
            sides.next().filter(|name| name.eq_ignore_ascii_case(b"cause"))?;
            std::str::from_utf8(sides.next()?).ok()?.parse().ok()
        })?;
        protocol.eq_ignore_ascii_case(b"Q.850").then_some(cause)
    })
}

/// The cause that a failure means (RFC 3398 section 8.2.6.1); `None` for those the RFC maps to none.
pub(crate) const fn of_status(status: u16) -> Option<u8> {
    Some(match status {
        404 | 485 | 604 => 1,
        486 | 600 => 17,
        480 => 18,
        401 | 402 | 403 | 407 | 603 => 21,
        410 => 22,
        482 | 483 => 25,
        484 => 28,
        502 => 38,
        400 | 481 | 500 | 503 => 41,
        405 => 63,
        406 | 415 | 501 => 79,
        408 | 504 => TIMER_EXPIRY,
        413 | 414 | 416 | 420 | 421 | 423 | 440 | 505 | 513 => INTERWORKING,
        487 => NORMAL_CLEARING,
        300..400 => 23,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip_message::{HeaderSpans, Message, parse};

    #[test]
    fn reasons() {
        for (reason, cause) in [
            ("Q.850;cause=17;text=\"User busy\"", Some(17)),
            ("SIP ;cause=600 ;text=\"Busy Everywhere\", q.850 ; cause = 21", Some(21)),
            ("SIP;cause=200;text=\"Call completed elsewhere\"", None),
            ("Q.850;cause=300", None),
            ("Q.850", None),
        ] {
            let bye = format!("BYE sip:h SIP/2.0\r\nReason: {reason}\r\n\r\n");
            let mut spans = HeaderSpans::new();
            let Ok(Message::Request(bye)) = parse(bye.as_bytes(), &mut spans) else { panic!("{bye}") };
            assert_eq!(of_reason(bye.headers()), cause, "{reason}");
        }
    }
}
