//! `GET /metrics`, for the operator's listener: never beside the routes that tenants reach.

use crate::api::Shared;
use crate::problem::Problem;
use axum::Router;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// Knows the present values of all metrics.
pub trait Exposition: Send + Sync + 'static {
    /// The whole page. May read files and visit all credentials, so it is called on a thread that may block.
    fn expose(&self, format: ExpositionFormat) -> String;
}

/// How metrics are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpositionFormat {
    /// The Prometheus text format 0.0.4, which every scraper reads.
    Text,
    /// OpenMetrics 1.0.0, for scrapers that ask for it.
    OpenMetrics,
}

impl ExpositionFormat {
    const OPEN_METRICS: &str = "application/openmetrics-text";
    const TEXT: &str = "text/plain";

    /// The format the scraper prefers; the text format unless OpenMetrics is named and not liked less.
    fn accepted_by(headers: &HeaderMap) -> Self {
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let (mut open_metrics, mut text) = (0, 0);
        for range in values.flat_map(|value| value.split(',')) {
            let (media_type, quality) = media_range(range);
            if media_type.eq_ignore_ascii_case(Self::OPEN_METRICS) {
                open_metrics = open_metrics.max(quality);
            } else if media_type.eq_ignore_ascii_case(Self::TEXT) {
                text = text.max(quality);
            }
        }
        if open_metrics > 0 && open_metrics >= text { Self::OpenMetrics } else { Self::Text }
    }

    const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        })
    }
}

/// A media type and its quality in thousandths (RFC 9110 section 12.4.2); one that cannot be read counts as 0.
fn media_range(range: &str) -> (&str, u32) {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let thousandths = |text: &str| match text.split_once('.').unwrap_or((text, "")) {
        ("1", _) => 1000,
        ("0", digits) if digits.len() <= 3 => format!("{digits:0<3}").parse().unwrap_or(0),
        _ => 0,
    };
    (media_type, quality.map_or(1000, thousandths))
}

pub(crate) fn routes(exposition: Arc<dyn Exposition>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/metrics", get(move |headers: HeaderMap| answer(Arc::clone(&exposition), headers)))
        .fallback(|| async { Problem::UnknownOperatorPath })
        .method_not_allowed_fallback(|| async { Problem::MethodNotAllowed })
}

async fn answer(exposition: Arc<dyn Exposition>, headers: HeaderMap) -> Result<Response, Problem> {
    let format = ExpositionFormat::accepted_by(&headers);
    let page = tokio::task::spawn_blocking(move || exposition.expose(format)).await;
    let page = page.map_err(|_| Problem::Panicked)?;
    Ok(([(CONTENT_TYPE, format.content_type())], page).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_api::TestApi;
    use axum::body::Body;
    use axum::http::{Method, Request};

    struct Page;

    impl Exposition for Page {
        fn expose(&self, format: ExpositionFormat) -> String {
            format!("{format:?}")
        }
    }

    #[test]
    fn the_scraper_chooses() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;\
                          q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for (accept, expected) in [
            (&[][..], ExpositionFormat::Text),
            (&["*/*"], ExpositionFormat::Text),
            (&["text/plain"], ExpositionFormat::Text),
            (&[prometheus], ExpositionFormat::OpenMetrics),
            (&["text/plain;q=0.9", "Application/OpenMetrics-Text"], ExpositionFormat::OpenMetrics),
            (&["text/plain, application/openmetrics-text;q=0.999"], ExpositionFormat::Text),
            (&["application/openmetrics-text;q=0"], ExpositionFormat::Text),
            (&["application/openmetrics-text;q=nonsense"], ExpositionFormat::Text),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(ACCEPT, value.parse().unwrap());
            }
            assert_eq!(ExpositionFormat::accepted_by(&headers), expected, "{accept:?}");
        }
    }

    #[tokio::test]
    async fn only_metrics_are_served_there() {
        let mut api = TestApi::new().await;
        assert_eq!(api.get("/metrics").await.status(), 404, "tenants do not reach it");
        api.api = api.api.exposing(Arc::new(Page));
        let answer = api.get("/metrics/").await;
        assert_eq!(
            (answer.shown().as_str(), answer.header("content-type")),
            ("200 Text", "text/plain; version=0.0.4; charset=utf-8")
        );
        let request = Request::get("/metrics").header("accept", "application/openmetrics-text");
        let answer = api.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.body, "OpenMetrics");
        assert_eq!(answer.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
        let missing = api.get("/healthz").await;
        assert_eq!(missing.status(), 404);
        assert!(missing.error().contains("/metrics"));
        let post = api.send(api.request(Method::POST, "/metrics").body(Body::empty()).unwrap()).await;
        assert_eq!((post.status().as_u16(), post.header("allow")), (405, "GET,HEAD"));
        let _sentence = post.error();
    }
}
