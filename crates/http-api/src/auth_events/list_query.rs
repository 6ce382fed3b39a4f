//! Which events a list's query asks for.

use crate::moment;
use crate::moment::Moment;
use crate::pagination::QueryReader;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{AuthReason, CredentialId};
use provisioning::AuthEventsRequest;
use std::net::IpAddr;
use utoipa::IntoParams;

/// What the query asks for. Parameters we do not know are ignored.
pub(crate) struct EventsQuery(pub AuthEventsRequest);

/// Which page.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `EventsQuery` reads")]
pub(crate) struct EventsPage {
    /// Most objects to answer.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<u32>,
    /// Empty for the newest, then the `next_cursor` of the page before. Good for this reader's lists alone.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    cursor: Option<String>,
}

/// Where a stream takes up.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `EventsQuery` reads")]
pub(crate) struct StreamStart {
    /// The `id` of an event: what has happened since comes first. The header `Last-Event-ID` goes before.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    cursor: Option<String>,
}

/// What narrows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `EventsQuery` reads")]
pub(crate) struct EventFilters {
    /// Only events of this credential, also of one that is gone.
    #[param(format = "uuid")]
    credential_id: Option<String>,
    /// Only events with exactly this username, as it was sent.
    #[param(example = "office_phone_01")]
    username: Option<String>,
    /// Only events from this IP address, whatever the port.
    #[param(min_length = 2, max_length = 45, example = "192.0.2.7")]
    source: Option<String>,
    /// Only events with this Call-ID.
    call_id: Option<String>,
    /// Only events with this reason.
    #[param(pattern = "^[a-z_]+$", example = "wrong_password")]
    reason: Option<String>,
    /// Only events whose last attempt was at this moment or later.
    #[param(format = DateTime, example = "2026-05-01T00:00:00Z")]
    from: Option<String>,
    /// Only events whose first attempt was before this moment.
    #[param(format = DateTime, example = "2026-06-01T00:00:00Z")]
    to: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for EventsQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let request = read(&mut query);
        query.finish(Self(request))
    }
}

/// Takes out everything that asks for events.
pub(crate) fn read(query: &mut QueryReader) -> AuthEventsRequest {
    AuthEventsRequest {
        limit: query.limit(),
        cursor: query.text("cursor").unwrap_or_default().into(),
        credential: query.parsed("credential_id", |text| CredentialId::parse(text).ok_or("must be a UUID")),
        username: query.text("username").map(Box::from),
        source: query
            .parsed("source", |text| text.parse::<IpAddr>().map_err(|_| "must be an IP address, without a port")),
        call_id: query.text("call_id").map(Box::from),
        reason: query
            .parsed("reason", |text| AuthReason::from_name(text).ok_or("must be a reason of the guide's list")),
        from: query.parsed("from", moment::parsed),
        to: query.parsed("to", moment::parsed),
    }
}

/// The filters as a query, for the next page.
pub(crate) fn filters(request: &AuthEventsRequest) -> String {
    let moment = |moment| Moment::from(moment).as_str().to_owned();
    [
        ("credential_id", request.credential.map(|id| id.to_string())),
        ("username", request.username.as_deref().map(encoded)),
        ("source", request.source.map(|source| source.to_string())),
        ("call_id", request.call_id.as_deref().map(encoded)),
        ("reason", request.reason.map(|reason| reason.as_str().to_owned())),
        ("from", request.from.map(moment)),
        ("to", request.to.map(moment)),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| format!("&{name}={value}")))
    .collect()
}

/// Percent-encoded but for what means itself everywhere (RFC 3986 section 2.3).
fn encoded(text: &str) -> String {
    let octet = |octet: u8| {
        let is_plain = octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
        if is_plain { char::from(octet).to_string() } else { format!("%{octet:02X}") }
    };
    text.bytes().map(octet).collect()
}
