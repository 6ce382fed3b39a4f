//! Why a source cannot be read (any further).

use std::io;

/// Why a source cannot be read, or not to its end. Never quotes a cell.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Reading failed.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A file is not XML.
    #[error("{path} is not the XML of a FreeSWITCH directory: {error}")]
    NotXml {
        /// Which file.
        path: String,
        /// What the parser says.
        error: String,
    },
    /// The database cannot be reached, or does not answer as it should.
    #[error("the database says: {0}")]
    Database(#[from] sqlx::Error),
    /// The SQLite database cannot be read.
    #[error("the database says: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// No table can have that name.
    #[error("{name:?} is no name of a table; write TABLE or SCHEMA.TABLE")]
    NotATable {
        /// What was said.
        name: String,
    },
    /// Nothing says which column is the username.
    #[error(
        "no column is called username; name columns as the API does (username, password, ha1_md5, realm …), or say which \
         is which with --column username=NAME"
    )]
    NoUsername,
    /// Two columns are the same field.
    #[error("two columns are {field}; say which is meant with --column {field}=NAME")]
    TwoColumns {
        /// The field.
        field: &'static str,
    },
    /// What was said of a column cannot be understood.
    #[error(
        "{text:?} names no column; write FIELD=NAME, FIELD being username, password, ha1_md5, ha1_sha256, \
         ha1_sha512_256, realm, enabled or description"
    )]
    NotAColumn {
        /// What was said.
        text: String,
    },
}
