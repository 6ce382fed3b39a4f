//! The routes of IP access lists.

mod delete;
mod object;
mod read;
mod write;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("IP access lists")
        .operation(write::__path_create, write::create)
        .operation(read::__path_list, read::list)
        .operation(read::__path_show, read::show)
        .operation(write::__path_update, write::update)
        .operation(delete::__path_delete, delete::delete)
        .schema::<object::IpAclObject<'_>>()
        .schema::<read::IpAclList<'_>>()
        .schema::<write::NewIpAclBody>()
        .schema::<write::IpAclChanges>()
}
