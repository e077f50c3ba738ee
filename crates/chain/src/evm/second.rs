//! What other operators say of what one node showed.

use std::sync::Arc;

use sluice_core::address::EvmAddress;
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::Shown;

use super::Evm;
use super::node::Node;

impl Evm {
    pub(super) async fn read_second(
        &self,
        told_by: &str,
        block: BlockRef,
        wallets: &[EvmAddress],
    ) -> Option<Vec<Shown>> {
        let others = self.others(told_by).await?;
        let ask = |node: Arc<dyn Node>| async move { self.concerning(&*node, block.hash, wallets).await };
        let answers = self.crew.each(&others, ask).await.into_iter();
        let shown = answers.filter_map(|(node, answer)| {
            // Who does not answer, or has no such block, shows nothing of it.
            let (sent, drained) = answer.ok().flatten()?;
            Some(Shown { sent, drained, told_by: self.crew.node_name(node).to_owned() })
        });
        Some(shown.collect())
    }

    /// Nodes that are heard, of other operators than that of a node; `None` when no other operator is configured. A node
    /// that is not known (any more) is nobody's.
    async fn others(&self, name: &str) -> Option<Vec<usize>> {
        let operator = self.index_of(name).map(|index| self.crew.operator(index));
        let other = |index: &usize| operator != Some(self.crew.operator(*index));
        if !self.indices().any(|index| other(&index)) {
            return None;
        }
        let heard = self.crew.voters().await;
        Some(heard.into_iter().filter(other).collect())
    }

    /// Somebody else found this node out: its word does not count for a while.
    pub(super) fn disprove(&self, name: &str, about: &str) {
        if let Some(index) = self.index_of(name) {
            self.crew.quarantine(index, about);
        }
    }

    fn indices(&self) -> impl Iterator<Item = usize> {
        (0..).take_while(|index| self.crew.node(*index).is_some())
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        self.indices().find(|index| self.crew.node_name(*index) == name)
    }
}
