//! Tables of databases, read by `SELECT *`: columns are known by their names.

use crate::{BadRow, ColumnNames, Field, Read, Row, SourceError, Take};
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use rusqlite::types::ValueRef;
use rusqlite::{Connection as SqliteConnection, OpenFlags};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ColumnIndex, Connection, Database, Decode, Executor, MySql, Postgres, Row as _};
use std::path::Path;
use std::str::FromStr;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

/// Rows that are fetched before they are handed on.
const FETCHED_ROWS: usize = 500;

/// A table of a database.
#[derive(Debug, Clone)]
pub struct Table {
    /// `sqlite:`, `postgres:` or `mysql:`, as the clients of those take it.
    pub url: String,
    /// The table's name, with its schema's before a dot if that is needed.
    pub name: String,
}

impl Table {
    /// Whether that names a database, and not a file.
    #[must_use]
    pub fn is_url(source: &str) -> bool {
        let scheme = source.split_once("://").map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| ["sqlite", "postgres", "postgresql", "mysql", "mariadb"].contains(&scheme))
    }

    /// The table's name between those quotation marks, each part by itself.
    fn quoted(&self, mark: char) -> Result<String, SourceError> {
        let allowed = |letter: char| letter.is_alphanumeric() || "_$-".contains(letter);
        let parts: Vec<&str> = self.name.split('.').collect();
        if parts.len() > 2 || parts.iter().any(|part| part.is_empty() || !part.chars().all(allowed)) {
            return Err(SourceError::NotATable { name: self.name.clone() });
        }
        Ok(parts.iter().map(|part| format!("{mark}{part}{mark}")).collect::<Vec<_>>().join("."))
    }
}

/// Reads every row of a table. `password` replaces the one in the URL, which others on the machine could read.
///
/// # Errors
/// [`SourceError`]; rows that were taken before stay taken.
pub fn read_table(
    table: &Table,
    password: Option<&str>,
    names: &ColumnNames,
    take: &mut Take<'_>,
) -> Result<(), SourceError> {
    let (scheme, rest) = table.url.split_once("://").unwrap_or_default();
    match scheme {
        "sqlite" => read_sqlite(table, Path::new(rest), names, take),
        "mysql" | "mariadb" => {
            let options = MySqlConnectOptions::from_str(&format!("mysql://{rest}"))?;
            let options = password.into_iter().fold(options, |options, password| options.password(password));
            read_server::<MySql>(&options, &table.quoted('`')?, names, take)
        }
        _ => {
            let options = PgConnectOptions::from_str(&table.url)?;
            let options = password.into_iter().fold(options, |options, password| options.password(password));
            read_server::<Postgres>(&options, &table.quoted('"')?, names, take)
        }
    }
}

fn read_sqlite(table: &Table, path: &Path, names: &ColumnNames, take: &mut Take<'_>) -> Result<(), SourceError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = SqliteConnection::open_with_flags(path, flags)?;
    let mut statement = connection.prepare(&format!("SELECT * FROM {}", table.quoted('"')?))?;
    let fields = names.fields(statement.column_names())?;
    let mut rows = statement.query([])?;
    let mut number = 0;
    while let Some(row) = rows.next()? {
        number += 1;
        let mut cells = Cells::new(number);
        for (place, field) in fields.iter().enumerate() {
            let Some(field) = field else { continue };
            cells.add(
                *field,
                match row.get_ref(place)? {
                    ValueRef::Null => Ok(None),
                    ValueRef::Integer(number) => Ok(Some(number.to_string())),
                    ValueRef::Real(number) => Ok(Some(number.to_string())),
                    ValueRef::Text(octets) | ValueRef::Blob(octets) => {
                        std::str::from_utf8(octets).map(|text| Some(text.to_owned())).map_err(|_| ())
                    }
                },
            );
        }
        if take(cells.read()).is_break() {
            break;
        }
    }
    Ok(())
}

/// Fetches some rows, hands them on, and fetches again: whoever takes them may block, and the connection's task may not.
fn read_server<D: Database>(
    options: &<D::Connection as Connection>::Options,
    table: &str,
    names: &ColumnNames,
    take: &mut Take<'_>,
) -> Result<(), SourceError>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
    for<'r> String: Decode<'r, D>,
    usize: ColumnIndex<D::Row>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut connection = runtime.block_on(D::Connection::connect_with(options))?;
    // The name was held to letters that need no escaping. As plain text every value comes as one.
    let select = sqlx::raw_sql(AssertSqlSafe(format!("SELECT * FROM {table}")));
    hand_on::<D>(&runtime, select.fetch(&mut connection), names, take)?;
    Ok(runtime.block_on(connection.close())?)
}

fn hand_on<D: Database>(
    runtime: &Runtime,
    mut rows: BoxStream<'_, Result<D::Row, sqlx::Error>>,
    names: &ColumnNames,
    take: &mut Take<'_>,
) -> Result<(), SourceError>
where
    for<'r> String: Decode<'r, D>,
    usize: ColumnIndex<D::Row>,
{
    let (mut fields, mut number) = (None, 0);
    loop {
        let fetched = runtime.block_on(fetch(&mut rows))?;
        for row in &fetched {
            let fields = match &mut fields {
                Some(fields) => fields,
                unknown => {
                    let columns = sqlx::Row::columns(row).iter().map(sqlx::Column::name);
                    unknown.insert(names.fields(columns)?)
                }
            };
            number += 1;
            if take(read_row::<D>(number, row, fields)).is_break() {
                return Ok(());
            }
        }
        if fetched.len() < FETCHED_ROWS {
            return Ok(());
        }
    }
}

async fn fetch<R>(rows: &mut BoxStream<'_, Result<R, sqlx::Error>>) -> Result<Vec<R>, sqlx::Error> {
    let mut fetched = Vec::with_capacity(FETCHED_ROWS);
    while fetched.len() < FETCHED_ROWS {
        let Some(row) = rows.try_next().await? else { break };
        fetched.push(row);
    }
    Ok(fetched)
}

fn read_row<D: Database>(number: u64, row: &D::Row, fields: &[Option<Field>]) -> Read
where
    for<'r> String: Decode<'r, D>,
    usize: ColumnIndex<D::Row>,
{
    let mut cells = Cells::new(number);
    for (place, field) in fields.iter().enumerate() {
        if let Some(field) = field {
            cells.add(*field, row.try_get_unchecked::<Option<String>, usize>(place).map_err(|_| ()));
        }
    }
    cells.read()
}

/// The cells of a row as they come.
struct Cells {
    row: Row,
    problem: Option<String>,
}

impl Cells {
    fn new(number: u64) -> Self {
        Self { row: Row { number, cells: Vec::new() }, problem: None }
    }

    fn add(&mut self, field: Field, text: Result<Option<String>, ()>) {
        match text {
            Ok(text) => {
                let text = text.filter(|text| !text.is_empty());
                self.row.cells.extend(text.map(|text| (field, Zeroizing::new(text))));
            }
            Err(()) => self.problem = Some(format!("has a {} that is not UTF-8", field.as_str())),
        }
    }

    fn read(self) -> Read {
        let Self { row, problem } = self;
        match problem {
            None => Read::Row(row),
            Some(problem) => {
                let username = row.get(Field::Username).map(str::to_owned);
                Read::Bad(BadRow { number: row.number, username, problem })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    #[test]
    fn a_table_of_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kamailio.db");
        let connection = SqliteConnection::open(&path).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE subscriber (id INTEGER PRIMARY KEY, username TEXT, domain TEXT, password TEXT, ha1 TEXT);
                 INSERT INTO subscriber VALUES (1, 'alice', 'example.com', '', 'abc'), (2, 1001, NULL, 'secret', '');
                 INSERT INTO subscriber VALUES (3, 'bob', CAST(x'ff' AS TEXT), '', '');",
            )
            .unwrap();
        let table = |name: &str| Table { url: format!("sqlite://{}", path.display()), name: name.to_owned() };
        let mut found = Vec::new();
        let mut take = |read: Read| {
            found.push(match read {
                Read::Row(row) => {
                    let cells = row.cells.iter().map(|(field, text)| format!("{}={}", field.as_str(), text.as_str()));
                    format!("{} {}", row.number, cells.collect::<Vec<_>>().join(" "))
                }
                Read::Bad(bad) => format!("{} {:?} {}", bad.number, bad.username, bad.problem),
            });
            ControlFlow::Continue(())
        };
        read_table(&table("subscriber"), None, &ColumnNames::default(), &mut take).unwrap();
        assert_eq!(
            found,
            [
                "1 username=alice realm=example.com ha1_md5=abc",
                "2 username=1001 password=secret",
                "3 Some(\"bob\") has a realm that is not UTF-8",
            ]
        );
        let mut none = |_| ControlFlow::Continue(());
        for name in ["nothing", "a;b", "x\"y", "a.b.c", ""] {
            assert!(read_table(&table(name), None, &ColumnNames::default(), &mut none).is_err(), "{name}");
        }
    }

    #[test]
    fn urls_and_files_are_told_apart() {
        for url in ["sqlite:///tmp/a.db", "postgres://h/d", "postgresql://h/d", "mysql://u@h/d", "mariadb://h/d"] {
            assert!(Table::is_url(url), "{url}");
        }
        for file in ["a.csv", "-", "http://x/y", "mysql:"] {
            assert!(!Table::is_url(file), "{file}");
        }
    }
}
