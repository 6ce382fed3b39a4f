//! Which credentials want looking after.

mod object;
mod query;
mod show;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Credentials").operation(show::__path_show, show::show).schema::<object::CredentialReportObject>()
}
