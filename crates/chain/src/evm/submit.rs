//! Carrying bytes: to every node, at once, in order.

use std::sync::Arc;

use futures_util::future::join_all;
use sluice_core::attempt::{Durable, Signed};
use sluice_core::port::chain::Heard;

use super::Evm;
use super::node::Node;

impl Evm {
    pub(super) async fn send_to_all(&self, attempts: &[Durable<Signed>]) -> Vec<Heard> {
        if attempts.is_empty() {
            return Vec::new();
        }
        let raw: &Vec<Vec<u8>> = &attempts.iter().map(|attempt| attempt.get().raw.clone()).collect();
        let carriers = self.crew.carriers().await;
        let nodes = carriers.into_iter().filter_map(|index| self.crew.node(index));
        let answers = join_all(nodes.map(|node: Arc<dyn Node>| async move { node.send(raw).await })).await;
        let nobody = || Heard::Unclear("no node was asked".to_owned());
        let best = |position: usize| {
            let heard = answers.iter().filter_map(|answers| answers.get(position));
            // The first of equals: the order of configuration decides which text is kept.
            heard.min_by_key(|heard| rank(heard)).cloned().unwrap_or_else(nobody)
        };
        (0..attempts.len()).map(best).collect()
    }
}

/// What is most useful to hear first. None of it is a verdict (M5).
///
/// A consumed nonce comes before every refusal: only a node that has seen more of the chain says it, and it asks for the
/// slot to be read, where a refusal asks for a bump that would come too late. Unclear comes last: it asks for nothing.
const fn rank(heard: &Heard) -> u8 {
    match heard {
        Heard::Accepted => 0,
        Heard::Known => 1,
        Heard::NonceConsumed => 2,
        Heard::Underpriced => 3,
        Heard::Gap => 4,
        Heard::NoFunds => 5,
        Heard::Unclear(_) => 6,
    }
}
