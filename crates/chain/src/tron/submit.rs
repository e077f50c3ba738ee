//! Carrying bytes: to every node, at once.

use std::sync::Arc;

use futures_util::future::join_all;
use sluice_core::attempt::{Durable, Signed};
use sluice_core::port::chain::Heard;

use super::Tron;
use super::node::{Node, NodeError, Said};

impl Tron {
    pub(super) async fn send_to_all(&self, attempts: &[Durable<Signed>]) -> Vec<Heard> {
        if attempts.is_empty() {
            return Vec::new();
        }
        let raw: &Vec<Vec<u8>> = &attempts.iter().map(|attempt| attempt.get().raw.clone()).collect();
        let txids: &Vec<[u8; 32]> = &attempts.iter().map(|attempt| attempt.get().txid).collect();
        let carriers = self.crew.carriers().await;
        let nodes = carriers.into_iter().filter_map(|index| Some((index, self.crew.node(index)?)));
        let carried = nodes.map(|(index, node): (usize, Arc<dyn Node>)| async move {
            let answers = node.send(raw).await;
            // One that hangs must not hold up the next slice, and this may be the probe of an open breaker.
            self.crew.note(index, answers.iter().find_map(|answer| answer.as_ref().err()));
            join_all(txids.iter().zip(answers).map(|(txid, said)| heard(&*node, *txid, said))).await
        });
        let answers: Vec<Vec<Heard>> = join_all(carried).await;
        let nobody = || Heard::Unclear("no node was asked".to_owned());
        let best = |position: usize| {
            let heard = answers.iter().filter_map(|answers| answers.get(position));
            // The first of equals: the order of configuration decides which text is kept.
            heard.min_by_key(|heard| rank(heard)).cloned().unwrap_or_else(nobody)
        };
        (0..attempts.len()).map(best).collect()
    }
}

/// What an answer suggests; no answer is nothing that was heard (M5). A node that calls bytes a duplicate may have refused
/// them before, so it is asked whether it shows them.
async fn heard(node: &dyn Node, txid: [u8; 32], said: Result<Said, NodeError>) -> Heard {
    match said {
        Ok(Said::Taken) => Heard::Accepted,
        Ok(Said::Duplicate) => match node.knows(txid).await {
            Ok(true) => Heard::Known,
            Ok(false) => Heard::Unclear("a duplicate, and the node does not show it".to_owned()),
            Err(error) => Heard::Unclear(format!("a duplicate: {error}")),
        },
        Ok(Said::NoFunds) => Heard::NoFunds,
        Ok(Said::Other(text)) => Heard::Unclear(text),
        Err(error) => Heard::Unclear(error.to_string()),
    }
}

/// What is most useful to hear first. None of it is a verdict (M5).
const fn rank(heard: &Heard) -> u8 {
    match heard {
        Heard::Accepted => 0,
        Heard::Known => 1,
        Heard::NonceConsumed | Heard::Underpriced | Heard::Gap => 2,
        Heard::NoFunds => 3,
        Heard::Unclear(_) => 4,
    }
}
