//! The routes of devices, one operation per file.

mod create;
mod object;
mod read;
mod revoke;
mod rotate;
mod update;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Devices")
        .operation(create::__path_create, create::create)
        .operation(read::__path_list, read::list)
        .operation(read::__path_show, read::show)
        .operation(update::__path_update, update::update)
        .operation(rotate::__path_rotate, rotate::rotate)
        .operation(revoke::__path_revoke, revoke::revoke)
        .schema::<create::NewDeviceBody>()
        .schema::<update::DeviceChanges>()
        .schema::<object::DeviceObject<'_>>()
        .schema::<object::DeviceCreatedObject<'_>>()
        .schema::<read::DeviceList<'_>>()
}
