//! Standing things: assets, alerts, chains, limits and their use.

use std::collections::BTreeMap;

use sluice_core::alert::Alert;
use sluice_core::amount::Amount;
use sluice_core::asset::Asset;
use sluice_core::chain::ChainId;
use sluice_core::id::{AlertId, PartnerId};
use sluice_core::partner::Limit;
use sluice_core::port::reader::{AlertFilter, ChainStatus};
use sluice_core::port::store::StoreError;
use sluice_core::time::Timestamp;
use sluice_core::usage::UsageKey;

use super::query::Query;
use crate::engine::unread::{Found, keep};
use crate::engine::{LIST_MAX, limit as size};
use crate::row::cells::Cells;
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError};
use crate::{args, sql};

/// What a partner may pay: an asset without a limit of its own cannot be paid (`core::policy`).
pub(super) async fn assets(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
) -> Result<Found<Vec<Asset>>, SqlError> {
    let query = Query::select("a.*", "asset a where true").tenant(
        " and exists (select 1 from partner_limit l where l.asset = a.id and l.partner_id = ?)",
        partner,
    );
    let rows = query.and(" order by a.id").rows(conn, LIST_MAX).await?;
    Ok(row::asset::held(row::read(&rows, row::asset::read)))
}

/// Newest first.
pub(super) async fn alerts(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    filter: &AlertFilter,
    limit: usize,
) -> Result<Found<Vec<Alert>>, SqlError> {
    let query = Query::select("*", "alert where true")
        .tenant(" and partner_id = ?", partner)
        .among(" and code", filter.codes.iter().map(|code| code.as_str()));
    let query = if filter.with_resolved { query } else { query.and(" and resolved_at is null") };
    let query = match filter.after {
        Some((since, id)) => query.with(" and (since, id) < (?, ?)", [since.into(), id.to_string().into()]),
        None => query,
    };
    let rows = query.and(" order by since desc, id desc").rows(conn, size(limit)).await?;
    Ok(row::read(&rows, row::alert::read))
}

pub(super) async fn alert(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    id: AlertId,
) -> Result<Found<Option<Alert>>, SqlError> {
    let query = Query::select("*", "alert where true").with(" and id = ?", [id.to_string().into()]);
    let rows = query.tenant(" and partner_id = ?", partner).rows(conn, 1).await?;
    let (mut alerts, unread) = row::read(&rows, row::alert::read);
    Ok((alerts.pop(), unread))
}

pub(super) async fn chain(conn: &mut Conn<'_>, chain: ChainId) -> Result<Found<ChainStatus>, SqlError> {
    let mut unread = Vec::new();
    let chain = chain.to_string();
    let text = sql!("select number, hash from block where chain = $1 order by number desc limit 1");
    let rows = conn.rows(text, args![&chain]).await?;
    let block = |row: &Row| Cells::of("block", "number", row).block("number", "hash");
    let latest = keep(row::read(&rows, block), &mut unread).pop();
    let rows = conn.rows(sql!("select * from chain_head where chain = $1 limit 1"), args![&chain]).await?;
    let head = |row: &Row| {
        let cells = Cells::of("chain_head", "chain", row);
        Ok(ChainStatus {
            latest,
            finalized: cells.opt_block("finalized_number", "finalized_hash")?,
            moved_at: Some(cells.at("moved_at")?),
            settle_after: cells.opt_number("settle_after")?,
        })
    };
    let unmoved = ChainStatus { latest, finalized: None, moved_at: None, settle_after: None };
    Ok((keep(row::read(&rows, head), &mut unread).pop().unwrap_or(unmoved), unread))
}

/// What is used of each daily limit in the partner's present day, and when the next one begins.
pub(super) async fn usage(
    conn: &mut Conn<'_>,
    partner: PartnerId,
    now: Timestamp,
) -> Result<Found<Vec<(Limit, Amount, Timestamp)>>, SqlError> {
    let mut unread = Vec::new();
    let id = partner.to_string();
    let rows = conn.rows(sql!("select zone from partner where id = $1 limit 1"), args![&id]).await?;
    let Some(row) = rows.first() else { return Ok((vec![], unread)) };
    let zone = row.text("zone")?;
    let (Some(day), Some(reset)) = (now.day_in(zone), now.next_day_in(zone)) else {
        let why = format!("there is no time zone {zone:?}");
        return Err(StoreError::Inconsistent { table: "partner", row: id, why }.into());
    };
    let text = sql!("select * from partner_limit where partner_id = $1 order by asset limit $2");
    let rows = conn.rows(text, args![&id, LIST_MAX]).await?;
    let limits = keep(row::read(&rows, row::partner::read_limit), &mut unread);
    // The key that `core::policy` counts under.
    let key = |limit: &Limit| {
        let window = format!("day:{day}@{zone}");
        UsageKey { partner, unit: limit.asset.to_string(), window }.text()
    };
    let rows = Query::select("key, used", "usage where true")
        .among(" and key", limits.iter().map(key))
        .and(" order by key")
        .rows(conn, LIST_MAX)
        .await?;
    let used = |row: &Row| -> Result<(String, Amount), Unread> {
        let cells = Cells::of("usage", "key", row);
        Ok((cells.text("key")?.to_owned(), cells.amount("used")?))
    };
    let used: BTreeMap<String, Amount> = keep(row::read(&rows, used), &mut unread).into_iter().collect();
    let with_use = limits.into_iter().map(|limit| {
        let used = used.get(&key(&limit)).copied().unwrap_or(Amount::ZERO);
        (limit, used, reset)
    });
    Ok((with_use.collect(), unread))
}
