//! `sluice migrate`: the schema, and nothing else.

use std::path::Path;
use std::sync::Arc;

use sluice_store::Db;

use crate::config::Config;
use crate::error::StartError;
use crate::world::{SystemClock, SystemEntropy};

/// Opens the database, which brings its schema up to date.
///
/// # Errors
/// [`StartError`].
pub async fn run(path: &Path) -> Result<(), StartError> {
    let config = Config::read(path)?;
    Db::open(&config.database.url, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    println!("the database is up to date");
    Ok(())
}
