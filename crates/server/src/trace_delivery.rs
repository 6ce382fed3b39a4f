//! Posts spans to the collector with the HTTP client this program has anyway. Called on the exporter's own thread only,
//! so that it may block.

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use ureq::Agent;

/// Longest a collector may take for one batch.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Most octets of its answer, which is almost nothing.
const MOST_ANSWER_OCTETS: u64 = 65_536;

/// A client of the collector that says once when it cannot deliver, and once when it can again.
#[derive(Debug)]
pub(crate) struct Delivery {
    agent: Agent,
    failing: AtomicBool,
}

impl Delivery {
    pub(crate) fn new() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            // Spans go where the operator said, and nowhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None);
        Self { agent: config.build().into(), failing: AtomicBool::new(false) }
    }

    fn post(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (parts, body) = request.into_parts();
        let response = self.agent.run(Request::from_parts(parts, &*body))?;
        let (parts, body) = response.into_parts();
        let answer = body.into_with_config().limit(MOST_ANSWER_OCTETS).read_to_vec()?;
        Ok(Response::from_parts(parts, answer.into()))
    }

    /// Tells the operator about a change, and not about every batch.
    fn tell(&self, problem: Option<String>) {
        let failed_before = self.failing.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) if !failed_before => {
                tracing::warn!(problem, "traces cannot be delivered and are dropped; look at the collector");
            }
            None if failed_before => tracing::info!("traces are delivered again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Delivery {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let outcome = self.post(request);
        self.tell(match &outcome {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("the collector answered {}", response.status().as_u16())),
            Err(error) => Some(error.to_string()),
        });
        Ok(outcome?)
    }
}
