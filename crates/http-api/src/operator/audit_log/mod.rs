//! The audit log of the whole installation, one operation per file.

mod check;
mod list;

use super::TAG;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::tagged(TAG)
        .operation(list::__path_list, list::list)
        .operation(check::__path_check, check::check)
        .schema::<check::AuditCheckObject>()
}
