//! `sluice migrate`: the schema, and nothing else.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use sluice_api::problem::Lang;
use sluice_store::Db;
use sluice_store::migrate::KNOWN;

use crate::cli::Global;
use crate::config::Config;
use crate::error::StartError;
use crate::world::{SystemClock, SystemEntropy};

/// Opens the database, which brings its schema up to date, and says which version it has.
///
/// # Errors
/// [`StartError`].
pub async fn run(path: &Path, global: &Global) -> Result<(), StartError> {
    let config = Config::read(path)?;
    Db::open(&config.database.url, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    match (global.json, global.lang()) {
        (true, _) => println!("{}", json!({ "schema_version": KNOWN })),
        (false, Lang::Ko) => println!("데이터베이스 스키마는 최신(버전 {KNOWN})입니다"),
        (false, Lang::En) => println!("the database is up to date (schema version {KNOWN})"),
    }
    Ok(())
}
