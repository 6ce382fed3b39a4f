//! The audit log: one operation per file.

mod list;
mod list_query;
mod object;
mod page;

#[cfg(test)]
mod tests;

pub(crate) use list_query::{AccountParameter, AuditParameters, WholeAuditQuery};
pub(crate) use page::{AuditList, answered};

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Audit log")
        .operation(list::__path_list, list::list)
        .schema::<object::AuditObject<'_>>()
        .schema::<AuditList<'_>>()
}
