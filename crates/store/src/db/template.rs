//! A migrated database to copy from.

use std::sync::Mutex;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use sluice_core::port::store::StoreError;

use super::{Backend, Db, OpenError, locked, migrated, prepared};
use crate::sql::lite_failed;

/// A migrated, empty database in memory. Copying its pages takes a small part of the time that the schema takes, and the
/// simulator starts thousands of histories.
pub struct Template(Mutex<Connection>);

impl Template {
    /// Makes one.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn new() -> Result<Self, OpenError> {
        let mut connection = in_memory()?;
        migrated(&mut connection)?;
        Ok(Self(Mutex::new(connection)))
    }

    /// A copy of a database in memory as it is now, for tests that put it back later.
    ///
    /// # Errors
    /// [`OpenError`], also for a database that is not in memory.
    pub fn of(db: &Db) -> Result<Self, OpenError> {
        let Backend::Inline(connection) = &db.backend else {
            return Err(StoreError::Down("only a database in memory is copied like this".into()).into());
        };
        Ok(Self(Mutex::new(copied(&locked(connection))?)))
    }

    pub(super) fn copy(&self) -> Result<Connection, OpenError> {
        copied(&locked(&self.0))
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Template")
    }
}

fn copied(source: &Connection) -> Result<Connection, OpenError> {
    let mut connection = in_memory()?;
    let step = Backup::new(source, &mut connection).and_then(|backup| backup.step(-1));
    match step.map_err(|error| lite_failed(&error))? {
        StepResult::Done => Ok(connection),
        _ => Err(StoreError::Down("the template could not be copied at once".into()).into()),
    }
}

fn in_memory() -> Result<Connection, OpenError> {
    let connection = Connection::open_in_memory().map_err(|error| lite_failed(&error))?;
    prepared(&connection)?;
    Ok(connection)
}
