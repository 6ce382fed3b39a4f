//! An account's API tokens as the operator manages them, such as for a customer who has lost the last one.

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
        .schema::<list::AccountTokenList>()
        .schema::<object::AccountToken>()
        .schema::<create::NewAccountToken>()
        .schema::<create::CreatedAccountToken<'_>>()
}
