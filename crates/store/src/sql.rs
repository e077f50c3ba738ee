//! The seam between the two databases: a statement, its values, a connection, a row. Repositories are written once, as
//! `async fn(&mut Conn, ..)`, against this file alone.
//!
//! SQLite never waits here: its arms run to the end within one poll, so the same `async` code runs inline on a plain
//! thread. PostgreSQL waits for its socket.

mod lite;
#[cfg(feature = "postgres")]
mod pg;

pub(crate) use lite::{failed as lite_failed, scripted as lite_script};
#[cfg(feature = "postgres")]
pub(crate) use pg::failed as pg_failed;

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use sluice_core::port::store::StoreError;

/// A statement: one text, or two and the reason. Parameters are `$1`, `$2`, ..; a number may be used again.
#[derive(Clone, Debug)]
pub struct Sql {
    lite: Cow<'static, str>,
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "both texts stand together in every build")
    )]
    pg: Cow<'static, str>,
}

/// A statement over many rows. PostgreSQL takes them as one parameter, a JSON list of maps at `$1`, and saves the ways
/// there and back. SQLite has no way to save: its text is run once for each row, whose fields it names `:column`. Values
/// that are the same for every row are `$2` and on.
#[derive(Clone, Debug)]
pub struct EachRow {
    lite: String,
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "both texts stand together in every build")
    )]
    pg: String,
}

impl EachRow {
    /// Texts put together from our own constants: never from a value, values are parameters.
    pub const fn new(lite: String, pg: String) -> Self {
        Self { lite, pg }
    }
}

impl Sql {
    /// One text that both databases understand.
    pub const fn one(text: &'static str) -> Self {
        Self { lite: Cow::Borrowed(text), pg: Cow::Borrowed(text) }
    }

    /// Two texts. `_because` is for the reader: every difference has its reason beside it.
    pub const fn two(lite: &'static str, pg: &'static str, _because: &'static str) -> Self {
        Self { lite: Cow::Borrowed(lite), pg: Cow::Borrowed(pg) }
    }

    pub(crate) fn lite_text(&self) -> &str {
        &self.lite
    }

    /// Texts put together at run time from our own constants: never from a value, values are parameters.
    pub const fn built(lite: String, pg: String) -> Self {
        Self { lite: Cow::Owned(lite), pg: Cow::Owned(pg) }
    }
}

/// `sql!("..")`, or `sql!(lite "..", pg "..", because "..")`.
#[macro_export]
macro_rules! sql {
    ($text:literal) => {
        &$crate::sql::Sql::one($text)
    };
    (lite $lite:expr, pg $pg:expr, because $why:literal) => {
        &$crate::sql::Sql::two($lite, $pg, $why)
    };
}

/// `args![id, version, name]`: values of a statement, in the order of its numbers.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::sql::Value::from($value)),*] };
}

/// What goes into a statement and comes out of a row. Nothing else exists on either side of the seam.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// BIGINT: money atoms, microseconds, counters, flags as 0 and 1.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BLOB, BYTEA.
    Bytes(Vec<u8>),
    /// Absent.
    Null,
}

macro_rules! from {
    ($($source:ty => |$value:ident| $made:expr;)*) => {$(
        impl From<$source> for Value {
            fn from($value: $source) -> Self { $made }
        }
    )*};
}

from! {
    i64 => |value| Self::Int(value);
    i32 => |value| Self::Int(i64::from(value));
    u32 => |value| Self::Int(i64::from(value));
    bool => |value| Self::Int(i64::from(value));
    &str => |value| Self::Text(value.to_owned());
    String => |value| Self::Text(value);
    &String => |value| Self::Text(value.clone());
    Vec<u8> => |value| Self::Bytes(value);
    &[u8] => |value| Self::Bytes(value.to_vec());
    &Vec<u8> => |value| Self::Bytes(value.clone());
    sluice_core::time::Timestamp => |value| Self::Int(value.micros());
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Why a statement did not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// A rule of the schema refuses it: the name of the index, constraint or trigger. `foreign_key` on SQLite, which
    /// does not say which one.
    #[error("the rule {0} refuses it")]
    Rule(String),
    /// Two transactions waited for each other, or saw each other: nothing was changed and the same may be tried again.
    #[error("another transaction was in the way: {0}")]
    Retry(String),
    /// Everything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// No statement answers so many rows (M14). What may be longer is read in pages.
pub(crate) const LIST_MAX: i64 = 10_000;

/// The name SQLite's foreign keys go by.
pub const FOREIGN_KEY: &str = "foreign_key";

impl SqlError {
    /// Gives a broken foreign key the name it has on PostgreSQL, where the statement can break only this one.
    #[must_use]
    pub fn foreign_key_is(self, name: &str) -> Self {
        match self {
            Self::Rule(rule) if rule == FOREIGN_KEY => Self::Rule(name.to_owned()),
            other => other,
        }
    }
}

impl From<SqlError> for StoreError {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Store(error) => error,
            SqlError::Retry(why) => Self::Down(why),
            SqlError::Rule(_) => Self::Statement(error.to_string()),
        }
    }
}

/// One row, by column name.
#[derive(Clone, Debug)]
pub struct Row {
    names: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    fn value(&self, name: &str) -> Result<&Value, StoreError> {
        let position = self.names.iter().position(|column| column == name);
        position.and_then(|place| self.values.get(place)).ok_or_else(|| wrong(name, "is not in the result"))
    }

    /// An integer.
    ///
    /// # Errors
    /// [`StoreError::Statement`] when the column is missing or holds something else; likewise for all the others.
    pub fn int(&self, name: &str) -> Result<i64, StoreError> {
        self.opt_int(name)?.ok_or_else(|| wrong(name, "is null"))
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<&str, StoreError> {
        self.opt_text(name)?.ok_or_else(|| wrong(name, "is null"))
    }

    /// Bytes.
    pub fn bytes(&self, name: &str) -> Result<&[u8], StoreError> {
        self.opt_bytes(name)?.ok_or_else(|| wrong(name, "is null"))
    }

    /// An integer or nothing.
    pub fn opt_int(&self, name: &str) -> Result<Option<i64>, StoreError> {
        match self.value(name)? {
            Value::Int(value) => Ok(Some(*value)),
            Value::Null => Ok(None),
            Value::Text(_) | Value::Bytes(_) => Err(wrong(name, "is no integer")),
        }
    }

    /// A text or nothing.
    pub fn opt_text(&self, name: &str) -> Result<Option<&str>, StoreError> {
        match self.value(name)? {
            Value::Text(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            Value::Int(_) | Value::Bytes(_) => Err(wrong(name, "is no text")),
        }
    }

    /// Bytes or nothing.
    pub fn opt_bytes(&self, name: &str) -> Result<Option<&[u8]>, StoreError> {
        match self.value(name)? {
            Value::Bytes(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            Value::Int(_) | Value::Text(_) => Err(wrong(name, "is no blob")),
        }
    }

    /// Columns and values, for tools that do not know the statement.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.names.iter().map(String::as_str).zip(&self.values)
    }

    /// Makes a row by hand: fixtures and tests.
    pub fn of(columns: impl IntoIterator<Item = (String, Value)>) -> Self {
        let (names, values): (Vec<String>, Vec<Value>) = columns.into_iter().unzip();
        Self { names: names.into(), values }
    }
}

fn wrong(column: &str, why: &str) -> StoreError {
    StoreError::Statement(format!("column {column} {why}"))
}

/// A connection inside a transaction. Nothing else ever hands one out, and none leaves this crate (M9).
#[derive(Debug)]
pub enum Conn<'c> {
    /// SQLite.
    Lite(&'c mut rusqlite::Connection),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Pg(&'c mut sqlx::PgConnection),
}

impl Conn<'_> {
    /// Runs a statement; how many rows it changed.
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn run(&mut self, sql: &Sql, args: &[Value]) -> Result<u64, SqlError> {
        match self {
            Self::Lite(connection) => lite::run(connection, &sql.lite, args),
            #[cfg(feature = "postgres")]
            Self::Pg(connection) => pg::run(connection, &sql.pg, args).await,
        }
    }

    /// Runs a statement; the rows it answers, fewer than `LIST_MAX`.
    ///
    /// # Errors
    /// [`SqlError`], also where the answer reached that bound: it may have been cut, and a part of the stops, or of our
    /// own wallets, must not pass for all of them.
    pub async fn rows(&mut self, sql: &Sql, args: &[Value]) -> Result<Vec<Row>, SqlError> {
        let rows = match self {
            Self::Lite(connection) => lite::rows(connection, &sql.lite, args),
            #[cfg(feature = "postgres")]
            Self::Pg(connection) => pg::rows(connection, &sql.pg, args).await,
        }?;
        whole(rows, &sql.lite)
    }

    /// Runs a statement over many rows; how many it changed.
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn run_each<T: Serialize + Sync>(
        &mut self,
        sql: &EachRow,
        rows: &[T],
    ) -> Result<u64, SqlError> {
        match self {
            Self::Lite(connection) => lite::each::run(connection, &sql.lite, rows, &[]),
            #[cfg(feature = "postgres")]
            Self::Pg(connection) => pg::run(connection, &sql.pg, &[Value::Text(json(rows)?)]).await,
        }
    }

    /// Runs a statement over many rows; the rows it answers, fewer than `LIST_MAX`. `more` are its values from `$2` on.
    ///
    /// # Errors
    /// [`SqlError`], as [`Conn::rows`].
    pub async fn rows_each<T: Serialize + Sync>(
        &mut self,
        sql: &EachRow,
        rows: &[T],
        more: &[Value],
    ) -> Result<Vec<Row>, SqlError> {
        let answered = match self {
            Self::Lite(connection) => lite::each::rows(connection, &sql.lite, rows, more),
            #[cfg(feature = "postgres")]
            Self::Pg(connection) => {
                let mut args = vec![Value::Text(json(rows)?)];
                args.extend_from_slice(more);
                pg::rows(connection, &sql.pg, &args).await
            }
        }?;
        whole(answered, &sql.lite)
    }

    /// Like [`Conn::rows`], where at most one is expected.
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn row(&mut self, sql: &Sql, args: &[Value]) -> Result<Option<Row>, SqlError> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// Runs many statements that answer nothing and have no values: migrations, savepoints.
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn script(&mut self, sql: &Sql) -> Result<(), SqlError> {
        match self {
            Self::Lite(connection) => lite::script(connection, &sql.lite),
            #[cfg(feature = "postgres")]
            Self::Pg(connection) => pg::script(connection, &sql.pg).await,
        }
    }

    /// Whether this is SQLite, which has one writer: what must be locked elsewhere needs no lock there.
    pub const fn one_writer(&self) -> bool {
        matches!(self, Self::Lite(_))
    }
}

fn whole(rows: Vec<Row>, text: &str) -> Result<Vec<Row>, SqlError> {
    if usize::try_from(LIST_MAX).is_ok_and(|most| rows.len() >= most) {
        let why = format!("a list of {LIST_MAX} rows or more was asked for as a whole: {text}");
        return Err(StoreError::Statement(why).into());
    }
    Ok(rows)
}

/// Rows as one parameter, a JSON list of maps.
///
/// # Errors
/// [`StoreError::Statement`] when a row cannot be written so.
pub fn json<T: Serialize>(rows: &[T]) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|error| StoreError::Statement(error.to_string()))
}

/// Slices go in as one parameter: a JSON array of texts, for `json_each($1)` or `jsonb_array_elements_text($1::jsonb)`.
pub fn slice(items: impl IntoIterator<Item = impl ToString>) -> String {
    let texts = items.into_iter().map(|item| serde_json::Value::String(item.to_string())).collect();
    serde_json::Value::Array(texts).to_string()
}
