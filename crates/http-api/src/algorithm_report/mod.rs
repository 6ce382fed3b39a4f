//! Who still uses MD5.

mod object;
mod query;
mod show;

pub(crate) use object::AlgorithmReportObject;
pub(crate) use query::{ReportParameters, ReportQuery};

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Credentials").operation(show::__path_show, show::show).schema::<AlgorithmReportObject>()
}
