//! SQLite under the seam.

pub(super) mod each;

use std::sync::Arc;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, Statement, ffi};
use sluice_core::port::store::StoreError;

use super::{FOREIGN_KEY, Row, SqlError, Value};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
            Self::Null => ValueRef::Null,
        }))
    }
}

pub(super) fn run(connection: &mut Connection, text: &str, args: &[Value]) -> Result<u64, SqlError> {
    let done = bound(connection, text, args).and_then(|mut statement| changed(&mut statement));
    done.map(|count| u64::try_from(count).unwrap_or(u64::MAX)).map_err(|error| named(connection, error))
}

pub(super) fn rows(connection: &mut Connection, text: &str, args: &[Value]) -> Result<Vec<Row>, SqlError> {
    let mut answers = Vec::new();
    let read = bound(connection, text, args).and_then(|mut statement| answered(&mut statement, &mut answers));
    read.map(|()| answers).map_err(|error| named(connection, error))
}

fn changed(statement: &mut Statement<'_>) -> Result<usize, Error> {
    // A statement with `returning` answers rows; they are stepped over so that all of it is done.
    if statement.column_count() == 0 {
        return statement.raw_execute();
    }
    let mut rows = statement.raw_query();
    let mut count = 0;
    while rows.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

fn answered(statement: &mut Statement<'_>, answers: &mut Vec<Row>) -> Result<(), Error> {
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let values =
            (0..columns).map(|place| row.get_ref(place).and_then(value)).collect::<Result<_, _>>()?;
        // Most questions of a loop find nothing: the names are asked for with the first row.
        let names = match answers.first() {
            Some(first) => Arc::clone(&first.names),
            None => row.as_ref().column_names().map(str::to_owned).collect(),
        };
        answers.push(Row { names, values });
    }
    Ok(())
}

pub(super) fn script(connection: &mut Connection, text: &str) -> Result<(), SqlError> {
    scripted(connection, text).map_err(|error| named(connection, error))
}

/// Runs statements without values. One alone, which begins or ends a transaction, is prepared once.
pub(crate) fn scripted(connection: &Connection, text: &str) -> Result<(), Error> {
    if text.contains(';') {
        return connection.execute_batch(text);
    }
    connection.prepare_cached(text)?.raw_execute().map(|_| ())
}

fn value(stored: ValueRef<'_>) -> Result<Value, Error> {
    Ok(match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Text(bytes) => {
            Value::Text(std::str::from_utf8(bytes).map_err(|error| Error::Utf8Error(0, error))?.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        // No column of ours holds one (STRICT); a result with a float is a defect of its statement.
        ValueRef::Real(_) => return Err(Error::InvalidQuery),
    })
}

fn bound<'c>(
    connection: &'c Connection,
    text: &str,
    args: &[Value],
) -> Result<rusqlite::CachedStatement<'c>, Error> {
    let mut statement = connection.prepare_cached(text)?;
    bind(&mut statement, args)?;
    Ok(statement)
}

/// Binds every parameter: `$2` to the second value.
fn bind(statement: &mut Statement<'_>, args: &[Value]) -> Result<(), Error> {
    for place in 1..=statement.parameter_count() {
        let missing = || Error::InvalidParameterCount(place, args.len());
        let name = statement.parameter_name(place).ok_or_else(missing)?;
        let value = number(name).and_then(|number| args.get(number - 1)).ok_or_else(missing)?;
        statement.raw_bind_parameter(place, value)?;
    }
    Ok(())
}

/// SQLite takes `$2` for a name and gives names their places by first appearance; the number is in the name.
fn number(name: &str) -> Option<usize> {
    name.strip_prefix('$')?.parse().ok().filter(|number| *number > 0)
}

/// Translates an error. Rules get the name that PostgreSQL would say.
fn named(connection: &Connection, error: Error) -> SqlError {
    let Error::SqliteFailure(cause, Some(message)) = &error else { return failed(&error) };
    match cause.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            SqlError::Rule(index_name(connection, message).unwrap_or_else(|| message.clone()))
        }
        ffi::SQLITE_CONSTRAINT_CHECK => {
            SqlError::Rule(message.rsplit(": ").next().unwrap_or(message).to_owned())
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => SqlError::Rule(FOREIGN_KEY.to_owned()),
        ffi::SQLITE_CONSTRAINT_TRIGGER => SqlError::Rule(message.clone()),
        ffi::SQLITE_CONSTRAINT_NOTNULL => {
            SqlError::Rule(format!("not_null {}", message.rsplit(": ").next().unwrap_or(message)))
        }
        _ => failed(&error),
    }
}

/// Translates an error that is no broken rule.
pub(crate) fn failed(error: &Error) -> SqlError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            SqlError::Retry(error.to_string())
        }
        Some(
            rusqlite::ErrorCode::CannotOpen
            | rusqlite::ErrorCode::DiskFull
            | rusqlite::ErrorCode::SystemIoFailure
            | rusqlite::ErrorCode::ReadOnly,
        ) => StoreError::Down(error.to_string()).into(),
        _ => StoreError::Statement(error.to_string()).into(),
    }
}

/// `UNIQUE constraint failed: transfer_item.withdrawal_id` names columns; the index over exactly these is what broke.
fn index_name(connection: &Connection, message: &str) -> Option<String> {
    let columns = message.split_once(": ")?.1;
    let table = columns.split('.').next()?;
    let wanted: Vec<&str> =
        columns.split(", ").filter_map(|column| column.split_once('.')).map(|it| it.1).collect();
    let text = "select il.name as name, il.origin as origin, group_concat(ii.name, ',') as columns
                from pragma_index_list($1) as il, pragma_index_info(il.name) as ii
                where il.\"unique\" = 1 group by il.name, il.origin limit 64";
    let mut statement = connection.prepare_cached(text).ok()?;
    let mut rows = statement.query([table]).ok()?;
    while let Some(row) = rows.next().ok()? {
        let (name, origin, found): (String, String, String) =
            (row.get(0).ok()?, row.get(1).ok()?, row.get(2).ok()?);
        if found.split(',').eq(wanted.iter().copied()) {
            return Some(if origin == "pk" { format!("{table}_pkey") } else { name });
        }
    }
    // A primary key that is the row id itself has no index.
    Some(format!("{table}_pkey"))
}
