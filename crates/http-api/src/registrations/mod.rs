//! Who is online: one operation per file.

mod end;
mod end_all;
mod list;
mod list_of_credential;
mod list_query;
mod nobody;
mod object;

pub(crate) use nobody::NobodyOnline;
pub(crate) use object::RegistrationObject;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Registrations")
        .operation(list::__path_list, list::list)
        .operation(list_of_credential::__path_list_of_credential, list_of_credential::list_of_credential)
        .operation(end_all::__path_end_all, end_all::end_all)
        .operation(end::__path_end, end::end)
        .schema::<RegistrationObject<'_>>()
        .schema::<list::RegistrationList<'_>>()
}
