//! Energy that is lent to our wallets, as solid blocks show it, and what a wallet of ours could lend.

use std::sync::Arc;

use futures_util::future::join;
use sluice_codec::tron::{Call, Resource};
use sluice_core::address::TronAddress;
use sluice_core::amount::Cost;
use sluice_core::energy::Lendable;
use sluice_core::errand;
use sluice_core::port::chain::{ChainError, Lent, LentRun};
use sluice_core::time::Timestamp;

use super::Tron;
use super::node::{Block, Executed, Left, Node, NodeError, Tx};

/// Most blocks of one look.
const BLOCKS_MAX: u64 = 100;

impl Tron {
    /// What an account could lend of its stake for energy, and what a stake yields, by one node.
    pub(super) async fn read_lendable(&self, account: TronAddress) -> Result<Lendable, ChainError> {
        let ask = |node: Arc<dyn Node>| async move {
            let (stake, left) =
                join(node.lendable(account, errand::Resource::Energy), node.left(account)).await;
            let left = left?;
            Ok(Lendable {
                stake_sun: stake?,
                network_energy: left.network_energy,
                network_stake_trx: left.network_stake_trx,
            })
        };
        Ok(self.crew.first(ask).await?.1)
    }

    pub(super) async fn read_lent(
        &self,
        from: u64,
        count: u64,
        wallets: &[TronAddress],
    ) -> Result<LentRun, ChainError> {
        let ask = |node: Arc<dyn Node>| async move {
            let blocks = node.blocks(from, count.clamp(1, BLOCKS_MAX)).await?;
            let found: Vec<Delegation<'_>> =
                blocks.iter().flat_map(|block| delegations(block, wallets)).collect();
            let mut lent = Vec::with_capacity(found.len());
            let mut network = None;
            for Delegation { from, receiver, stake_sun, txid, block } in found {
                let left = match network {
                    Some(left) => left,
                    None => *network.insert(node.left(receiver).await?),
                };
                let energy = yielded(stake_sun, &left)?;
                let at = at_ms(block.header.time_ms);
                lent.push(Lent { txid, from, receiver, energy, block: block.header.block, at });
            }
            let through = blocks.last().map(|block| (block.header.block, at_ms(block.header.time_ms)));
            Ok(LentRun { through, lent })
        };
        Ok(self.crew.first(ask).await?.1)
    }
}

fn at_ms(ms: i64) -> Timestamp {
    Timestamp::default().plus_ms(ms)
}

/// A stake that was lent.
struct Delegation<'a> {
    from: Option<TronAddress>,
    receiver: TronAddress,
    stake_sun: i64,
    txid: [u8; 32],
    block: &'a Block,
}

/// Stakes of a block that were lent to wallets for their energy, by transactions that went through.
fn delegations<'a>(block: &'a Block, wallets: &'a [TronAddress]) -> impl Iterator<Item = Delegation<'a>> {
    let done = |tx: &&Tx| tx.executed() == Some(Executed::Success);
    block.transactions.iter().filter(done).filter_map(move |tx| match tx.call()? {
        Call::Delegate { receiver, resource: Resource::Energy, stake_sun, .. }
            if wallets.contains(receiver) =>
        {
            let (receiver, stake_sun, txid) = (*receiver, *stake_sun, tx.txid());
            Some(Delegation { from: tx.owner(), receiver, stake_sun, txid, block })
        }
        _ => None,
    })
}

/// Energy a day of a stake: its share of all that is staked.
fn yielded(stake_sun: i64, left: &Left) -> Result<u64, NodeError> {
    let stake = Cost(u128::try_from(stake_sun).unwrap_or_default());
    let none = || NodeError::Nonsense("a network without stakes lends energy".to_owned());
    left.network().yields(stake).ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    // 9.47 energy a day for each TRX at 180,000,000,000 energy and 19,000,000,000 TRX.
    #[test]
    fn a_stake_yields_its_share() {
        let network =
            Left { network_energy: 180_000_000_000, network_stake_trx: 19_000_000_000, ..Left::default() };
        assert_eq!(yielded(1_000_000, &network), Ok(9));
        assert_eq!(yielded(10_000_000_000, &network), Ok(94_736));
        assert_eq!(yielded(-1, &network), Ok(0));
        assert!(yielded(1, &Left::default()).is_err());
    }
}
