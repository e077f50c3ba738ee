//! Carrying bytes: to every node, at once, in order.

use std::sync::Arc;

use futures_util::future::join_all;
use sluice_core::attempt::{Durable, Signed};
use sluice_core::port::chain::Heard;

use super::Evm;
use super::node::{Node, NodeError};

impl Evm {
    pub(super) async fn send_to_all(&self, attempts: &[Durable<Signed>]) -> Vec<Heard> {
        if attempts.is_empty() {
            return Vec::new();
        }
        let raw: &Vec<Vec<u8>> = &attempts.iter().map(|attempt| attempt.get().raw.clone()).collect();
        let carriers = self.crew.carriers().await;
        let nodes = carriers.into_iter().filter_map(|index| Some((index, self.crew.node(index)?)));
        let carried = nodes.map(|(index, node): (usize, Arc<dyn Node>)| async move {
            let answers = node.send(raw).await;
            // One that hangs must not hold up the next slice, and this may be the probe of an open breaker.
            self.crew.note(index, answers.iter().find_map(|answer| answer.as_ref().err()));
            answers
        });
        let answers: Vec<Vec<Heard>> = join_all(carried)
            .await
            .into_iter()
            .map(|of_node| of_node.into_iter().map(unclear).collect())
            .collect();
        let nobody = || Heard::Unclear("no node was asked".to_owned());
        let best = |position: usize| {
            let heard = answers.iter().filter_map(|answers| answers.get(position));
            // The first of equals: the order of configuration decides which text is kept.
            heard.min_by_key(|heard| rank(heard)).cloned().unwrap_or_else(nobody)
        };
        (0..attempts.len()).map(best).collect()
    }
}

/// No answer is nothing that was heard (M5).
fn unclear(answer: Result<Heard, NodeError>) -> Heard {
    answer.unwrap_or_else(|error| Heard::Unclear(error.to_string()))
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
