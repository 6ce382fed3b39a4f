//! The routes of an account's webhook.

mod delete;
mod object;
mod put;
mod rotate_secret;
mod show;
mod test;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::tagged("Webhooks")
        .operation(show::__path_show, show::show)
        .operation(put::__path_put, put::put)
        .operation(delete::__path_delete, delete::delete)
        .operation(rotate_secret::__path_rotate_secret, rotate_secret::rotate_secret)
        .operation(test::__path_test, test::test)
        .schema::<object::WebhookObject<'_>>()
        .schema::<put::WebhookBody>()
        .schema::<test::TestObject>()
}
