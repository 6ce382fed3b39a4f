//! Why a page is not shown, or a form not taken; and what mends it. The only place that knows HTTP statuses.

use crate::frame::{Layout, PlainFrame};
use crate::headers;
use askama::Template;
use axum::http::header::{ALLOW, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use provisioning::{PermissionError, ProvisioningError, ScopeError, StreamError};

const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Why somebody is turned away.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nobody is signed in, or no more.
    SignInNeeded {
        /// Where to go afterwards: a path of ours.
        next: String,
        /// Whether a page asks by itself, which follows no redirect.
        is_background: bool,
    },
    /// The form stood on a page that is not ours.
    ForeignPage,
    /// The form is not of this session.
    StaleForm,
    /// The form cannot be read.
    UnreadableForm,
    /// Something in the form or the address is not what it must be; the text continues a sentence.
    Wrong(String),
    /// The form is larger than any of ours.
    FormTooLarge,
    /// Too many failed attempts to sign in.
    TooManyAttempts {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// The token, or its account, has made as many requests as it may.
    TooManyRequests {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// The token opens another account.
    Scope(ScopeError),
    /// The token's scope does not include it.
    Permission(PermissionError),
    /// The page is for whoever runs the installation.
    NotTheOperator,
    /// There is nothing of that name.
    NotFound(&'static str),
    /// A page is asked for by a method it does not take.
    MethodNotAllowed,
    /// A use case refused.
    Refused(ProvisioningError),
    /// Nothing more can be followed.
    TooManyFollowers,
    /// A template could not be filled.
    Unprintable,
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'p> {
    frame: PlainFrame,
    heading: &'p str,
    sentence: &'p str,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::SignInNeeded { .. } => StatusCode::SEE_OTHER,
            Self::ForeignPage | Self::StaleForm | Self::Scope(_) | Self::Permission(_) | Self::NotTheOperator => {
                StatusCode::FORBIDDEN
            }
            Self::UnreadableForm | Self::Wrong(_) => StatusCode::BAD_REQUEST,
            Self::FormTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyAttempts { .. } | Self::TooManyRequests { .. } | Self::TooManyFollowers => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Refused(error) => status_of(error),
            Self::Unprintable => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::SignInNeeded { .. } => "Sign in first.".into(),
            Self::ForeignPage => {
                "This form was not sent from a page of this console. Open the console itself and try again.".into()
            }
            Self::StaleForm => {
                "This form belongs to an earlier session. Go back, reload the page, and send it again.".into()
            }
            Self::UnreadableForm => "The form could not be read. Go back and send it again.".into(),
            Self::Wrong(problem) => capitalised(problem),
            Self::FormTooLarge => "The form is larger than 64 KiB. Shorten what it says.".into(),
            Self::TooManyAttempts { retry_after_seconds } => {
                format!("Too many failed attempts to sign in from your address. Try again in {retry_after_seconds} s.")
            }
            Self::TooManyRequests { retry_after_seconds } => {
                format!(
                    "Your token or account has made as many requests as it may. Try again in {retry_after_seconds} s."
                )
            }
            Self::Scope(_) => "Your token gives no access to that account. Sign in with a token of it.".into(),
            Self::Permission(error) => format!("{error}."),
            Self::NotTheOperator => "This page is for whoever runs the server. Sign in with an operator token.".into(),
            Self::NotFound(what) => format!("{what} It may have been deleted meanwhile; go back to the list."),
            Self::MethodNotAllowed => "This page cannot be asked for like that.".into(),
            Self::Refused(error) => capitalised(&error.to_string()),
            Self::TooManyFollowers => "Too many pages follow these attempts already. Close one of them.".into(),
            Self::Unprintable => {
                "The page could not be made. Give the operator the X-Request-ID of this answer.".into()
            }
        }
    }
}

/// A sentence of its own, where the error's text continues one.
pub(crate) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", characters.as_str().trim_end_matches('.'))
}

fn status_of(error: &ProvisioningError) -> StatusCode {
    use ProvisioningError as E;
    match error {
        E::CredentialNotFound
        | E::TrunkNotFound
        | E::IpAclNotFound
        | E::OriginationUriNotFound
        | E::UpstreamSecretNotFound
        | E::WebhookNotFound
        | E::NumberNotFound
        | E::DeviceNotFound
        | E::ProvisioningLinkNotFound
        | E::AccountNotFound
        | E::TokenNotFound
        | E::RegistrationNotFound
        | E::CallNotFound
        | E::BanNotFound
        | E::CallRecordNotFound
        | E::HostNotFound
        | E::RealmNotFound => StatusCode::NOT_FOUND,
        E::AccessEnded => StatusCode::FORBIDDEN,
        E::Storage(_) | E::NotAppliedEverywhere(_) => StatusCode::SERVICE_UNAVAILABLE,
        E::WeakPassword(_) | E::BadCursor | E::ExpiryPassed | E::UnknownReference(_) => StatusCode::BAD_REQUEST,
        _ => StatusCode::CONFLICT,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::SignInNeeded { next, is_background } = &self {
            return led_to_sign_in(next, *is_background);
        }
        let status = self.status();
        if let Self::Refused(error) = &self
            && status.is_server_error()
        {
            tracing::error!(%error, "a page could not be made");
        }
        let heading = status.canonical_reason().unwrap_or("Refused");
        let sentence = self.sentence();
        let body = RefusalPage { frame: PlainFrame::new(heading), heading, sentence: &sentence }.render();
        let mut response = (status, body.unwrap_or_default()).into_response();
        response.headers_mut().insert(CONTENT_TYPE, headers::HTML);
        match self {
            Self::TooManyAttempts { retry_after_seconds } | Self::TooManyRequests { retry_after_seconds } => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after_seconds));
            }
            Self::MethodNotAllowed => {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET,HEAD"));
            }
            _ => {}
        }
        response
    }
}

fn led_to_sign_in(next: &str, is_background: bool) -> Response {
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let path = if matches!(next, "" | "/") { "/sign-in".to_owned() } else { format!("/sign-in?{query}") };
    let Ok(path) = HeaderValue::try_from(path) else { return StatusCode::SEE_OTHER.into_response() };
    if is_background {
        (StatusCode::UNAUTHORIZED, [(HX_REDIRECT, HeaderValue::from_static("/sign-in"))]).into_response()
    } else {
        (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response()
    }
}

/// For pages that take other methods.
pub(crate) async fn method_not_allowed() -> Refusal {
    Refusal::MethodNotAllowed
}

impl From<ProvisioningError> for Refusal {
    fn from(error: ProvisioningError) -> Self {
        Self::Refused(error)
    }
}

impl From<PermissionError> for Refusal {
    fn from(error: PermissionError) -> Self {
        Self::Permission(error)
    }
}

impl From<ScopeError> for Refusal {
    fn from(error: ScopeError) -> Self {
        Self::Scope(error)
    }
}

impl From<StreamError> for Refusal {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Refused(error) => Self::Refused(error),
            StreamError::TooMany(_) => Self::TooManyFollowers,
        }
    }
}
