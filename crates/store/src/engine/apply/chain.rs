//! Blocks the watcher learned and left.

use sluice_core::port::store::{ChainChange, Change, Pause};

use super::{Context, cause};
use crate::row::cells::big;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// Heights kept per chain (M14): far more than the deepest watch.
pub(in crate::engine) const BLOCKS_KEPT: i64 = 16_384;

pub(super) async fn write(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
) -> Result<(), SqlError> {
    for change in changes {
        if let Some(learned) = &change.chain {
            learn(conn, learned, cause(change, context).at.micros()).await?;
        }
    }
    Ok(())
}

async fn learn(conn: &mut Conn<'_>, learned: &ChainChange, at: i64) -> Result<(), SqlError> {
    let chain = learned.chain.to_string();
    for block in &learned.removed {
        let text = sql!("delete from block where chain = $1 and number = $2 and hash = $3");
        conn.run(text, args![&chain, big(block.number), hex::encode(block.hash)]).await?;
    }
    for (block, parent) in &learned.added {
        let text = sql!("insert into block (chain, number, hash, parent) values ($1, $2, $3, $4)");
        let (hash, parent) = (hex::encode(block.hash), hex::encode(parent));
        conn.run(text, args![&chain, big(block.number), hash, parent]).await?;
    }
    if let Some((highest, _)) = learned.added.last() {
        let text = sql!("delete from block where chain = $1 and number <= $2");
        conn.run(text, args![&chain, big(highest.number).saturating_sub(BLOCKS_KEPT)]).await?;
    }
    // What was agreed final stays agreed: the highest is kept.
    let text = sql!(
        "insert into chain_head (chain, finalized_number, finalized_hash, settle_after, moved_at)
         values ($1, $2, $3, $4, $5)
         on conflict (chain) do update set
            finalized_hash = case when excluded.finalized_number > coalesce(chain_head.finalized_number, -1)
                then excluded.finalized_hash else chain_head.finalized_hash end,
            finalized_number = case when excluded.finalized_number > coalesce(chain_head.finalized_number, -1)
                then excluded.finalized_number else chain_head.finalized_number end,
            settle_after = case when $6 = 1 then excluded.settle_after else chain_head.settle_after end,
            moved_at = excluded.moved_at"
    );
    let number = learned.finalized.map(|block| big(block.number));
    let hash = learned.finalized.map(|block| hex::encode(block.hash));
    let (said, settle_after) = match learned.pause {
        Pause::Unchanged => (false, None),
        Pause::Until(height) => (true, Some(big(height))),
        Pause::Over => (true, None),
    };
    conn.run(text, args![&chain, number, hash, settle_after, at, said]).await?;
    Ok(())
}
