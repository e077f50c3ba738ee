//! PostgreSQL under the seam.

use std::sync::Arc;

use sluice_core::port::store::StoreError;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgDatabaseError, PgRow, PgTypeInfo, Postgres};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, PgConnection, Row as _, TypeInfo as _, ValueRef as _,
};

use super::{Row, SqlError, Value};

/// Null of no type: the server infers what it stands for. A typed null would be refused by columns of another type.
struct Untyped;

impl sqlx::Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl sqlx::Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(&self, _buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

fn bound(args: &[Value]) -> Result<PgArguments, SqlError> {
    let mut bound = PgArguments::default();
    for value in args {
        match value {
            Value::Int(value) => bound.add(*value),
            Value::Text(value) => bound.add(value.as_str()),
            Value::Bytes(value) => bound.add(value.as_slice()),
            Value::Null => bound.add(Untyped),
        }
        .map_err(|error| StoreError::Statement(error.to_string()))?;
    }
    Ok(bound)
}

// Every text is one of our constants (see `Sql`), values are parameters.
fn safe(text: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(text.to_owned())
}

pub(super) async fn run(connection: &mut PgConnection, text: &str, args: &[Value]) -> Result<u64, SqlError> {
    let done = sqlx::query_with(safe(text), bound(args)?).execute(connection).await;
    done.map(|done| done.rows_affected()).map_err(|error| failed(&error))
}

pub(super) async fn rows(
    connection: &mut PgConnection,
    text: &str,
    args: &[Value],
) -> Result<Vec<Row>, SqlError> {
    let rows = sqlx::query_with(safe(text), bound(args)?).fetch_all(connection).await;
    let rows = rows.map_err(|error| failed(&error))?;
    let Some(first) = rows.first() else { return Ok(vec![]) };
    let names: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
    rows.iter().map(|row| Ok(Row { names: names.clone(), values: values(row)? })).collect()
}

pub(super) async fn script(connection: &mut PgConnection, text: &str) -> Result<(), SqlError> {
    let done = sqlx::raw_sql(safe(text)).execute(connection).await;
    done.map(|_done| ()).map_err(|error| failed(&error))
}

fn values(row: &PgRow) -> Result<Vec<Value>, SqlError> {
    (0..row.len())
        .map(|place| {
            let raw = row.try_get_raw(place).map_err(|error| failed(&error))?;
            if raw.is_null() {
                return Ok(Value::Null);
            }
            let kind = raw.type_info().into_owned();
            let value = match kind.name() {
                "INT8" => row.try_get(place).map(Value::Int),
                "INT4" => row.try_get(place).map(|value: i32| Value::Int(i64::from(value))),
                "BOOL" => row.try_get(place).map(|value: bool| Value::Int(i64::from(value))),
                "TEXT" | "VARCHAR" | "NAME" => row.try_get(place).map(Value::Text),
                "BYTEA" => row.try_get(place).map(Value::Bytes),
                other => {
                    let why = format!("a column of type {other}: cast it to bigint, text or bytea");
                    return Err(StoreError::Statement(why).into());
                }
            };
            value.map_err(|error| failed(&error))
        })
        .collect()
}

/// Translates an error.
pub(crate) fn failed(error: &sqlx::Error) -> SqlError {
    match error {
        sqlx::Error::Database(cause) => match cause.try_downcast_ref::<PgDatabaseError>() {
            Some(cause) => refused(cause),
            None => StoreError::Statement(cause.to_string()).into(),
        },
        // Half an answer, as from a server that goes away in the middle of it, is none.
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed => StoreError::Down(error.to_string()).into(),
        _ => StoreError::Statement(error.to_string()).into(),
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn refused(cause: &PgDatabaseError) -> SqlError {
    let code = cause.code();
    let (class, _) = code.split_at_checked(2).unwrap_or(("", ""));
    let rule = || match (cause.constraint(), cause.table(), cause.column()) {
        (Some(name), _, _) => SqlError::Rule(name.to_owned()),
        (None, Some(table), Some(column)) => SqlError::Rule(format!("not_null {table}.{column}")),
        _ => SqlError::Rule(cause.message().to_owned()),
    };
    match (code, class) {
        (_, "23") => rule(),
        (_, "40") | ("55P03", _) => SqlError::Retry(cause.message().to_owned()),
        // We were silent for too long in the middle of a transaction: paused, most likely. It was rolled back.
        ("25P03", _) => StoreError::Down(cause.message().to_owned()).into(),
        // Connection, resources, shutdown.
        (_, "08" | "53" | "57" | "58") => StoreError::Down(cause.message().to_owned()).into(),
        _ => StoreError::Statement(format!("{code} {}", cause.message())).into(),
    }
}
