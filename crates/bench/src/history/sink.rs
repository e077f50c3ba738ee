//! Where copies are written: prepared statements on SQLite, `COPY` on PostgreSQL.

use std::fmt::Write as _;

use rusqlite::config::DbConfig;
use rusqlite::types::{Null, ToSql, ToSqlOutput, ValueRef};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use super::rows::{TABLES, Value, columns};
use crate::database::{Database, Kind};

/// An open database, with triggers and foreign keys asleep on this connection.
pub(super) struct Sink<'a> {
    columns: Vec<Vec<String>>,
    into: Into<'a>,
}

enum Into<'a> {
    Lite { lite: rusqlite::Connection, inserts: Vec<String>, open: bool },
    Postgres { database: &'a Database<'a>, connection: PgConnection, rows: Vec<String> },
}

impl<'a> Sink<'a> {
    pub(super) fn open(database: &'a Database<'a>) -> Result<Self, String> {
        let columns = TABLES.iter().map(|table| columns(database, table)).collect::<Result<Vec<_>, _>>()?;
        let into = match database.kind {
            Kind::Sqlite => {
                let lite = database.lite()?;
                let set = lite.execute_batch(
                    "pragma foreign_keys = off; pragma synchronous = off; pragma cache_size = -1048576;
                     pragma wal_autocheckpoint = 20000",
                );
                set.and_then(|()| lite.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false))
                    .map_err(|error| error.to_string())?;
                let insert = |(table, columns): (&super::rows::Table, &Vec<String>)| {
                    let places = vec!["?"; columns.len()].join(", ");
                    format!("insert into {} ({}) values ({places})", table.name, columns.join(", "))
                };
                let inserts = TABLES.iter().zip(&columns).map(insert).collect();
                Into::Lite { lite, inserts, open: false }
            }
            Kind::Postgres => {
                let connect = async {
                    let mut connection = PgConnection::connect(&database.url).await?;
                    connection.execute("set session_replication_role = replica").await?;
                    Ok::<_, sqlx::Error>(connection)
                };
                let connection = database.runtime().block_on(connect).map_err(|error| error.to_string())?;
                Into::Postgres { database, connection, rows: vec![String::new(); TABLES.len()] }
            }
        };
        Ok(Self { columns, into })
    }

    /// The columns of a table, as they are written.
    pub(super) fn columns(&self, table: usize) -> &[String] {
        &self.columns[table]
    }

    pub(super) fn write(&mut self, table: usize, values: &[Value]) -> Result<(), String> {
        match &mut self.into {
            Into::Lite { lite, inserts, open } => {
                if !std::mem::replace(open, true) {
                    lite.execute_batch("begin immediate").map_err(|error| error.to_string())?;
                }
                let done = lite.prepare_cached(&inserts[table]);
                let done = done.and_then(|mut insert| insert.execute(rusqlite::params_from_iter(values)));
                done.map(|_| ()).map_err(|error| format!("{}: {error}", TABLES[table].name))
            }
            Into::Postgres { rows, .. } => {
                for (place, value) in values.iter().enumerate() {
                    if place > 0 {
                        rows[table].push('\t');
                    }
                    copied(&mut rows[table], value)?;
                }
                rows[table].push('\n');
                Ok(())
            }
        }
    }

    /// Ends what was written since the last time.
    pub(super) fn commit(&mut self) -> Result<(), String> {
        match &mut self.into {
            Into::Lite { lite, open, .. } => {
                if std::mem::take(open) {
                    lite.execute_batch("commit").map_err(|error| error.to_string())?;
                }
                Ok(())
            }
            Into::Postgres { database, connection, rows } => database.runtime().block_on(async {
                connection.execute("begin").await.map_err(|error| error.to_string())?;
                for ((table, columns), rows) in TABLES.iter().zip(&self.columns).zip(rows) {
                    let statement = format!("copy {} ({}) from stdin", table.name, columns.join(", "));
                    let copied = async {
                        let mut copy = connection.copy_in_raw(&statement).await?;
                        copy.send(rows.as_bytes()).await?;
                        copy.finish().await
                    };
                    copied.await.map_err(|error| format!("{}: {error}", table.name))?;
                    rows.clear();
                }
                connection.execute("commit").await.map(|_| ()).map_err(|error| error.to_string())
            }),
        }
    }

    /// Statements in one commit.
    pub(super) fn run(&mut self, statements: &[String]) -> Result<(), String> {
        match &mut self.into {
            Into::Lite { lite, .. } => {
                let all = format!("begin immediate;\n{};\ncommit;", statements.join(";\n"));
                lite.execute_batch(&all).map_err(|error| format!("{all}: {error}"))
            }
            Into::Postgres { database, connection, .. } => database.runtime().block_on(async {
                let all = format!("begin;\n{};\ncommit;", statements.join(";\n"));
                let done = connection.execute(AssertSqlSafe(all)).await;
                done.map(|_| ()).map_err(|error| error.to_string())
            }),
        }
    }

    /// Leaves the database as an engine that wrote all this over a year would: what a server's own housekeeping does in
    /// between is done, and a log is not left behind.
    pub(super) fn close(self, database: &Database<'_>) -> Result<(), String> {
        match self.into {
            Into::Lite { lite, .. } => {
                lite.execute_batch("pragma wal_checkpoint(truncate)").map_err(|error| error.to_string())
            }
            Into::Postgres { connection, .. } => database.runtime().block_on(async {
                connection.close().await.map_err(|error| error.to_string())?;
                let mut connection =
                    PgConnection::connect(&database.url).await.map_err(|error| error.to_string())?;
                let done = connection.execute("vacuum analyze").await;
                done.map(|_| ()).map_err(|error| error.to_string())
            }),
        }
    }
}

/// A value as `COPY` takes it.
fn copied(row: &mut String, value: &Value) -> Result<(), String> {
    match value {
        Value::Null => row.push_str("\\N"),
        Value::Int(number) => write!(row, "{number}").map_err(|error| error.to_string())?,
        Value::Text(text) => {
            for letter in text.chars() {
                match letter {
                    '\\' => row.push_str("\\\\"),
                    '\t' => row.push_str("\\t"),
                    '\n' => row.push_str("\\n"),
                    '\r' => row.push_str("\\r"),
                    other => row.push(other),
                }
            }
        }
        Value::Bytes(_) => return Err("PostgreSQL tells bytes as a text".into()),
    }
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::from(Null),
            Self::Int(number) => ToSqlOutput::from(*number),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_copy_reads_specially_is_escaped() {
        let mut row = String::new();
        copied(&mut row, &Value::Text("a\tb\\xff\n".into())).unwrap();
        assert_eq!(row, "a\\tb\\\\xff\\n");
    }
}
