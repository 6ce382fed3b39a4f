//! `sipwarden restore`: a data directory from a backup, checked before it takes its name.

use crate::configuration::locate;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::operator_cli::RestoreOptions;
use crate::operator_commands::print;
use crate::patience;
use keyring::Keyring;
use keyring::source::KeySource;
use serde_json::json;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use storage_sqlite::Summary;

pub(crate) async fn run(options: RestoreOptions) -> Result<(), Failure> {
    let RestoreOptions { file, data_dir, master_key_file, json } = options;
    let key_file_given = master_key_file.clone();
    let (data_dir, key_source) = locate(data_dir, master_key_file);
    data_dir.create()?;
    // Held to the end: no server may start on what is half restored.
    let _lock = patience::lock(&data_dir).await?;
    refuse_used(&data_dir)?;
    let keyring = Arc::new(key_source.load()?);
    let restoring = Restoring::copy(&file, &data_dir)?;
    let found = restoring.check(&file, &keyring).await?;
    let key_copied = keep_key(key_file_given.as_deref(), &data_dir, &key_source)?;
    restoring.keep(&data_dir)?;
    let Summary { accounts, credentials, registrations, schema_version, .. } = found;
    let directory = data_dir.path().display();
    let value = json!({
        "data_dir": data_dir.path(), "schema_version": schema_version, "accounts": accounts,
        "credentials": credentials, "registrations": registrations, "master_key_copied": key_copied,
    });
    print(json, &value, || {
        let key = if key_copied { "The key file was copied beside it. " } else { "" };
        format!(
            "Restored into {directory}, and every secret in it opens with the master key:\n\n  \
             accounts       {accounts}\n  credentials    {credentials}\n  registrations  {registrations}\n\n\
             {key}Start it with `sipwarden serve --data-dir {directory}`.\n"
        )
    })
}

fn refuse_used(data_dir: &DataDir) -> Result<(), Failure> {
    let database = data_dir.database();
    if database.exists() {
        return Err(Failure::Refused(format!(
            "{} exists already and is not overwritten; restore into another --data-dir, or move it away with its -wal \
             and -shm files",
            database.display()
        )));
    }
    Ok(())
}

/// A copy of the backup under another name than the database's; gone again unless it is kept.
struct Restoring {
    folder: tempfile::TempDir,
}

impl Restoring {
    fn copy(backup: &Path, data_dir: &DataDir) -> Result<Self, Failure> {
        let written = |error| Failure::Write { path: data_dir.path().to_owned(), error };
        let folder =
            tempfile::Builder::new().prefix(DataDir::BACKUP_PREFIX).tempdir_in(data_dir.path()).map_err(written)?;
        let restoring = Self { folder };
        let mut source = File::open(backup).map_err(|error| {
            Failure::Refused(format!(
                "{} cannot be read ({error}); name a file that `sipwarden backup` wrote",
                backup.display()
            ))
        })?;
        let mut target =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(restoring.database()).map_err(written)?;
        io::copy(&mut source, &mut target).and_then(|_| target.sync_all()).map_err(written)?;
        Ok(restoring)
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("sipwarden.db")
    }

    /// Sound, of a version this program knows, and opened by the key: its check, and every secret.
    async fn check(&self, backup: &Path, keyring: &Arc<Keyring>) -> Result<Summary, Failure> {
        let path = self.database();
        let checking = tokio::task::spawn_blocking(move || storage_sqlite::verify(&path)).await;
        let unusable = |problem: String| {
            Failure::Refused(format!("{} cannot be restored: {problem}; use another backup", backup.display()))
        };
        let found = checking.map_err(|error| unusable(error.to_string()))?;
        let found = found.map_err(|error| unusable(problem_of(&error)))?;
        crate::restored_secrets::check(&self.database(), Arc::clone(keyring)).await?;
        Ok(found)
    }

    fn keep(self, data_dir: &DataDir) -> Result<(), Failure> {
        let database = data_dir.database();
        std::fs::rename(self.database(), &database)
            .and_then(|()| std::fs::set_permissions(&database, Permissions::from_mode(0o600)))
            .and_then(|()| File::open(data_dir.path())?.sync_all())
            .map_err(|error| Failure::Write { path: database, error })
    }
}

/// What is wrong with a backup, without the advice for a database in use.
fn problem_of(error: &storage_sqlite::OpenError) -> String {
    use storage_sqlite::OpenError;
    match error {
        OpenError::Damaged { .. } => "it is damaged".into(),
        OpenError::NotOurs { .. } => "it is not a sipwarden database".into(),
        OpenError::TooNew { found, known, .. } => {
            format!("it was written by a newer sipwarden (schema {found}, this one knows {known})")
        }
        other => other.to_string(),
    }
}

/// Copies a key file that was given into the data directory, if that has none.
fn keep_key(given: Option<&Path>, data_dir: &DataDir, source: &KeySource) -> Result<bool, Failure> {
    let target = data_dir.master_key();
    let (Some(given), KeySource::File(_)) = (given, source) else { return Ok(false) };
    if target.exists() {
        return Ok(false);
    }
    let written = |error| Failure::Write { path: target.clone(), error };
    let text = zeroize::Zeroizing::new(std::fs::read(given).map_err(written)?);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&target).map_err(written)?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(written)?;
    Ok(true)
}
