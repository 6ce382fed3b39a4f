//! Who a caller is towards the called: decided by who they have proven to be, never by a header alone.

use crate::calls::refusal::CallRefusal;
use directory::Trunks;
use domain::{CallerIdentity, Digits, E164, Trunk};
use sip_message::CheckedRequest;

/// Longest user part that is shown.
const MAX_USER: usize = 64;
/// Longest display name that is shown.
const MAX_DISPLAY: usize = 128;

/// Who is shown as the caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    /// From without its tag.
    pub(crate) from: Box<[u8]>,
    /// P-Asserted-Identity.
    pub(crate) asserted: Option<Box<[u8]>>,
    /// The user part, for records.
    pub(crate) user: Box<str>,
}

/// A caller inside the account: always by their username.
pub(crate) fn of_username(request: &CheckedRequest<'_>, username: &str, domain: &str) -> Shown {
    let from = name_addr(display_name(request), username, domain);
    Shown { asserted: None, from, user: username.into() }
}

/// A caller from outside, as their gateway shows them.
pub(crate) fn from_outside(request: &CheckedRequest<'_>, domain: &str) -> Shown {
    let from = request.from_header();
    if from.uri.host.to_ascii_lowercase().ends_with(b"anonymous.invalid") {
        let anonymous = b"\"Anonymous\" <sip:anonymous@anonymous.invalid>";
        return Shown { from: anonymous.as_slice().into(), asserted: None, user: "anonymous".into() };
    }
    let user = shown_user(request).unwrap_or_else(|| "unknown".to_owned());
    Shown { from: name_addr(display_name(request), &user, domain), asserted: None, user: user.into() }
}

/// A caller over a trunk, as its rules have it. `username` stands in where there is no number at all.
pub(crate) fn over_trunk(
    request: &CheckedRequest<'_>,
    (trunk, trunks): (&Trunk, &Trunks),
    username: Option<&str>,
) -> Result<Shown, CallRefusal> {
    let host = trunk.host.as_str();
    let claimed = shown_user(request);
    let own = claimed.as_deref().and_then(|user| own_number(user, trunk, trunks));
    let main = || trunks.number_of(trunk.id);
    let stand_in = || username.unwrap_or("anonymous").to_owned();
    let (user, asserted, display) = match (own, trunk.rules.caller_identity) {
        (Some(own), _) => (own.as_str().to_owned(), Some(own), display_name(request)),
        // A phone that shows its username shows no number at all.
        (None, CallerIdentity::Reject) if claimed.as_deref() != username => return Err(CallRefusal::CallerIdentity),
        (None, CallerIdentity::Allow) => (claimed.unwrap_or_else(stand_in), main(), display_name(request)),
        (None, CallerIdentity::Replace | CallerIdentity::Reject) => match main() {
            Some(main) => (main.as_str().to_owned(), Some(main), None),
            None => (stand_in(), None, None),
        },
    };
    let from = name_addr(display, &user, host);
    let asserted = asserted.map(|number| format!("<sip:{number}@{host}>").into_bytes().into_boxed_slice());
    Ok(Shown { from, asserted, user: user.into() })
}

/// The trunk's own number that a user part means: with `+`, with an international prefix, with the country code alone,
/// or in the form of the trunk's country.
fn own_number(user: &str, trunk: &Trunk, trunks: &Trunks) -> Option<E164> {
    let plain: String = user.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')')).collect();
    let home = trunk.rules.home_country_code.as_ref().map(Digits::as_str);
    let prefixed = ["+", "011", "00"].into_iter().find_map(|prefix| plain.strip_prefix(prefix));
    let national = home.map(|home| format!("{home}{}", plain.strip_prefix('0').unwrap_or(&plain)));
    let candidates = [prefixed.map(str::to_owned), Some(plain.clone()), national];
    let numbers = candidates.into_iter().flatten().filter_map(|digits| E164::parse(&format!("+{digits}")).ok());
    let mut own = numbers.filter(|number| trunks.has_number(trunk.id, number));
    own.next()
}

/// The user part of From, if it is one that may stand in a URI of ours as it is.
fn shown_user(request: &CheckedRequest<'_>) -> Option<String> {
    let user = request.from_header().uri.user?;
    let text = std::str::from_utf8(user.split(|octet| *octet == b';').next()?).ok()?;
    let may_stand = |octet: u8| octet.is_ascii_alphanumeric() || b"+-_.!~*'()".contains(&octet);
    let is_fit = !text.is_empty() && text.len() <= MAX_USER && text.bytes().all(may_stand);
    is_fit.then(|| text.to_owned())
}

/// The display name of From, if it can stand between quotes as it is.
fn display_name<'m>(request: &CheckedRequest<'m>) -> Option<&'m [u8]> {
    let name = request.from_header().address.display_name?;
    let is_plain = |octet: &u8| *octet >= b' ' && !matches!(octet, b'"' | b'\\' | 0x7f);
    (!name.is_empty() && name.len() <= MAX_DISPLAY && name.iter().all(is_plain)).then_some(name)
}

fn name_addr(display: Option<&[u8]>, user: &str, host: &str) -> Box<[u8]> {
    let mut text = Vec::with_capacity(96);
    if let Some(display) = display {
        text.push(b'"');
        text.extend_from_slice(display);
        text.extend_from_slice(b"\" ");
    }
    text.extend_from_slice(format!("<sip:{user}@{host}>").as_bytes());
    text.into_boxed_slice()
}
