//! The credentials API over HTTP: wire types, handlers, error mapping and the serving loop.
//!
//! A request passes, in this order: its path is normalised (`path`), routed (404) and its method checked (405); its
//! headers are authenticated (401), counted (429, `rate_limit`) and scoped to the account in the path and to what the
//! token may do (403, `authenticated`); its body is
//! checked for type (415), size (413) and arrival in time (408, `body`), read strictly (`json_object`, 400) into
//! domain types, and handed to a use case of `provisioning`. Whatever goes wrong on the way is a `Problem`,
//! which alone knows HTTP statuses. [`HttpApi`] puts request id, log line and fixed headers around it; [`serve()`]
//! moves the bytes.
//!
//! This crate never decides what a credential is, never touches storage, and never lets a password or token into an
//! answer, a log line or an error.

mod account_settings;
mod algorithm_report;
mod answer;
mod api;
mod audit_log;
mod auth_events;
mod authenticated;
mod bans;
mod body;
mod call_records;
mod call_webhook;
mod calls;
mod config;
mod credential_report;
mod credentials;
mod devices;
mod field_problems;
mod health;
mod html;
mod idempotency;
mod ip_acls;
mod json_object;
mod link;
mod links;
mod me;
mod metrics_page;
mod moment;
mod networks_field;
mod numbers;
mod observer;
mod openapi;
mod operator;
mod origination_uris;
mod pagination;
mod panic_guard;
mod path;
mod phone_settings;
mod problem;
mod provision;
mod provisioning_path;
mod rate_limit;
mod reference;
mod registrations;
mod request_context;
mod request_id;
mod rotation;
mod routes;
mod rows_body;
mod serve;
mod stream_body;
mod sub_accounts;
mod tokens;
mod trunks;

#[cfg(test)]
mod test_api;

pub use api::HttpApi;
pub use config::{Config, SipService, TokenRateLimit};
pub use health::Readiness;
pub use metrics_page::{Exposition, ExpositionFormat};
pub use observer::{Answered, Answering, RequestHead, RequestObserver};
pub use openapi::openapi_document;
pub use operator::{
    Backup, BackupFuture, Exposure, KeyRotation, OperatorApi, RotationFuture, serve_control_connection,
    serve_control_socket,
};
pub use serve::{Handshake, serve, serve_after};
