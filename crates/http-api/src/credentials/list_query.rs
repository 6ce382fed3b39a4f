//! Which credentials a list's query asks for.

use crate::pagination::QueryReader;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{Username, UsernameRule};
use provisioning::{CredentialsRequest, PageStart};
use utoipa::IntoParams;

/// What the query asks for. Parameters we do not know are ignored.
pub(crate) struct ListQuery {
    pub start: PageStart,
    pub limit: u32,
    username: Option<Username>,
}

/// The same in words.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `ListQuery` reads")]
pub(crate) struct ListParameters {
    /// Most objects to answer.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<u32>,
    /// How many objects to skip; not together with `cursor`.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    offset: Option<u64>,
    /// Empty for the first page, then the `next_cursor` of the page before. Good for this account's list alone.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    cursor: Option<String>,
    /// Only the credential of exactly that username.
    #[param(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.+-]+$")]
    username: Option<String>,
}

impl ListQuery {
    pub fn to_request(&self) -> CredentialsRequest {
        CredentialsRequest { start: self.start.clone(), limit: self.limit, username: self.username.clone() }
    }
}

impl<S: Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = QueryReader::read(&parts.uri)?;
        let limit = query.limit();
        let offset = query.offset();
        let start = match query.text("cursor") {
            Some(cursor) => PageStart::Cursor(cursor.into()),
            None => PageStart::Offset(offset.unwrap_or(0)),
        };
        if offset.is_some() && matches!(start, PageStart::Cursor(_)) {
            query.note("offset", "cannot be given together with cursor");
        }
        // Names that only the wider rule allows may be there from when it was in force.
        let username = query.text("username").map(|text| Username::parse(&text, UsernameRule::Extended));
        let username =
            username.and_then(|parsed| parsed.map_err(|error| query.note("username", error.to_string())).ok());
        query.finish(Self { start, limit, username })
    }
}
