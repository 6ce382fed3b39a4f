//! Where traces go.

use std::fmt;
use ureq::http::Uri;

/// The path of traces below a collector's base URL (OTLP/HTTP).
const TRACES_PATH: &str = "/v1/traces";

/// The base URL of an OpenTelemetry collector, without anything that could be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtlpEndpoint(String);

impl OtlpEndpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let uri: Uri = text.parse().map_err(|_| "write http://HOST:4318")?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err("write http://HOST:4318");
        };
        if scheme == "https" {
            return Err("https is not supported by this version; send to a collector on this machine, which can");
        }
        if scheme != "http" {
            return Err("write http://HOST:4318");
        }
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err("leave out name, password and query; OTEL_EXPORTER_OTLP_HEADERS may hold credentials");
        }
        let base = text.trim_end_matches('/');
        if base.ends_with(TRACES_PATH) {
            return Err("leave /v1/traces out; it is added");
        }
        Ok(Self(base.to_owned()))
    }

    /// Where traces are posted.
    pub(crate) fn traces(&self) -> String {
        format!("{}{TRACES_PATH}", self.0)
    }
}

impl fmt::Display for OtlpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
