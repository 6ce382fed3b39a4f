//! Rows.

use std::fmt;
use zeroize::Zeroizing;

/// What a cell says, by the name it has in the HTTP API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The digest username.
    Username,
    /// The password.
    Password,
    /// MD5 of `username:realm:password`, hexadecimal.
    Ha1Md5,
    /// The same with SHA-256.
    Ha1Sha256,
    /// The same with SHA-512-256.
    Ha1Sha512_256,
    /// The realm the hashes bind to.
    Realm,
    /// Whether it authenticates anyone.
    Enabled,
    /// A note.
    Description,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 8] = [
        Self::Username,
        Self::Password,
        Self::Ha1Md5,
        Self::Ha1Sha256,
        Self::Ha1Sha512_256,
        Self::Realm,
        Self::Enabled,
        Self::Description,
    ];

    /// Its name in the HTTP API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Password => "password",
            Self::Ha1Md5 => "ha1_md5",
            Self::Ha1Sha256 => "ha1_sha256",
            Self::Ha1Sha512_256 => "ha1_sha512_256",
            Self::Realm => "realm",
            Self::Enabled => "enabled",
            Self::Description => "description",
        }
    }
}

/// One credential as it was found: the cells that are not empty.
pub struct Row {
    /// Where: the line of a file, or the count of rows or users, from 1.
    pub number: u64,
    /// Each field at most once.
    pub cells: Vec<(Field, Zeroizing<String>)>,
}

impl Row {
    /// What the cell of that field holds.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.cells.iter().find(|(known, _)| *known == field).map(|(_, text)| text.as_str())
    }
}

/// Shows where it was found and which cells it has, never what is in them.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<Field> = self.cells.iter().map(|(field, _)| *field).collect();
        f.debug_struct("Row").field("number", &self.number).field("fields", &fields).finish()
    }
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Where.
    pub number: u64,
    /// Its username, where that can be told.
    pub username: Option<String>,
    /// What is wrong, never quoting a cell.
    pub problem: String,
}

/// What was read.
#[derive(Debug)]
pub enum Read {
    /// A row.
    Row(Row),
    /// What is none.
    Bad(BadRow),
}
