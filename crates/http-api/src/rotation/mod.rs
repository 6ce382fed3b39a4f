//! New passwords beside which the present one works for a while.

mod end;
mod object;
mod rotate;
mod show;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Credentials")
        .operation(rotate::__path_rotate, rotate::rotate)
        .operation(end::__path_end, end::end)
        .operation(show::__path_show, show::show)
        .schema::<rotate::NewRotationBody>()
        .schema::<object::RotationObject<'_>>()
        .schema::<object::RotatedObject<'_>>()
}
