//! Statements, their parameters and the rows they return.
//!
//! The schema knows octets, texts and one kind of number; what is smaller in memory is a number there, and one out of its
//! bounds is damage.

use crate::failure::Failure;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, Decode, Encode, Postgres, Row as _, SqlStr, Type, TypeInfo as _,
};
use sqlx::{SqlSafeStr as _, ValueRef as _};
use std::fmt::Display;

/// What a read of a row comes to.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// A statement: written here, or put together from names that are written here.
pub(crate) trait Statement {
    fn into_sql(self) -> SqlStr;
}

impl Statement for &'static str {
    fn into_sql(self) -> SqlStr {
        self.into_sql_str()
    }
}

impl Statement for String {
    fn into_sql(self) -> SqlStr {
        AssertSqlSafe(self).into_sql_str()
    }
}

/// The parameters of a statement, `$1` first.
macro_rules! parameters {
    ($($value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "there may be none")]
        let mut all = sqlx::postgres::PgArguments::default();
        $($crate::sql::Parameter::add_to(&$value, &mut all)?;)*
        all
    }};
}
pub(crate) use parameters;

/// Runs a statement, and says how many rows it touched.
pub(crate) async fn execute(
    connection: &mut PgConnection,
    sql: impl Statement,
    parameters: PgArguments,
) -> Result<u64> {
    Ok(sqlx::query_with(sql.into_sql(), parameters).execute(connection).await?.rows_affected())
}

/// The first row, if there is one.
pub(crate) async fn find<T>(
    connection: &mut PgConnection,
    sql: impl Statement,
    parameters: PgArguments,
    read: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let found = sqlx::query_with(sql.into_sql(), parameters).fetch_optional(connection).await?;
    found.map(|row| read(&Row(&row))).transpose()
}

/// The one row that there must be.
pub(crate) async fn one<T>(
    connection: &mut PgConnection,
    sql: impl Statement,
    parameters: PgArguments,
    read: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<T> {
    let row = sqlx::query_with(sql.into_sql(), parameters).fetch_one(connection).await?;
    read(&Row(&row))
}

/// Every row.
pub(crate) async fn all<T>(
    connection: &mut PgConnection,
    sql: impl Statement,
    parameters: PgArguments,
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let found = sqlx::query_with(sql.into_sql(), parameters).fetch_all(connection).await?;
    found.iter().map(|row| read(&Row(row))).collect()
}

/// Whether there is a row.
pub(crate) async fn exists(
    connection: &mut PgConnection,
    sql: impl Statement,
    parameters: PgArguments,
) -> Result<bool> {
    Ok(sqlx::query_with(sql.into_sql(), parameters).fetch_optional(connection).await?.is_some())
}

/// A row that was read.
pub(crate) struct Row<'r>(&'r PgRow);

impl Row<'_> {
    /// The value of a column.
    pub fn get<T: FromColumn>(&self, column: usize) -> Result<T> {
        T::of(self, column)
    }

    pub fn is_null(&self, column: usize) -> Result<bool> {
        Ok(self.0.try_get_raw(column)?.is_null())
    }

    /// A failure that names the column and the rule, never the value.
    pub fn damaged(&self, column: usize, rule: &dyn Display) -> Failure {
        let name = self.0.columns().get(column).map_or("?", |column| column.name());
        Failure::damaged(format!("column {name}: {rule}"))
    }

    fn raw<'r, T: Decode<'r, Postgres> + Type<Postgres>>(&'r self, column: usize) -> Result<T> {
        Ok(self.0.try_get(column)?)
    }

    fn is_bool(&self, column: usize) -> bool {
        self.0.columns().get(column).is_some_and(|column| column.type_info().name() == "BOOL")
    }
}

/// What can be read from a column.
pub(crate) trait FromColumn: Sized {
    fn of(row: &Row<'_>, column: usize) -> Result<Self>;
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn of(row: &Row<'_>, column: usize) -> Result<Self> {
        if row.is_null(column)? { Ok(None) } else { T::of(row, column).map(Some) }
    }
}

impl FromColumn for bool {
    /// Stored as a number; what a statement computes is PostgreSQL's own.
    fn of(row: &Row<'_>, column: usize) -> Result<Self> {
        if row.is_bool(column) { row.raw(column) } else { row.get::<i64>(column).map(|number| number != 0) }
    }
}

impl FromColumn for String {
    fn of(row: &Row<'_>, column: usize) -> Result<Self> {
        row.raw(column)
    }
}

impl FromColumn for Box<str> {
    fn of(row: &Row<'_>, column: usize) -> Result<Self> {
        row.get(column).map(String::into_boxed_str)
    }
}

impl FromColumn for Vec<u8> {
    fn of(row: &Row<'_>, column: usize) -> Result<Self> {
        row.raw(column)
    }
}

impl<const LENGTH: usize> FromColumn for [u8; LENGTH] {
    fn of(row: &Row<'_>, column: usize) -> Result<Self> {
        let octets: &[u8] = row.raw(column)?;
        octets.try_into().map_err(|error| row.damaged(column, &error))
    }
}

impl FromColumn for i64 {
    fn of(row: &Row<'_>, column: usize) -> Result<Self> {
        row.raw(column)
    }
}

macro_rules! smaller_numbers {
    ($($number:ty)*) => {$(
        impl FromColumn for $number {
            fn of(row: &Row<'_>, column: usize) -> Result<Self> {
                Self::try_from(row.get::<i64>(column)?).map_err(|error| row.damaged(column, &error))
            }
        }

        impl Parameter for $number {
            fn add_to(&self, all: &mut PgArguments) -> Result<()> {
                add(all, i64::from(*self))
            }
        }

        impl Parameter for Option<$number> {
            fn add_to(&self, all: &mut PgArguments) -> Result<()> {
                add(all, self.map(i64::from))
            }
        }
    )*};
}

smaller_numbers!(i32 u8 u16 u32);

impl FromColumn for u64 {
    fn of(row: &Row<'_>, column: usize) -> Result<Self> {
        Self::try_from(row.get::<i64>(column)?).map_err(|error| row.damaged(column, &error))
    }
}

/// What a statement can be given.
pub(crate) trait Parameter {
    fn add_to(&self, all: &mut PgArguments) -> Result<()>;
}

impl<T: Parameter + ?Sized> Parameter for &T {
    fn add_to(&self, all: &mut PgArguments) -> Result<()> {
        T::add_to(self, all)
    }
}

macro_rules! as_they_are {
    ($($value:ty)*) => {$(
        impl Parameter for $value {
            fn add_to(&self, all: &mut PgArguments) -> Result<()> {
                add(all, self)
            }
        }
    )*};
}

as_they_are!(
    i64 Option<i64> Vec<i64> Vec<Option<i64>> str Option<&str> String Option<String> [u8] Option<&[u8]> Vec<u8>
    Vec<&str> Vec<Option<&str>> Vec<String> Vec<&[u8]> Vec<Option<&[u8]>> Vec<Vec<u8>>
);

impl Parameter for bool {
    fn add_to(&self, all: &mut PgArguments) -> Result<()> {
        add(all, i64::from(*self))
    }
}

impl Parameter for Option<bool> {
    fn add_to(&self, all: &mut PgArguments) -> Result<()> {
        add(all, self.map(i64::from))
    }
}

impl Parameter for Box<str> {
    fn add_to(&self, all: &mut PgArguments) -> Result<()> {
        add(all, &**self)
    }
}

impl Parameter for Option<Box<str>> {
    fn add_to(&self, all: &mut PgArguments) -> Result<()> {
        add(all, self.as_deref())
    }
}

impl Parameter for Option<&Box<str>> {
    fn add_to(&self, all: &mut PgArguments) -> Result<()> {
        add(all, self.map(|text| &**text))
    }
}

impl Parameter for Box<[u8]> {
    fn add_to(&self, all: &mut PgArguments) -> Result<()> {
        add(all, &**self)
    }
}

impl<const LENGTH: usize> Parameter for [u8; LENGTH] {
    fn add_to(&self, all: &mut PgArguments) -> Result<()> {
        add(all, self.as_slice())
    }
}

impl<const LENGTH: usize> Parameter for Option<&[u8; LENGTH]> {
    fn add_to(&self, all: &mut PgArguments) -> Result<()> {
        add(all, self.map(<[u8; LENGTH]>::as_slice))
    }
}

impl<const LENGTH: usize> Parameter for Option<[u8; LENGTH]> {
    fn add_to(&self, all: &mut PgArguments) -> Result<()> {
        add(all, self.as_ref().map(<[u8; LENGTH]>::as_slice))
    }
}

fn add<'t, T: Encode<'t, Postgres> + Type<Postgres>>(all: &mut PgArguments, value: T) -> Result<()> {
    all.add(value).map_err(|error: BoxDynError| Failure::damaged(error.to_string()))
}
