//! What became of attempts to authenticate: one operation per file.

mod list;
mod list_of_credential;
mod list_query;
mod nothing;
mod object;
mod sse;
mod stream;
mod why;

pub(crate) use list::AuthEventListMeta;
pub(crate) use list_query::{EventFilters, EventsPage, EventsQuery, StreamStart, filters};
pub(crate) use nothing::NothingHappens;
pub(crate) use object::AuthEventObject;
pub(crate) use sse::{LastEventId, respond};

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Authentication events")
        .operation(list::__path_list, list::list)
        .operation(list_of_credential::__path_list_of_credential, list_of_credential::list_of_credential)
        .schema::<AuthEventObject<'_>>()
        .operation(stream::__path_stream, stream::stream)
        .operation(why::__path_why, why::why)
        .schema::<list::AuthEventList<'_>>()
        .schema::<why::ExplanationList<'_>>()
}

#[cfg(test)]
mod tests;
