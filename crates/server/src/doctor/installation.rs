//! The data directory, the database and the master key; and whether a server runs on them.

use super::finding::Finding;
use crate::configuration::Configuration;
use crate::database::DatabasePlace;
use crate::listening::Listening;
use crate::patience::{self, Reached};
use keyring::Keyring;
use keyring::source::KeySource;
use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use storage::SettingName;

/// What the other looks go by.
#[derive(Debug, Default)]
pub(super) struct State {
    /// What a running server listens on.
    pub(super) running: Option<Listening>,
    /// The domain under which accounts have theirs, where one is stored.
    pub(super) base_domain: Option<Box<str>>,
}

/// The installation's settings.
type Stored = HashMap<SettingName, Box<str>>;

pub(super) async fn examine(configuration: &Configuration) -> (Vec<Finding>, State) {
    let data_dir = &configuration.data_dir;
    if let DatabasePlace::Postgres(url) = &configuration.database {
        return of_postgres(configuration, url).await;
    }
    let shown = data_dir.path().display();
    if !data_dir.database().exists() {
        let text = format!("{shown} has no database yet; the first sipwarden serve, or account create, makes it");
        let findings = vec![Finding::warning("database", text), key(configuration, &Stored::default())];
        return (findings, State::default());
    }
    let mut state = State::default();
    let database = match patience::reach(data_dir).await {
        Ok(Reached::Server(_)) => {
            state.running = Listening::read(data_dir);
            Finding::ok("database", format!("{shown} is in use by a running server"))
        }
        Ok(Reached::Alone(_lock)) => verified(configuration),
        Err(failure) => Finding::failed("database", failure.to_string()),
    };
    // What is wrong with the database has a line already.
    let stored = tokio::task::block_in_place(|| storage_sqlite::stored_settings(&data_dir.database()));
    let stored: Stored = stored.unwrap_or_default().into_iter().collect();
    state.base_domain = stored.get(&SettingName::BaseDomain).cloned();
    let findings = permissions(configuration).into_iter().chain([database, key(configuration, &stored)]);
    (findings.collect(), state)
}

/// A database that nodes share is looked at as it is.
async fn of_postgres(configuration: &Configuration, url: &str) -> (Vec<Finding>, State) {
    let mut state = State::default();
    if let Ok(Reached::Server(_)) = patience::reach(&configuration.data_dir).await {
        state.running = Listening::read(&configuration.data_dir);
    }
    let (database, stored) = match storage_postgres::look(url).await {
        Ok(found) if found.schema_version == 0 => {
            let text = "the PostgreSQL database is empty; the first sipwarden serve makes its tables";
            (Finding::warning("database", text.to_owned()), Stored::default())
        }
        Ok(found) => {
            let nodes = found.nodes.join(", ");
            let text = format!(
                "the PostgreSQL database has {} accounts and {} credentials; nodes: {}",
                found.accounts,
                found.credentials,
                if nodes.is_empty() { "none" } else { &nodes }
            );
            (Finding::ok("database", text), found.settings.into_iter().collect())
        }
        Err(error) => (Finding::failed("database", error.to_string()), Stored::default()),
    };
    state.base_domain = stored.get(&SettingName::BaseDomain).cloned();
    let findings = permissions(configuration).into_iter().chain([database, key(configuration, &stored)]);
    (findings.collect(), state)
}

/// Nobody else on the machine may look into the directory.
fn permissions(configuration: &Configuration) -> Option<Finding> {
    let path = configuration.data_dir.path();
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        let shown = path.display();
        Finding::warning(
            "data directory",
            format!("others on this machine may look into {shown}; run chmod 700 {shown}"),
        )
    })
}

fn verified(configuration: &Configuration) -> Finding {
    let path = configuration.data_dir.database();
    match tokio::task::block_in_place(|| storage_sqlite::verify(&path)) {
        Ok(found) => Finding::ok(
            "database",
            format!(
                "{} is sound: {} accounts, {} credentials, {} registrations; no server runs on it",
                path.display(),
                found.accounts,
                found.credentials,
                found.registrations
            ),
        ),
        Err(error) => Finding::failed("database", error.to_string()),
    }
}

fn key(configuration: &Configuration, stored: &Stored) -> Finding {
    let source = &*configuration.key_source;
    let (path, has_database) = match source {
        KeySource::File(path) => match configuration.database {
            DatabasePlace::DataDirectory => (Some(path), configuration.data_dir.database().exists()),
            DatabasePlace::Postgres(_) => (Some(path), stored.contains_key(&SettingName::KeyCheck)),
        },
        _ => (None, true),
    };
    match path {
        Some(path) if !path.exists() && !has_database => Finding::ok(
            "master key",
            format!("{} is made with the database; keep a copy of it elsewhere", path.display()),
        ),
        Some(path) if !path.exists() => Finding::failed(
            "master key",
            format!(
                "{} is missing, and without it nothing in the database opens; restore it from your backup, or name it \
                 with --master-key-file",
                path.display()
            ),
        ),
        _ => match source.load() {
            Ok(keyring) => opens(&keyring, stored),
            Err(error) => Finding::failed("master key", error.to_string()),
        },
    }
}

fn opens(keyring: &Keyring, stored: &Stored) -> Finding {
    match stored.get(&SettingName::KeyCheck) {
        Some(check) if !provisioning::is_key_of(keyring, check) => Finding::failed(
            "master key",
            "is not the one that this database was sealed with; restore that one from your backup, or name it with \
             --master-key-file"
                .into(),
        ),
        Some(_) => {
            Finding::ok("master key", "opens the database; a backup of that is worth nothing without the key".into())
        }
        None => Finding::ok("master key", "can be read; a backup of the database is worth nothing without it".into()),
    }
}
