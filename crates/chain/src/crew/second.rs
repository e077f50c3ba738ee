//! What other operators say of what one node showed.

use std::future::Future;
use std::sync::Arc;

use sluice_core::port::chain::{DrainFact, SentFact, Shown};

use super::health::Crew;
use super::peer::{NodeError, Peer};

/// What a node shows of wallets in a block; `None` when it has no such block.
pub(crate) type Concerning = Option<(Vec<SentFact>, Vec<DrainFact>)>;

impl<N: Peer + ?Sized> Crew<N> {
    /// Asks the nodes of other operators than that of `told_by`; `None` when no other is configured.
    pub(crate) async fn second_look<F, R>(&self, told_by: &str, ask: F) -> Option<Vec<Shown>>
    where
        F: Fn(Arc<N>) -> R,
        R: Future<Output = Result<Concerning, NodeError>>,
    {
        let others = self.others(told_by).await?;
        let answers = self.each(&others, ask).await.into_iter();
        let shown = answers.filter_map(|(node, answer)| {
            // Who does not answer, or has no such block, shows nothing of it.
            let (sent, drained) = answer.ok().flatten()?;
            Some(Shown { sent, drained, told_by: self.node_name(node).to_owned() })
        });
        Some(shown.collect())
    }

    /// Nodes that are heard, of other operators than that of a node; `None` when no other operator is configured. A node
    /// that is not known (any more) is nobody's.
    async fn others(&self, name: &str) -> Option<Vec<usize>> {
        let operator = self.index_of(name).map(|index| self.operator(index));
        let other = |index: &usize| operator != Some(self.operator(*index));
        if !self.indices().any(|index| other(&index)) {
            return None;
        }
        let heard = self.voters().await;
        Some(heard.into_iter().filter(other).collect())
    }

    /// Somebody else found this node out: its word does not count for a while.
    pub(crate) fn disprove(&self, name: &str, about: &str) {
        if let Some(index) = self.index_of(name) {
            self.quarantine(index, about);
        }
    }

    fn indices(&self) -> impl Iterator<Item = usize> {
        (0..).take_while(|index| self.node(*index).is_some())
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        self.indices().find(|index| self.node_name(*index) == name)
    }
}
