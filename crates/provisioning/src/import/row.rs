//! A row, and what becomes of it.

use crate::{Description, GivenHa1s, WeakPassword};
use domain::{CredentialId, Password, Username};

/// A credential of another system.
#[derive(Debug)]
pub struct ImportRow {
    /// Unique within the account's realm.
    pub username: Username,
    /// What it authenticates with.
    pub secret: ImportedSecret,
    /// Whether it authenticates anyone.
    pub enabled: bool,
    /// A note.
    pub description: Description,
}

/// What is known of a password elsewhere.
#[derive(Debug)]
pub enum ImportedSecret {
    /// The password, and hashes that have to be of it.
    Password(Password, GivenHa1s),
    /// Hashes alone, at least one.
    Hashes(GivenHa1s),
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOutcome {
    /// There is a new credential; of a dry run: there would be one, whose identifier nobody knows yet.
    Created(Option<CredentialId>),
    /// The account's credential has this row's secret, state and note now.
    Replaced(CredentialId),
    /// The account has it already, and it was left as it is.
    Existed(CredentialId),
    /// Nothing was done.
    Failed(RowFault),
}

/// Why nothing was done about a row. Texts continue a sentence that starts with the field's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// An earlier row, the one of that number, has the same username.
    #[error("is in row {0} already")]
    Repeated(usize),
    /// The account has a credential of that name, with another secret.
    #[error("exists already with another password; choose on_conflict=skip to keep that, or replace")]
    OtherSecret,
    /// Another account of the realm has a credential of that name.
    #[error("exists already in another account of the same realm")]
    TakenInRealm,
    /// The row was overtaken by another request.
    #[error("was changed by others at the same time; import it again")]
    ChangedMeanwhile,
    /// The password is easier to guess than the account allows.
    #[error("{0}")]
    WeakPassword(WeakPassword),
    /// One of the hashes is not of the row's password.
    #[error("is not the hash of this username, the account's realm and this password; leave one of them out")]
    HashOfAnotherPassword(&'static str),
    /// Nothing would be left of the hashes.
    #[error("is of no use alone: MD5 was retired for the realm; give ha1_sha256, or the password")]
    Md5Retired,
}

impl RowFault {
    /// The same, where rows are numbered otherwise by whoever asked.
    #[must_use]
    pub fn numbered(self, number: impl FnOnce(usize) -> usize) -> Self {
        if let Self::Repeated(earlier) = self { Self::Repeated(number(earlier)) } else { self }
    }

    /// The field that is wrong, as the API calls it.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Repeated(_) | Self::OtherSecret | Self::TakenInRealm | Self::ChangedMeanwhile => "username",
            Self::WeakPassword(_) => "password",
            Self::HashOfAnotherPassword(field) => field,
            Self::Md5Retired => "ha1_md5",
        }
    }
}
