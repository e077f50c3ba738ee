//! What TRON asks now, and the block that what is built now leans on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future::join;
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::ChainError;
use sluice_core::resource::Conditions;
use sluice_core::time::Timestamp;

use super::Tron;
use super::node::{Node, NodeError, Prices, Tag};
use crate::crew::{Dissent, Head, Judge, locked};

/// Prices change with a vote, at most every six hours. They are read again after this, milliseconds, so that one that has
/// changed is believed no longer than the margin of a fee limit is meant for.
const PRICES_MS: i64 = 60_000;

/// Prices, and when they were read.
#[derive(Default)]
pub(super) struct Known(Mutex<Option<(Prices, Timestamp)>>);

impl Tron {
    /// The reference is a solid block that as many operators as a quorum takes agree on: a transaction that leans on a block
    /// which one node made up can never be included, and never be proven dead either. How long it lives is counted from the
    /// lower median of what operators say the latest block's time is.
    pub(super) async fn read_conditions(&self) -> Result<Conditions, ChainError> {
        let voters = self.crew.voters().await;
        let ask = |node: Arc<dyn Node>| async move {
            let (latest, solid) = join(node.header(Tag::Latest), node.header(Tag::Finalized)).await;
            let latest = latest?.ok_or_else(|| NodeError::Nonsense("no latest block".to_owned()))?;
            Ok((latest.time_ms, solid?.map(|header| header.block)))
        };
        let mut finals: Vec<(usize, BlockRef)> = Vec::new();
        let mut times: BTreeMap<&str, i64> = BTreeMap::new();
        for (node, answer) in self.crew.each(&voters, ask).await {
            if let Ok((time_ms, solid)) = answer {
                finals.extend(solid.map(|block| (node, block)));
                times.entry(self.crew.operator(node)).or_insert(time_ms);
            }
        }
        let head_time_ms =
            lower_median(times.into_values()).ok_or_else(|| self.crew.down(self.crew.why_none()))?;
        let reference = self.reference(&self.crew.agree_on_head(&finals).await?).await?;
        let prices = self.read_prices().await?;
        Ok(Conditions {
            reference,
            head_time_ms,
            energy_sun: prices.energy_sun,
            bandwidth_sun: prices.bandwidth_sun,
            memo_sun: prices.memo_sun,
            account_sun: prices.account_sun,
            account_bandwidth_sun: prices.account_bandwidth_sun,
            at: self.crew.now(),
        })
    }

    /// The block as far below a solid one as a proof of death lies: what a quorum has called solid may still leave, and a
    /// proof that a transaction is nowhere begins at the very block that it leans on.
    async fn reference(&self, head: &Head) -> Result<BlockRef, ChainError> {
        let number = head.block.number.saturating_sub(self.crew.profile().death_extra_blocks);
        let ask = |node: Arc<dyn Node>| async move {
            let header = node.header(Tag::Number(number)).await?;
            Ok(vec![header.map(|header| header.block)])
        };
        let judge = Judge { weigh: |_, _| Dissent::Lie, absence: |_: &BlockRef| false, lacks: |_| None };
        let agreed = self.crew.agree(head, 1, ask, &judge).await?.pop();
        agreed.map(|block| *block.reading()).ok_or(ChainError::NoBlock)
    }

    /// The middle of what operators say, figure by figure, so that none alone raises or lowers one.
    async fn read_prices(&self) -> Result<Prices, ChainError> {
        let now = self.crew.now();
        let fresh = |(_, at): &(Prices, Timestamp)| (0..PRICES_MS).contains(&now.since_ms(*at));
        if let Some((prices, _)) = locked(&self.prices.0).filter(fresh) {
            return Ok(prices);
        }
        let voters = self.crew.voters().await;
        let answers = self.crew.each(&voters, |node| async move { node.prices().await }).await;
        let mut said: BTreeMap<&str, Prices> = BTreeMap::new();
        for (node, answer) in answers {
            // Energy for nothing is no price: every fee limit would be nothing too.
            if let Some(prices) = answer.ok().filter(|prices| prices.energy_sun > 0) {
                said.entry(self.crew.operator(node)).or_insert(prices);
            }
        }
        let middle = |of: fn(&Prices) -> u64| lower_median(said.values().map(of));
        let prices = (|| {
            Some(Prices {
                energy_sun: middle(|prices| prices.energy_sun)?,
                bandwidth_sun: middle(|prices| prices.bandwidth_sun)?,
                memo_sun: middle(|prices| prices.memo_sun)?,
                account_sun: middle(|prices| prices.account_sun)?,
                account_bandwidth_sun: middle(|prices| prices.account_bandwidth_sun)?,
            })
        })();
        let prices = prices.ok_or_else(|| self.crew.down("no node tells a price of energy".to_owned()))?;
        *locked(&self.prices.0) = Some((prices, now));
        Ok(prices)
    }
}

/// The middle, or the lower of the two middles; `None` of none.
fn lower_median<T: Ord + Copy>(figures: impl Iterator<Item = T>) -> Option<T> {
    let mut figures: Vec<T> = figures.collect();
    figures.sort_unstable();
    figures.get(figures.len().saturating_sub(1) / 2).copied()
}
