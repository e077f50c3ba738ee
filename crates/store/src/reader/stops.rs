//! Stops in force, as far as they concern a tenant, and what they cannot recall.

use sluice_core::id::PartnerId;
use sluice_core::lane::Holder;
use sluice_core::stop::{Scope, Stop};
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;

use super::query::Query;
use crate::engine::unread::Found;
use crate::engine::{LIST_MAX, limit as size};
use crate::row;
use crate::sql::{Conn, Row, SqlError};
use crate::transfers;

/// Oldest first: the one that has stood longest is the answer to "why is it not sent".
pub(super) async fn of(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
) -> Result<Found<Vec<Stop>>, SqlError> {
    let query = Query::select("kind, subject, holder, actor, reason, at", "stop where true");
    let query = match partner {
        Some(partner) => query.with(
            " and (kind in ('all', 'chain', 'asset') or (kind = 'partner' and subject = ?)
               or (kind = 'wallet' and exists (select 1 from wallet w where w.id = stop.subject and w.partner_id = ?)))",
            [partner.to_string().into(), partner.to_string().into()],
        ),
        None => query,
    };
    let rows = query.and(" order by at, kind, subject, holder").rows(conn, LIST_MAX).await?;
    Ok(row::read(&rows, row::stop::read))
}

/// Signed and not final: a byte may have left, and only the chain ends it (M5). Oldest first, and how many more there are.
pub(super) async fn irrevocable(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    scope: Scope,
    limit: usize,
) -> Result<Found<(Vec<Transfer>, u64)>, SqlError> {
    let within = |query: Query| {
        let query = query.and(" and t.state in ('signed', 'seen')").tenant(" and t.partner_id = ?", partner);
        let (_, subject) = scope.parts();
        match scope {
            Scope::All => query,
            Scope::Partner(_) => query.with(" and t.partner_id = ?", [subject.into()]),
            Scope::Chain(_) => query.with(" and t.chain = ?", [subject.into()]),
            Scope::Asset(_) => query.with(" and t.asset = ?", [subject.into()]),
            Scope::Wallet(_) => query.with(" and t.wallet_id = ?", [subject.into()]),
        }
    };
    let query = within(Query::new(transfers!(text "where true"))).and(" order by t.planned_at, t.id");
    let rows = query.rows(conn, size(limit)).await?;
    let mut more = 0;
    if rows.len() == limit {
        let counted =
            within(Query::select("count(*) as count", "transfer t where true")).rows(conn, 1).await?;
        let all = counted.first().map(|row| row.int("count")).transpose()?.unwrap_or_default();
        more = u64::try_from(all).unwrap_or_default().saturating_sub(rows.len() as u64);
    }
    let ids = rows.iter().map(|row| row.text("id")).collect::<Result<Vec<_>, _>>()?;
    let items =
        Query::select("transfer_id, withdrawal_id, approved, paid_by, dead_by", "transfer_item where true")
            .among(" and transfer_id", ids)
            .and(" order by transfer_id, position")
            .rows(conn, LIST_MAX)
            .await?;
    let (transfers, unread) = row::transfer::read_all(&rows, &items);
    Ok(((transfers, more), unread))
}

/// Who holds lanes of this scope, or held them last. The lanes of an asset are those of its chain.
pub(super) async fn holders(conn: &mut Conn<'_>, scope: Scope) -> Result<Vec<Holder>, SqlError> {
    let query = Query::select(
        "l.owner, l.epoch, l.until",
        "lease l join wallet w on l.name = 'lane:' || w.id where l.owner <> ''",
    );
    let (_, subject) = scope.parts();
    let query = match scope {
        Scope::All => query,
        Scope::Partner(_) => query.with(" and w.partner_id = ?", [subject.into()]),
        Scope::Chain(_) => query.with(" and w.chain = ?", [subject.into()]),
        Scope::Asset(asset) => query.with(" and w.chain = ?", [asset.chain.to_string().into()]),
        Scope::Wallet(_) => query.with(" and w.id = ?", [subject.into()]),
    };
    let rows = query.and(" order by l.name").rows(conn, LIST_MAX).await?;
    rows.iter().map(holder).collect()
}

fn holder(row: &Row) -> Result<Holder, SqlError> {
    Ok(Holder {
        owner: row.text("owner")?.to_owned(),
        epoch: row.int("epoch")?,
        until: Timestamp::from_micros(row.int("until")?),
    })
}
