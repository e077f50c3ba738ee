//! The final block under which is read: the highest that enough operators agree on.

use std::collections::BTreeSet;

use sluice_core::alert::Code;
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::ChainError;

use super::health::Crew;
use super::peer::{Peer, Tag};
use super::quorum::{Agreed, Tally, Vote};

/// The final block that enough operators agree on, and the nodes that hold it.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) block: BlockRef,
    pub(crate) nodes: Vec<usize>,
    pub(crate) operators: Vec<String>,
}

/// Why there is no final block that enough operators have.
pub(crate) struct Apart {
    why: String,
    /// They differ, and that has been raised.
    split: bool,
}

impl<N: Peer + ?Sized> Crew<N> {
    /// Asks every node for its final block and finds the one to read under.
    pub(crate) async fn final_head(&self) -> Result<Head, ChainError> {
        let voters = self.voters().await;
        let answers = self.each(&voters, |node| async move { node.top(Tag::Finalized).await }).await;
        let mut finals = Vec::new();
        let mut why = None;
        for (node, answer) in answers {
            match answer {
                Ok(Some(header)) => finals.push((node, header.block)),
                Ok(None) => {}
                Err(error) => why = Some(format!("{}: {error}", self.node_name(node))),
            }
        }
        match (finals.is_empty(), why) {
            (true, Some(why)) => {
                self.reconsider(&[]).await;
                Err(self.down(why))
            }
            (true, None) if voters.is_empty() => {
                self.reconsider(&[]).await;
                Err(self.down(self.why_none()))
            }
            (true, None) | (false, _) => self.agree_on_head(&finals).await,
        }
    }

    /// The highest block such that enough operators have finality at or above it and agree on its hash. Nodes that are
    /// ahead are asked for their block at that height.
    pub(crate) async fn agree_on_head(&self, finals: &[(usize, BlockRef)]) -> Result<Head, ChainError> {
        self.try_head(finals).await.map_err(|Apart { why, split }| {
            if !split && !finals.is_empty() {
                self.raise(Code::NodesDown, format!("no final block: {why}"));
            }
            self.disagree(why)
        })
    }

    /// The same, for those who may ask again at once: that too few have one is no trouble yet.
    pub(crate) async fn try_head(&self, finals: &[(usize, BlockRef)]) -> Result<Head, Apart> {
        let (height, agreed) = match self.common(finals).await {
            Ok(found) => found,
            Err(apart) => {
                self.reconsider(finals).await;
                return Err(apart);
            }
        };
        for (node, _) in agreed.against {
            self.quarantine(node, &format!("final block #{height}"));
        }
        let block = BlockRef { number: height, hash: agreed.said };
        let head = Head { block, nodes: agreed.nodes, operators: agreed.operators };
        self.release(&head).await;
        Ok(head)
    }

    /// The highest height at which enough operators have the same final block, and that block's hash.
    pub(crate) async fn common(
        &self,
        finals: &[(usize, BlockRef)],
    ) -> Result<(u64, Agreed<[u8; 32]>), Apart> {
        let needed = self.needed();
        let mut heights: Vec<u64> = finals.iter().map(|(_, block)| block.number).collect();
        heights.sort_unstable_by(|one, other| other.cmp(one));
        heights.dedup();
        let mut why = format!("{} operators answered, {needed} are needed", self.operators_of(finals));
        let mut split = false;
        for height in heights {
            let reached: Vec<(usize, BlockRef)> =
                finals.iter().copied().filter(|(_, block)| block.number >= height).collect();
            if self.operators_of(&reached) < needed {
                continue;
            }
            match self.count(&self.hashes_at(height, &reached).await) {
                Tally::Agreed(agreed) => return Ok((height, agreed)),
                // A lower block may still be agreed on; that these differ is said all the same.
                Tally::Split => {
                    why = format!("they have different final blocks at height {height}");
                    split = true;
                    self.raise(Code::NodesDisagree, why.clone());
                }
                Tally::TooFew { agreed } => {
                    why = format!("{agreed} of the {needed} operators needed agree on block #{height}");
                }
            }
        }
        Err(Apart { why, split })
    }

    async fn hashes_at(&self, height: u64, reached: &[(usize, BlockRef)]) -> Vec<Vote<[u8; 32]>> {
        let ahead: Vec<usize> =
            reached.iter().filter(|(_, block)| block.number > height).map(|(node, _)| *node).collect();
        let answers = self.each(&ahead, |node| async move { node.top(Tag::Number(height)).await }).await;
        let there = reached.iter().filter(|(_, block)| block.number == height);
        let mut votes: Vec<Vote<[u8; 32]>> =
            there.map(|(node, block)| Vote { node: *node, said: block.hash }).collect();
        for (node, answer) in answers {
            if let Ok(Some(header)) = answer {
                votes.push(Vote { node, said: header.block.hash });
            }
        }
        votes
    }

    fn operators_of(&self, reports: &[(usize, BlockRef)]) -> usize {
        let names: BTreeSet<&str> = reports.iter().map(|(node, _)| self.operator(*node)).collect();
        names.len()
    }
}
