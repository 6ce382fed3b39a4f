//! How a receiver knows that a message is ours, and of now.
//!
//! The header `X-Sipwarden-Signature` is `t=SECONDS,v1=HEX`: the moment of this attempt in Unix time, and HMAC-SHA256,
//! keyed with the webhook's secret as it was shown, of `SECONDS`, a full stop and the JSON as it was sent. While a secret
//! is being replaced there is a `v1` for each of both. Whoever checks it compares in constant time, and refuses moments
//! that are more than a few minutes away.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;
use zeroize::Zeroizing;

/// The header's name.
pub const HEADER: &str = "x-sipwarden-signature";

/// The header's value for a body sent at that moment, in seconds since 1970.
#[must_use]
pub fn sign(secrets: &[Zeroizing<String>], seconds: u64, body: &[u8]) -> String {
    let mut header = format!("t={seconds}");
    for secret in secrets {
        header.push_str(",v1=");
        for octet in code(secret, seconds, body) {
            // Writing to a String does not fail.
            let _ = write!(header, "{octet:02x}");
        }
    }
    header
}

fn code(secret: &str, seconds: u64, body: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `printf '%s' '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_test` says.
    #[test]
    fn a_signature_is_what_openssl_computes() {
        let secrets = ["whsec_test", "other"].map(|secret| Zeroizing::new(secret.to_owned()));
        let of_one = "t=1700000000,v1=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789";
        assert_eq!(sign(&secrets[..1], 1_700_000_000, b"{\"a\":1}"), of_one);
        let of_both = sign(&secrets, 1_700_000_000, b"{\"a\":1}");
        let second = of_both.strip_prefix(of_one).and_then(|rest| rest.strip_prefix(",v1="));
        assert!(second.is_some_and(|code| code.len() == 64 && !of_one.contains(code)), "{of_both}");
    }
}
