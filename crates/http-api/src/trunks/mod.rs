//! The trunk routes.

mod attachments;
mod create;
mod delete;
mod fields;
mod list;
mod object;
mod rules;
mod show;
mod update;

pub(crate) use fields::{choice, parsed};

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Trunks")
        .operation(create::__path_create, create::create)
        .operation(list::__path_list, list::list)
        .operation(show::__path_show, show::show)
        .operation(update::__path_update, update::update)
        .operation(delete::__path_delete, delete::delete)
        .operation(attachments::__path_show, attachments::show)
        .operation(attachments::__path_update, attachments::update)
        .operation(rules::__path_show, rules::show)
        .operation(rules::__path_update, rules::update)
        .schema::<object::TrunkObject<'_>>()
        .schema::<list::TrunkList<'_>>()
        .schema::<create::NewTrunkBody>()
        .schema::<update::TrunkChanges>()
        .schema::<attachments::AttachmentsObject>()
        .schema::<attachments::AttachmentsChanges>()
        .schema::<rules::RulesObject>()
        .schema::<rules::RulesChanges>()
}
