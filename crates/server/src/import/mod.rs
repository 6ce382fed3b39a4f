//! `sipwarden credential import`: from a source to the HTTP API, a batch at a time.
//!
//! What is in memory is one batch and the usernames that were seen. Nothing is noted about how far it came: rows that are
//! there already are passed over by the server, so an import that broke off is started again.

mod batch;
mod delivery;
mod report;
mod sealed;
mod source;

use crate::cli::ServerAccess;
use crate::failure::Failure;
use batch::Batches;
use clap::{Args, ValueEnum};
use delivery::Delivery;
use import_sources::{ColumnNames, Read};
use report::Report;
use std::ops::ControlFlow;
use std::path::PathBuf;
use tokio::sync::mpsc;

/// Rows that wait to be put into a batch.
const WAITING_ROWS: usize = 2000;

#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    /// A file, `-` for standard input, a FreeSWITCH directory, or the URL of a database: sqlite://FILE,
    /// mysql://USER@HOST/DATABASE or postgres://USER@HOST/DATABASE; its password is taken from SIPWARDEN_SOURCE_PASSWORD
    pub(crate) source: String,
    /// What the source is [default: by its name, else CSV]
    #[arg(long)]
    pub(crate) format: Option<Format>,
    /// The table of a database, such as subscriber (Kamailio, OpenSIPS) or ps_auths (Asterisk)
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Option<String>,
    /// The file that sets FreeSWITCH's variables, vars.xml
    #[arg(long, value_name = "FILE")]
    pub(crate) variables: Option<PathBuf>,
    /// The master key of the installation whose `sipwarden account export` the source is
    #[arg(long, value_name = "FILE", conflicts_with_all = ["format", "table", "variables"])]
    pub(crate) sealed_with: Option<PathBuf>,
    /// Store nothing, and say what would become of each row
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What to do about usernames that are there with another password
    #[arg(long, default_value = "fail")]
    pub(crate) on_conflict: OnConflict,
    /// Which column is which field, where the names do not tell, as in username=uid; may be given several times
    #[arg(long = "column", value_name = "FIELD=NAME")]
    pub(crate) columns: Vec<String>,
    /// Take rows of this realm (or domain) alone, and pass over all others
    #[arg(long, value_name = "REALM")]
    pub(crate) only_realm: Option<String>,
    /// A new file for every row with a fault, as CSV [default: the first 20 go to standard error]
    #[arg(long, value_name = "FILE")]
    pub(crate) errors: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) access: ServerAccess,
}

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Comma-separated values with a heading.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// FreeSWITCH's directory: an XML file, or a folder of them.
    Freeswitch,
}

/// What to do about usernames that are there with another password.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OnConflict {
    /// It is a fault of the row.
    Fail,
    /// Leave what is there.
    Skip,
    /// Replace what is there.
    Replace,
}

pub(crate) async fn run(options: ImportOptions) -> Result<(), Failure> {
    let mut names = ColumnNames::default();
    for column in &options.columns {
        names.say(column).map_err(|error| Failure::Refused(format!("--column {error}")))?;
    }
    let delivery = Delivery::new(&options);
    let mut report = Report::new(&options)?;
    let mut batches = Batches::new(options.only_realm.clone());
    let (sender, mut rows) = mpsc::channel(WAITING_ROWS);
    let reading = source::read(&options, names, sender)?;
    while let Some(read) = rows.recv().await {
        if let Some(batch) = batches.add(read, &mut report)? {
            delivery.deliver(batch, &mut report).await?;
        }
        report.show_progress();
    }
    if let Some(batch) = batches.last() {
        delivery.deliver(batch, &mut report).await?;
    }
    let ended =
        reading.await.map_err(|error| Failure::Refused(format!("reading {} failed: {error}", options.source)))?;
    report.finish(ended.map_err(|error| Failure::Refused(format!("{}: {error}", options.source))))
}

/// Hands rows on until nobody takes them any more.
fn hand_on(rows: &mpsc::Sender<Read>) -> impl FnMut(Read) -> ControlFlow<()> {
    move |read| if rows.blocking_send(read).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}
