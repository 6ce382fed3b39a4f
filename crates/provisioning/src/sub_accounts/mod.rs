//! Sub-accounts, as the main account's own tokens manage them.

mod create;
mod delete;
mod list;
mod update;

pub use create::NewSubAccount;
