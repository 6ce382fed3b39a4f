//! `sipwarden backup FILE`

use crate::cli::Installation;
use crate::failure::Failure;
use crate::operator_client::{Ask, OperatorAnswer, OperatorClient};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub(crate) async fn backup(path: PathBuf, installation: Installation) -> Result<(), Failure> {
    let json = installation.json;
    let to_output = path.as_os_str() == "-";
    // Before anything is asked: a name that is taken is not worth a copy.
    let file = if to_output { None } else { Some(NewFile::create(path)?) };
    let mut client = OperatorClient::reach(installation).await?;
    let answer = client.send(Ask { method: "POST", path: "backup", body: None }).await?.accepted().await?;
    let Some(mut file) = file else {
        receive(answer, |part| io::stdout().write_all(part).map_err(Failure::Output)).await?;
        return io::stdout().flush().map_err(Failure::Output);
    };
    let octets = receive(answer, |part| file.write(part)).await?;
    let path = file.keep()?;
    let value = json!({ "file": path, "octets": octets });
    super::print(json, &value, || {
        format!(
            "Backed up to {} ({octets} octets).\n\nIt opens only with the master key, which is not in it: keep a copy of \
             master.key apart from it.\nRestore with `sipwarden restore {} --data-dir NEW-DIR --master-key-file \
             KEY-FILE`.\n",
            path.display(),
            path.display()
        )
    })
}

/// Hands over every part, and tells how many octets they had.
async fn receive(
    mut answer: OperatorAnswer,
    mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut octets = 0;
    while let Some(part) = answer.next().await? {
        take(&part)?;
        octets += u64::try_from(part.len()).unwrap_or(u64::MAX);
    }
    Ok(octets)
}

/// A file that is removed again unless it was kept.
struct NewFile {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl NewFile {
    fn create(path: PathBuf) -> Result<Self, Failure> {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => Ok(Self { path, file, kept: false }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Failure::Refused(format!(
                "{} exists already and is not overwritten; choose another name or move it away",
                path.display()
            ))),
            Err(error) => Err(not_written(&path, &error)),
        }
    }

    fn write(&mut self, part: &[u8]) -> Result<(), Failure> {
        self.file.write_all(part).map_err(|error| not_written(&self.path, &error))
    }

    /// Once it is on disk.
    fn keep(mut self) -> Result<PathBuf, Failure> {
        self.file.sync_all().map_err(|error| not_written(&self.path, &error))?;
        self.kept = true;
        Ok(self.path.clone())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept {
            // It holds half a backup at most; the failure that ended it is told.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    Failure::Refused(format!(
        "{} cannot be written ({error}); choose a place that this user may write to and that has room",
        path.display()
    ))
}
