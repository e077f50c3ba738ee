//! When enough operators say the same.
//!
//! Operators are counted, never URLs (M4): two nodes of one operator are one voice, and an operator whose nodes
//! contradict each other has none. Two answers that both have enough voices are no agreement but a split.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use sluice_core::alert::Code;
use sluice_core::port::chain::ChainError;
use sluice_core::proof::Final;

use super::finality::Head;
use super::health::Crew;
use super::peer::{NodeError, Peer};

/// One node's answer to one question.
#[derive(Clone, Debug)]
pub(crate) struct Vote<T> {
    pub(crate) node: usize,
    pub(crate) said: T,
}

/// What came of counting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tally<T> {
    /// Exactly one answer has enough operators.
    Agreed(Agreed<T>),
    /// Answers differ, and none, or more than one, has enough operators.
    Split,
    /// Nobody contradicts, but too few operators answered.
    TooFew {
        /// Operators that answered.
        agreed: usize,
    },
}

/// An answer that enough operators gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Agreed<T> {
    pub(crate) said: T,
    /// Nodes that said it.
    pub(crate) nodes: Vec<usize>,
    /// Their operators.
    pub(crate) operators: Vec<String>,
    /// Nodes that said something else, and what.
    pub(crate) against: Vec<(usize, T)>,
}

/// What a differing answer means beside the agreed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dissent {
    /// It cannot be honest: both are about the same final block.
    Lie,
    /// It can be honest: something has not reached that node yet.
    Lag,
    /// It must not be outvoted: there is no agreement.
    Veto,
}

/// How answers of one kind are judged.
pub(crate) struct Judge<T> {
    /// What it means that a node says the second where the first is agreed.
    pub(crate) weigh: fn(&T, &T) -> Dissent,
    /// An answer that says something is not there. Enough operators do not suffice for it: every one is asked.
    pub(crate) absence: fn(&T) -> bool,
    /// The transaction whose receipt a node that lags behind this answer has yet to show.
    pub(crate) lacks: fn(&T) -> Option<[u8; 32]>,
}

impl<T> Judge<Option<T>> {
    /// Judges what nodes read out of a receipt; `None` when no final block holds it.
    pub(crate) const fn of_receipts() -> Self {
        Self {
            weigh: |agreed, other| match (agreed, other) {
                (Some(_), Some(_)) => Dissent::Lie,
                (Some(_), None) => Dissent::Lag,
                // Absence is never evidence against what somebody shows.
                (None, _) => Dissent::Veto,
            },
            absence: Option::is_none,
            lacks: |_| None,
        }
    }
}

/// Counts votes by operator.
pub(crate) fn tally<'o, T: Clone + PartialEq>(
    votes: &[Vote<T>],
    operator: impl Fn(usize) -> &'o str,
    needed: usize,
) -> Tally<T> {
    let mut groups: Vec<(&T, Vec<usize>)> = Vec::new();
    for vote in votes {
        match groups.iter_mut().find(|(said, _)| **said == vote.said) {
            Some((_, nodes)) => nodes.push(vote.node),
            None => groups.push((&vote.said, vec![vote.node])),
        }
    }
    // An operator in two groups contradicts itself.
    let in_two = |name: &str| {
        let has = |nodes: &Vec<usize>| nodes.iter().any(|node| operator(*node) == name);
        groups.iter().filter(|(_, nodes)| has(nodes)).count() > 1
    };
    let voices = |nodes: &[usize]| -> BTreeSet<String> {
        nodes.iter().map(|node| operator(*node)).filter(|name| !in_two(name)).map(str::to_owned).collect()
    };
    let needed = needed.max(1);
    let mut enough = groups.iter().filter(|(_, nodes)| voices(nodes).len() >= needed);
    match (enough.next(), enough.next()) {
        (Some((said, nodes)), None) => Tally::Agreed(Agreed {
            said: (*said).clone(),
            nodes: nodes.iter().copied().filter(|node| !in_two(operator(*node))).collect(),
            operators: voices(nodes).into_iter().collect(),
            against: votes
                .iter()
                .filter(|vote| vote.said != **said)
                .map(|vote| (vote.node, vote.said.clone()))
                .collect(),
        }),
        (None, _) if groups.len() < 2 => {
            Tally::TooFew { agreed: groups.first().map_or(0, |(_, nodes)| voices(nodes).len()) }
        }
        (None, _) | (Some(_), Some(_)) => Tally::Split,
    }
}

impl<N: Peer + ?Sized> Crew<N> {
    pub(super) fn count<T: Clone + PartialEq>(&self, votes: &[Vote<T>]) -> Tally<T> {
        tally(votes, |node| self.operator(node), self.needed())
    }

    /// Asks nodes that hold `head` the same `count` questions until enough operators agree on each. First as many
    /// operators as are needed; the others when those do not suffice, or say that something is not there.
    ///
    /// `ask` answers `None` where a node cannot tell.
    pub(crate) async fn agree<T, F, R>(
        &self,
        head: &Head,
        count: usize,
        ask: F,
        judge: &Judge<T>,
    ) -> Result<Vec<Final<T>>, ChainError>
    where
        T: Clone + PartialEq,
        F: Fn(Arc<N>) -> R,
        R: Future<Output = Result<Vec<Option<T>>, NodeError>>,
    {
        let mut votes: Vec<Vec<Vote<T>>> = vec![Vec::new(); count];
        let (few, rest) = self.just_enough(head);
        for round in [few, rest] {
            for (node, answer) in self.each(&round, &ask).await {
                for (said, votes) in answer.into_iter().flatten().zip(&mut votes) {
                    votes.extend(said.map(|said| Vote { node, said }));
                }
            }
            let enough = |agreed: Agreed<T>| !(judge.absence)(&agreed.said);
            if votes.iter().all(|votes| self.verdict(votes, judge).is_ok_and(enough)) {
                break;
            }
        }
        let mut agreed_on = Vec::with_capacity(count);
        for (position, votes) in votes.iter().enumerate() {
            let agreed = self.verdict(votes, judge).map_err(|(code, why)| {
                let why =
                    format!("question {} of {count} under block #{}: {why}", position + 1, head.block.number);
                self.raise(code, why.clone());
                self.disagree(why)
            })?;
            agreed_on.push(self.conclude(head, agreed, judge)?);
        }
        Ok(agreed_on)
    }

    /// What nodes that hold `head` have said already of one thing. `None`: too few of them.
    pub(crate) fn count_under<T: Clone + PartialEq>(
        &self,
        head: &Head,
        said: Vec<(usize, T)>,
        judge: &Judge<T>,
    ) -> Result<Option<Final<T>>, ChainError> {
        let votes: Vec<Vote<T>> = said.into_iter().map(|(node, said)| Vote { node, said }).collect();
        match self.verdict(&votes, judge) {
            Ok(agreed) => self.conclude(head, agreed, judge).map(Some),
            Err((Code::NodesDown, _)) => Ok(None),
            Err((code, why)) => {
                self.raise(code, why.clone());
                Err(self.disagree(why))
            }
        }
    }

    /// The evidence, and what follows for whoever said something else.
    fn conclude<T>(&self, head: &Head, agreed: Agreed<T>, judge: &Judge<T>) -> Result<Final<T>, ChainError> {
        for (node, said) in &agreed.against {
            match (judge.weigh)(&agreed.said, said) {
                Dissent::Lie => {
                    let about = format!("reading under final block #{}", head.block.number);
                    self.quarantine(*node, &about);
                }
                Dissent::Lag => {
                    (judge.lacks)(&agreed.said).into_iter().for_each(|txid| self.owes(*node, txid));
                }
                Dissent::Veto => {}
            }
        }
        #[expect(clippy::disallowed_methods, reason = "the quorum is what the evidence is about")]
        let made = Final::by_quorum(agreed.said, head.block, agreed.operators, self.needed());
        made.map_err(|error| self.disagree(error.to_string()))
    }

    fn verdict<T: Clone + PartialEq>(
        &self,
        votes: &[Vote<T>],
        judge: &Judge<T>,
    ) -> Result<Agreed<T>, (Code, String)> {
        match self.count(votes) {
            Tally::Agreed(agreed) => {
                let veto = |said: &T| (judge.weigh)(&agreed.said, said) == Dissent::Veto;
                let vetoed = agreed.against.iter().any(|(_, said)| veto(said));
                if vetoed {
                    return Err((
                        Code::NodesDisagree,
                        "one operator shows what the others do not see".to_owned(),
                    ));
                }
                Ok(agreed)
            }
            Tally::Split => Err((Code::NodesDisagree, "operators contradict each other".to_owned())),
            Tally::TooFew { agreed } => {
                let needed = self.needed();
                Err((Code::NodesDown, format!("{agreed} of the {needed} operators needed can tell")))
            }
        }
    }

    /// One node each of as many operators as are needed, and all others.
    pub(crate) fn just_enough(&self, head: &Head) -> (Vec<usize>, Vec<usize>) {
        let mut heard = BTreeSet::new();
        let needed = self.needed();
        head.nodes
            .iter()
            .copied()
            .partition(|node| heard.len() < needed && heard.insert(self.operator(*node)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sluice_core::chain::BlockRef;

    const OPERATORS: [&str; 4] = ["a", "b", "c", "d"];

    proptest! {
        // Each vote is (operator, answer); its place is the node.
        #[test]
        fn what_is_agreed_is_said_by_enough_operators_that_say_nothing_else(
            cast in prop::collection::vec((0usize..4, 0u8..3), 0..8), needed in 0usize..5
        ) {
            let operator = |node: usize| OPERATORS[cast[node].0];
            let votes: Vec<Vote<u8>> =
                cast.iter().enumerate().map(|(node, (_, said))| Vote { node, said: *said }).collect();
            let counted = tally(&votes, operator, needed);
            let backward: Vec<Vote<u8>> = votes.iter().rev().cloned().collect();
            match (counted, tally(&backward, operator, needed)) {
                (Tally::Agreed(agreed), Tally::Agreed(again)) => {
                    prop_assert_eq!((agreed.said, &agreed.operators), (again.said, &again.operators));
                    prop_assert!(agreed.operators.len() >= needed.max(1));
                    for name in &agreed.operators {
                        let says = |(operator, said): &(usize, u8)| OPERATORS[*operator] != name || *said == agreed.said;
                        prop_assert!(cast.iter().all(says), "{} says something else too", name);
                    }
                    let head = BlockRef { number: 1, hash: [1; 32] };
                    #[expect(clippy::disallowed_methods, reason = "what is agreed is enough for evidence")]
                    let made = Final::by_quorum((), head, agreed.operators, needed.max(1));
                    prop_assert!(made.is_ok());
                    let others = cast.iter().filter(|(_, said)| *said != agreed.said).count();
                    prop_assert_eq!(agreed.against.len(), others);
                }
                (Tally::Agreed(_), _) | (_, Tally::Agreed(_)) => prop_assert!(false, "the order decides"),
                (one, other) => prop_assert_eq!(one, other),
            }
        }
    }
}
