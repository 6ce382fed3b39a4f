//! Tokens for the operator API.

mod create;
mod list;
mod revoke;

pub use create::OperatorTokenCreated;
pub use list::OperatorTokenView;
