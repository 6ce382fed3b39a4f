//! The routes of origination URIs and their secrets.

mod delete;
mod object;
mod read;
mod registration;
mod secret;
mod write;

pub(crate) use registration::NobodyRegisters;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Origination URIs")
        .operation(write::__path_create, write::create)
        .operation(read::__path_list, read::list)
        .operation(read::__path_show, read::show)
        .operation(write::__path_update, write::update)
        .operation(delete::__path_delete, delete::delete)
        .operation(secret::__path_show, secret::show)
        .operation(secret::__path_put, secret::put)
        .operation(secret::__path_delete, secret::delete)
        .schema::<object::OriginationUriObject<'_>>()
        .schema::<read::OriginationUriList<'_>>()
        .schema::<write::NewOriginationUriBody>()
        .schema::<write::OriginationUriChanges>()
        .schema::<secret::SecretObject<'_>>()
        .schema::<registration::RegistrationObject>()
        .schema::<secret::NewSecretBody>()
}
