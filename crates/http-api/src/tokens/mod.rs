//! The token routes, one operation per file.

mod create;
mod list;
mod object;
mod revoke;
mod show;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Tokens")
        .operation(create::__path_create, create::create)
        .operation(list::__path_list, list::list)
        .operation(show::__path_show, show::show)
        .operation(revoke::__path_revoke, revoke::revoke)
        .schema::<create::NewTokenBody>()
        .schema::<object::CreatedTokenObject<'_>>()
        .schema::<object::TokenObject<'_>>()
        .schema::<list::TokenList<'_>>()
}
