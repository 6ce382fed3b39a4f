//! Bans of the whole installation, one operation per file.

mod lift;
mod list;

use super::TAG;
use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::tagged(TAG).operation(list::__path_list, list::list).operation(lift::__path_lift, lift::lift)
}
