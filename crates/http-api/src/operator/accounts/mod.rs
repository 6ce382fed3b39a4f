//! Accounts, one operation per file.

mod create;
mod delete;
mod list;
mod object;
mod sealed_export;
mod show;
mod update;

use super::TAG;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::tagged(TAG)
        .operation(list::__path_list, list::list)
        .operation(create::__path_create, create::create)
        .operation(show::__path_show, show::show)
        .operation(sealed_export::__path_export, sealed_export::export)
        .operation(update::__path_update, update::update)
        .operation(delete::__path_delete, delete::delete)
        .schema::<list::AccountList<'_>>()
        .schema::<object::AccountObject<'_>>()
        .schema::<sealed_export::SealedCredentialPage<'_>>()
        .schema::<sealed_export::SealedCredentialObject<'_>>()
        .schema::<create::NewAccountBody>()
        .schema::<create::CreatedAccount<'_>>()
        .schema::<update::AccountChanges>()
}
