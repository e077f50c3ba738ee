//! Receipts that a node has yet to show. Where others showed one under a final block and it showed none, it may be late: that
//! is no lie, and it is not held against it. One that still shows none a while later keeps it back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use sluice_core::time::Timestamp;

use super::finality::Head;
use super::health::Crew;
use super::locked;
use super::peer::Peer;

/// A receipt of a final block may reach a node this much later than others, milliseconds.
const LATE_MS: i64 = 15_000;

/// The first receipt each node owes, and since when. At most one for each node: bounded by their number.
#[derive(Default)]
pub(super) struct Debts(Mutex<BTreeMap<usize, ([u8; 32], Timestamp)>>);

impl<N: Peer + ?Sized> Crew<N> {
    /// This node lacks a receipt that enough operators have shown.
    pub(super) fn owes(&self, index: usize, txid: [u8; 32]) {
        locked(&self.debts().0).entry(index).or_insert((txid, self.now()));
    }

    /// Nodes that have had time enough, and what they owe.
    fn overdue(&self) -> Vec<(usize, [u8; 32])> {
        let now = self.now();
        let debts = locked(&self.debts().0);
        let overdue = debts.iter().filter(|(_, (_, since))| now.since_ms(*since) >= LATE_MS);
        overdue.map(|(index, (txid, _))| (*index, *txid)).collect()
    }

    /// It was asked, and has answered.
    fn reminded(&self, index: usize) {
        locked(&self.debts().0).remove(&index);
    }

    /// Asks for what is overdue. Whoever holds the agreed final block and has no receipt there that enough others show, still
    /// or again, is quarantined. Where too few show it nothing is learnt: the block may have left the chain.
    pub(super) async fn remind(&self, head: &Head) {
        for (debtor, txid) in self.overdue() {
            // One that does not hold this block is asked under a later one.
            if !head.nodes.contains(&debtor) {
                continue;
            }
            let ask = |node: std::sync::Arc<N>| async move { node.holds(txid).await };
            let (mut showing, mut denies) = (BTreeSet::new(), false);
            for (node, answer) in self.each(&head.nodes, ask).await {
                if node == debtor && answer.is_ok() {
                    self.reminded(debtor);
                }
                match answer {
                    Ok(Some(number)) if number <= head.block.number => {
                        showing.insert(self.operator(node));
                    }
                    Ok(None) => denies |= node == debtor,
                    Ok(Some(_)) | Err(_) => {}
                }
            }
            if denies && showing.len() >= self.needed() {
                let txid = hex::encode(txid);
                self.quarantine(
                    debtor,
                    &format!("receipt of 0x{txid} below final block #{}", head.block.number),
                );
            }
        }
    }
}
