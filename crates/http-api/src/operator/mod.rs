//! The operator's side, `/admin/v1`: the whole installation, for whoever runs it.
//!
//! It is served on the control socket, whose file permissions admit the caller, and with `--admin-api` on the HTTP
//! listeners, where `Authorization: Bearer` carries an operator token. A tenant's token opens nothing here.

mod access;
mod accounts;
mod audit_log;
mod auth_events;
mod backup;
mod bans;
mod control_socket;
mod hosts;
mod numbers;
mod operator_tokens;
mod page;
mod realms;
mod rotate_keys;
mod settings;
mod tokens;
mod tools;

pub(crate) use access::{AdmittedByFilePermissions, is_operators};
pub use control_socket::{serve_control_connection, serve_control_socket};
pub(crate) use tools::takes_long;
pub use tools::{Backup, BackupFuture, Exposure, KeyRotation, OperatorApi, RotationFuture};

use crate::routes::Routes;

/// Every operation's heading in the document.
const TAG: &str = "Operator";

pub(crate) fn routes() -> Routes {
    Routes::tagged(TAG)
        .merge(accounts::routes())
        .merge(hosts::routes())
        .merge(numbers::routes())
        .merge(tokens::routes())
        .merge(realms::routes())
        .merge(settings::routes())
        .merge(operator_tokens::routes())
        .merge(audit_log::routes())
        .merge(bans::routes())
        .merge(auth_events::routes())
        .operation(backup::__path_backup, backup::backup)
        .operation(rotate_keys::__path_rotate, rotate_keys::rotate)
        .schema::<rotate_keys::RotationLine>()
}
