//! What a database holds at one moment: enough to recognise a copy of it, and to see that nothing is missing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sluice_core::port::store::StoreError;

use crate::row::Unread;
use crate::row::cells::Cells;
use crate::sql::{Conn, Row, Sql, SqlError};
use crate::{args, sql};

/// Partners read at once.
const PAGE: i64 = 1_000;
/// Says that the store is a copy, and so differs between a store and its copy.
const OF_COPIES: &str = "went_back";

/// What a database holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Installation it belongs to; nobody has used it where there is none.
    pub deployment: Option<String>,
    /// Version of its schema.
    pub schema_version: i64,
    /// Place that it had seen in the signer's journal (M17).
    pub journal_seq: u64,
    /// Marks of its own commits that it had made (M17).
    pub mark: u64,
    /// Life of the feed that its numbers belong to.
    pub feed_id: String,
    /// Last numbered event of each partner.
    pub heads: Vec<Head>,
    /// Events that had no number yet.
    pub unsealed: u64,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
}

/// End of a partner's chain of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Partner.
    pub partner: String,
    /// Its number.
    pub number: i64,
    /// Its link, hex: it holds every event before it.
    pub link: String,
}

/// Reads them, all of one moment where `conn` sees one.
pub(super) async fn read(conn: &mut Conn<'_>) -> Result<Facts, SqlError> {
    let text = sql!("select schema_version, deployment_id, journal_seq, mark, feed_id from meta limit 1");
    let missing =
        || StoreError::Inconsistent { table: "meta", row: String::new(), why: "it is missing".into() };
    let meta = conn.row(text, args![]).await?.ok_or_else(missing)?;
    let unsealed =
        conn.row(sql!("select count(*) as n from event where number is null limit 1"), args![]).await?;
    let mut rows = BTreeMap::new();
    for table in tables(conn).await? {
        // The name comes from the catalogue of the database, not from a caller.
        let text = format!("select count(*) as n from \"{table}\" limit 1");
        let counted = conn.row(&Sql::built(text.clone(), text), args![]).await?;
        rows.insert(table, count(counted.as_ref())?);
    }
    let heads = heads(conn).await?;
    let read = || -> Result<Facts, Unread> {
        let cells = Cells::of("meta", "schema_version", &meta);
        Ok(Facts {
            deployment: cells.opt_text("deployment_id")?.map(str::to_owned),
            schema_version: cells.int("schema_version")?,
            journal_seq: cells.number("journal_seq")?,
            mark: cells.number("mark")?,
            feed_id: cells.text("feed_id")?.to_owned(),
            heads,
            unsealed: 0,
            rows,
        })
    };
    Ok(Facts { unsealed: count(unsealed.as_ref())?, ..read().map_err(StoreError::from)? })
}

async fn tables(conn: &mut Conn<'_>) -> Result<Vec<String>, SqlError> {
    let text = sql!(
        lite "select name from sqlite_master where type = 'table' and name not like 'sqlite~_%' escape '~'
              order by name limit 1000",
        pg "select tablename as name from pg_tables where schemaname = current_schema() order by tablename limit 1000",
        because "each database keeps its own catalogue"
    );
    let rows = conn.rows(text, args![]).await?;
    let names = rows.iter().map(|row| row.text("name").map(str::to_owned)).collect::<Result<Vec<_>, _>>()?;
    Ok(names.into_iter().filter(|name| name != OF_COPIES).collect())
}

async fn heads(conn: &mut Conn<'_>) -> Result<Vec<Head>, SqlError> {
    let mut heads: Vec<Head> = Vec::new();
    loop {
        let after = heads.last().map(|head| head.partner.clone()).unwrap_or_default();
        let text = sql!(
            "select partner_id, number, link from event_head where partner_id > $1 order by partner_id limit $2"
        );
        let rows = conn.rows(text, args![after, PAGE]).await?;
        if rows.is_empty() {
            return Ok(heads);
        }
        for row in &rows {
            heads.push(Head {
                partner: row.text("partner_id")?.to_owned(),
                number: row.int("number")?,
                link: row.text("link")?.to_owned(),
            });
        }
    }
}

fn count(row: Option<&Row>) -> Result<u64, SqlError> {
    let count = row.map(|row| row.int("n")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}
