//! The sub-account routes, one operation per file. Their paths and bodies are the hosted service's: plural, lower case,
//! pages by number, and 200 with a message after a deletion.

mod create;
mod delete;
mod fields;
mod list;
mod object;
mod page_query;
mod show;
mod update;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Sub-Accounts")
        .operation(create::__path_create, create::create)
        .operation(list::__path_list, list::list)
        .operation(show::__path_show, show::show)
        .operation(update::__path_update, update::update)
        .operation(delete::__path_delete, delete::delete)
        .schema::<create::NewSubAccountBody>()
        .schema::<create::CreatedSubAccount<'_>>()
        .schema::<update::SubAccountChanges>()
        .schema::<object::SubAccountObject<'_>>()
        .schema::<list::SubAccountList<'_>>()
        .schema::<delete::Deleted>()
}
