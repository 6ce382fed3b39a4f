//! Credentials of other systems as rows: CSV, JSON Lines, tables of databases, FreeSWITCH directories.
//!
//! Sources are read once, row by row, never whole, so that memory does not grow with them. Nothing is judged here but
//! whether a row can be read; what a credential may be is the server's to say. Never speaks to a server of ours.

mod cells;
mod columns;
mod delimited;
mod error;
mod freeswitch;
mod json_lines;
mod tables;

pub use cells::{BadRow, Field, Read, Row};
pub use columns::ColumnNames;
pub use delimited::read_csv;
pub use error::SourceError;
pub use freeswitch::{Variables, read_freeswitch};
pub use json_lines::read_json_lines;
pub use tables::{Table, read_table};

/// Takes what was read; `Break` ends the reading.
pub type Take<'a> = dyn FnMut(Read) -> std::ops::ControlFlow<()> + 'a;
