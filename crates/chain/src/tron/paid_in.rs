//! TRX that came to an account, by quorum: as many operators as a quorum takes show the very same transfers in the very same run of
//! blocks. Money is credited on it, so nobody alone makes some up, and nobody alone leaves some out.

use std::sync::Arc;

use sluice_codec::tron::Call;
use sluice_core::address::TronAddress;
use sluice_core::port::chain::{ChainError, CoinIn, PaidIn};
use sluice_core::proof::Final;
use sluice_core::time::Timestamp;

use super::Tron;
use super::node::{Block, Executed, Node, NodeError, Tag};
use crate::crew::{Dissent, Judge};

/// Blocks in one answer. A busy one is some 300 kB of JSON, and an answer has a few seconds to arrive.
const BLOCKS_MAX: u64 = 10;

impl Tron {
    pub(super) async fn read_paid_in(
        &self,
        account: TronAddress,
        from: u64,
        count: u64,
    ) -> Result<Option<Final<PaidIn>>, ChainError> {
        let head = self.crew.final_head().await?;
        let top = head.block;
        let Some(ahead) = top.number.checked_sub(from) else { return Ok(None) };
        let count = count.clamp(1, BLOCKS_MAX).min(ahead.saturating_add(1));
        let ask = |node: Arc<dyn Node>| async move {
            let blocks = node.blocks(from, count).await?;
            let under = node.header(Tag::Number(top.number)).await?;
            // A node that has left the head, or has fewer blocks, cannot tell.
            let holds = under.is_some_and(|header| header.block == top);
            let whole = u64::try_from(blocks.len()) == Ok(count);
            Ok(vec![if holds && whole { run(from, &blocks, account)? } else { None }])
        };
        let judge = Judge {
            // Both are about the same final blocks; but what somebody shows is never outvoted by who shows nothing.
            weigh: |agreed: &PaidIn, other: &PaidIn| {
                let leaves_out = other.coins.iter().any(|coin| !agreed.coins.contains(coin));
                if leaves_out { Dissent::Veto } else { Dissent::Lie }
            },
            absence: |run: &PaidIn| run.coins.is_empty(),
            lacks: |_| None,
        };
        let read = self.crew.agree(&head, 1, ask, &judge).await?.pop();
        read.map(Some).ok_or_else(|| self.crew.disagree("nobody told what came to an account"))
    }
}

/// What came in blocks that follow one another from a height on; `None` where they do not.
fn run(from: u64, blocks: &[Block], account: TronAddress) -> Result<Option<PaidIn>, NodeError> {
    let Some(last) = blocks.last() else { return Ok(None) };
    for (number, block) in (from..).zip(blocks) {
        if block.header.block.number != number {
            return Err(NodeError::Nonsense(format!("block #{} for #{number}", block.header.block.number)));
        }
    }
    let linked = blocks
        .iter()
        .zip(blocks.iter().skip(1))
        .all(|(one, next)| next.header.parent == one.header.block.hash);
    if !linked {
        return Ok(None);
    }
    let coins = blocks.iter().flat_map(|block| came(block, account)).collect();
    Ok(Some(PaidIn { through: last.header.block, coins }))
}

/// Plain transfers of a block to an account, by others, that went through.
fn came(block: &Block, account: TronAddress) -> impl Iterator<Item = CoinIn> {
    let (at, block_ref) = (Timestamp::default().plus_ms(block.header.time_ms), block.header.block);
    let done = block.transactions.iter().filter(|tx| tx.executed() == Some(Executed::Success));
    done.filter_map(move |tx| match (tx.owner()?, tx.call()?) {
        (from, Call::TrxTransfer { to, sun }) if *to == account && from != account => {
            let sun = u64::try_from(*sun).ok().filter(|sun| *sun > 0)?;
            Some(CoinIn { txid: tx.txid(), from, sun, block: block_ref, at })
        }
        _ => None,
    })
}
