//! Where a request comes from, as browsers say it and pages cannot.

use crate::refusal::Refusal;
use axum::http::header::{HOST, HeaderName, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Scheme;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses what a page of another site has sent. A browser that says nothing about it is old, or none; what protects
/// there is the session's own token in the form.
pub(crate) fn check_origin(parts: &Parts) -> Result<(), Refusal> {
    let text = |name: &HeaderName| parts.headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if let Some(site) = text(&SEC_FETCH_SITE)
        && !matches!(site, "same-origin" | "none")
    {
        return Err(Refusal::ForeignPage);
    }
    match (text(&ORIGIN), text(&HOST)) {
        (Some(origin), Some(host)) if origin.split_once("://").is_none_or(|(_, place)| place != host) => {
            Err(Refusal::ForeignPage)
        }
        (Some(_), None) => Err(Refusal::ForeignPage),
        _ => Ok(()),
    }
}

/// Whether the browser is on HTTPS: here, or at a proxy before us, whose pages then say so of themselves.
pub(crate) fn is_secure(parts: &Parts) -> bool {
    let is_tls = parts.extensions.get::<Scheme>() == Some(&Scheme::HTTPS);
    let origin = parts.headers.get(ORIGIN).and_then(|value| value.to_str().ok());
    is_tls || origin.is_some_and(|origin| origin.starts_with("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::post("/sign-in");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_our_own_pages_send_forms() {
        for (headers, expected) in [
            (&[("host", "a:1")][..], true),
            (&[("host", "a:1"), ("origin", "http://a:1")], true),
            (&[("host", "a:1"), ("origin", "https://a:1"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "a:1"), ("origin", "http://a:2")], false),
            (&[("host", "a:1"), ("origin", "null")], false),
            (&[("host", "a:1"), ("origin", "http://a:1.evil")], false),
            (&[("host", "a:1"), ("sec-fetch-site", "same-site")], false),
            (&[("host", "a:1"), ("sec-fetch-site", "cross-site"), ("origin", "http://a:1")], false),
            (&[("origin", "http://a:1")], false),
        ] {
            assert_eq!(check_origin(&parts(headers)).is_ok(), expected, "{headers:?}");
        }
    }
}
