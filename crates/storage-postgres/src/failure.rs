//! PostgreSQL's errors as the ports name them.

use sqlx::Error;
use storage::{Conflict, StorageError};

/// A failed statement on its way to the caller.
#[derive(Debug)]
pub(crate) struct Failure(pub StorageError);

/// Why a change was not applied.
pub(crate) enum Refused {
    /// A precondition of this set; its neighbours go on.
    Conflict(Conflict),
    /// The transaction is not to be trusted any more.
    Failed(Failure),
}

impl Failure {
    /// Of a `COMMIT`: when the answer was lost, nobody knows here whether it was carried out.
    pub fn of_commit(error: Error) -> Self {
        match &error {
            Error::Database(refused) if !refused.code().is_some_and(|code| is_of_lost_session(&code)) => error.into(),
            _ => Self(StorageError::Unknown(error.to_string())),
        }
    }

    pub fn damaged(text: impl Into<String>) -> Self {
        Self(StorageError::Damaged(text.into()))
    }

    pub fn unavailable(text: impl Into<String>) -> Self {
        Self(StorageError::Unavailable(text.into()))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        Self(match &error {
            Error::Database(refused) => of_code(&refused.code().unwrap_or_default(), text),
            Error::ColumnDecode { .. }
            | Error::Decode(_)
            | Error::ColumnIndexOutOfBounds { .. }
            | Error::RowNotFound
            | Error::TypeNotFound { .. } => StorageError::Damaged(text),
            _ => StorageError::Unavailable(text),
        })
    }
}

/// By the class of the SQLSTATE. Statements are ours and parameters parsed, so a row that breaks a constraint, or a table that
/// is not as we made it, contradicts what we know.
fn of_code(code: &str, text: String) -> StorageError {
    match code.get(..2) {
        _ if code == "53100" => StorageError::Full,
        Some("22" | "23" | "42" | "XX") => StorageError::Damaged(text),
        _ => StorageError::Unavailable(text),
    }
}

/// Connection exceptions, and the ends that an operator or a crash puts to sessions.
fn is_of_lost_session(code: &str) -> bool {
    code.starts_with("08") || code.starts_with("57P")
}

impl From<Failure> for StorageError {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Conflict> for Refused {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

/// The answer to what was not taken, because the storage is closed or its task has ended by a panic.
pub(crate) fn closed() -> StorageError {
    StorageError::Unavailable("the connection to the database is closed; restart sipwarden".into())
}

/// The answer to what was taken and not answered.
pub(crate) fn answer_lost() -> StorageError {
    StorageError::Unknown("the database was left before it answered; restart sipwarden".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_errors_are_told_apart() {
        let of = |code: &str| of_code(code, String::new());
        assert!(matches!(of("53100"), StorageError::Full));
        for damaged in ["23505", "42P01", "22P02", "XX001"] {
            assert!(matches!(of(damaged), StorageError::Damaged(_)), "{damaged}");
        }
        for passing in ["40P01", "57014", "53300", "25006", "08006", ""] {
            assert!(matches!(of(passing), StorageError::Unavailable(_)), "{passing}");
        }
    }

    #[test]
    fn only_a_lost_answer_leaves_a_commit_in_doubt() {
        assert!(matches!(Failure::of_commit(Error::PoolClosed).0, StorageError::Unknown(_)));
        assert!(is_of_lost_session("57P01") && is_of_lost_session("08006") && !is_of_lost_session("57014"));
    }
}
