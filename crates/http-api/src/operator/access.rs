//! Who may act on the installation.

use crate::api::Shared;
use crate::authenticated::{only_value, path_parameter};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use domain::{AuthId, HostName, RealmName, TokenId};
use provisioning::{InstallationOperator, ProvisioningError};
use std::sync::Arc;

/// Every path below this is the operator's.
const PREFIX: &str = "/admin/v1";
const SCHEME: &[u8] = b"Bearer ";

/// Marks a request that came by way of a socket or process that file permissions (0600) have opened to its sender. Only
/// this crate can put it among a request's extensions.
#[derive(Clone, Copy)]
pub(crate) struct AdmittedByFilePermissions;

/// Permission to act on the installation: extracting it authenticates (401).
pub(crate) struct Access(pub InstallationOperator);

/// The account named by the path. Extract what the path names after [`Access`].
pub(crate) struct AccountInPath(pub AuthId);

/// The host name named by the path.
pub(crate) struct HostInPath(pub HostName);

/// The realm named by the path.
pub(crate) struct RealmInPath(pub RealmName);

/// The token named by the path.
pub(crate) struct TokenInPath(pub TokenId);

/// Whether a path is the operator's, so that where the operator API is off nothing is served at it.
pub(crate) fn is_operators(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl FromRequestParts<Arc<Shared>> for Access {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        if parts.extensions.get::<AdmittedByFilePermissions>().is_some() {
            return Ok(Self(InstallationOperator::admitted_by_file_permissions()));
        }
        let Ok(Context(context)) = Context::from_request_parts(parts, shared).await;
        let token = only_value(&parts.headers, &AUTHORIZATION).and_then(bearer_token);
        let operator = shared.provisioning.authenticate_operator(token, context);
        operator.map(Self).map_err(|_| Problem::NotTheOperator)
    }
}

impl FromRequestParts<Arc<Shared>> for AccountInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "auth_id").await?;
        // What no account can be called, no account is called.
        AuthId::parse(&text).map(Self).map_err(|_| Problem::Refused(ProvisioningError::AccountNotFound))
    }
}

impl FromRequestParts<Arc<Shared>> for HostInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "host").await?;
        HostName::parse(&text).map(Self).map_err(|_| Problem::Refused(ProvisioningError::HostNotFound))
    }
}

impl FromRequestParts<Arc<Shared>> for RealmInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "realm").await?;
        RealmName::parse(&text).map(Self).map_err(|_| Problem::Refused(ProvisioningError::RealmNotFound))
    }
}

impl FromRequestParts<Arc<Shared>> for TokenInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "token_id").await?;
        TokenId::parse(&text).map(Self).ok_or(Problem::Refused(ProvisioningError::TokenNotFound))
    }
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110 section 11.1).
fn bearer_token(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_operator() {
        for path in ["/admin/v1", "/admin/v1/", "/admin/v1/accounts"] {
            assert!(is_operators(path), "{path}");
        }
        for path in ["/", "/admin", "/admin/v10", "/api/v1/admin/v1"] {
            assert!(!is_operators(path), "{path}");
        }
    }

    #[test]
    fn bearer_tokens() {
        for (value, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Bearer ", Some("")),
            ("Bearer", None),
            ("Basic abc", None),
            ("abc", None),
        ] {
            assert_eq!(bearer_token(value.as_bytes()), expected.map(str::as_bytes), "{value}");
        }
    }
}
