//! API tokens of an account: an account's own, a sub-account's by its parent, any account's by the operator.

mod create;
mod list;
mod revoke;

pub use create::ApiTokenCreated;
pub use list::ApiTokenView;
