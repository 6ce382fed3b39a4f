//! The name of one request: in its answer, the log and the audit record.

use crate::api::X_REQUEST_ID;
use axum::http::{HeaderMap, HeaderValue};
use domain::RandomSource;
use std::fmt;

/// The client's own `X-Request-ID` if it is 1 to 128 of `[A-Za-z0-9._-]`, else a random UUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(Box<str>);

impl RequestId {
    const MAX_LENGTH: usize = 128;

    /// Takes the header's value, or draws an id where it is missing, repeated or anything else than allowed.
    pub fn of(headers: &HeaderMap, random: &dyn RandomSource) -> Self {
        let mut sent = headers.get_all(X_REQUEST_ID).iter();
        match (sent.next().and_then(acceptable), sent.next()) {
            (Some(id), None) => Self(id.into()),
            _ => Self::drawn(random),
        }
    }

    /// A random one.
    pub fn drawn(random: &dyn RandomSource) -> Self {
        let mut octets = [0; 16];
        random.fill(&mut octets);
        Self(uuid::Builder::from_random_bytes(octets).into_uuid().to_string().into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn to_header(&self) -> HeaderValue {
        // Both kinds of id consist of characters that a header takes.
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static("unknown"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn acceptable(value: &HeaderValue) -> Option<&str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let text = value.to_str().ok()?;
    ((1..=RequestId::MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl RandomSource for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0x77);
        }
    }

    #[test]
    fn a_good_id_is_kept_and_a_bad_one_replaced() {
        let drawn = "77777777-7777-4777-b777-777777777777";
        let longest = "x".repeat(128);
        let too_long = "x".repeat(129);
        let cases: &[(&[&[u8]], &str)] = &[
            (&[b"abc-1._Z"], "abc-1._Z"),
            (&[longest.as_bytes()], &longest),
            (&[too_long.as_bytes()], drawn),
            (&[], drawn),
            (&[b""], drawn),
            (&[b"a b"], drawn),
            (&[b"a\"b"], drawn),
            (&[b"\xff"], drawn),
            (&[b"first", b"second"], drawn),
        ];
        for (sent, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in *sent {
                headers.append(X_REQUEST_ID, HeaderValue::from_bytes(value).unwrap());
            }
            let id = RequestId::of(&headers, &Sevens);
            assert_eq!(id.as_str(), *expected);
            assert_eq!(id.to_header(), *expected);
        }
    }
}
