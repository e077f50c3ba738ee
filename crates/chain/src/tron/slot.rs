//! What has become of slots: for progress by one node, for the end by quorum under one solid block.
//!
//! A slot is a transaction id, and nothing on the chain counts it: where a node shows no receipt, it may lag behind, lack
//! its history, or hide it. So nodes are asked twice at the end. First for receipts, which are hints at a height; then each of
//! them for the whole blocks at all those heights, and there it holds the very bytes or it does not. Only a transaction
//! that no hint leads to, and whose expiration lies behind the solid block, is looked for in every block of its life; and
//! only equal runs of as many operators as a quorum takes say that it is nowhere.

mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join;
use sluice_codec::{scale, tron};
use sluice_core::address::Address;
use sluice_core::asset::AssetKind;
use sluice_core::attempt::{Kind, TronTerms};
use sluice_core::chain::BlockRef;
use sluice_core::errand::{Deed, LockBlocks, Resource};
use sluice_core::intent::Payment;
use sluice_core::port::chain::{ChainError, Known, SlotQuestion};
use sluice_core::proof::{Final, Inclusion, Scan, SlotReading};
use sluice_core::slot::Slot;

use super::Tron;
use super::effect::{self, Believed, Meant};
use super::node::{Api, Header, Info, Node, NodeError, Tag};
use super::place::placed;
use super::scan::{Run, runs};
use crate::crew::{Head, exactly};
use judge::JUDGE;

/// A question as this port can answer it.
#[derive(Clone, Copy, Debug)]
struct Asked<'a> {
    attempt: &'a Known,
    terms: TronTerms,
    meant: Meant,
    believed: Believed<'a>,
}

/// What one node sees in one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// It is not seen, and may still come.
    Open,
    /// It is in a block, with its receipt.
    Ours(Inclusion),
    /// It is in a block, without a receipt that says what came of it.
    Unaccounted,
    /// It is nowhere, and its time is over.
    Absent(Scan),
    /// It is not seen, and nothing is shown for that.
    Unsure,
}

impl Tron {
    pub(super) async fn read_progress(
        &self,
        questions: &[SlotQuestion],
    ) -> Result<Vec<SlotReading>, ChainError> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let asked = &self.understood(questions)?;
        let ask = |node: Arc<dyn Node>| async move {
            let hints = hints(&*node, asked, Api::Full, u64::MAX).await?;
            in_blocks(&*node, asked, &hints.into_iter().flatten().collect(), Api::Full).await
        };
        let (_, seen) = self.crew.first(ask).await?;
        let readings = seen.into_iter().map(|seen| match seen {
            Seen::Ours(inclusion) => SlotReading::Ours(inclusion),
            // The end of a slot is not decided here.
            Seen::Open | Seen::Unaccounted | Seen::Absent(_) | Seen::Unsure => SlotReading::Open,
        });
        Ok(readings.collect())
    }

    pub(super) async fn read_final(
        &self,
        questions: &[SlotQuestion],
    ) -> Result<Vec<Final<SlotReading>>, ChainError> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let asked = &self.understood(questions)?;
        let head = self.crew.final_head().await?;
        let heights = &self.heights(&head, asked).await;
        let block = head.block;
        let ask = |node: Arc<dyn Node>| async move {
            let seen = look(&*node, asked, heights, block).await?;
            let said = |seen| match seen {
                Seen::Open => Some(SlotReading::Open),
                Seen::Ours(inclusion) => Some(SlotReading::Ours(inclusion)),
                Seen::Unaccounted => Some(SlotReading::Unaccounted),
                Seen::Absent(scan) => Some(SlotReading::Absent(scan)),
                Seen::Unsure => None,
            };
            Ok(seen.into_iter().map(said).collect())
        };
        self.crew.agree(&head, asked.len(), ask, &JUDGE).await
    }

    /// Heights of solid blocks in which nodes say that transactions are. As many operators as a quorum takes are asked; the
    /// others only for what those do not have.
    async fn heights(&self, head: &Head, asked: &[Asked<'_>]) -> BTreeSet<u64> {
        let mut heights = BTreeSet::new();
        let mut missing: Vec<Asked<'_>> = asked.to_vec();
        let (few, rest) = self.crew.just_enough(head);
        for round in [few, rest] {
            if missing.is_empty() {
                break;
            }
            let (ask_for, top) = (&missing, head.block.number);
            let ask = |node: Arc<dyn Node>| async move { hints(&*node, ask_for, Api::Solid, top).await };
            let mut found = BTreeSet::new();
            for (_, answer) in self.crew.each(&round, ask).await {
                for (asked, height) in missing.iter().zip(answer.unwrap_or_default()) {
                    heights.extend(height);
                    found.extend(height.map(|_| asked.attempt.txid));
                }
            }
            missing.retain(|asked| !found.contains(&asked.attempt.txid));
        }
        heights
    }

    /// Slots this port can read: transactions of this chain that pay one payment, with the terms of the one attempt.
    fn understood<'a>(&'a self, questions: &'a [SlotQuestion]) -> Result<Vec<Asked<'a>>, ChainError> {
        let understood = |question: &'a SlotQuestion| {
            let Slot::TronTransaction { chain, txid } = question.slot else { return None };
            let ([attempt], [payment]) = (question.attempts.as_slice(), question.pays.as_slice()) else {
                return None;
            };
            let ours = chain == self.crew.profile().id
                && attempt.txid == txid
                && attempt.kind == Kind::Pay
                && payment.asset == question.asset.id;
            let meant = Meant {
                contract: question
                    .asset
                    .contract()
                    .map(Address::tron)
                    .map_or(Some(None), |token| token.map(Some))?,
                to: payment.to.tron()?,
                units: scale::to_chain(payment.amount, &question.asset)?,
                errand: errand(payment)?,
            };
            let believed = self.believed.as_ref();
            ours.then_some(Asked { attempt, terms: attempt.tron?, meant, believed })
        };
        let refused = |question: &SlotQuestion| {
            self.crew.disagree(format!("slot {} cannot be read by its transaction", question.slot))
        };
        questions.iter().map(|question| understood(question).ok_or_else(|| refused(question))).collect()
    }
}

/// What an errand does beside its amount; `None` where its terms are none that bytes were ever made for.
fn errand(payment: &Payment) -> Option<Option<(Deed, Resource, Option<LockBlocks>)>> {
    match payment.asset.kind {
        AssetKind::Errand(deed, resource) => Some(Some((deed, resource, tron::lock(payment).ok()?))),
        AssetKind::Native(_) | AssetKind::Trc20(_) | AssetKind::Erc20(_) => Some(None),
    }
}

/// Heights at or below `top` in which one node says that transactions are, in order.
async fn hints(
    node: &dyn Node,
    asked: &[Asked<'_>],
    api: Api,
    top: u64,
) -> Result<Vec<Option<u64>>, NodeError> {
    let txids: Vec<[u8; 32]> = asked.iter().map(|asked| asked.attempt.txid).collect();
    let infos = exactly(txids.len(), node.infos(&txids, api).await?, "receipts")?;
    let height = |(asked, info): (&Asked<'_>, Option<Info>)| match info {
        Some(info) if info.txid != asked.attempt.txid => {
            Err(NodeError::Nonsense("the receipt of another transaction".to_owned()))
        }
        // It can stand in no block that is not above the one it leans on: nobody is sent to look there.
        info => Ok(info
            .map(|info| info.number)
            .filter(|number| *number <= top && *number > asked.terms.reference.number)),
    };
    asked.iter().zip(infos).map(height).collect()
}

/// What one node sees in slots, by its blocks of these heights.
async fn in_blocks(
    node: &dyn Node,
    asked: &[Asked<'_>],
    heights: &BTreeSet<u64>,
    api: Api,
) -> Result<Vec<Seen>, NodeError> {
    let wanted: BTreeSet<[u8; 32]> = asked.iter().map(|asked| asked.attempt.txid).collect();
    let placed = placed(node, heights, &wanted, api).await?;
    let seen = |asked: &Asked<'_>| match placed.get(&asked.attempt.txid) {
        None => Ok(Seen::Open),
        Some(placed) => {
            let inclusion = effect::inclusion(asked.attempt, &asked.meant, asked.believed, placed)?;
            Ok(inclusion.map_or(Seen::Unaccounted, Seen::Ours))
        }
    };
    asked.iter().map(seen).collect()
}

/// What one node sees in slots under a solid block.
async fn look(
    node: &dyn Node,
    asked: &[Asked<'_>],
    heights: &BTreeSet<u64>,
    head: BlockRef,
) -> Result<Vec<Seen>, NodeError> {
    let under = node.header(Tag::Number(head.number));
    let (under, seen) = join(under, in_blocks(node, asked, heights, Api::Solid)).await;
    let mut seen = seen?;
    // A node that has left the head cannot tell.
    let Some(under) = under?.filter(|header: &Header| header.block == head) else {
        return Ok(vec![Seen::Unsure; asked.len()]);
    };
    let over = |(asked, seen): &(&Asked<'_>, &Seen)| {
        **seen == Seen::Open && asked.terms.expires_at_ms <= under.time_ms
    };
    let lost: Vec<Asked<'_>> = asked.iter().zip(&seen).filter(over).map(|(asked, _)| *asked).collect();
    if lost.is_empty() {
        return still(node, head, seen).await;
    }
    let wanted: Vec<([u8; 32], TronTerms)> =
        lost.iter().map(|asked| (asked.attempt.txid, asked.terms)).collect();
    let runs = runs(node, &wanted, head).await?;
    let holds = runs.iter().filter_map(|run| match run {
        Run::Holds(number) => Some(*number),
        Run::Absent(_) | Run::Unsure => None,
    });
    // Found on the way, although no receipt led there.
    let there = in_blocks(node, &lost, &holds.collect(), Api::Solid).await?;
    let found = lost.iter().zip(runs.iter().zip(there)).map(|(asked, (run, there))| {
        let seen = match run {
            Run::Absent(scan) => Seen::Absent(*scan),
            Run::Holds(_) if there == Seen::Open => Seen::Unsure,
            Run::Holds(_) => there,
            Run::Unsure => Seen::Unsure,
        };
        (asked.attempt.txid, seen)
    });
    let found: BTreeMap<[u8; 32], Seen> = found.collect();
    for (asked, seen) in asked.iter().zip(&mut seen) {
        if let Some(found) = found.get(&asked.attempt.txid) {
            *seen = *found;
        }
    }
    still(node, head, seen).await
}

/// Receipts may be missing because their block has left between two questions: then the node cannot tell.
async fn still(node: &dyn Node, head: BlockRef, seen: Vec<Seen>) -> Result<Vec<Seen>, NodeError> {
    let doubted = seen.contains(&Seen::Unaccounted);
    if doubted && node.header(Tag::Number(head.number)).await?.is_none_or(|header| header.block != head) {
        return Ok(vec![Seen::Unsure; seen.len()]);
    }
    Ok(seen)
}
