//! What an import has come to: progress and faults while it goes on, a summary in the end.

use super::ImportOptions;
use crate::failure::Failure;
use crate::operator_commands::print;
use domain::csv_cell;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Faults that are told where no file takes them.
const SHOWN_FAULTS: u64 = 20;
/// How often progress is told to somebody who watches.
const WATCHED: Duration = Duration::from_millis(500);
/// How often it is told to a log.
const LOGGED: Duration = Duration::from_secs(10);

/// What is wrong with a row.
#[derive(Clone, Copy)]
pub(super) struct Fault<'f> {
    pub(super) row: u64,
    pub(super) username: &'f str,
    pub(super) field: &'f str,
    pub(super) problem: &'f str,
}

/// Counts, and tells.
pub(super) struct Report {
    pub(super) created: u64,
    pub(super) replaced: u64,
    pub(super) existed: u64,
    failed: u64,
    passed_over: u64,
    dry_run: bool,
    json: bool,
    faults: Option<BufWriter<File>>,
    watched: bool,
    begun: Instant,
    told: Instant,
}

impl Report {
    pub(super) fn new(options: &ImportOptions) -> Result<Self, Failure> {
        let faults = options.errors.as_deref().map(create).transpose()?;
        Ok(Self {
            created: 0,
            replaced: 0,
            existed: 0,
            failed: 0,
            passed_over: 0,
            dry_run: options.dry_run,
            json: options.access.json,
            faults,
            watched: std::io::stderr().is_terminal(),
            begun: Instant::now(),
            told: Instant::now(),
        })
    }

    /// A row that is not of the realm that was asked for.
    pub(super) fn pass_over(&mut self) {
        self.passed_over += 1;
    }

    /// A row with a fault.
    pub(super) fn failed(&mut self, fault: Fault<'_>) -> Result<(), Failure> {
        self.failed += 1;
        let Fault { row, username, field, problem } = fault;
        if let Some(faults) = &mut self.faults {
            let line = format!("{row},{},{},{}\r\n", csv_cell(username), csv_cell(field), csv_cell(problem));
            return faults.write_all(line.as_bytes()).map_err(Failure::Output);
        }
        if self.failed <= SHOWN_FAULTS {
            self.clear_progress();
            eprintln!("row {row} ({}): {field} {problem}", username.escape_debug());
        }
        Ok(())
    }

    /// Tells how far it has come, now and then.
    pub(super) fn show_progress(&mut self) {
        let every = if self.watched { WATCHED } else { LOGGED };
        if self.told.elapsed() >= every {
            self.told = Instant::now();
            let end = if self.watched { "\r" } else { "\n" };
            eprint!("{}{end}", self.counts());
        }
    }

    /// The summary; a failure if any row has a fault, or reading ended early.
    pub(super) fn finish(mut self, ended: Result<(), Failure>) -> Result<(), Failure> {
        self.clear_progress();
        if let Some(faults) = &mut self.faults {
            faults.flush().map_err(Failure::Output)?;
        }
        let told_nowhere = self.failed.saturating_sub(SHOWN_FAULTS);
        if self.faults.is_none() && told_nowhere > 0 {
            eprintln!("and {told_nowhere} more; --errors FILE takes all of them");
        }
        let summary = json!({
            "dry_run": self.dry_run,
            "created": self.created,
            "replaced": self.replaced,
            "existed": self.existed,
            "failed": self.failed,
            "passed_over": self.passed_over,
        });
        print(self.json, &summary, || {
            let what = if self.dry_run { "Nothing was stored; it would be " } else { "" };
            format!("{what}{} in {:.1} s.\n", self.counts(), self.begun.elapsed().as_secs_f64())
        })?;
        ended?;
        match self.failed {
            0 => Ok(()),
            1 => Err(Failure::Refused("one row has a fault; mend it and import again".into())),
            failed => Err(Failure::Refused(format!(
                "{failed} rows have faults; mend them and import again, those that are there already are passed over"
            ))),
        }
    }

    fn counts(&self) -> String {
        let Self { created, replaced, existed, failed, passed_over, .. } = self;
        let rows = created + replaced + existed + failed;
        let others = if *passed_over > 0 { format!(", {passed_over} of other realms") } else { String::new() };
        format!("{rows} rows: {created} created, {replaced} replaced, {existed} there already, {failed} faulty{others}")
    }

    fn clear_progress(&self) {
        if self.watched {
            eprint!("\r{:100}\r", "");
        }
    }
}

/// What people type as usernames may be secret.
fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| {
        Failure::Refused(format!("{} cannot be made ({error}); name a file that is not there yet", path.display()))
    })?;
    let mut file = BufWriter::new(file);
    file.write_all(b"row,username,field,problem\r\n").map_err(Failure::Output)?;
    Ok(file)
}
