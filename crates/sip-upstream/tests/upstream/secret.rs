//! Challenges to other requests, and what is never shown.

use crate::registrar::{PASSWORD, USERNAME, answered};
use crate::seeded::Seeded;
use sip_message::{HeaderName, Method};
use sip_upstream::{SecretError, Unanswerable, UpstreamSecret};

#[test]
fn an_invite_is_answered_like_a_register() {
    let secret = UpstreamSecret::new(USERNAME, PASSWORD.as_bytes()).unwrap();
    let target = (Method::Invite, &b"sip:+4930123@carrier.example"[..]);
    let challenge =
        "Proxy-Authenticate: Digest realm=\"c\", nonce=\"n\", algorithm=SHA-256, qop=\"auth,auth-int\", opaque=\"o\"";
    let random = Seeded::new(1);
    let credentials = answered("407 Proxy Authentication Required", &[challenge], |response| {
        secret.answer(response, target, &random)
    })
    .unwrap_or_else(|error| panic!("{error}"));
    let value = String::from_utf8(credentials.value).unwrap();
    assert_eq!(credentials.header, HeaderName::ProxyAuthorization);
    for part in
        ["username=\"4711\"", "uri=\"sip:+4930123@carrier.example\"", "algorithm=SHA-256", "qop=auth,", "opaque=\"o\""]
    {
        assert!(value.contains(part), "{value}");
    }
    assert!(!value.contains(PASSWORD));
    for (start, header, error) in [
        ("486 Busy Here", challenge, Unanswerable::NoChallenge),
        ("401 Unauthorized", challenge, Unanswerable::UnknownKind),
        ("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"c\"", Unanswerable::UnknownKind),
        (
            "401 Unauthorized",
            "WWW-Authenticate: Digest realm=\"c\", nonce=\"n\", qop=\"auth-int\"",
            Unanswerable::UnknownKind,
        ),
        ("401 Unauthorized", "WWW-Authenticate: Digest realm=\"c\", qop=\"auth\"", Unanswerable::UnknownKind),
    ] {
        let refused = answered(start, &[header], |response| secret.answer(response, target, &random)).err();
        assert_eq!(refused, Some(error), "{header}");
    }
}

#[test]
fn passwords_are_never_shown_and_usernames_never_break_out() {
    let secret = UpstreamSecret::new(USERNAME, PASSWORD.as_bytes()).unwrap();
    assert_eq!(format!("{secret:?}"), "UpstreamSecret { username: \"4711\", password: \"<redacted>\" }");
    for username in ["", "a\"b", "a\\", "a\r\nb", "a\u{7f}"] {
        assert_eq!(UpstreamSecret::new(username, b"x").err(), Some(SecretError::UnusableUsername), "{username:?}");
    }
}
