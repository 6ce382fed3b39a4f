//! Where and as whom we register, as it follows from an origination URI and its secret.

use crate::calls::next_hop;
use directory::{Directory, UriInUse};
use domain::{AccountId, OriginationUri, OriginationUriId, RandomSource, Sealed, SipUri, TrunkTransport, UriHost};
use sip_digest::{CONTACT_TOKEN_OCTETS, ContactKey};
use sip_message::Uri;
use sip_transport::resolve::Target;
use sip_upstream::{Millis, RegistrationConfig, UpstreamRegistration, UpstreamSecret};
use std::net::IpAddr;

/// Characters of a username that are kept in our contact, so that people who read a carrier's list know whose it is.
const MOST_OF_USERNAME: usize = 32;
/// What every registration says we are.
const USER_AGENT: &str = "sipwarden";

/// What a registration is made of. Another one is another registration.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Registrar {
    pub(super) uri: OriginationUriId,
    account: AccountId,
    written: SipUri,
    transport: TrunkTransport,
    /// Without a user.
    request_uri: Box<str>,
    address_of_record: Box<str>,
    pub(super) target: Target,
    /// As written, for the server's certificate.
    pub(super) host: Box<str>,
    username: Box<str>,
    password: Sealed,
    expires_seconds: u32,
}

impl Registrar {
    /// Of a URI that wants to be registered at; `None` if it does not, or cannot be sent to.
    pub(super) fn of(used: &UriInUse) -> Option<Self> {
        let secret = used.uri.secret.as_ref()?;
        let registration = secret.registration?;
        let (request_uri, way) = next_hop(&used.uri, used.only_secure, None)?;
        Some(Self {
            uri: used.uri.id,
            account: used.uri.account,
            written: used.uri.uri.clone(),
            transport: used.uri.transport,
            request_uri: without_user(&request_uri)?,
            address_of_record: address_of_record(&secret.username, &used.uri.uri)?,
            target: way.target,
            host: way.host,
            username: secret.username.clone(),
            password: secret.password.clone(),
            expires_seconds: registration.expires_seconds,
        })
    }

    /// Whether it follows from that URI as it is.
    pub(super) fn is_of(&self, uri: &OriginationUri) -> bool {
        let Some(secret) = &uri.secret else { return false };
        let expires = secret.registration.map(|registration| registration.expires_seconds);
        (&self.written, self.transport) == (&uri.uri, uri.transport)
            && (&self.username, &self.password) == (&secret.username, &secret.password)
            && expires == Some(self.expires_seconds)
    }

    /// Whether nothing differs but how the password is sealed.
    pub(super) fn is_resealed(&self, other: &Self) -> bool {
        Self { password: other.password.clone(), ..self.clone() } == *other
    }

    /// Opens the password; `None` where it does not open, which is logged.
    pub(super) fn open(&self, directory: &Directory) -> Option<UpstreamSecret> {
        let whose = (self.account, self.uri);
        let password = directory.open_upstream_password(whose, &self.username, &self.password)?;
        UpstreamSecret::new(&self.username, &password).ok()
    }

    /// A registration under that contact that begins within that time.
    pub(super) fn machine(
        &self,
        (secret, contact_user): (UpstreamSecret, Box<str>),
        (now, first_within_ms): (Millis, Millis),
        random: &dyn RandomSource,
    ) -> Option<UpstreamRegistration> {
        let config = RegistrationConfig {
            registrar: self.request_uri.clone(),
            address_of_record: self.address_of_record.clone(),
            contact_user,
            instance: None,
            expires_seconds: self.expires_seconds,
            user_agent: USER_AGENT.into(),
            first_within_ms,
        };
        let machine = UpstreamRegistration::new(config, secret, now, random);
        machine.inspect_err(|error| tracing::error!(uri = %self.uri, %error, "this cannot be registered")).ok()
    }
}

/// What a carrier knows us by: as much of the username as is fit to stand there, and 64 bits that nobody can guess. They
/// are in the user part, since that is what every carrier repeats in the Request-URI of its calls. They are the same after a
/// restart, so that what a carrier kept of a process that was killed is renewed, and others when the secret is set anew.
pub(super) fn contact_user(used: &UriInUse, key: &ContactKey) -> Option<Box<str>> {
    let changed_at = used.uri.updated_at.as_micros().to_be_bytes();
    let token = key.token(&[&used.uri.id.as_bytes()[..], &changed_at].concat());
    Some(named_contact(&used.uri.secret.as_ref()?.username, token))
}

fn named_contact(username: &str, token: [u8; CONTACT_TOKEN_OCTETS]) -> Box<str> {
    let fit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = username.chars().filter(fit).take(MOST_OF_USERNAME).collect();
    let separator = if name.is_empty() { "" } else { "-" };
    format!("{name}{separator}{:016x}", u64::from_be_bytes(token)).into_boxed_str()
}

/// A URI without its user part.
fn without_user(uri: &[u8]) -> Option<Box<str>> {
    let text = std::str::from_utf8(uri).ok()?;
    let (scheme, rest) = text.split_once(':')?;
    let is_with_user = Uri::parse(uri).ok()?.user.is_some();
    let rest = if is_with_user { rest.split_once('@')?.1 } else { rest };
    Some(format!("{scheme}:{rest}").into_boxed_str())
}

/// Whom we register: the username at the URI's host. A username that names a host itself, as many carriers give them out,
/// is one already.
fn address_of_record(username: &str, uri: &SipUri) -> Option<Box<str>> {
    let scheme = if uri.is_sips() { "sips" } else { "sip" };
    let is_plain =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b));
    if let Some((user, host)) = username.rsplit_once('@')
        && is_plain(user)
        && is_plain(host)
        && SipUri::parse(&format!("sip:{host}")).is_ok()
    {
        return Some(format!("{scheme}:{username}").into_boxed_str());
    }
    let host = match uri.host()? {
        UriHost::Name(name) => name.to_string(),
        UriHost::Address(IpAddr::V4(address)) => address.to_string(),
        UriHost::Address(IpAddr::V6(address)) => format!("[{address}]"),
    };
    Some(format!("{scheme}:{}@{host}", escaped(username)).into_boxed_str())
}

/// As a user part has it (RFC 3261 section 25.1).
fn escaped(username: &str) -> String {
    let mut text = String::with_capacity(username.len());
    for octet in username.bytes() {
        if octet.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&octet) {
            text.push(char::from(octet));
        } else {
            text.push_str(&format!("%{octet:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_record_is_the_username_at_the_carrier() {
        for (username, uri, expected) in [
            ("4711", "sip:carrier.example:5070;transport=tcp", "sip:4711@carrier.example"),
            ("4711", "sips:gw@carrier.example", "sips:4711@carrier.example"),
            ("4711@reg.example", "sip:192.0.2.1", "sip:4711@reg.example"),
            ("a b@c d", "sip:[2001:db8::1]:5060", "sip:a%20b%40c%20d@[2001:db8::1]"),
            ("ä:x", "sip:carrier.example", "sip:%C3%A4%3Ax@carrier.example"),
        ] {
            let uri = SipUri::parse(uri).unwrap();
            assert_eq!(address_of_record(username, &uri).as_deref(), Some(expected));
            assert!(Uri::parse(expected.as_bytes()).is_ok(), "{expected}");
        }
    }

    #[test]
    fn a_registrar_has_no_user() {
        for (uri, expected) in [
            ("sip:carrier.example", "sip:carrier.example"),
            ("sip:gw@carrier.example:5070;transport=tcp", "sip:carrier.example:5070;transport=tcp"),
        ] {
            assert_eq!(without_user(uri.as_bytes()).as_deref(), Some(expected), "{uri}");
        }
    }

    #[test]
    fn a_contact_is_fit_for_a_uri() {
        for (username, expected) in [
            ("trunk-4711.x_y", "trunk-4711.x_y-00000000000000ff"),
            ("a b@c\u{e4}", "abc-00000000000000ff"),
            ("@@@", "00000000000000ff"),
        ] {
            assert_eq!(&*named_contact(username, [0, 0, 0, 0, 0, 0, 0, 0xff]), expected);
        }
        assert_eq!(named_contact(&"x".repeat(128), [0; 8]).len(), 32 + 1 + 16);
    }
}
