//! How lanes stand with their energy.

use sluice_core::asset::AssetId;
use sluice_core::chain::ChainId;
use sluice_core::energy::mode::{Mode, Stood};
use sluice_core::id::PartnerId;
use sluice_core::port::reader::By;
use sluice_core::port::store::PaidHours;
use sluice_core::time::Timestamp;

use super::LIST_MAX;
use super::unread::Found;
use crate::reader::energy::paid_by;
use crate::reader::query::Query;
use crate::row;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// The rung of one wallet, if it has one.
pub(super) async fn mode_of(conn: &mut Conn<'_>, wallet: &str) -> Result<Found<Vec<Mode>>, SqlError> {
    let rows =
        conn.rows(sql!("select mode from energy_mode where wallet_id = $1 limit 1"), args![wallet]).await?;
    Ok(row::read(&rows, row::outlook::read_mode))
}

/// Partners with lanes in service on a chain, and what each of them was paid by the hour.
pub(super) async fn paid_hours(
    conn: &mut Conn<'_>,
    chain: ChainId,
    assets: &[AssetId],
    from: Timestamp,
    to: Timestamp,
) -> Result<Found<Vec<PaidHours>>, SqlError> {
    let text = sql!(
        "select p.* from partner p where exists (select 1 from wallet w where w.partner_id = p.id and w.chain = $1
         and w.tier = 'hot' and w.custody = 'managed' and w.state <> 'retired') order by p.id limit $2"
    );
    let rows = conn.rows(text, args![chain.to_string(), LIST_MAX]).await?;
    let (partners, mut unread) = row::read(&rows, row::partner::read);
    let mut hours = Vec::with_capacity(partners.len());
    for partner in partners {
        let (paid, unreadable) = paid_by(conn, partner.id, By::Hour, assets, from, to).await?;
        unread.extend(unreadable);
        hours.push((partner, paid));
    }
    Ok((hours, unread))
}

/// Lanes in service, of a tenant or of a chain. An order that certainly brought nothing rents nothing; each other one counts until
/// it would be over had it come as late as it may. What the pool lends is rented too, until it is back.
pub(crate) async fn stood(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    chain: Option<ChainId>,
    now: Timestamp,
) -> Result<Found<Vec<Stood>>, SqlError> {
    let columns = "w.id as wallet_id, m.mode, m.energy, m.most, m.since, (
            select cast(coalesce(sum(o.energy), 0) as bigint) from energy_order o where o.wallet_id = w.id
            and o.state in ('asked', 'unknown', 'accepted', 'delivered', 'short', 'unresolved')";
    let rows = Query::new("select ")
        .and(columns)
        .with(" and o.deadline_at + o.duration_s * 1000000 > ?)", [now.micros().into()])
        .and(
            " + (select cast(coalesce(sum(l.energy), 0) as bigint) from energy_loan l
            where l.wallet_id = w.id and l.chain = w.chain and l.ended = 0) as rented",
        )
        .and(" from wallet w left join energy_mode m on m.wallet_id = w.id where true")
        .and(" and w.tier = 'hot' and w.custody = 'managed' and w.state <> 'retired'")
        .and(" and w.chain like 'tron:%'")
        .tenant(" and w.partner_id = ?", partner)
        .maybe(" and w.chain = ?", chain.map(|chain| chain.to_string()))
        .and(" order by w.id")
        .rows(conn, LIST_MAX)
        .await?;
    Ok(row::read(&rows, row::outlook::read_stood))
}
