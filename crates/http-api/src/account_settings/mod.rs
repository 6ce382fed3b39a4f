//! The routes of an account's settings.

mod object;
mod show;
mod update;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Account")
        .operation(show::__path_show, show::show)
        .operation(update::__path_update, update::update)
        .schema::<object::SettingsObject>()
        .schema::<update::SettingsChanges>()
}
