//! The number routes.

mod assign;
mod object;
mod read;
mod update;

pub(crate) use object::NumberObject;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Numbers")
        .operation(read::__path_list, read::list)
        .operation(read::__path_show, read::show)
        .operation(update::__path_update, update::update)
        .operation(assign::__path_assign, assign::assign)
        .operation(assign::__path_unassign, assign::unassign)
        .schema::<NumberObject<'_>>()
        .schema::<read::NumberList<'_>>()
        .schema::<update::NumberChanges>()
        .schema::<assign::Assignment>()
}
