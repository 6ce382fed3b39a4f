//! What became of attempts to authenticate, as the operator sees it.

mod account_query;
mod list;
mod stream;
mod why;

use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::tagged(super::TAG)
        .operation(list::__path_list, list::list)
        .operation(stream::__path_stream, stream::stream)
        .operation(why::__path_why, why::why)
        .schema::<list::OperatorAuthEventList<'_>>()
        .schema::<why::OperatorExplanationList<'_>>()
}
