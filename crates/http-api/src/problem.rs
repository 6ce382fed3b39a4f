//! Everything that can go wrong with a request, and the only place where an error becomes an HTTP status.
//!
//! The body is always `{"error": "<sentence>", "code": <status>}`, with `details` where single fields are wrong. What
//! happened inside goes to the log, under the request's id; the answer only says what the client can do.

mod refusal;

use crate::answer::APPLICATION_JSON;
use crate::field_problems::{FieldProblem, FieldProblems};
use crate::json_object::JsonFault;
use axum::http::header::{CONNECTION, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use provisioning::{AuthenticationError, PermissionError, ProvisioningError, RotationError, ScopeError, StreamError};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The octets are not an HTTP request.
    NotHttp,
    /// The request line is longer than this server reads.
    TargetTooLong,
    /// The headers are more or longer than this server reads.
    HeadersTooLarge,
    /// The path's percent-encoding is broken.
    PathEncoding,
    /// Nothing lives at this path.
    UnknownPath,
    /// Nothing lives at this path of the operator's listener.
    UnknownOperatorPath,
    /// The path does not take that method.
    MethodNotAllowed,
    /// No account is proved by the headers.
    Unauthenticated,
    /// No operator is proved by the headers.
    NotTheOperator,
    /// The path is another account's.
    OtherAccount,
    /// The body does not say it is JSON.
    NotJson,
    /// The body does not say it is a form.
    NotAForm,
    /// Passwords are not answered in the clear.
    NeedsEncryption,
    /// SIP is not served over the transport that was asked for, or over none that phones speak.
    TransportNotServed,
    /// A file cannot be written before it is known for what.
    FormatNeeded,
    /// The body does not say it is JSON Lines.
    NotJsonLines,
    /// The body has more rows than allowed.
    TooManyRows {
        /// What is allowed.
        max_rows: usize,
    },
    /// The body is larger than allowed.
    BodyTooLarge {
        /// What is allowed.
        max_octets: usize,
    },
    /// The body did not arrive in time.
    BodyTooSlow,
    /// The body ended early, or its framing is wrong.
    BodyBroken,
    /// The body is not a JSON object.
    Json(JsonFault),
    /// The query cannot be read.
    Query,
    /// Fields or parameters are wrong.
    Fields(FieldProblems),
    /// The path's credential id is none.
    NotACredentialId,
    /// The path's token id is none.
    NotATokenId,
    /// The path's id of an object of that kind is none.
    NotAnId(&'static str),
    /// The token's scope does not include what was asked.
    Permission(PermissionError),
    /// The token, or its account, made more requests than it may.
    TooManyRequests {
        /// After how many seconds the next one is admitted; at least 1.
        retry_after_seconds: u64,
    },
    /// As many streams of these events are open as may be.
    TooManyStreams,
    /// The use case refused or failed.
    Refused(ProvisioningError),
    /// The server cannot serve yet, or any more.
    NotReady(String),
    /// The database has not been heard for longer than tokens may be judged without it.
    NoLease,
    /// The answer was not found in time.
    TimedOut,
    /// A handler panicked.
    Panicked,
    /// The copy of the database failed.
    BackupFailed(std::io::Error),
    /// The keys were not rotated.
    RotationFailed(RotationError),
    /// An answer could not be printed.
    Unprintable,
}

/// The body of every error.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Error)]
pub(crate) struct ErrorBody<'p> {
    /// What is wrong, as a sentence that says what mends it.
    #[schema(min_length = 1, example = "Credential not found")]
    error: &'p str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    code: u16,
    /// The single fields that are wrong, with 400 only.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<FieldProblem>, required = false, min_items = 1, max_items = 16)]
    details: &'p [FieldProblem],
}

/// Seconds after which trying again makes sense.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("1");
const INTERNAL: &str = "Internal error; give the operator the X-Request-ID of this answer, the log has the cause";

impl Problem {
    /// The status, which is also the body's `code`.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotHttp | Self::PathEncoding | Self::BodyBroken | Self::Json(_) | Self::Query | Self::Fields(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthenticated | Self::NotTheOperator => StatusCode::UNAUTHORIZED,
            Self::TransportNotServed | Self::FormatNeeded => StatusCode::BAD_REQUEST,
            Self::OtherAccount | Self::Permission(_) | Self::NeedsEncryption => StatusCode::FORBIDDEN,
            Self::UnknownPath
            | Self::UnknownOperatorPath
            | Self::NotACredentialId
            | Self::NotATokenId
            | Self::NotAnId(_) => StatusCode::NOT_FOUND,
            Self::TooManyRequests { .. } | Self::TooManyStreams => StatusCode::TOO_MANY_REQUESTS,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge { .. } | Self::TooManyRows { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::NotJson | Self::NotJsonLines | Self::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::RotationFailed(RotationError::UnderWay) => StatusCode::CONFLICT,
            Self::Panicked | Self::Unprintable | Self::BackupFailed(_) | Self::RotationFailed(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::NotReady(_) | Self::NoLease | Self::TimedOut => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(error) => refusal::of(error).0,
        }
    }

    /// The body, as sent.
    pub fn body(&self) -> Vec<u8> {
        let details = if let Self::Fields(problems) = self { problems.details() } else { &[] };
        let body = ErrorBody { error: &self.sentence(), code: self.status().as_u16(), details };
        // Text and numbers always print.
        serde_json::to_vec(&body).unwrap_or_default()
    }

    fn sentence(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::NotHttp => "This is not a well-formed HTTP/1.1 request; check the request line and the headers",
            Self::TargetTooLong => "The request line is too long; send a shorter path and query",
            Self::HeadersTooLarge => "The request's headers are too many or too long; send fewer or shorter ones",
            Self::PathEncoding => "The path's percent-encoding is broken; encode its UTF-8 octets as %XX",
            Self::UnknownPath => {
                "Nothing is served at this path; credentials are at /api/v1/Account/{auth_id}/credentials, \
                 their list at /api/v1/Account/{auth_id}/trunks/credentials"
            }
            Self::UnknownOperatorPath => "Nothing is served at this path; metrics are at /metrics",
            Self::MethodNotAllowed => "This path does not take that method; the Allow header names those it takes",
            Self::Unauthenticated => "Authentication failed: send X-Auth-ID and X-Auth-Token of an account",
            Self::NotTheOperator => {
                "Authentication failed: send Authorization: Bearer with an operator token; \
                 `sipwarden operator-token create` makes one"
            }
            Self::OtherAccount => {
                "No access to that account; use the auth id of X-Auth-ID, or of a sub-account of it, in the path"
            }
            Self::NotATokenId => "The token id in the path is not a UUID; use the id from create or list",
            Self::NotAnId(kind) => {
                return Cow::Owned(format!("The {kind} id in the path is not a UUID; use the id from create or list"));
            }
            Self::NotJson => "Send the body as JSON, with Content-Type: application/json",
            Self::NotJsonLines => "Send the rows as JSON, one object a line, with Content-Type: application/x-ndjson",
            Self::NotAForm => "Send the form of the link's page, with Content-Type: application/x-www-form-urlencoded",
            Self::NeedsEncryption => {
                "This answers with a password, so it is served over HTTPS only: serve with --https-listen, or with \
                 --provisioning-in-clear where something before it speaks HTTPS"
            }
            Self::TransportNotServed => {
                "SIP is not served over that transport; leave transport out, or serve it with --sip-listen"
            }
            Self::FormatNeeded => "Say in which format: the link leaves it open, and a file is of one phone or app",
            Self::BodyTooSlow => "The body did not arrive in time; send it without pausing",
            Self::BodyBroken => "The body ended early or is wrongly framed; check Content-Length or the chunks",
            Self::Query => "The query cannot be read; send name=value pairs, percent-encoded",
            Self::NotACredentialId => "The credential id in the path is not a UUID; use the id from create or list",
            Self::TimedOut => {
                "The server did not finish in time; the request may still have taken effect, \
                 so look before sending it again"
            }
            Self::Panicked | Self::Unprintable => INTERNAL,
            Self::RotationFailed(error) => return Cow::Owned(refusal::capitalised(&error.to_string())),
            Self::BackupFailed(error) => {
                return Cow::Owned(format!(
                    "The backup failed ({error}); free some space in the data directory, and try again"
                ));
            }
            Self::BodyTooLarge { max_octets } => {
                return Cow::Owned(format!("The body is too large; send at most {max_octets} octets"));
            }
            Self::TooManyRows { max_rows } => {
                return Cow::Owned(format!("The body has too many rows; send at most {max_rows} in a request"));
            }
            Self::Json(fault) => return json_sentence(*fault),
            Self::Fields(problems) => return Cow::Owned(problems.sentence()),
            Self::Permission(error) => return Cow::Owned(error.to_string()),
            Self::TooManyStreams => "Too many streams of these events are open already; close one of them",
            Self::TooManyRequests { retry_after_seconds: 1 } => "Too many requests; wait a second",
            Self::TooManyRequests { retry_after_seconds } => {
                return Cow::Owned(format!("Too many requests; wait {retry_after_seconds} seconds"));
            }
            Self::Refused(error) => return refusal::of(error).1,
            Self::NotReady(sentence) => return Cow::Owned(sentence.clone()),
            Self::NoLease => {
                "This node does not reach its database, so it cannot know who may do what; ask another node, \
                 or this one again in a moment"
            }
        })
    }

    /// The header that helps with this problem, beside the body.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            // A 401 has to name a scheme (RFC 9110 section 11.6.1); this one is ours.
            Self::Unauthenticated => Some((WWW_AUTHENTICATE, HeaderValue::from_static("X-Auth-Token"))),
            Self::NotTheOperator => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::BodyTooSlow | Self::BodyBroken | Self::BodyTooLarge { .. } => {
                Some((CONNECTION, HeaderValue::from_static("close")))
            }
            Self::TooManyRequests { retry_after_seconds } => {
                Some((RETRY_AFTER, HeaderValue::from(*retry_after_seconds)))
            }
            Self::NoLease => Some((RETRY_AFTER, RETRY_SECONDS)),
            Self::Refused(_) | Self::TimedOut if self.status() == StatusCode::SERVICE_UNAVAILABLE => {
                Some((RETRY_AFTER, RETRY_SECONDS))
            }
            _ => None,
        }
    }

    /// Tells the operator what the client is not told.
    fn log(&self) {
        match self {
            Self::Refused(error) if self.status().is_server_error() => tracing::error!(%error, "the use case failed"),
            Self::TimedOut => tracing::error!("the request took longer than request_timeout"),
            Self::RotationFailed(error) => tracing::error!(%error, "the keys were not rotated"),
            Self::BackupFailed(error) => tracing::error!(%error, "the backup failed"),
            Self::Panicked => tracing::error!("a handler panicked"),
            Self::Unprintable => tracing::error!("an answer could not be printed as JSON"),
            _ => {}
        }
    }
}

fn json_sentence(fault: JsonFault) -> Cow<'static, str> {
    Cow::Borrowed(match fault {
        JsonFault::Empty => "The body is empty; send a JSON object",
        JsonFault::NotUtf8 => "The body is not UTF-8; send JSON encoded as UTF-8",
        JsonFault::NotAnObject => "The body is not a JSON object; send one, like {\"name\": \"value\"}",
        JsonFault::Syntax { line, column } => {
            return Cow::Owned(format!("The body is not valid JSON at line {line}, column {column}; send one object"));
        }
    })
}

impl From<AuthenticationError> for Problem {
    fn from(AuthenticationError: AuthenticationError) -> Self {
        Self::Unauthenticated
    }
}

impl From<ScopeError> for Problem {
    fn from(ScopeError: ScopeError) -> Self {
        Self::OtherAccount
    }
}

impl From<PermissionError> for Problem {
    fn from(error: PermissionError) -> Self {
        Self::Permission(error)
    }
}

impl From<StreamError> for Problem {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Refused(error) => error.into(),
            StreamError::TooMany(_) => Self::TooManyStreams,
        }
    }
}

impl From<ProvisioningError> for Problem {
    fn from(error: ProvisioningError) -> Self {
        match error {
            // As if the request had come a moment later.
            ProvisioningError::AccessEnded => Self::Unauthenticated,
            ProvisioningError::WeakPassword(weak) => Self::Fields(FieldProblems::of("password", weak.to_string())),
            ProvisioningError::Md5Retired => {
                Self::Fields(FieldProblems::of("ha1_md5", "is of no use alone: ".to_owned() + &error.to_string()))
            }
            error => Self::Refused(error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.log();
        let header = self.header().map(|header| [header]);
        let mut response = (self.status(), [(CONTENT_TYPE, APPLICATION_JSON)], self.body()).into_response();
        response.headers_mut().extend(header.into_iter().flatten());
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::StorageError;

    #[test]
    fn what_the_use_cases_refuse_with() {
        let inside = || String::from("table credentials, row 7");
        for (error, status, retry_after) in [
            (ProvisioningError::CredentialNotFound, 404, None),
            (ProvisioningError::UsernameTaken, 409, None),
            (ProvisioningError::Contended, 503, Some("1")),
            (ProvisioningError::Storage(StorageError::Unavailable(inside())), 503, Some("1")),
            (ProvisioningError::Storage(StorageError::Full), 503, Some("1")),
            (ProvisioningError::NotAppliedEverywhere(StorageError::Unavailable(inside())), 503, Some("1")),
            (ProvisioningError::NotAppliedEverywhere(StorageError::Damaged(inside())), 503, Some("1")),
            (ProvisioningError::Storage(StorageError::Damaged(inside())), 500, None),
            (ProvisioningError::BadCursor, 400, None),
        ] {
            let problem = Problem::from(error);
            let body = String::from_utf8(problem.body()).unwrap();
            assert!(body.ends_with(&format!(",\"code\":{status}}}")) && !body.contains("row 7"), "{body}");
            let response = problem.into_response();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap()), retry_after);
        }
    }
}
