//! The API as one function from request to answer.

use crate::observer::{Answered, RequestHead, RouteSlot, note_route};
use crate::operator::{self, AdmittedByFilePermissions, Exposure};
use crate::problem::{ErrorBody, Problem};
use crate::rate_limit::RateLimits;
use crate::request_id::RequestId;
use crate::routes::Routes;
use crate::{
    Config, Exposition, Readiness, account_settings, algorithm_report, audit_log, auth_events, bans, call_records,
    call_webhook, calls, credential_report, credentials, devices, health, ip_acls, links, me, metrics_page, numbers,
    openapi, origination_uris, panic_guard, path, phone_settings, provision, provisioning_path, reference,
    registrations, request_context, rotation, sub_accounts, tokens, trunks,
};
use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::header::{CACHE_CONTROL, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Request};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use domain::{RandomSource, UsernameRule};
use provisioning::{Provisioning, RequestBudget};
use std::sync::Arc;
use std::time::Instant;
use tower::ServiceExt;
use tracing::Instrument;

#[cfg(test)]
mod tests;

/// The header that names a request, in it and in its answer.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Most octets of a path that a log line shows.
const SHOWN_PATH_OCTETS: usize = 200;

/// The HTTP API. Cloning is cheap and shares everything.
#[derive(Clone)]
pub struct HttpApi {
    shared: Arc<Shared>,
    router: Router,
}

/// What handlers use.
pub(crate) struct Shared {
    pub provisioning: Arc<Provisioning>,
    pub readiness: Arc<dyn Readiness>,
    pub random: Arc<dyn RandomSource>,
    pub limits: Arc<RateLimits>,
    pub config: Config,
}

impl HttpApi {
    /// Builds the API over the use cases; `random` draws request ids.
    #[must_use]
    pub fn new(
        provisioning: Arc<Provisioning>,
        readiness: Arc<dyn Readiness>,
        random: Arc<dyn RandomSource>,
        config: Config,
    ) -> Self {
        let username_rule = provisioning.username_rule();
        let limits = Arc::new(RateLimits::new(config.rate_limit));
        let shared = Arc::new(Shared { provisioning, readiness, random, limits, config });
        let router = router(username_rule).layer(from_fn(note_route)).with_state(Arc::clone(&shared));
        Self { shared, router }
    }

    /// What the operator's listener serves: `GET /metrics` alone, with this API's bounds and errors. Nobody observes it,
    /// or each scrape would change what the next one says.
    #[must_use]
    pub fn exposing(&self, exposition: Arc<dyn Exposition>) -> Self {
        let Shared { provisioning, readiness, random, limits, config } = &*self.shared;
        let shared = Arc::new(Shared {
            provisioning: Arc::clone(provisioning),
            readiness: Arc::clone(readiness),
            random: Arc::clone(random),
            limits: Arc::clone(limits),
            config: Config { observer: Config::default().observer, ..config.clone() },
        });
        let router = metrics_page::routes(exposition).with_state(Arc::clone(&shared));
        Self { shared, router }
    }

    /// The API with the pages of another face beside it: they share its listeners, request ids, log line and bounds, and
    /// find a [`RequestContext`](provisioning::RequestContext), an `Arc` of the [`RequestBudget`] and, over TLS, [`Scheme::HTTPS`](axum::http::uri::Scheme)
    /// among a request's extensions. Pages are no part of the document.
    #[must_use]
    pub fn beside(self, pages: Router) -> Self {
        let budget = Extension(Arc::clone(&self.shared.limits) as Arc<dyn RequestBudget>);
        let pages = pages.layer(budget).layer(from_fn(request_context::note_context)).layer(from_fn(note_route));
        Self { shared: self.shared, router: self.router.merge(pages) }
    }

    /// Answers one request. A [`SocketAddr`](std::net::SocketAddr) in [`ConnectInfo`](axum::extract::ConnectInfo)
    /// among its extensions is taken as the client's address.
    pub async fn answer(&self, mut request: Request<Body>) -> Response {
        let started = Instant::now();
        let id = RequestId::of(request.headers(), &*self.shared.random);
        let header = id.to_header();
        let span =
            tracing::info_span!("request", id = %id, method = %request.method(), path = shown(request.uri().path()));
        let head = RequestHead::of(&request, &id);
        let route = RouteSlot::default();
        request.extensions_mut().insert(id);
        request.extensions_mut().insert(route.clone());
        async {
            let answering = async {
                let mut response = self.routed(request).await.unwrap_or_else(IntoResponse::into_response);
                fix_headers(response.headers_mut(), header);
                Answered { response, route }
            };
            let Answered { response, .. } = self.shared.config.observer.observe(head, Box::pin(answering)).await;
            let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            tracing::info!(status = response.status().as_u16(), elapsed_us, "answered");
            response
        }
        .instrument(span)
        .await
    }

    pub(crate) fn config(&self) -> &Config {
        &self.shared.config
    }

    pub(crate) fn random(&self) -> &Arc<dyn RandomSource> {
        &self.shared.random
    }

    async fn routed(&self, mut request: Request<Body>) -> Result<Response, Problem> {
        if let Some(uri) = path::normalised(request.uri())? {
            *request.uri_mut() = uri;
        }
        self.refuse_hidden(&request)?;
        if !self.shared.config.lease.is_in_force() && !health::is_health(request.uri().path()) {
            return Err(Problem::NoLease);
        }
        let allowed = operator::takes_long(request.uri().path()).unwrap_or(self.shared.config.request_timeout);
        let handled = panic_guard::guarded(self.router.clone().oneshot(request));
        let Ok(response) = tokio::time::timeout(allowed, handled)
            .await
            .map_err(|_| Problem::TimedOut)?
            .map_err(|panic_guard::Panicked| Problem::Panicked)?;
        Ok(response)
    }

    /// Where the operator API is not served, its paths are like any that nothing is served at.
    fn refuse_hidden(&self, request: &Request<Body>) -> Result<(), Problem> {
        let admitted = request.extensions().get::<AdmittedByFilePermissions>().is_some();
        let exposed = match &self.shared.config.operator_api {
            Some(operator_api) => admitted || operator_api.exposure == Exposure::HttpListeners,
            None => false,
        };
        if exposed || !operator::is_operators(request.uri().path()) { Ok(()) } else { Err(Problem::UnknownPath) }
    }
}

fn router(username_rule: UsernameRule) -> Router<Arc<Shared>> {
    let described = described_routes();
    let document = openapi::document(&described, username_rule);
    described
        .router
        .merge(openapi::routes(&document))
        .merge(reference::routes(&document))
        .merge(provision::routes())
        .fallback(|| async { Problem::UnknownPath })
        .method_not_allowed_fallback(|| async { Problem::MethodNotAllowed })
}

/// Everything the document describes.
pub(crate) fn described_routes() -> Routes {
    Routes::new()
        .merge(credentials::routes())
        .merge(rotation::routes())
        .merge(devices::routes())
        .merge(links::routes())
        .merge(provisioning_path::routes())
        .merge(credential_report::routes())
        .merge(algorithm_report::routes())
        .merge(trunks::routes())
        .merge(ip_acls::routes())
        .merge(origination_uris::routes())
        .merge(numbers::routes())
        .merge(tokens::routes())
        .merge(sub_accounts::routes())
        .merge(registrations::routes())
        .merge(auth_events::routes())
        .merge(calls::routes())
        .merge(call_records::routes())
        .merge(call_webhook::routes())
        .merge(audit_log::routes())
        .merge(bans::routes())
        .merge(me::routes())
        .merge(account_settings::routes())
        .merge(phone_settings::routes())
        .merge(health::routes())
        .merge(operator::routes())
        .schema::<ErrorBody<'_>>()
}

/// The headers every answer carries, errors too. Only what is the same for everybody says itself how long it may be kept.
pub(crate) fn fix_headers(headers: &mut HeaderMap, request_id: HeaderValue) {
    headers.insert(X_REQUEST_ID, request_id);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

fn shown(path: &str) -> &str {
    let path = provision::shown_path(path);
    path.get(..path.floor_char_boundary(SHOWN_PATH_OCTETS)).unwrap_or_default()
}
