//! Which phones are known to answer SHA-256, by their User-Agent. A phone that is not known gets MD5.
//!
//! `linphonec` 5.1.65 was seen to register on SHA-256 alone, as `User-Agent: Linphonec/5.1.65`. The library under it,
//! liblinphone with belle-sip, is that of all Linphone phones; the phones put their own names and versions first and
//! the library's after them, so theirs are known by the library's name.

/// Whether a User-Agent names a product that was tried and answers a SHA-256 challenge.
#[must_use]
pub fn answers_sha256(user_agent: &[u8]) -> bool {
    products(user_agent)
        .any(|(name, major)| KNOWN.iter().any(|known| known.name.eq_ignore_ascii_case(name) && major >= known.major))
}

struct Product {
    name: &'static [u8],
    /// The first major version it holds for.
    major: u32,
}

const KNOWN: &[Product] = &[
    Product { name: b"Linphonec", major: 5 },
    Product { name: b"LinphoneSDK", major: 5 },
    Product { name: b"LinphoneCore", major: 5 },
    Product { name: b"belle-sip", major: 5 },
    Product { name: b"sipwarden-user-agent", major: 0 },
];

/// Product names and major versions (RFC 3261 section 25.1 `server-val`), those in comments too.
fn products(user_agent: &[u8]) -> impl Iterator<Item = (&[u8], u32)> {
    user_agent.split(|octet| matches!(octet, b' ' | b'\t' | b'(' | b')' | b',' | b';')).filter_map(|token| {
        let slash = token.iter().position(|octet| *octet == b'/')?;
        let (name, version) = token.split_at_checked(slash)?;
        let digits = version.get(1..)?.iter().take_while(|digit| digit.is_ascii_digit());
        let mut digits = digits.peekable();
        digits.peek()?;
        let major =
            digits.try_fold(0_u32, |major, digit| major.checked_mul(10)?.checked_add(u32::from(digit - b'0')))?;
        Some((name, major))
    })
}

#[cfg(test)]
mod tests {
    use super::answers_sha256;

    #[test]
    fn phones_that_do() {
        for user_agent in [
            "Linphonec/5.1.65",
            "linphonec/12.0",
            "Linphone/5.1.65 (belle-sip/5.1.64)",
            "LinphoneiOS/4.5.1 (iPhone) LinphoneSDK/5.0.43",
            "LinphoneAndroid/4.6.0 (Galaxy S9) LinphoneSDK/5.1.0 (tags/5.1.0)",
            "Linphone Desktop/5.0.2 (Debian, Qt 5.15.2) LinphoneCore/5.2.0",
            "sipwarden-user-agent/0.1.0",
            "Something/1.0\tsipwarden-user-agent/0",
        ] {
            assert!(answers_sha256(user_agent.as_bytes()), "{user_agent}");
        }
    }

    #[test]
    fn phones_that_do_not_or_are_not_known() {
        for user_agent in [
            "",
            "/",
            "sipsak 0.9.8.1",
            "baresip v1.0.0 (x86_64/linux)",
            "Linphonec/4.4.0",
            "Linphonec/",
            "Linphonec/x",
            "Linphonec 5.1.65",
            "Linphone Desktop/4.2.5 (Debian, Qt 5.12.5) LinphoneCore/4.4.21",
            "Linphone/3.6.1 (eXosip2/4.0.0)",
            "NotLinphonec/5.1.65",
            "Linphonec/99999999999999999999",
            "sipwarden-user-agent",
            "JsSIP 3.13.0",
        ] {
            assert!(!answers_sha256(user_agent.as_bytes()), "{user_agent}");
        }
    }
}
