//! Settings of the installation, one operation per file.

mod clear_default_account;
mod set_default_account;
mod show;

use super::TAG;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::tagged(TAG)
        .operation(show::__path_show, show::show)
        .operation(set_default_account::__path_set, set_default_account::set)
        .operation(clear_default_account::__path_clear, clear_default_account::clear)
        .schema::<show::Settings>()
        .schema::<set_default_account::NewDefaultAccount>()
}
