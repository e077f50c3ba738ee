//! Whether what a change steps is still as its caller had read it.

use serde::Serialize;
use sluice_core::port::store::Change;

use crate::row::table::json;
use crate::sql::{Conn, Sql, SqlError};
use crate::{args, sql};

#[derive(Serialize)]
struct Expected {
    id: String,
    version: i64,
}

macro_rules! as_expected {
    ($table:literal) => {
        sql!(
            lite concat!("with t as (select id, version from ", $table, ")",
                " select count(*) as n from json_each($1) as r
                  join t on t.id = r.value->>'id' and t.version = r.value->>'version' limit 1"),
            pg concat!("with t as (select id, version from ", $table, ")",
                " select count(*) as n from json_to_recordset($1::json) as r(id text, version bigint)
                  join t on t.id = r.id and t.version = r.version limit 1"),
            because "each database reads JSON in its own way"
        )
    };
}

pub(super) async fn overtaken(conn: &mut Conn<'_>, changes: &[Change]) -> Result<bool, SqlError> {
    let expected = |id: String, version: i64| Expected { id, version };
    let wallets = changes.iter().flat_map(|change| &change.wallets).filter_map(|step| step.before());
    let wallets = wallets.map(|it| expected(it.id.to_string(), it.version)).collect();
    let transfers = changes.iter().flat_map(|change| &change.transfers).filter_map(|step| step.before());
    let transfers = transfers.map(|it| expected(it.id.to_string(), it.version)).collect();
    let withdrawals = changes.iter().flat_map(|change| &change.withdrawals).filter_map(|step| step.before());
    let withdrawals = withdrawals.map(|it| expected(it.id.to_string(), it.version)).collect();
    let commands = changes.iter().flat_map(|change| &change.commands).filter_map(|step| step.before());
    let commands = commands.map(|it| expected(it.id.to_string(), it.version)).collect();
    Ok(differ(conn, as_expected!("wallet"), wallets).await?
        || differ(conn, as_expected!("command"), commands).await?
        || differ(conn, as_expected!("transfer"), transfers).await?
        || differ(conn, as_expected!("withdrawal"), withdrawals).await?)
}

async fn differ(conn: &mut Conn<'_>, text: &Sql, expected: Vec<Expected>) -> Result<bool, SqlError> {
    if expected.is_empty() {
        return Ok(false);
    }
    let found = conn.row(text, args![json(&expected)?]).await?.map(|row| row.int("n")).transpose()?;
    Ok(found != i64::try_from(expected.len()).ok())
}
