//! The quickstart's HTTP client: what a customer's program would do.

use super::Tenant;
use crate::failure::Failure;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::http::Request;

/// Calls the API as one account.
pub(crate) struct Api {
    agent: Agent,
    base: String,
    auth_id: String,
    auth_token: String,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) text: String,
    pub(crate) elapsed: Duration,
}

impl Api {
    pub(crate) fn new(address: SocketAddr, tenant: &Tenant) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(10)));
        Self {
            agent: config.build().into(),
            base: format!("http://{address}/api/v1/Account/{}", tenant.auth_id),
            auth_id: tenant.auth_id.clone(),
            auth_token: tenant.auth_token.clone(),
        }
    }

    /// Calls one path below the account.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Answer, Failure> {
        let url = format!("{}/{path}", self.base);
        let failed = |error: String| Failure::Refused(format!("{method} {url} failed ({error}); try again"));
        let request = Request::builder()
            .method(method)
            .uri(&url)
            .header("X-Auth-ID", &self.auth_id)
            .header("X-Auth-Token", &self.auth_token)
            .header("Content-Type", "application/json")
            .body(body.map(|body| body.to_string()).unwrap_or_default())
            .map_err(|error| failed(error.to_string()))?;
        let agent = self.agent.clone();
        let begun = Instant::now();
        // The client blocks, so it waits on a thread of its own.
        let exchanged = tokio::task::spawn_blocking(move || {
            let mut response = agent.run(request)?;
            let text = response.body_mut().read_to_string()?;
            Ok::<_, ureq::Error>((response.status().as_u16(), text))
        });
        let (status, text) = match exchanged.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(failed(error.to_string())),
            Err(error) => return Err(failed(error.to_string())),
        };
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let request = url.split_once("/api/").map_or(url.clone(), |(_, path)| format!("{method} /api/{path}"));
        Ok(Answer { request, status, body, text, elapsed: begun.elapsed() })
    }
}
