//! Spans of HTTP requests and of what they write, sent to an OpenTelemetry collector over OTLP/HTTP.
//!
//! Spans are made here and nowhere else, from what [`http_api::RequestHead`] shows: log lines and the fields of
//! `tracing` spans, where a path or a username may stand, never become part of one. A full queue drops spans, a
//! collector that is slow or gone costs its own thread time, and no request waits for either.

use crate::failure::Failure;
use crate::otlp_endpoint::OtlpEndpoint;
use crate::trace_delivery::Delivery;
use http_api::{Answered, Answering, RequestHead};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Span, SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracer, SdkTracerProvider};
use std::time::Duration;
use storage::WriteOutcome;

/// How long the last spans may take to leave at shutdown.
const FLUSH_LIMIT: Duration = Duration::from_secs(3);
/// The method of a span whose request had one that HTTP does not know (OpenTelemetry semantic conventions).
const OTHER_METHOD: &str = "_OTHER";

tokio::task_local! {
    /// The span of the request being answered, for what is done on its behalf.
    static CURRENT: Context;
}

/// Makes spans and hands them to a thread that sends them.
#[derive(Debug)]
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Starts the sending thread. Nothing is sent before the first span ended.
    pub(crate) fn start(collector: &OtlpEndpoint) -> Result<Self, Failure> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Delivery::new())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(collector.traces())
            .build()
            .map_err(|error| Failure::Refused(format!("traces cannot be sent ({error}); correct --otlp-endpoint")))?;
        let resource = Resource::builder()
            .with_service_name("sipwarden")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).build())
            .with_resource(resource)
            .build();
        let tracer = provider.tracer("sipwarden");
        Ok(Self { provider, tracer })
    }

    /// Follows a request from its head to its answer, as part of the trace its client began, if it did.
    pub(crate) async fn request<'r>(
        &self,
        head: &RequestHead,
        method: &'static str,
        answering: Answering<'r>,
    ) -> Answered {
        let method = if method == head.method() { method } else { OTHER_METHOD };
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Parent(head.traceparent()));
        let mut span = self
            .tracer
            .span_builder(method)
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("http.request.method", method),
                KeyValue::new("sipwarden.request_id", head.request_id().to_owned()),
            ])
            .start_with_context(&self.tracer, &parent);
        let inside = Context::new().with_remote_span_context(span.span_context().clone());
        let answered = CURRENT.scope(inside, answering).await;
        if let Some(route) = answered.route() {
            span.update_name(format!("{method} {route}"));
            span.set_attribute(KeyValue::new("http.route", route.to_owned()));
        }
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(answered.status())));
        if answered.status() >= 500 {
            span.set_status(Status::error(""));
        }
        span.end();
        answered
    }

    /// Follows a write, from its queueing by the present request, or by nobody's, to its end.
    pub(crate) fn commit(&self) -> impl FnOnce(WriteOutcome) + Send + use<> {
        let parent = CURRENT.try_with(Clone::clone).unwrap_or_default();
        let mut span = self
            .tracer
            .span_builder("storage commit")
            .with_kind(SpanKind::Client)
            .with_attributes([KeyValue::new("db.system.name", "sqlite")])
            .start_with_context(&self.tracer, &parent);
        move |outcome| {
            span.set_attribute(KeyValue::new("sipwarden.outcome", outcome.as_str()));
            if outcome == WriteOutcome::Failed {
                span.set_status(Status::error(""));
            }
            span.end();
        }
    }

    /// Sends what is left, for a bounded time.
    pub(crate) async fn finish(&self) {
        let provider = self.provider.clone();
        let flushed = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FLUSH_LIMIT));
        // The shutdown's own limit should do; a server that ends must not depend on that.
        let in_time = tokio::time::timeout(FLUSH_LIMIT + Duration::from_secs(1), flushed).await;
        if !matches!(in_time, Ok(Ok(Ok(())))) {
            tracing::warn!("the last traces could not be handed over in time");
        }
    }
}

/// The one header a trace is continued from. Its `tracestate` is not: no header's value becomes part of a span.
struct Parent<'h>(Option<&'h str>);

impl Extractor for Parent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.filter(|_| key == "traceparent")
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}
