//! The host names that lead to an account's realm.

mod add;
mod list;
mod remove;
