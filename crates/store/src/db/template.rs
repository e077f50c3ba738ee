//! A migrated database to copy from.

use std::sync::Mutex;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use sluice_core::port::store::StoreError;

use super::{OpenError, locked, migrated, prepared};
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

    pub(super) fn copy(&self) -> Result<Connection, OpenError> {
        let mut connection = in_memory()?;
        let source = locked(&self.0);
        let step = Backup::new(&source, &mut connection).and_then(|backup| backup.step(-1));
        match step.map_err(|error| lite_failed(&error))? {
            StepResult::Done => Ok(connection),
            _ => Err(StoreError::Down("the template could not be copied at once".into()).into()),
        }
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Template")
    }
}

fn in_memory() -> Result<Connection, OpenError> {
    let connection = Connection::open_in_memory().map_err(|error| lite_failed(&error))?;
    prepared(&connection)?;
    Ok(connection)
}
