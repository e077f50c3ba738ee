//! What the engine asks about the standing things: wallets, assets, partners, stops, books.

use std::collections::BTreeSet;

use sluice_core::access::Actor;
use sluice_core::address::Address;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::partner::PLATFORM;
use sluice_core::port::store::{Books, IntakeFacts, StoreError};
use sluice_core::stop::{Scope, Stop};
use sluice_core::time::Timestamp;
use sluice_core::wallet::{LaneState, Wallet};

use super::LIST_MAX;
use super::unread::{Found, keep};
use crate::reader::query::Query;
use crate::row::cells::{Cells, big};
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError};
use crate::{args, sql};

/// Wallets in service.
pub(super) async fn wallets(
    conn: &mut Conn<'_>,
    chain: Option<ChainId>,
) -> Result<Found<Vec<Wallet>>, SqlError> {
    let text = sql!(
        "select * from wallet where state <> 'retired' and chain = coalesce($1, chain) order by id limit $2"
    );
    let rows = conn.rows(text, args![chain.map(|chain| chain.to_string()), LIST_MAX]).await?;
    Ok(row::read(&rows, row::wallet::read))
}

pub(super) async fn assets(
    conn: &mut Conn<'_>,
    chain: Option<ChainId>,
) -> Result<Found<Vec<Asset>>, SqlError> {
    let text = sql!("select * from asset where chain = coalesce($1, chain) order by id limit $2");
    let rows = conn.rows(text, args![chain.map(|chain| chain.to_string()), LIST_MAX]).await?;
    Ok(row::asset::held(row::read(&rows, row::asset::read)))
}

pub(super) async fn stops(conn: &mut Conn<'_>) -> Result<Found<Vec<Stop>>, SqlError> {
    let rows = conn
        .rows(sql!("select * from stop order by kind, subject, holder limit $1"), args![LIST_MAX])
        .await?;
    let (mut stops, unread) = row::read(&rows, row::stop::read);
    if !unread.is_empty() {
        // A stop of a newer version stops something we cannot name. Fail closed: it stops everything (M12).
        stops.push(Stop {
            scope: Scope::All,
            holder: PLATFORM,
            actor: Actor::System("store"),
            reason: "a stop in the database cannot be read by this version".to_owned(),
            at: Timestamp::default(),
        });
    }
    Ok((stops, unread))
}

/// One answer for each question, in order; as many statements for many as for one.
pub(super) async fn intake(
    conn: &mut Conn<'_>,
    asked: &[(PartnerId, AssetId)],
) -> Result<Found<Vec<Option<IntakeFacts>>>, SqlError> {
    let mut unread: Vec<Unread> = Vec::new();
    let ids: BTreeSet<PartnerId> = asked.iter().map(|(partner, _)| *partner).collect();
    let asset_ids: BTreeSet<AssetId> = asked.iter().map(|(_, asset)| *asset).collect();
    let chains: BTreeSet<ChainId> = asset_ids.iter().map(|asset| asset.chain).collect();
    let of = |table: &'static str| Query::select("*", table);
    let rows =
        of("partner where true").among(" and id", &ids).and(" order by id").rows(conn, LIST_MAX).await?;
    let partners = keep(row::read(&rows, row::partner::read), &mut unread);
    let rows =
        of("asset where true").among(" and id", &asset_ids).and(" order by id").rows(conn, LIST_MAX).await?;
    let assets = keep(row::read(&rows, row::asset::read), &mut unread);
    let rows = of("partner_limit where true")
        .among(" and partner_id", &ids)
        .among(" and asset", &asset_ids)
        .and(" order by partner_id, asset")
        .rows(conn, LIST_MAX)
        .await?;
    let limit = |row: &Row| {
        let partner = Cells::of("partner_limit", "partner_id", row).parsed("partner_id", PartnerId::parse)?;
        Ok((partner, row::partner::read_limit(row)?))
    };
    let limits = keep(row::read(&rows, limit), &mut unread);
    let rows = of("wallet where true")
        .among(" and partner_id", &ids)
        .among(" and chain", &chains)
        .and(" order by id")
        .rows(conn, LIST_MAX)
        .await?;
    // Also of a wallet that this version cannot read: nobody is paid at it.
    let place = |row: &Row| {
        let cells = Cells::of("wallet", "id", row);
        Ok((
            cells.parsed("partner_id", PartnerId::parse)?,
            cells.parsed("chain", ChainId::parse)?,
            cells.parsed("address", Address::read)?,
        ))
    };
    let own = keep(row::read(&rows, place), &mut unread);
    let wallets = keep(row::read(&rows, row::wallet::read), &mut unread);
    let mut stops = keep(stops(conn).await?, &mut unread);
    stops.sort_by_key(|stop| stop.at);
    let facts = asked.iter().map(|(id, asset)| {
        let on_chain = |partner: PartnerId, chain: ChainId| partner == *id && chain == asset.chain;
        Some(IntakeFacts {
            partner: partners.iter().find(|partner| partner.id == *id)?.clone(),
            asset: assets.iter().find(|it| it.id == *asset).cloned(),
            limit: limits
                .iter()
                .find(|(partner, limit)| partner == id && limit.asset == *asset)
                .map(|(_, limit)| limit.clone()),
            own_wallets: own
                .iter()
                .filter(|(partner, chain, _)| on_chain(*partner, *chain))
                .map(|(_, _, address)| *address)
                .collect(),
            lanes: wallets
                .iter()
                .filter(|wallet| on_chain(wallet.partner, wallet.chain))
                .filter(|wallet| wallet.is_lane() && wallet.state != LaneState::Retired)
                .cloned()
                .collect(),
            stop: stops.iter().find(|stop| stop.scope.covers(*id, *asset, None)).cloned(),
        })
    });
    Ok((facts.collect(), unread))
}

pub(super) async fn journal_seq(conn: &mut Conn<'_>) -> Result<u64, SqlError> {
    let row = conn.row(sql!("select journal_seq from meta limit 1"), args![]).await?;
    of_meta(row.as_ref(), "journal_seq")
}

/// A number of the one row about this store. A store without it must not pass for one that has seen nothing (M17).
pub(super) fn of_meta(row: Option<&Row>, column: &str) -> Result<u64, SqlError> {
    let missing =
        || StoreError::Inconsistent { table: "meta", row: String::new(), why: "it is missing".into() };
    let cells = Cells::of("meta", "only_one", row.ok_or_else(missing)?);
    Ok(cells.number(column).map_err(StoreError::from)?)
}

pub(super) async fn retired(conn: &mut Conn<'_>) -> Result<Found<Vec<WalletId>>, SqlError> {
    let text =
        sql!("select id from wallet where state = 'retired' and custody = 'managed' order by id limit $1");
    let rows = conn.rows(text, args![LIST_MAX]).await?;
    Ok(row::read(&rows, |row| Cells::of("wallet", "id", row).parsed("id", WalletId::parse)))
}

/// Sums over the accounts inside the wallet, to be compared with the chain. One statement, so that sums and what is
/// taken back from them are of one moment.
pub(super) async fn booked(
    conn: &mut Conn<'_>,
    wallet: WalletId,
    height: u64,
) -> Result<Found<Option<Books>>, SqlError> {
    let text = sql!(
        "select asset, cast(sum(atoms) as bigint) as atoms from (
             select asset, atoms from ledger_balance
             where wallet_id = $1 and account in ('available', 'reserved', 'in_flight')
             union all
             select l.asset, -l.atoms as atoms from wallet w
             join transfer t on t.chain = w.chain and t.block_number > $2 and t.wallet_id = w.id and t.state = 'final'
             join ledger l on l.transfer_id = t.id
             where w.id = $1 and l.wallet_id = $1 and l.account in ('available', 'reserved', 'in_flight')
         ) as line group by asset order by asset limit $3"
    );
    let rows = conn.rows(text, args![wallet.to_string(), big(height), LIST_MAX]).await?;
    // Asked afterwards: what was adopted after the sums is not in them.
    let later = sql!("select txid from adoption where wallet_id = $1 and block_number > $2 limit 1");
    if conn.row(later, args![wallet.to_string(), big(height)]).await?.is_some() {
        return Ok((None, vec![]));
    }
    let (books, unread) = row::read(&rows, |row| {
        let cells = Cells::of("ledger_balance", "asset", row);
        Ok((cells.parsed("asset", AssetId::parse)?, cells.int("atoms")?))
    });
    Ok((Some(books), unread))
}
