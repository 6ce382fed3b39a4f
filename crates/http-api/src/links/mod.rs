//! The routes of provisioning links, as tenants make and list them. What whoever has a link does is in `provision`.

mod create;
mod delete;
mod list;
mod object;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Devices")
        .operation(create::__path_create, create::create)
        .operation(list::__path_list, list::list)
        .operation(delete::__path_delete, delete::delete)
        .schema::<create::NewLinkBody>()
        .schema::<object::LinkObject<'_>>()
        .schema::<object::LinkCreatedObject<'_>>()
        .schema::<list::LinkList<'_>>()
}
