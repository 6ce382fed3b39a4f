//! A message in one line.

use crate::masking::escaped;
use sip_digest::HashAlgorithm;
use sip_message::{DigestCredentials, HeaderName, HeaderSpans, Headers, Message, Request, Response, parse};

/// What the message is and how it is authenticated, nothing secret among it.
pub(crate) fn summary(octets: &[u8]) -> String {
    let mut spans = HeaderSpans::new();
    let line = match parse(octets, &mut spans) {
        Ok(Message::Request(request)) => of_request(&request),
        Ok(Message::Response(response)) => of_response(&response),
        Err(unparseable) => unparseable.describe().to_owned(),
    };
    line.replace("\r\n", " ")
}

fn of_request(request: &Request<'_>) -> String {
    let headers = request.headers();
    let cseq = headers.cseq().map_or(0, |cseq| cseq.number);
    let credentials = [HeaderName::Authorization, HeaderName::ProxyAuthorization]
        .into_iter()
        .find_map(|name| headers.digest_credentials(name).find_map(Result::ok))
        .map_or_else(String::new, |credentials| of_credentials(&credentials));
    let (method, uri) = (escaped(request.method().as_bytes()), escaped(request.uri_octets()));
    format!("{method} {uri} (CSeq {cseq}{credentials})")
}

fn of_credentials(credentials: &DigestCredentials<'_>) -> String {
    let count = credentials.nc.map_or_else(String::new, |nc| format!(" nc={}", escaped(nc)));
    format!(", Digest {}{count}", algorithm_name(credentials.algorithm))
}

fn of_response(response: &Response<'_>) -> String {
    let mut line = format!("{} {}", response.status(), escaped(response.reason()));
    for name in [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate] {
        line.push_str(&of_challenges(response.headers(), name));
    }
    line
}

/// The realm of the first challenge, the algorithms of all.
fn of_challenges(headers: Headers<'_>, name: HeaderName) -> String {
    let challenges = || headers.digest_challenges(name).filter_map(Result::ok);
    let Some(first) = challenges().next() else { return String::new() };
    let mut text = format!(" (Digest realm=\"{}\"", escaped(first.realm.unwrap_or_default()));
    for challenge in challenges() {
        text.push_str(", ");
        text.push_str(&algorithm_name(challenge.algorithm));
        if is_true(challenge.stale) {
            text.push_str(" stale");
        }
    }
    text.push(')');
    text
}

fn algorithm_name(parameter: Option<&[u8]>) -> String {
    parameter.map_or_else(|| HashAlgorithm::Md5.as_str().to_owned(), escaped)
}

/// Whether a parameter says `true`, in any case.
pub(crate) fn is_true(parameter: Option<&[u8]>) -> bool {
    parameter.is_some_and(|value| value.eq_ignore_ascii_case(b"true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start: &str, headers: &str, expected: &str) {
        assert_eq!(summary(format!("{start}\r\n{headers}\r\n\r\n").as_bytes()), expected);
    }

    #[test]
    fn one_line_each() {
        check("REGISTER sip:h SIP/2.0", "CSeq: 1 REGISTER", "REGISTER sip:h (CSeq 1)");
        check(
            "REGISTER sip:h SIP/2.0",
            "CSeq: 2 REGISTER\r\nAuthorization: Digest nonce=\"n\", algorithm=MD5, nc=00000001",
            "REGISTER sip:h (CSeq 2, Digest MD5 nc=00000001)",
        );
        check(
            "OPTIONS sip:h SIP/2.0",
            "CSeq: 3 OPTIONS\r\nProxy-Authorization: Digest nonce=\"n\"",
            "OPTIONS sip:h (CSeq 3, Digest MD5)",
        );
        check(
            "SIP/2.0 401 Unauthorized",
            "WWW-Authenticate: Digest realm=\"r\", algorithm=SHA-256, nonce=n\r\nWWW-Authenticate: Digest realm=\"r\", stale=TRUE",
            "401 Unauthorized (Digest realm=\"r\", SHA-256, MD5 stale)",
        );
        check("SIP/2.0 200 O\x1bK", "CSeq: 1 OPTIONS", "200 O\\u{1b}K");
    }
}
