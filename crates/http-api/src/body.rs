//! Request bodies: of the right type, not too large, and there in time.

use crate::api::Shared;
use crate::problem::Problem;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The octets of a body that says it is JSON. Wiped when dropped, because passwords arrive in it.
pub(crate) struct JsonBody(pub Zeroizing<Vec<u8>>);

impl FromRequest<Arc<Shared>> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Problem> {
        if !is_of_type(request.headers(), &[b"application/json"]) {
            return Err(Problem::NotJson);
        }
        let reading = read(request.into_body(), shared.config.max_body_octets);
        let octets = tokio::time::timeout(shared.config.body_read_timeout, reading).await;
        octets.map_err(|_| Problem::BodyTooSlow)?.map(Self)
    }
}

/// The octets of a body that says it is a form, as browsers send it. Wiped when dropped.
pub(crate) struct FormBody(pub Zeroizing<Vec<u8>>);

impl FromRequest<Arc<Shared>> for FormBody {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Problem> {
        if !is_of_type(request.headers(), &[b"application/x-www-form-urlencoded"]) {
            return Err(Problem::NotAForm);
        }
        let reading = read(request.into_body(), shared.config.max_body_octets);
        let octets = tokio::time::timeout(shared.config.body_read_timeout, reading).await;
        octets.map_err(|_| Problem::BodyTooSlow)?.map(Self)
    }
}

/// Reads a body, as long as it has at most so many octets.
pub(crate) async fn read(mut body: Body, max_octets: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let too_large = || Problem::BodyTooLarge { max_octets };
    let within = |octets: u64| usize::try_from(octets).ok().filter(|octets| *octets <= max_octets);
    let hint = body.size_hint();
    within(hint.lower()).ok_or_else(too_large)?;
    // Room for all of it at once: growing would leave copies behind that nobody wipes.
    let room = hint.upper().and_then(within).unwrap_or(max_octets);
    let mut octets = Zeroizing::new(Vec::with_capacity(room));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Problem::BodyBroken)?.into_data() else { continue };
        if data.len() > max_octets - octets.len() {
            return Err(too_large());
        }
        octets.extend_from_slice(&data);
    }
    Ok(octets)
}

/// Whether the one `Content-Type` is one of those, with whatever parameters.
pub(crate) fn is_of_type(headers: &HeaderMap, types: &[&[u8]]) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let media_type = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    types.iter().any(|wanted| media_type.trim_ascii().eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        let check = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_TYPE, value.parse().unwrap());
            }
            is_of_type(&headers, &[b"application/json"])
        };
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/json ;x=y"] {
            assert!(check(&[good]), "{good}");
        }
        for bad in
            ["text/json", "application/jsonp", "application/json, text/plain", "", "text/plain; application/json"]
        {
            assert!(!check(&[bad]), "{bad}");
        }
        assert!(!check(&[]));
        assert!(!check(&["application/json", "application/json"]));
    }

    #[tokio::test]
    async fn sizes() {
        assert_eq!(**read(Body::from("12345678"), 8).await.unwrap(), *b"12345678");
        assert!(matches!(read(Body::from("123456789"), 8).await, Err(Problem::BodyTooLarge { max_octets: 8 })));
        // A chunked body declares no length: counted as it comes.
        let chunked = |text: &'static str| Body::new(Body::from(text).map_frame(|frame| frame));
        assert_eq!(chunked("x").size_hint().upper(), None);
        assert_eq!(**read(chunked("12345678"), 8).await.unwrap(), *b"12345678");
        assert!(read(chunked("123456789"), 8).await.is_err());
    }
}
