//! Realms, one operation per file.

mod list;
mod set_policy;

use super::TAG;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::tagged(TAG)
        .operation(list::__path_list, list::list)
        .operation(set_policy::__path_set_policy, set_policy::set_policy)
        .schema::<list::RealmList>()
        .schema::<set_policy::RealmChanges>()
}
