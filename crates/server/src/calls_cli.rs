//! The command line of calls and their records, over HTTP.

use crate::cli::ServerAccess;
use clap::Args;

/// Which calls are up, or which one to end.
#[derive(Debug, Args)]
pub(crate) struct CallsOptions {
    /// End this call, by its id as the list shows it, instead of listing
    #[arg(long, value_name = "ID", conflicts_with_all = ["trunk", "credential"])]
    pub(crate) end: Option<String>,
    /// Only calls over this trunk, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) trunk: Option<String>,
    /// Only calls that this credential authenticated, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) credential: Option<String>,
    #[command(flatten)]
    pub(crate) access: ServerAccess,
}

/// Which records to show.
#[derive(Debug, Args)]
pub(crate) struct CdrsOptions {
    /// Print all that match as CSV, for spreadsheets, instead of the newest as a table
    #[arg(long, conflicts_with_all = ["json", "limit"])]
    pub(crate) csv: bool,
    /// Most records to show, 1 to 1000
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
    /// Only calls begun at this moment or later, as in 2026-05-01T00:00:00Z
    #[arg(long, value_name = "MOMENT")]
    pub(crate) from: Option<String>,
    /// Only calls begun before this moment
    #[arg(long, value_name = "MOMENT")]
    pub(crate) to: Option<String>,
    /// Only calls over this trunk, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) trunk: Option<String>,
    /// Only calls that this credential authenticated, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) credential: Option<String>,
    /// Only calls that went this way: outbound, inbound, internal or echo
    #[arg(long, value_name = "DIRECTION")]
    pub(crate) direction: Option<String>,
    /// Only calls that were answered (true), or only the others (false)
    #[arg(long, value_name = "BOOL")]
    pub(crate) answered: Option<bool>,
    #[command(flatten)]
    pub(crate) access: ServerAccess,
}
