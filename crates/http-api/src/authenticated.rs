//! Who may do what to the account in the path.

use crate::api::Shared;
use crate::problem::Problem;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use domain::{
    AuthId, BanId, CallId, CredentialId, DeviceId, E164, IpAclId, OriginationUriId, ProvisioningLinkId, TokenId,
    TrunkId,
};
use provisioning::{AccountRead, AccountScope, AccountWrite, CredentialsWrite, LinkToken, Operator, ProvisioningError};
use std::sync::Arc;
use std::time::Instant;

/// The header that names the account asking.
const X_AUTH_ID: HeaderName = HeaderName::from_static("x-auth-id");
/// The header that proves it.
const X_AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// The account whose token was sent, whatever the token's scope: extracting it authenticates (401), then counts the
/// request against what the token and its account may make (429).
pub(crate) struct Caller(pub Operator);

/// Permission to read the credentials of the account in the path: extracting it authenticates, then compares with the
/// path (403).
pub(crate) struct Authenticated(pub AccountScope);

/// Permission to change the credentials of the account in the path (403 for a token that may not).
pub(crate) struct CredentialsWriter(pub CredentialsWrite);

/// Permission to read everything of the account in the path (403 for a token that may not).
pub(crate) struct AccountReader(pub AccountRead);

/// Permission to change tokens and sub-accounts of the account in the path (403 for a token that may not).
pub(crate) struct AccountWriter(pub AccountWrite);

/// The credential named by the path. Extract it after the permission.
pub(crate) struct CredentialInPath(pub CredentialId);

/// The device named by the path. Extract it after the permission.
pub(crate) struct DeviceInPath(pub DeviceId);

/// The provisioning link named by the path. Extract it after the permission.
pub(crate) struct LinkInPath(pub ProvisioningLinkId);

/// The token of a provisioning link, which is all that whoever has it has.
pub(crate) struct LinkTokenInPath(pub LinkToken);

/// The registration named by the path, as it stands there. Extract it after the permission.
pub(crate) struct RegistrationInPath(pub String);

/// The trunk named by the path. Extract it after the permission.
pub(crate) struct TrunkInPath(pub TrunkId);

/// The entry of the IP access list named by the path. Extract it after the permission.
pub(crate) struct IpAclInPath(pub IpAclId);

/// The ban named by the path. Extract it after the permission.
pub(crate) struct BanInPath(pub BanId);

/// The origination URI named by the path. Extract it after the permission.
pub(crate) struct OriginationUriInPath(pub OriginationUriId);

/// The number named by the path, with or without its `+`. Extract it after the permission.
pub(crate) struct NumberInPath(pub E164);

/// The call named by the path; `None` where what stands there names none. Extract it after the permission.
pub(crate) struct CallInPath(pub Option<CallId>);

/// The token named by the path. Extract it after the permission.
pub(crate) struct TokenInPath(pub TokenId);

/// The sub-account named by the path. Extract it after the permission.
pub(crate) struct SubAccountInPath(pub AuthId);

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let auth_id = only_value(&parts.headers, &X_AUTH_ID);
        let token = only_value(&parts.headers, &X_AUTH_TOKEN);
        let operator = shared.provisioning.authenticate(auth_id, token)?;
        shared.limits.admit(&operator, Instant::now())?;
        Ok(Self(operator))
    }
}

impl FromRequestParts<Arc<Shared>> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let Caller(operator) = Caller::from_request_parts(parts, shared).await?;
        let account = path_parameter(parts, "auth_id").await?;
        Ok(Self(operator.scope(&account)?))
    }
}

impl FromRequestParts<Arc<Shared>> for CredentialsWriter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let Authenticated(scope) = Authenticated::from_request_parts(parts, shared).await?;
        Ok(Self(scope.credentials_write()?))
    }
}

impl FromRequestParts<Arc<Shared>> for AccountReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let Authenticated(scope) = Authenticated::from_request_parts(parts, shared).await?;
        Ok(Self(scope.account_read()?))
    }
}

impl FromRequestParts<Arc<Shared>> for AccountWriter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let Authenticated(scope) = Authenticated::from_request_parts(parts, shared).await?;
        Ok(Self(scope.account_write()?))
    }
}

impl FromRequestParts<Arc<Shared>> for CredentialInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "credential_id").await?;
        CredentialId::parse(&text).map(Self).ok_or(Problem::NotACredentialId)
    }
}

impl FromRequestParts<Arc<Shared>> for DeviceInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "device_id").await?;
        DeviceId::parse(&text).map(Self).ok_or(Problem::NotAnId("device"))
    }
}

impl FromRequestParts<Arc<Shared>> for LinkInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "link_id").await?;
        ProvisioningLinkId::parse(&text).map(Self).ok_or(Problem::NotAnId("provisioning link"))
    }
}

impl FromRequestParts<Arc<Shared>> for LinkTokenInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "token").await?;
        // What can be no token is the same as one that nobody made.
        LinkToken::parse(&text).map(Self).ok_or(Problem::Refused(ProvisioningError::ProvisioningLinkNotFound))
    }
}

impl FromRequestParts<Arc<Shared>> for RegistrationInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        path_parameter(parts, "registration_id").await.map(Self)
    }
}

impl FromRequestParts<Arc<Shared>> for TrunkInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "trunk_id").await?;
        TrunkId::parse(&text).map(Self).ok_or(Problem::NotAnId("trunk"))
    }
}

impl FromRequestParts<Arc<Shared>> for IpAclInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "ip_acl_id").await?;
        IpAclId::parse(&text).map(Self).ok_or(Problem::NotAnId("entry"))
    }
}

impl FromRequestParts<Arc<Shared>> for BanInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "ban_id").await?;
        // What no ban can be called, no ban is called.
        BanId::parse(&text).map(Self).ok_or(Problem::Refused(ProvisioningError::BanNotFound))
    }
}

impl FromRequestParts<Arc<Shared>> for OriginationUriInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "origination_uri_id").await?;
        OriginationUriId::parse(&text).map(Self).ok_or(Problem::NotAnId("origination URI"))
    }
}

impl FromRequestParts<Arc<Shared>> for NumberInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "e164").await?;
        let number = if text.starts_with('+') { E164::parse(&text) } else { E164::parse(&format!("+{text}")) };
        // What is no number, nobody has.
        number.map(Self).map_err(|_| Problem::Refused(ProvisioningError::NumberNotFound))
    }
}

impl FromRequestParts<Arc<Shared>> for TokenInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "token_id").await?;
        TokenId::parse(&text).map(Self).ok_or(Problem::NotATokenId)
    }
}

impl FromRequestParts<Arc<Shared>> for CallInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "call_id").await?;
        Ok(Self(CallId::parse(&text)))
    }
}

impl FromRequestParts<Arc<Shared>> for SubAccountInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Problem> {
        let text = path_parameter(parts, "sub_auth_id").await?;
        // What no account can be called, no account is called.
        AuthId::parse(&text).map(Self).map_err(|_| Problem::Refused(ProvisioningError::AccountNotFound))
    }
}

/// The header's value if it was sent exactly once: which of two is meant, nobody can know.
pub(crate) fn only_value<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes()),
        _ => None,
    }
}

/// The decoded path segment of that name.
pub(crate) async fn path_parameter(parts: &mut Parts, name: &str) -> Result<String, Problem> {
    let parameters = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| Problem::PathEncoding)?;
    let value = parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    value.ok_or(Problem::UnknownPath)
}

#[cfg(test)]
mod tests {
    use crate::test_api::{ACCOUNT, NOBODY, OTHER, TestApi};
    use axum::body::Body;
    use axum::http::Request;

    const REFUSED: &str =
        r#"401 {"error":"Authentication failed: send X-Auth-ID and X-Auth-Token of an account","code":401}"#;

    #[tokio::test]
    async fn every_cause_of_a_401_looks_the_same() {
        let api = TestApi::new().await;
        let (token, other) = (api.token.as_str(), api.other_token.as_str());
        let upper = token.to_uppercase();
        let cases: &[&[(&str, &str)]] = &[
            &[],
            &[("x-auth-id", ACCOUNT)],
            &[("x-auth-token", token)],
            &[("x-auth-id", ACCOUNT), ("x-auth-token", "")],
            &[("x-auth-id", ACCOUNT), ("x-auth-token", other)],
            &[("x-auth-id", ACCOUNT), ("x-auth-token", &upper)],
            &[("x-auth-id", "MA_NOBODY00"), ("x-auth-token", token)],
            &[("x-auth-id", "ma_test0001"), ("x-auth-token", token)],
            &[("x-auth-id", ACCOUNT), ("x-auth-token", token), ("x-auth-token", token)],
            &[("x-auth-id", ACCOUNT), ("x-auth-id", ACCOUNT), ("x-auth-token", token)],
            &[("authorization", token)],
        ];
        for headers in cases {
            let mut request = Request::get(format!("/api/v1/Account/{ACCOUNT}/trunks/credentials"));
            for (name, value) in *headers {
                request = request.header(*name, *value);
            }
            let answer = api.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.shown(), REFUSED, "{headers:?}");
            assert_eq!(answer.header("www-authenticate"), "X-Auth-Token");
        }
    }

    #[tokio::test]
    async fn a_stray_authorization_header_does_not_disturb() {
        let api = TestApi::new().await;
        let request = api.request(axum::http::Method::GET, "~/trunks/credentials").header("authorization", "Bearer x");
        assert_eq!(api.send(request.body(Body::empty()).unwrap()).await.status(), 200);
    }

    #[tokio::test]
    async fn another_account_is_403_whether_it_exists_or_not() {
        let api = TestApi::new().await;
        for other in [OTHER, "MA_NOBODY00", "ma_test0001", "x", "%2F", ".."] {
            let paths =
                ["trunks/credentials?limit=x".into(), format!("credentials/{NOBODY}"), "credentials/no-uuid".into()];
            for path in paths {
                let answer = api.get(&format!("/api/v1/Account/{other}/{path}")).await;
                assert_eq!(
                    answer.shown(),
                    r#"403 {"error":"No access to that account; use the auth id of X-Auth-ID, or of a sub-account of it, in the path","code":403}"#,
                    "{other} {path}"
                );
            }
        }
    }
}
