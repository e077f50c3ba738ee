//! The fee market, with a second opinion where one node's word looks absurd.

use std::sync::Arc;

use futures_util::future::join;
use sluice_core::fee::Market;
use sluice_core::port::chain::ChainError;

use super::Evm;
use super::account::latest;
use super::node::Node;

/// A tip more than this many times what the chain otherwise asks is not believed on one node's word.
const TIP_TIMES: u128 = 10;

impl Evm {
    pub(super) async fn read_market(&self) -> Result<Market, ChainError> {
        let ask = |node: Arc<dyn Node>| async move {
            let (head, tip) = join(latest(&*node), node.tip()).await;
            Ok((head?, tip?))
        };
        let (first, (head, tip)) = self.crew.first(ask).await?;
        let mut bases = vec![next_base_fee(head.base_fee_wei)];
        let mut tips = vec![tip];
        if self.is_odd(head.base_fee_wei, tip) {
            let mut others = self.crew.voters().await;
            others.retain(|node| *node != first);
            for (_, answer) in self.crew.each(&others, ask).await {
                if let Ok((head, tip)) = answer {
                    bases.push(next_base_fee(head.base_fee_wei));
                    tips.push(tip);
                }
            }
        }
        let base_fee_wei = lower_median(&mut bases);
        let tip_wei = match tips.as_mut_slice() {
            // Nobody else to ask: an absurd tip is offered up to the bound. Too little is bumped later, too much is gone.
            [only] => (*only).min(self.tip_bound(base_fee_wei)),
            several => lower_median(several),
        };
        Ok(Market { base_fee_wei, tip_wei, head: head.block, at: self.crew.now() })
    }

    fn is_odd(&self, base_fee_wei: u128, tip_wei: u128) -> bool {
        base_fee_wei == 0
            || base_fee_wei > self.rules.max_fee_cap_wei
            || tip_wei > self.tip_bound(base_fee_wei)
    }

    fn tip_bound(&self, base_fee_wei: u128) -> u128 {
        let usual = base_fee_wei.max(self.rules.tip_floor_wei).max(self.rules.max_fee_floor_wei);
        usual.saturating_mul(TIP_TIMES)
    }
}

/// The most the next block can ask: an eighth more (EIP-1559). Chains that move slower ask less.
const fn next_base_fee(latest_wei: u128) -> u128 {
    latest_wei.saturating_add(latest_wei.div_ceil(8))
}

/// The middle, or the lower of the two middles: one node alone cannot raise it.
fn lower_median(figures: &mut [u128]) -> u128 {
    figures.sort_unstable();
    figures.get(figures.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}
