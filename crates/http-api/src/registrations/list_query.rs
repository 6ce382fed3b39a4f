//! Which registrations a list's query asks for.

use crate::pagination::QueryReader;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{CredentialId, SignallingTransport, Username, UsernameRule};
use provisioning::RegistrationsRequest;
use std::net::IpAddr;
use utoipa::IntoParams;

/// What the query asks for. Parameters we do not know are ignored.
pub(crate) struct ListQuery(pub RegistrationsRequest);

/// The parameters of every list of registrations.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `ListQuery` reads")]
pub(crate) struct PageParameters {
    /// Most objects to answer.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<u32>,
    /// Empty for the first page, then the `next_cursor` of the page before. Good for this account's lists alone.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    cursor: Option<String>,
}

/// The filters of the account's list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `ListQuery` reads")]
pub(crate) struct FilterParameters {
    /// Only registrations of this credential.
    #[param(format = "uuid")]
    credential: Option<String>,
    /// Only registrations of the credential of exactly this username.
    #[param(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.+-]+$")]
    username: Option<String>,
    /// Only registrations made over this transport.
    #[param(pattern = "^(udp|tcp|tls|ws|wss)$")]
    transport: Option<String>,
    /// Only registrations made from this IP address, whatever the port.
    #[param(min_length = 2, max_length = 45, example = "192.0.2.7")]
    source: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let request = RegistrationsRequest {
            limit: query.limit(),
            cursor: query.text("cursor").unwrap_or_default().into(),
            credential: query.parsed("credential", |text| CredentialId::parse(text).ok_or("must be a UUID")),
            // Names that only the wider rule allows may be there from when it was in force.
            username: query.parsed("username", |text| Username::parse(text, UsernameRule::Extended)),
            transport: query.parsed("transport", |text| {
                SignallingTransport::from_name(text).ok_or("must be udp, tcp, tls, ws or wss")
            }),
            source: query
                .parsed("source", |text| text.parse::<IpAddr>().map_err(|_| "must be an IP address, without a port")),
        };
        query.finish(Self(request))
    }
}
