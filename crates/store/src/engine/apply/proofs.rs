//! Proofs, before everything that refers to them.

use std::sync::LazyLock;

use sluice_core::port::store::{Change, StoreError};

use crate::args;
use crate::row::proof::{ProofRow, TABLE};
use crate::row::table::json;
use crate::sql::{Conn, Sql, SqlError};

static INSERT: LazyLock<Sql> = LazyLock::new(|| TABLE.insert(""));

pub(super) async fn write(conn: &mut Conn<'_>, changes: &[Change]) -> Result<(), SqlError> {
    let rows =
        changes.iter().flat_map(|change| &change.proofs).map(ProofRow::of).collect::<Result<Vec<_>, _>>();
    let rows = rows.map_err(|error| StoreError::Statement(error.to_string()))?;
    if !rows.is_empty() {
        conn.run(&INSERT, args![json(&rows)?]).await?;
    }
    Ok(())
}
