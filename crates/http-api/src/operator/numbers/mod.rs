//! Numbers of the installation, one operation per file.

mod allocate;
mod list;
mod release;

use super::TAG;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::tagged(TAG)
        .operation(list::__path_list, list::list)
        .operation(allocate::__path_allocate, allocate::allocate)
        .operation(release::__path_release, release::release)
        .schema::<list::OperatorNumberList<'_>>()
        .schema::<allocate::NewNumberBody>()
}
