//! Sealing: events get their dense number per partner and their link in the hash chain (M15, ADR 0005).
//!
//! Why here and not at insertion: a number taken at insertion is taken before the commit. A transaction that rolls back
//! would leave a hole, and of two that overlap the one with the higher number may commit first; a reader that has seen
//! it would never look below it again. So an event is inserted without a number, and one leased sealer numbers what is
//! *committed*: its `select` sees nothing else. What commits later, whatever its `rowseq`, is found by the next pass,
//! because a pass looks for `number is null` and never for "above the last `rowseq`". Nothing is lost and nothing is
//! reordered: readers see only rows with a number, numbers are given in one place, under the fence (`for share` on
//! PostgreSQL, so the lease cannot change hands before the commit), and `event_number` is unique if all of that fails.
//! Cause precedes effect in the feed: a step is written after the step before it was committed and read, so any pass
//! that sees the later one sees the earlier one too, with a lower `rowseq`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::id::PartnerId;
use sluice_core::lane::Fence;
use sluice_core::port::store::StoreError;
use sluice_core::trail;

use super::{Context, lease, limit as size};
use crate::row::cells::hash;
use crate::row::event;
use crate::row::table::Table;
use crate::sql::{Conn, EachRow, SqlError, slice};
use crate::{args, sql};

const SEALS: Table = Table { name: "event", texts: &["id", "link"], ints: &["number"], blobs: &[] };
static SEAL: LazyLock<EachRow> = LazyLock::new(|| SEALS.update(&["number", "link"], &["id"], ""));

const HEADS: Table =
    Table { name: "event_head", texts: &["partner_id", "link"], ints: &["number", "sealed_at"], blobs: &[] };
static SET_HEAD: LazyLock<EachRow> = LazyLock::new(|| {
    HEADS.insert(
        "on conflict (partner_id) do update set number = excluded.number, link = excluded.link,
            sealed_at = excluded.sealed_at",
    )
});

#[derive(Serialize)]
struct SealRow {
    id: String,
    number: i64,
    link: String,
}

#[derive(Serialize)]
struct HeadRow {
    partner_id: String,
    number: i64,
    link: String,
    sealed_at: i64,
}

struct Head {
    number: i64,
    link: [u8; 32],
}

pub(super) async fn run(
    conn: &mut Conn<'_>,
    context: &Context,
    fence: &Fence,
    limit: usize,
) -> Result<usize, SqlError> {
    if !lease::held(conn, context, fence).await? {
        return Ok(0);
    }
    let text = sql!(
        "select rowseq, id, partner_id, kind, withdrawal_id, transfer_id, wallet_id, actor, reason, at, data
         from event where number is null order by rowseq limit $1"
    );
    let events = conn.rows(text, args![size(limit)]).await?;
    if events.is_empty() {
        return Ok(0);
    }
    let mut heads =
        heads(conn, events.iter().map(|row| row.text("partner_id")).collect::<Result<_, _>>()?).await?;
    let mut seals = Vec::with_capacity(events.len());
    for row in &events {
        let partner = row.text("partner_id")?;
        let text = event::sealed_text(row).map_err(StoreError::from)?;
        let head = match heads.get_mut(partner) {
            Some(head) => head,
            None => {
                let id = PartnerId::parse(partner).map_err(|error| StoreError::Inconsistent {
                    table: "event",
                    row: partner.to_owned(),
                    why: error.to_string(),
                })?;
                heads.entry(partner.to_owned()).or_insert(Head { number: 0, link: trail::genesis(id) })
            }
        };
        head.number = head.number.saturating_add(1);
        head.link = trail::link(&head.link, head.number, &text);
        let id = row.text("id")?.to_owned();
        seals.push(SealRow { id, number: head.number, link: hex::encode(head.link) });
    }
    conn.run_each(&SEAL, &seals).await?;
    let sealed_at = context.clock.now().micros();
    let heads = heads.into_iter().map(|(partner_id, head)| HeadRow {
        partner_id,
        number: head.number,
        link: hex::encode(head.link),
        sealed_at,
    });
    conn.run_each(&SET_HEAD, &heads.collect::<Vec<_>>()).await?;
    Ok(seals.len())
}

async fn heads(conn: &mut Conn<'_>, partners: Vec<&str>) -> Result<BTreeMap<String, Head>, SqlError> {
    let text = sql!(
        lite "select partner_id, number, link from event_head where partner_id in (select value from json_each($1))
              order by partner_id limit $2",
        pg "select partner_id, number, link from event_head
            where partner_id in (select jsonb_array_elements_text($1::jsonb)) order by partner_id limit $2 for update",
        because "each database reads JSON in its own way, and SQLite has one writer"
    );
    let count = size(partners.len());
    let rows = conn.rows(text, args![slice(partners), count]).await?;
    let mut heads = BTreeMap::new();
    for row in &rows {
        let partner = row.text("partner_id")?.to_owned();
        let link = hash(row.text("link")?).map_err(|error| StoreError::Inconsistent {
            table: "event_head",
            row: partner.clone(),
            why: error.to_string(),
        })?;
        heads.insert(partner, Head { number: row.int("number")?, link });
    }
    Ok(heads)
}
