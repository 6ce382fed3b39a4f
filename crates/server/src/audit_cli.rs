//! The command line of the audit log.

use crate::cli::{Installation, ServerAccess};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Show what was changed in the installation, by whom and from where, newest first
    List {
        /// Only what concerns this account, by its auth id
        #[arg(long, value_name = "AUTH-ID")]
        account: Option<String>,
        #[command(flatten)]
        filters: AuditFilters,
        #[command(flatten)]
        installation: Installation,
    },
    /// Check that every record is as it was written and none is missing; exit 0 only if so
    Check {
        #[command(flatten)]
        installation: Installation,
    },
    /// Show what was changed about the account and what belongs to it, over HTTP
    Own {
        #[command(flatten)]
        filters: AuditFilters,
        #[command(flatten)]
        access: ServerAccess,
    },
}

/// Which records to show.
#[derive(Debug, Args)]
pub(crate) struct AuditFilters {
    /// Most records to show, 1 to 1000
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
    /// Only this action, as in credential.updated
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// Only about this: an id, an auth id, a realm, a number or a setting
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// Only by this actor: an auth id, `operator`, or `operator:` and a token's label
    #[arg(long)]
    pub(crate) actor: Option<String>,
    /// Only what was decided at this moment or later, as in 2026-05-01T00:00:00Z
    #[arg(long, value_name = "MOMENT")]
    pub(crate) from: Option<String>,
    /// Only what was decided before this moment
    #[arg(long, value_name = "MOMENT")]
    pub(crate) to: Option<String>,
}
