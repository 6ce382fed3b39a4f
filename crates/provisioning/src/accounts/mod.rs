//! Accounts, as the operator manages them. What a parent may do to its sub-accounts rests on the same steps.

mod create;
mod delete;
mod show;
mod update;

pub(crate) use create::AccountDraft;
pub use create::{AccountCreated, NewAccountRequest};
pub use show::AccountView;
pub use update::{AccountUpdate, CallLimitsPatch};
