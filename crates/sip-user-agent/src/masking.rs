//! A message as it may be shown: whole, but for what could be used or guessed from.

use crate::auth_params::{AuthParam, auth_params};
use sip_message::{Header, HeaderName, HeaderSpans, Message, parse};

const MASK: &str = "<masked>";

/// The digest parameters that are shown. All others are masked, also those nobody has thought of.
const SHOWN: [&str; 9] = ["username", "realm", "uri", "algorithm", "qop", "nc", "stale", "domain", "userhash"];

/// The message with masks and without control characters; line breaks stay.
pub(crate) fn masked(octets: &[u8]) -> String {
    let mut spans = HeaderSpans::new();
    let Ok(message) = parse(octets, &mut spans) else {
        return format!("<{} octets that are no SIP message>", octets.len());
    };
    let (headers, body) = match message {
        Message::Request(request) => (request.headers(), request.body()),
        Message::Response(response) => (response.headers(), response.body()),
    };
    let mut out = escaped(start_line(octets));
    out.push_str("\r\n");
    for header in headers.iter() {
        out.push_str(&escaped(header.name_octets));
        out.push_str(": ");
        push_value(&mut out, header);
        out.push_str("\r\n");
    }
    out.push_str("\r\n");
    out.push_str(&escaped(body));
    out
}

/// Text that a terminal shows as it is: control characters other than CRLF become escapes.
pub(crate) fn escaped(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\r' && characters.next_if_eq(&'\n').is_some() {
            out.push_str("\r\n");
        } else if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

fn start_line(octets: &[u8]) -> &[u8] {
    let begin = octets.iter().position(|octet| !matches!(octet, b'\r' | b'\n')).unwrap_or(0);
    let line = octets.get(begin..).unwrap_or_default();
    let end = line.windows(2).position(|pair| pair == b"\r\n").unwrap_or(line.len());
    line.get(..end).unwrap_or_default()
}

fn push_value(out: &mut String, header: Header<'_>) {
    let is_info = header.name == HeaderName::AuthenticationInfo
        || header.name_octets.eq_ignore_ascii_case(b"Proxy-Authentication-Info");
    let has_scheme = matches!(
        header.name,
        HeaderName::Authorization
            | HeaderName::ProxyAuthorization
            | HeaderName::WwwAuthenticate
            | HeaderName::ProxyAuthenticate
    );
    if is_info {
        push_params(out, header.value);
    } else if has_scheme {
        push_credentials(out, header.value);
    } else {
        out.push_str(&escaped(header.value));
    }
}

/// A scheme and its parameters; of a scheme other than Digest nothing but its name.
fn push_credentials(out: &mut String, value: &[u8]) {
    let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    match value.split_at_checked(end) {
        Some((scheme, params)) if scheme.eq_ignore_ascii_case(b"Digest") => {
            out.push_str("Digest ");
            push_params(out, params);
        }
        Some((scheme, [_, ..])) if scheme.iter().all(u8::is_ascii_alphanumeric) => {
            out.push_str(&escaped(scheme));
            out.push(' ');
            out.push_str(MASK);
        }
        _ => out.push_str(MASK),
    }
}

fn push_params(out: &mut String, list: &[u8]) {
    for (index, param) in auth_params(list).enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        push_param(out, param);
    }
}

fn push_param(out: &mut String, param: AuthParam<'_>) {
    let has_plain_name = !param.name.is_empty()
        && param.name.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'));
    if !has_plain_name || param.value.is_empty() {
        out.push_str(MASK);
        return;
    }
    out.push_str(&escaped(param.name));
    out.push('=');
    if param.is_any_of(&SHOWN) && param.sole_value().is_some() {
        out.push_str(&escaped(param.value));
    } else {
        out.push_str(MASK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: &str) {
        let message = format!("REGISTER sip:h SIP/2.0\r\n{header}\r\nContent-Length: 0\r\n\r\n");
        let shown = masked(message.as_bytes());
        assert_eq!(shown, format!("REGISTER sip:h SIP/2.0\r\n{expected}\r\nContent-Length: 0\r\n\r\n"));
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        check(
            r#"authorization: DIGEST username="a", nonce="SECRET", response=SECRET, nc=00000001, cnonce = "SECRET""#,
            r#"authorization: Digest username="a", nonce=<masked>, response=<masked>, nc=00000001, cnonce=<masked>"#,
        );
        check(
            r#"WWW-Authenticate: Digest realm="r", NONCE="SEC,RET", stale=TRUE, opaque="SECRET""#,
            r#"WWW-Authenticate: Digest realm="r", NONCE=<masked>, stale=TRUE, opaque=<masked>"#,
        );
        check(
            r#"Authentication-Info: rspauth="SECRET",nextnonce="SECRET", qop=auth"#,
            "Authentication-Info: rspauth=<masked>, nextnonce=<masked>, qop=auth",
        );
        check("Proxy-Authentication-Info: nextnonce=SECRET", "Proxy-Authentication-Info: nextnonce=<masked>");
        check("User-Agent: nonce=\"shown\"", "User-Agent: nonce=\"shown\"");
    }

    #[test]
    fn what_breaks_the_grammar_is_masked_whole() {
        check(r#"Authorization: Digest realm="r" nonce="SECRET""#, "Authorization: Digest realm=<masked>");
        check(r#"Authorization: Digest realm="open, nonce=SECRET"#, "Authorization: Digest realm=<masked>");
        check("Authorization: Digest SECRET", "Authorization: Digest <masked>");
        check("Authorization: Digest =SECRET", "Authorization: Digest <masked>");
        check("Authorization: Basic SECRET", "Authorization: Basic <masked>");
        check("Authorization: SECRET", "Authorization: <masked>");
        check("Authorization: nonce=SECRET x", "Authorization: <masked>");
    }

    #[test]
    fn control_characters_are_escaped() {
        check("Subject: a\x1b[2Jb\tc", "Subject: a\\u{1b}[2Jb\\tc");
        assert_eq!(escaped(b"a\r\nb\nc\rd\xff\x00"), "a\r\nb\\nc\\rd\u{fffd}\\u{0}");
        assert_eq!(masked(b"SECRET"), "<6 octets that are no SIP message>");
    }
}
