//! What the watcher of a chain asks.

use sluice_core::chain::{BlockRef, ChainId};
use sluice_core::id::{TransferId, WalletId, WithdrawalId};
use sluice_core::port::store::{Cursor, Revived};
use sluice_core::proof::Proof;

use super::unread::{Found, keep};
use super::{LIST_MAX, limit as size};
use crate::row::cells::{Cells, big};
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError, slice};
use crate::{args, sql};

pub(super) async fn attempts_by_txid(
    conn: &mut Conn<'_>,
    chain: ChainId,
    txids: &[[u8; 32]],
) -> Result<Found<Vec<([u8; 32], TransferId)>>, SqlError> {
    // What was handed out may be on the chain although its signature never came back.
    let text = sql!(
        lite "select txid, transfer_id from attempt where chain = $1 and txid in (select value from json_each($2))
              union select txid, transfer_id from hand_out where chain = $1 and txid in (select value from json_each($2))
              order by txid limit $3",
        pg "select txid, transfer_id from attempt
            where chain = $1 and txid in (select jsonb_array_elements_text($2::jsonb))
            union select txid, transfer_id from hand_out
            where chain = $1 and txid in (select jsonb_array_elements_text($2::jsonb)) order by txid limit $3",
        because "each database reads JSON in its own way"
    );
    let rows =
        conn.rows(text, args![chain.to_string(), slice(txids.iter().map(hex::encode)), LIST_MAX]).await?;
    Ok(row::read(&rows, |row| {
        let cells = Cells::of("attempt", "txid", row);
        Ok((cells.hash("txid")?, cells.parsed("transfer_id", TransferId::parse)?))
    }))
}

pub(super) async fn cursor(
    conn: &mut Conn<'_>,
    chain: ChainId,
    depth: u64,
) -> Result<Found<Cursor>, SqlError> {
    let mut unread: Vec<Unread> = Vec::new();
    let chain = chain.to_string();
    let text = sql!("select number, hash from block where chain = $1 order by number desc limit $2");
    let rows = conn.rows(text, args![&chain, big(depth).min(super::apply::chain::BLOCKS_KEPT)]).await?;
    let blocks =
        keep(row::read(&rows, |row| Cells::of("block", "number", row).block("number", "hash")), &mut unread);
    let rows = conn.rows(sql!("select * from chain_head where chain = $1 limit 1"), args![&chain]).await?;
    let head = row::read(&rows, |row| {
        let cells = Cells::of("chain_head", "chain", row);
        Ok((cells.opt_block("finalized_number", "finalized_hash")?, cells.opt_number("settle_after")?))
    });
    let (finalized, settle_after) = keep(head, &mut unread).pop().unwrap_or((None, None));
    Ok((Cursor { blocks, finalized, settle_after }, unread))
}

pub(super) async fn settleable(
    conn: &mut Conn<'_>,
    chain: ChainId,
    height: u64,
    after: Option<(u64, TransferId)>,
    limit: usize,
) -> Result<Found<Vec<TransferId>>, SqlError> {
    let text = sql!(
        "select id from transfer where chain = $1 and state = 'seen' and block_number <= $2
           and (block_number, id) > ($3, $4)
         order by block_number, id limit $5"
    );
    let (block, id) = after.map_or((-1, String::new()), |(block, id)| (big(block), id.to_string()));
    let rows = conn.rows(text, args![chain.to_string(), big(height), block, id, size(limit)]).await?;
    Ok(ids(&rows))
}

pub(super) async fn included_in(
    conn: &mut Conn<'_>,
    chain: ChainId,
    blocks: &[BlockRef],
) -> Result<Found<Vec<TransferId>>, SqlError> {
    // A height alone never names a block; the hash alone does.
    let text = sql!(
        lite "select id from transfer where chain = $1 and block_number is not null
                and block_number >= $3 and block_number <= $4 and block_hash in (select value from json_each($2))
              order by block_number, id limit $5",
        pg "select id from transfer where chain = $1 and block_number is not null
              and block_number >= $3 and block_number <= $4
              and block_hash in (select jsonb_array_elements_text($2::jsonb)) order by block_number, id limit $5",
        because "each database reads JSON in its own way"
    );
    let lowest = blocks.iter().map(|block| block.number).min().unwrap_or_default();
    let highest = blocks.iter().map(|block| block.number).max().unwrap_or_default();
    let hashes = slice(blocks.iter().map(|block| hex::encode(block.hash)));
    let rows = conn.rows(text, args![chain.to_string(), hashes, big(lowest), big(highest), LIST_MAX]).await?;
    Ok(ids(&rows))
}

/// Over the blocks of the wallet's chain, which are few above a recent height.
pub(super) async fn ended_since(
    conn: &mut Conn<'_>,
    wallet: WalletId,
    height: u64,
) -> Result<Option<u64>, SqlError> {
    let text = sql!(
        "select t.block_number from transfer t join wallet w on w.id = t.wallet_id
         where t.chain = w.chain and t.block_number >= $2 and t.wallet_id = $1 and t.state = 'final'
         order by t.block_number desc limit 1"
    );
    let row = conn.row(text, args![wallet.to_string(), big(height)]).await?;
    let block = row.map(|row| row.int("block_number")).transpose()?;
    Ok(block.and_then(|block| u64::try_from(block).ok()))
}

/// Of a withdrawal: what has paid it, and what the schema calls alive again. A tombstone has no block and stands.
pub(super) async fn revived(
    conn: &mut Conn<'_>,
    withdrawal: WithdrawalId,
) -> Result<Found<Vec<Revived>>, SqlError> {
    let text = sql!(
        "select t.id, case when t.state = 'final' then 1 else 0 end as paid
           from transfer_item i join transfer t on t.id = i.transfer_id
           left join proof d on d.id = i.dead_by left join proof p on p.id = t.proof_id
          where i.withdrawal_id = $1
            and ((t.state = 'final' and p.verdict = 'paid')
              or (t.state in ('built', 'signed', 'seen') and d.head_number is not null))
          order by t.id limit $2"
    );
    let rows = conn.rows(text, args![withdrawal.to_string(), LIST_MAX]).await?;
    Ok(row::read(&rows, |row| {
        let cells = Cells::of("transfer", "id", row);
        Ok(Revived { transfer: cells.parsed("id", TransferId::parse)?, paid: cells.flag("paid")? })
    }))
}

/// The proof that ended a transfer; none before, and none again after a reopening.
pub(super) async fn proof(
    conn: &mut Conn<'_>,
    transfer: TransferId,
) -> Result<Found<Option<Proof>>, SqlError> {
    let text = sql!("select p.* from proof p join transfer t on t.proof_id = p.id where t.id = $1 limit 1");
    let rows = conn.rows(text, args![transfer.to_string()]).await?;
    let (mut proofs, unread) = row::read(&rows, row::proof::read);
    Ok((proofs.pop(), unread))
}

fn ids(rows: &[Row]) -> Found<Vec<TransferId>> {
    row::read(rows, |row| Cells::of("transfer", "id", row).parsed("id", TransferId::parse))
}
