//! Realms, as the operator manages them.

mod list;
mod set_policy;
