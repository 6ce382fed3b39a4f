//! Tokens for this API itself, one operation per file.

mod create;
mod list;
mod object;
mod revoke;

use super::TAG;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::tagged(TAG)
        .operation(list::__path_list, list::list)
        .operation(create::__path_create, create::create)
        .operation(revoke::__path_revoke, revoke::revoke)
        .schema::<list::OperatorTokenList>()
        .schema::<object::OperatorToken>()
        .schema::<create::NewOperatorTokenBody>()
        .schema::<create::CreatedOperatorToken<'_>>()
}
