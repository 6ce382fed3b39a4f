//! Host names that lead to an account's realm, one operation per file.

mod add;
mod list;
mod remove;

use super::TAG;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::tagged(TAG)
        .operation(list::__path_list, list::list)
        .operation(add::__path_add, add::add)
        .operation(remove::__path_remove, remove::remove)
        .schema::<list::HostList>()
        .schema::<add::NewHostBody>()
}
