//! Rows on their way from one database to another.

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number.
    Integer(i64),
    /// A text.
    Text(String),
    /// Octets.
    Octets(Vec<u8>),
}

/// Some rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// Which table.
    pub table: &'static str,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// For each row its values, in the order of the columns.
    pub rows: Vec<Vec<Cell>>,
}

/// What a database counts besides its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// The revision of the last commit.
    pub revision: u64,
    /// The highest number ever given out in each table that gives out numbers.
    pub numbers: Vec<(String, i64)>,
}
