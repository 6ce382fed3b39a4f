//! One spelling per path, before routing. Nothing is ever redirected: a followed POST becomes a GET.

use crate::problem::Problem;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use std::borrow::Cow;

const VERSION_PREFIX: &str = "/api/v1/";
/// The segment whose letter case clients disagree on.
const ACCOUNT: &str = "Account";

/// The URI with the routed spelling of its path, if it has another: `Account` in this case, no trailing slash.
///
/// Percent-encoded octets stay as they are, so that an encoded `/` never separates segments.
pub(crate) fn normalised(uri: &Uri) -> Result<Option<Uri>, Problem> {
    let path = uri.path();
    if !is_well_encoded(path) {
        return Err(Problem::PathEncoding);
    }
    if path.contains("//") {
        // No path here has an empty segment, which the router would take for a parameter.
        return Err(Problem::UnknownPath);
    }
    let Cow::Owned(mut target) = normalised_path(path) else { return Ok(None) };
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    PathAndQuery::try_from(target).map(|target| Some(Uri::from(target))).map_err(|_| Problem::PathEncoding)
}

fn normalised_path(path: &str) -> Cow<'_, str> {
    let trimmed = path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path);
    match account_rest(trimmed) {
        Some(rest) => Cow::Owned(format!("{VERSION_PREFIX}{ACCOUNT}{rest}")),
        None if trimmed.len() < path.len() => Cow::Owned(trimmed.to_owned()),
        None => Cow::Borrowed(path),
    }
}

/// What follows the account segment, if that segment is there in another case.
fn account_rest(path: &str) -> Option<&str> {
    let (segment, rest) = path.strip_prefix(VERSION_PREFIX)?.split_at_checked(ACCOUNT.len())?;
    let misspelt = segment.eq_ignore_ascii_case(ACCOUNT) && segment != ACCOUNT;
    (misspelt && rest.starts_with('/')).then_some(rest)
}

/// Whether every `%` starts an encoded octet, and the decoded octets are UTF-8.
fn is_well_encoded(path: &str) -> bool {
    if !path.contains('%') {
        return true;
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&octet, tail)) = rest.split_first() {
        rest = tail;
        if octet != b'%' {
            decoded.push(octet);
            continue;
        }
        let Some((&[high, low], tail)) = rest.split_first_chunk() else { return false };
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (Some(high), Some(low)) = (digit(high), digit(low)) else { return false };
        decoded.push(high << 4 | low);
        rest = tail;
    }
    std::str::from_utf8(&decoded).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let check = |given: &str| {
            let uri = Uri::try_from(given).unwrap();
            normalised(&uri).unwrap().map(|uri| uri.to_string())
        };
        let canonical = "/api/v1/Account/MA_1/credentials";
        for same in [canonical, "/", "/healthz", "*", "/api/v1/Account", "/api/v1/accounts/MA_1", "/API/v1/account/x"] {
            assert_eq!(check(same), None, "{same}");
        }
        for other in ["/api/v1/account/MA_1/credentials", "/api/v1/ACCOUNT/MA_1/credentials/", &format!("{canonical}/")]
        {
            assert_eq!(check(other).as_deref(), Some(canonical), "{other}");
        }
        assert_eq!(check("/api/v1/account/a/b/?limit=2").as_deref(), Some("/api/v1/Account/a/b?limit=2"));
        assert_eq!(check("/healthz/").as_deref(), Some("/healthz"));
        assert!(normalised(&Uri::from_static("/healthz//")).is_err(), "one slash, not two");
        assert_eq!(check("/api/v1/account/%2F/b").as_deref(), Some("/api/v1/Account/%2F/b"));
        assert_eq!(check("/api/v1/accountant/x"), None);
        assert_eq!(check("http://host/api/v1/account/a/b").as_deref(), Some("/api/v1/Account/a/b"));
    }

    #[test]
    fn encodings() {
        for good in ["/a%20b", "/%C3%A4", "/%2f", "/plain"] {
            assert!(is_well_encoded(good), "{good}");
        }
        for bad in ["/%", "/%4", "/%zz", "/%FF", "/%C3x", "/%+1"] {
            assert!(!is_well_encoded(bad), "{bad}");
        }
    }
}
