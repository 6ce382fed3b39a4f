//! Realms, one operation per file.

mod algorithm_report;
mod list;
mod retire_md5;
mod update;

use super::TAG;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::tagged(TAG)
        .operation(list::__path_list, list::list)
        .operation(update::__path_update, update::update)
        .operation(algorithm_report::__path_algorithm_report, algorithm_report::algorithm_report)
        .operation(retire_md5::__path_retire_md5, retire_md5::retire_md5)
        .schema::<list::RealmList>()
        .schema::<update::RealmChanges>()
        .schema::<retire_md5::Md5Retired>()
}
