//! Logging, to standard error.

use crate::failure::Failure;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Reads a level or a filter.
pub(crate) fn parse_filter(filter: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(filter).map_err(|error| Failure::Option {
        option: "--log",
        value: filter.to_owned(),
        problem: format!("{error}; write info or a filter such as info,sipwarden::auth=off"),
    })
}

/// Starts logging. A second start in one process changes nothing.
pub(crate) fn start(filter: EnvFilter, format: LogFormat) {
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only if logging was started before.
    let _ = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
