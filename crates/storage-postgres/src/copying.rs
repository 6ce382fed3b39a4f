//! Taking over the rows of another database, in one transaction.

use crate::failure::Failure;
use crate::migrate;
use crate::open::{OpenError, parse};
use crate::sql::{self, Parameter as _, parameters};
use sqlx::postgres::PgArguments;
use sqlx::{ConnectOptions as _, PgConnection};
use std::collections::BTreeMap;
use storage::{Cell, Counters, Rows, StorageError};

/// Where the tables that give out numbers keep them.
const NUMBERED: [(&str, &str); 12] = [
    ("realms", "id"),
    ("accounts", "id"),
    ("credentials", "no"),
    ("audit_log", "seq"),
    ("boots", "number"),
    ("api_tokens", "no"),
    ("operator_tokens", "no"),
    ("ip_acls", "no"),
    ("origination_uris", "no"),
    ("trunks", "no"),
    ("numbers", "no"),
    ("auth_events", "id"),
];

/// What belongs to one node.
const OF_A_NODE: [&str; 3] = ["registrations", "live_calls", "webhook_outbox"];

/// An empty database that is being filled. Dropping it leaves it empty.
pub struct Copying {
    connection: PgConnection,
    written: BTreeMap<&'static str, u64>,
}

impl Copying {
    /// Begins, with the tables made.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::NotEmpty`] where there is an installation already.
    pub async fn begin(url: &str) -> Result<Self, OpenError> {
        let options = parse(url)?.disable_statement_logging();
        let mut connection = options.connect().await.map_err(Failure::from)?;
        migrate::migrate(&mut connection).await?;
        sql::execute(&mut connection, "BEGIN", parameters![]).await?;
        let lock = "SELECT 1 FROM counter WHERE revision = 0 AND NOT EXISTS (SELECT 1 FROM nodes) FOR UPDATE";
        if !sql::exists(&mut connection, lock, parameters![]).await? {
            return Err(OpenError::NotEmpty);
        }
        Ok(Self { connection, written: BTreeMap::new() })
    }

    /// Writes some rows, after those that they refer to.
    ///
    /// # Errors
    /// [`StorageError`]; the database stays empty then.
    pub async fn write(&mut self, rows: &Rows) -> Result<(), StorageError> {
        *self.written.entry(rows.table).or_default() += rows.rows.len() as u64;
        if rows.rows.is_empty() {
            return Ok(());
        }
        self.insert(rows).await.map_err(StorageError::from)
    }

    async fn insert(&mut self, rows: &Rows) -> sql::Result<()> {
        let types = "SELECT column_name::text, data_type::text FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = $1";
        let types = sql::all(&mut self.connection, types, parameters![rows.table], |row| {
            Ok((row.get::<String>(0)?, row.get::<String>(1)?))
        });
        let types: BTreeMap<String, String> = types.await?.into_iter().collect();
        let mut values = PgArguments::default();
        let mut arrays = Vec::with_capacity(rows.columns.len());
        for (place, column) in rows.columns.iter().enumerate() {
            let unknown = || Failure::damaged(format!("there is no column {column} in {}", rows.table));
            let kind = types.get(column).ok_or_else(unknown)?;
            let cells = || rows.rows.iter().map(move |row| row.get(place).unwrap_or(&Cell::Null));
            match kind.as_str() {
                "bigint" => cells().map(integer).collect::<sql::Result<Vec<_>>>()?.add_to(&mut values)?,
                "text" => cells().map(text).collect::<sql::Result<Vec<_>>>()?.add_to(&mut values)?,
                "bytea" => cells().map(octets).collect::<sql::Result<Vec<_>>>()?.add_to(&mut values)?,
                _ => return Err(unknown()),
            }
            arrays.push(format!("${}::{kind}[]", place + 1));
        }
        let (columns, arrays) = (rows.columns.join(", "), arrays.join(", "));
        let sql = format!("INSERT INTO {} ({columns}) SELECT * FROM unnest ({arrays})", rows.table);
        sql::execute(&mut self.connection, sql, values).await?;
        Ok(())
    }

    /// Ends it, if what is there is what was written; what belongs to a node belongs to the one of that name then. Says how
    /// many rows each table has.
    ///
    /// # Errors
    /// [`StorageError`]; the database stays empty then, but after [`StorageError::Unknown`] it may be full.
    pub async fn finish(
        mut self,
        counters: &Counters,
        node: &str,
    ) -> Result<BTreeMap<&'static str, u64>, StorageError> {
        self.verify().await?;
        self.count(counters, node).await?;
        let end = sqlx::query("COMMIT").execute(&mut self.connection).await;
        end.map_err(|error| StorageError::from(Failure::of_commit(error)))?;
        Ok(self.written)
    }

    async fn verify(&mut self) -> Result<(), StorageError> {
        for (table, written) in &self.written {
            let sql = format!("SELECT count(*) FROM {table}");
            let found: u64 = sql::one(&mut self.connection, sql, parameters![], |row| row.get(0)).await?;
            if found != *written {
                return Err(StorageError::Damaged(format!("{table} has {found} rows and not {written}")));
            }
        }
        Ok(())
    }

    async fn count(&mut self, counters: &Counters, node: &str) -> sql::Result<()> {
        let revision = i64::try_from(counters.revision).unwrap_or(i64::MAX);
        sql::execute(&mut self.connection, "UPDATE counter SET revision = $1", parameters![revision]).await?;
        // Whoever follows begins with what is there.
        sql::execute(&mut self.connection, "UPDATE changed_trimmed SET revision = $1", parameters![revision]).await?;
        for (table, column) in NUMBERED {
            let given = counters.numbers.iter().find(|(name, _)| name == table).map_or(0, |(_, number)| *number);
            let sql = format!("SELECT setval (pg_get_serial_sequence ('{table}', '{column}'), $1)");
            if given > 0 {
                sql::execute(&mut self.connection, sql, parameters![given]).await?;
            }
        }
        for table in OF_A_NODE {
            sql::execute(&mut self.connection, format!("UPDATE {table} SET node = $1"), parameters![node]).await?;
        }
        Ok(())
    }
}

fn integer(cell: &Cell) -> sql::Result<Option<i64>> {
    match cell {
        Cell::Null => Ok(None),
        Cell::Integer(number) => Ok(Some(*number)),
        Cell::Text(_) | Cell::Octets(_) => Err(Failure::damaged("a number was expected")),
    }
}

fn text(cell: &Cell) -> sql::Result<Option<&str>> {
    match cell {
        Cell::Null => Ok(None),
        // The one character that PostgreSQL cannot store.
        Cell::Text(text) if text.contains('\0') => Err(Failure::damaged("a text has the character U+0000 in it")),
        Cell::Text(text) => Ok(Some(text)),
        Cell::Integer(_) | Cell::Octets(_) => Err(Failure::damaged("a text was expected")),
    }
}

fn octets(cell: &Cell) -> sql::Result<Option<&[u8]>> {
    match cell {
        Cell::Null => Ok(None),
        Cell::Octets(octets) => Ok(Some(octets)),
        Cell::Integer(_) | Cell::Text(_) => Err(Failure::damaged("octets were expected")),
    }
}
