//! Who is signed in: a random name in a cookie, and what is known of it here.

mod attempt_limit;
mod cookie;
mod origin;
mod table;

pub(crate) use attempt_limit::AttemptLimit;
pub(crate) use cookie::SessionCookie;
pub(crate) use origin::{check_origin, is_secure};
pub(crate) use table::{Person, Session, SessionTable};
