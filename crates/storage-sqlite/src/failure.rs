//! SQLite's errors as the ports name them.

use rusqlite::ErrorCode;
use storage::StorageError;

/// A failed statement on its way to the caller.
#[derive(Debug)]
pub(crate) struct Failure(pub StorageError);

impl Failure {
    /// Of a `COMMIT`: when the disk failed, the commit may be found in the log after a restart.
    pub fn of_commit(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::SystemIoFailure) => Self(StorageError::Unknown(error.to_string())),
            _ => error.into(),
        }
    }

    pub fn damaged(text: impl Into<String>) -> Self {
        Self(StorageError::Damaged(text.into()))
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        Self(match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StorageError::Full,
            // Statements are ours and parameters parsed, so a row that breaks a constraint contradicts what we read.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation) => {
                StorageError::Damaged(text)
            }
            Some(_) => StorageError::Unavailable(text),
            // Without a code it is a value that is not what its column should hold.
            None => StorageError::Damaged(text),
        })
    }
}

impl From<Failure> for StorageError {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

/// The answer to what the writer did not take, because it has ended, in order or by a panic.
pub(crate) fn writer_gone() -> StorageError {
    StorageError::Unavailable("the database writer has stopped; restart sipwarden".into())
}

/// The answer to what the writer took and did not answer before it ended.
pub(crate) fn answer_lost() -> StorageError {
    StorageError::Unknown("the database writer stopped before it answered; restart sipwarden".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::{Error, ffi};

    #[test]
    fn only_a_failing_disk_leaves_a_commit_in_doubt() {
        let failed = |code| Failure::of_commit(Error::SqliteFailure(ffi::Error::new(code), None)).0;
        assert!(matches!(failed(ffi::SQLITE_IOERR_FSYNC), StorageError::Unknown(_)));
        assert!(matches!(failed(ffi::SQLITE_FULL), StorageError::Full));
        assert!(matches!(failed(ffi::SQLITE_BUSY), StorageError::Unavailable(_)));
        assert!(matches!(failed(ffi::SQLITE_CORRUPT), StorageError::Damaged(_)));
    }
}
