//! Opens what is to be imported.

use super::{Format, ImportOptions, hand_on, sealed};
use crate::failure::Failure;
use import_sources::{
    ColumnNames, Read, SourceError, Table, Variables, read_csv, read_freeswitch, read_json_lines, read_table,
};
use keyring::Keyring;
use keyring::source::KeySource;
use std::fs::File;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// Where a database's password comes from: others on the machine can read command lines.
const SOURCE_PASSWORD: &str = "SIPWARDEN_SOURCE_PASSWORD";

/// What is to be read, opened as far as it can be.
enum Source {
    Table(Table, Option<Zeroizing<String>>),
    Freeswitch(PathBuf, Variables),
    Csv(Box<dyn std::io::Read + Send>),
    JsonLines(Box<dyn std::io::Read + Send>),
    Sealed(Box<dyn std::io::Read + Send>, Box<Keyring>),
}

/// Begins to read; what is read goes to `rows`, no faster than it is taken.
pub(super) fn read(
    options: &ImportOptions,
    names: ColumnNames,
    rows: Sender<Read>,
) -> Result<JoinHandle<Result<(), SourceError>>, Failure> {
    let source = open(options)?;
    Ok(tokio::task::spawn_blocking(move || {
        let mut take = hand_on(&rows);
        match source {
            Source::Table(table, password) => {
                read_table(&table, password.as_ref().map(|text| text.as_str()), &names, &mut take)
            }
            Source::Freeswitch(path, variables) => read_freeswitch(&path, &variables, &mut take),
            Source::Csv(input) => read_csv(input, &names, &mut take),
            Source::JsonLines(input) => read_json_lines(input, &names, &mut take),
            Source::Sealed(input, keyring) => sealed::read(input, &keyring, &mut take),
        }
    }))
}

fn open(options: &ImportOptions) -> Result<Source, Failure> {
    let ImportOptions { source, format, table, variables, .. } = options;
    if let Some(path) = &options.sealed_with {
        let keyring = KeySource::File(path.clone()).load();
        let keyring =
            keyring.map_err(|error| Failure::Refused(format!("--sealed-with {}: {error}", path.display())))?;
        return Ok(Source::Sealed(input(source)?, Box::new(keyring)));
    }
    if Table::is_url(source) {
        let name = table.clone().ok_or_else(|| {
            Failure::Refused("say which table with --table, such as --table subscriber or --table ps_auths".into())
        })?;
        let password = std::env::var(SOURCE_PASSWORD).ok().map(Zeroizing::new);
        return Ok(Source::Table(Table { url: source.clone(), name }, password));
    }
    if table.is_some() {
        return Err(Failure::Refused(format!("--table goes with the URL of a database, and {source} is none")));
    }
    match format.unwrap_or_else(|| of_name(source)) {
        Format::Freeswitch => {
            let variables = variables.as_deref().map(Variables::read).transpose();
            let variables = variables.map_err(|error| Failure::Refused(format!("--variables: {error}")))?;
            Ok(Source::Freeswitch(PathBuf::from(source), variables.unwrap_or_default()))
        }
        Format::Csv => input(source).map(Source::Csv),
        Format::Jsonl => input(source).map(Source::JsonLines),
    }
}

fn of_name(source: &str) -> Format {
    let path = Path::new(source);
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension {
        Some("jsonl" | "ndjson" | "json") => Format::Jsonl,
        Some("xml") => Format::Freeswitch,
        _ if path.is_dir() => Format::Freeswitch,
        _ => Format::Csv,
    }
}

fn input(source: &str) -> Result<Box<dyn std::io::Read + Send>, Failure> {
    if source == "-" {
        return Ok(Box::new(std::io::stdin()));
    }
    let file = File::open(source);
    let file = file.map_err(|error| {
        Failure::Refused(format!("{source} cannot be read ({error}); give another file, or `-` for standard input"))
    })?;
    Ok(Box::new(file))
}
