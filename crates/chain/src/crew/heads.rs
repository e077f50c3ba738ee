//! Latest and final block, and what their movement says about nodes, finality and clocks.

use std::collections::BTreeMap;

use futures_util::future::join;
use sluice_core::alert::Code;
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{ChainError, Heads};
use sluice_core::proof::Final;
use sluice_core::time::Timestamp;

use super::finality::Head;
use super::health::Crew;
use super::locked;
use super::peer::{NodeError, Peer, Tag, Top};

/// Finality that stands still for this many times the depth of a proof of death is stalled: on Ethereum two epochs.
const STALL_TIMES: u64 = 2;
/// Finality is never called stalled sooner.
const STALL_MIN_MS: u64 = 60_000;
/// A new block and our clock may differ by this much.
const SKEW_S: u64 = 60;

/// Where the heads were when they were last looked at.
#[derive(Default)]
pub(super) struct Pulse {
    /// Highest final block seen, and since when.
    moved: Option<(u64, Timestamp)>,
    /// Latest block seen.
    latest: Option<u64>,
}

impl<N: Peer + ?Sized> Crew<N> {
    pub(crate) async fn read_heads(&self) -> Result<Heads, ChainError> {
        let voters = self.voters().await;
        let ask = |node: std::sync::Arc<N>| async move {
            let (latest, finalized) = join(node.top(Tag::Latest), node.top(Tag::Finalized)).await;
            let latest = latest?.ok_or_else(|| NodeError::Nonsense("no latest block".to_owned()))?;
            let finalized = match finalized {
                Ok(header) => header,
                // A chain that has finalized nothing yet is an error on some clients.
                Err(NodeError::Rpc { .. }) => None,
                Err(error) => return Err(error),
            };
            Ok((latest, finalized))
        };
        let mut latest: Vec<(usize, Top)> = Vec::new();
        let mut finals: Vec<(usize, BlockRef)> = Vec::new();
        for (node, answer) in self.each(&voters, ask).await {
            if let Ok((newest, finalized)) = answer {
                finals.extend(finalized.map(|header| (node, header.block)));
                latest.push((node, newest));
            }
        }
        let reached = self.measure(&latest);
        let head = self.agree_on_head(&finals).await.ok();
        let finalized = head.as_ref().and_then(|head| self.evidence(head));
        if let Some(head) = &head {
            self.remind(head).await;
        }
        let Some(best) = self.best(&latest, reached).await else {
            return Err(self.down(self.why_none()));
        };
        self.watch_pulse(&best, finalized.as_ref());
        Ok(Heads { latest: best.block, latest_time: best.time, reached, finalized })
    }

    /// Finds out who is in step, and the height that as many operators as a quorum takes have reached; `None` when fewer
    /// answered. With three or more operators the second highest is the measure, so that neither one far ahead nor one
    /// far behind decides what "in step" is; with two it is what both have reached, where both are needed.
    fn measure(&self, latest: &[(usize, Top)]) -> Option<u64> {
        let mut highest: BTreeMap<&str, u64> = BTreeMap::new();
        for (index, header) in latest {
            let height = highest.entry(self.operator(*index)).or_default();
            *height = header.block.number.max(*height);
        }
        let mut heights: Vec<u64> = highest.into_values().collect();
        heights.sort_unstable_by(|one, other| other.cmp(one));
        let reached = heights.get(self.needed() - 1).copied();
        let lowest = heights.last().copied();
        let measure = if heights.len() >= 3 { heights.get(1).copied() } else { reached.or(lowest) };
        self.compare(latest, measure?);
        reached
    }

    /// The latest block of the node that is asked first. One that is ahead of what enough operators have reached is asked
    /// for its block there: nobody alone says how far the chain goes.
    async fn best(&self, latest: &[(usize, Top)], reached: Option<u64>) -> Option<Top> {
        let within = |header: &Top| reached.is_none_or(|height| header.block.number <= height);
        let order = self.readers().await;
        let known = |index: &usize| latest.iter().find(|(node, _)| node == index);
        for (node, header) in order.iter().filter_map(known) {
            let Some(height) = reached.filter(|_| !within(header)) else { return Some(*header) };
            let one = [*node];
            let at = self.each(&one, |node| async move { node.top(Tag::Number(height)).await });
            if let Some((_, Ok(Some(header)))) = at.await.pop() {
                return Some(header);
            }
        }
        latest.iter().map(|(_, header)| header).find(|header| within(header)).copied()
    }

    fn evidence(&self, head: &Head) -> Option<Final<BlockRef>> {
        let needed = self.needed();
        #[expect(clippy::disallowed_methods, reason = "the quorum is what the evidence is about")]
        Final::by_quorum(head.block, head.block, head.operators.clone(), needed).ok()
    }

    /// Asks quarantined nodes again: one that holds the agreed final block is heard again. Whoever agrees on a head does, for
    /// a process that does not follow the chain agrees on heads too.
    pub(super) async fn release(&self, head: &Head) {
        let due = self.due_for_release();
        let number = head.block.number;
        let answers = self.each(&due, |node| async move { node.top(Tag::Number(number)).await }).await;
        for (node, answer) in answers {
            if let Ok(header) = answer {
                let agrees = header.is_some_and(|header| header.block == head.block);
                self.rechecked(node, agrees);
            }
        }
    }

    /// Those that are heard are too few to agree on anything, and nobody could ever be released beside them. So the final
    /// blocks of quarantined nodes whose time is up are counted once with theirs: who holds what enough operators then
    /// agree on is heard again, from the next look on. One that is heard already has to be among them, if any is, and
    /// none of those may contradict.
    pub(super) async fn reconsider(&self, finals: &[(usize, BlockRef)]) {
        let due = self.due_for_release();
        if due.is_empty() {
            return;
        }
        let answers = self.each(&due, |node| async move { node.top(Tag::Finalized).await }).await;
        let candidates = answers.into_iter().filter_map(|(node, answer)| Some((node, answer.ok()??.block)));
        let mut all = finals.to_vec();
        all.extend(candidates);
        let Ok((_, agreed)) = self.common(&all).await else { return };
        let is_due = |node: &usize| due.contains(node);
        let contradicted = agreed.against.iter().any(|(node, _)| !is_due(node));
        let joined = self.voters().await.is_empty() || agreed.nodes.iter().any(|node| !is_due(node));
        if contradicted || !joined {
            return;
        }
        for node in due.iter().copied() {
            self.rechecked(node, agreed.nodes.contains(&node));
        }
    }

    fn watch_pulse(&self, best: &Top, finalized: Option<&Final<BlockRef>>) {
        let now = self.now();
        let mut pulse = locked(&self.pulse);
        // Only a block that came while we watched tells the time; the last block of a halted chain does not.
        let came_now = pulse.latest.is_some_and(|before| best.block.number > before);
        pulse.latest = Some(best.block.number);
        let skew_s = best.time.saturating_sub(now.seconds());
        if (came_now && skew_s.unsigned_abs() > SKEW_S) || skew_s > SKEW_S.cast_signed() {
            self.raise(
                Code::ClockSkew,
                format!("block #{} of {} is {skew_s} s from our clock", best.block.number, self.profile.name),
            );
        } else if came_now {
            self.over(Code::ClockSkew);
        }
        let height = finalized.map_or(0, |head| head.reading().number);
        let since = match pulse.moved {
            Some((before, since)) if height <= before => since,
            Some(_) | None => {
                pulse.moved = Some((height, now));
                now
            }
        };
        let stood_ms = now.since_ms(since);
        if stood_ms > self.stall_ms() {
            self.raise(
                Code::FinalityStalled,
                format!(
                    "the final block of {} has stood at #{height} for {} s; the latest is #{}",
                    self.profile.name,
                    stood_ms / 1_000,
                    best.block.number
                ),
            );
        } else {
            self.over(Code::FinalityStalled);
        }
        match finalized.map(Final::single_source) {
            Some(true) => self.raise(
                Code::SingleSource,
                format!("finality of {} rests on one operator's word", self.profile.name),
            ),
            Some(false) => self.over(Code::SingleSource),
            None => {} // Nobody's word: `nodes_down` or `nodes_disagree` tells of that.
        }
    }

    fn stall_ms(&self) -> i64 {
        let blocks = self.profile.death_extra_blocks.saturating_mul(STALL_TIMES);
        let ms = blocks.saturating_mul(self.profile.block_time_ms).max(STALL_MIN_MS);
        i64::try_from(ms).unwrap_or(i64::MAX)
    }
}
