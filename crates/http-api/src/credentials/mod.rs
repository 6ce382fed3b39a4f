//! The credential routes, one operation per file.

mod create;
mod create_from_hashes;
mod delete;
mod details;
mod export;
mod exported;
mod hashes;
mod import;
mod import_row;
mod list;
mod list_query;
mod object;
mod requirements;
mod score;
mod show;
mod test;
mod update;

pub(crate) use details::LastUseObject;
pub(crate) use score::with_score_of;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Credentials")
        .operation(create::__path_create, create::create)
        .operation(create_from_hashes::__path_create, create_from_hashes::create)
        .operation(export::__path_export, export::export)
        .operation(import::__path_import, import::import)
        .operation(hashes::__path_show, hashes::show)
        .operation(hashes::__path_replace, hashes::replace)
        .operation(list::__path_list, list::list)
        .operation(show::__path_show, show::show)
        .operation(update::__path_update, update::update)
        .operation(delete::__path_delete, delete::delete)
        .operation(requirements::__path_show, requirements::show)
        .operation(requirements::__path_update, requirements::update)
        .operation(requirements::__path_clear, requirements::clear)
        .operation(details::__path_show, details::show)
        .operation(details::__path_update, details::update)
        .operation(test::__path_test, test::test)
        .schema::<object::CredentialObject<'_>>()
        .schema::<create::NewCredentialBody>()
        .schema::<update::CredentialChanges>()
        .schema::<create_from_hashes::NewCredentialFromHashes>()
        .schema::<import::ImportAnswer>()
        .schema::<hashes::GivenHashes>()
        .schema::<hashes::KnownHashes>()
        .schema::<requirements::RequirementsObject>()
        .schema::<requirements::RequirementsChanges>()
        .schema::<details::DetailsObject<'_>>()
        .schema::<details::DetailsChanges>()
        .schema::<test::PasswordToTest>()
        .schema::<test::TestedPassword>()
        .schema::<list::CredentialList<'_>>()
}
