//! What has become of slots: for progress by one node, for the end by quorum under one final block.
//!
//! A nonce is read first, at one block hash; receipts are asked for only where it is consumed there. A consumed nonce
//! without a receipt of ours is not yet "foreign": a node's receipts can lag behind its state, and a provider may answer
//! from several machines. It is foreign once a quorum shows the stranger's own transaction at that nonce ([`locate`]
//! finds it); until then it is unaccounted for, and one operator that shows our receipt, or the stranger's, vetoes that.

mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sluice_codec::scale;
use sluice_core::address::{Address, EvmAddress};
use sluice_core::attempt::Kind;
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{ChainError, Known, SlotQuestion};
use sluice_core::proof::{Final, Inclusion, SlotReading, Stranger};
use sluice_core::slot::Slot;

use super::Evm;
use super::effect::{self, Believed, Meant};
use super::node::{At, Node, NodeError, Receipt, Sent, Tag};
use crate::crew::{Head, exactly, hashes};
use judge::JUDGE;

/// How far below the final head the transaction that consumed a slot is looked for, blocks.
const LOCATE_BLOCKS_MAX: u64 = 1 << 14;

/// A question as this port can answer it.
#[derive(Clone, Copy, Debug)]
struct Asked<'a> {
    sender: EvmAddress,
    nonce: u64,
    attempts: &'a [Known],
    strangers: &'a [[u8; 32]],
    meant: Option<Meant>,
    believed: Believed<'a>,
}

/// What one node sees in one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// The nonce is not consumed.
    Open,
    /// One of our attempts consumed it.
    Ours(Inclusion),
    /// This transaction, which is none of our attempts, consumed it.
    Foreign(Stranger),
    /// It is consumed, and the node has a receipt of nothing that is said to be in it.
    Absent,
    /// The node contradicts itself, for instance because its chain changed meanwhile.
    Unsure,
}

/// How sure a reading must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// A receipt is enough.
    Progress,
    /// A receipt's block must be an ancestor of the final block it is read under.
    End,
}

impl Evm {
    pub(super) async fn read_progress(
        &self,
        questions: &[SlotQuestion],
    ) -> Result<Vec<SlotReading>, ChainError> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let asked = &self.understood(questions)?;
        let ask = |node: Arc<dyn Node>| async move {
            let head = node.header(Tag::Latest).await?;
            let head = head.ok_or_else(|| NodeError::Nonsense("no latest block".to_owned()))?.block;
            Ok((head, look(&*node, asked, head, Class::Progress).await?))
        };
        let (first, (head, seen)) = self.crew.first(ask).await?;
        let absent: Vec<Asked<'_>> = asked
            .iter()
            .zip(&seen)
            .filter(|(_, seen)| **seen == Seen::Absent)
            .map(|(asked, _)| *asked)
            .collect();
        let mut second = self.second_look(first, head, &absent).await.into_iter();
        let readings = seen.into_iter().map(|seen| match seen {
            Seen::Ours(inclusion) => SlotReading::Ours(inclusion),
            Seen::Foreign(stranger) => SlotReading::Foreign(stranger),
            Seen::Open | Seen::Unsure => SlotReading::Open,
            Seen::Absent => second.next().unwrap_or(SlotReading::Open),
        });
        Ok(readings.collect())
    }

    /// What a node of another operator sees where the first saw a consumed nonce and no receipt of ours. Without one, or
    /// without an answer, the slot counts as open: the end of a slot is not decided here.
    async fn second_look(&self, first: usize, head: BlockRef, absent: &[Asked<'_>]) -> Vec<SlotReading> {
        if absent.is_empty() {
            return Vec::new();
        }
        let others = self.crew.readers().await.into_iter();
        let other = others.filter(|node| self.crew.operator(*node) != self.crew.operator(first)).take(1);
        let other: Vec<usize> = other.collect();
        let ask = |node: Arc<dyn Node>| async move { look(&*node, absent, head, Class::Progress).await };
        let seen = self.crew.each(&other, ask).await.into_iter().find_map(|(_, answer)| answer.ok());
        let readings = seen.unwrap_or_default().into_iter().map(|seen| match seen {
            Seen::Ours(inclusion) => SlotReading::Ours(inclusion),
            Seen::Foreign(stranger) => SlotReading::Foreign(stranger),
            Seen::Absent => SlotReading::Unaccounted,
            Seen::Open | Seen::Unsure => SlotReading::Open,
        });
        readings.collect()
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
        let mut readings = self.read_under(&head, asked).await?;
        // A slot that is consumed by nothing we know: somebody may know by what, and then the others can be asked for it.
        for (asked, reading) in asked.iter().zip(&mut readings) {
            if *reading.reading() != SlotReading::Unaccounted {
                continue;
            }
            let found = self.locate(&head, asked).await?;
            if !found.is_empty() {
                let again = Asked { strangers: &found, ..*asked };
                if let Some(named) = self.read_under(&head, &[again]).await?.pop() {
                    *reading = named;
                }
            }
        }
        Ok(readings)
    }

    async fn read_under(
        &self,
        head: &Head,
        asked: &[Asked<'_>],
    ) -> Result<Vec<Final<SlotReading>>, ChainError> {
        let block = head.block;
        let ask = |node: Arc<dyn Node>| async move {
            let seen = look(&*node, asked, block, Class::End).await?;
            let said = |seen| match seen {
                Seen::Open => Some(SlotReading::Open),
                Seen::Ours(inclusion) => Some(SlotReading::Ours(inclusion)),
                Seen::Foreign(stranger) => Some(SlotReading::Foreign(stranger)),
                Seen::Absent => Some(SlotReading::Unaccounted),
                Seen::Unsure => None,
            };
            Ok(seen.into_iter().map(said).collect())
        };
        self.crew.agree(head, asked.len(), ask, &JUDGE).await
    }

    /// Transactions that nodes have at a consumed nonce; hints, each of which is then asked for by quorum.
    ///
    /// # Errors
    /// [`ChainError::Disagree`] when a node has one of our own attempts there, whose receipt is only late; and when too few
    /// operators could be asked: what was not heard for a broken connection says nothing about a slot.
    async fn locate(&self, head: &Head, asked: &Asked<'_>) -> Result<Vec<[u8; 32]>, ChainError> {
        let block = head.block;
        let ask = |node: Arc<dyn Node>| async move { locate(&*node, asked.sender, asked.nonce, block).await };
        let mut found: Vec<[u8; 32]> = Vec::new();
        let mut heard = BTreeSet::new();
        for (node, answer) in self.crew.each(&head.nodes, ask).await {
            // One that has no old states says so, and is heard.
            if matches!(&answer, Ok(_) | Err(NodeError::Rpc { .. })) {
                heard.insert(self.crew.operator(node));
            }
            let Ok(Some(txid)) = answer else { continue };
            if asked.attempts.iter().any(|known| known.txid == txid) {
                return Err(self.disagree(format!(
                    "{} has our transaction 0x{} in a block and no receipt of it yet",
                    self.crew.node_name(node),
                    hex::encode(txid)
                )));
            }
            if !found.contains(&txid) {
                found.push(txid);
            }
        }
        if found.is_empty() && heard.len() < self.crew.needed() {
            return Err(self.disagree(format!(
                "nonce {} is consumed, and {} of the {} operators needed could be asked by what",
                asked.nonce,
                heard.len(),
                self.crew.needed()
            )));
        }
        Ok(found)
    }

    /// Slots this port can read: account nonces of this chain that pay one payment, or are only voided.
    fn understood<'a>(&'a self, questions: &'a [SlotQuestion]) -> Result<Vec<Asked<'a>>, ChainError> {
        let understood = questions.iter().map(|question| {
            let Slot::EvmNonce { chain, sender, nonce } = question.slot else { return None };
            let meant = match question.pays.as_slice() {
                [payment] if payment.asset == question.asset.id => Some(Meant {
                    contract: question.asset.contract().and_then(Address::evm),
                    to: payment.to.evm()?,
                    units: scale::to_chain(payment.amount, &question.asset)?,
                }),
                [] if question.attempts.iter().all(|known| known.kind == Kind::Void) => None,
                _ => return None,
            };
            let attempts = question.attempts.as_slice();
            let strangers = question.strangers.as_slice();
            let believed = self.believed.as_ref();
            (chain == self.crew.profile().id).then_some(Asked {
                sender,
                nonce,
                attempts,
                strangers,
                meant,
                believed,
            })
        });
        understood
            .zip(questions)
            .map(|(asked, question)| {
                asked.ok_or_else(|| {
                    self.disagree(format!("slot {} cannot be read by its nonce", question.slot))
                })
            })
            .collect()
    }
}

/// What one node sees in slots at one block.
async fn look(
    node: &dyn Node,
    asked: &[Asked<'_>],
    head: BlockRef,
    class: Class,
) -> Result<Vec<Seen>, NodeError> {
    let senders: BTreeSet<EvmAddress> = asked.iter().map(|asked| asked.sender).collect();
    let senders: Vec<EvmAddress> = senders.into_iter().collect();
    let nonces = node.nonces(&senders, At::Hash(head.hash)).await?;
    let nonces: BTreeMap<_, _> = senders.iter().zip(exactly(senders.len(), nonces, "nonces")?).collect();
    let consumed = |asked: &Asked<'_>| nonces.get(&asked.sender).is_some_and(|next| *next > asked.nonce);

    let txids: Vec<[u8; 32]> = asked
        .iter()
        .filter(|asked| consumed(asked))
        .flat_map(|asked| {
            asked.attempts.iter().map(|known| known.txid).chain(asked.strangers.iter().copied())
        })
        .collect();
    let receipts = if txids.is_empty() { Vec::new() } else { node.receipts(&txids).await? };
    let receipts: BTreeMap<_, _> = txids.iter().zip(exactly(txids.len(), receipts, "receipts")?).collect();

    let mut seen = Vec::with_capacity(asked.len());
    for asked in asked {
        seen.push(match consumed(asked) {
            true => match in_consumed(asked, &receipts)? {
                Seen::Absent => strange(node, asked, &receipts).await?,
                ours => ours,
            },
            false => Seen::Open,
        });
    }
    check(node, &mut seen, head, class).await?;
    Ok(seen)
}

fn in_consumed(
    asked: &Asked<'_>,
    receipts: &BTreeMap<&[u8; 32], Option<Receipt>>,
) -> Result<Seen, NodeError> {
    let mut seen = Seen::Absent;
    for known in asked.attempts {
        let Some(Some(receipt)) = receipts.get(&known.txid) else { continue };
        let ours = effect::inclusion(asked.sender, known, asked.meant.as_ref(), asked.believed, receipt)?;
        if seen != Seen::Absent {
            return Err(NodeError::Nonsense("two attempts of one nonce have receipts".to_owned()));
        }
        seen = Seen::Ours(ours);
    }
    Ok(seen)
}

/// The stranger that is said to be in a consumed slot, if this node has it there: sent by us, at that very nonce.
async fn strange(
    node: &dyn Node,
    asked: &Asked<'_>,
    receipts: &BTreeMap<&[u8; 32], Option<Receipt>>,
) -> Result<Seen, NodeError> {
    for txid in asked.strangers {
        let Some(Some(receipt)) = receipts.get(txid) else { continue };
        if receipt.txid != *txid {
            return Err(NodeError::Nonsense("the receipt of another transaction".to_owned()));
        }
        let sent = node.transactions(receipt.block.hash).await?.unwrap_or_default();
        let there =
            |sent: &&Sent| sent.txid == *txid && sent.from == asked.sender && sent.nonce == asked.nonce;
        if sent.iter().any(|sent| there(&sent)) {
            return Ok(Seen::Foreign(Stranger { txid: *txid, block: receipt.block }));
        }
    }
    Ok(Seen::Absent)
}

/// The transaction that consumed a nonce, as one node has it: the block in which the account's count passed the nonce is
/// found by halving. `None` where it lies further back than [`LOCATE_BLOCKS_MAX`], or the node's chain changed meanwhile.
async fn locate(
    node: &dyn Node,
    sender: EvmAddress,
    nonce: u64,
    head: BlockRef,
) -> Result<Option<[u8; 32]>, NodeError> {
    let accounts = &[sender];
    let consumed_at = |number: u64| async move {
        let Some(header) = node.header(Tag::Number(number)).await? else { return Ok(None) };
        let nonces = exactly(1, node.nonces(accounts, At::Hash(header.block.hash)).await?, "nonces")?;
        Ok::<_, NodeError>(Some((header.block, nonces.first().is_some_and(|next| *next > nonce))))
    };
    let (mut block, mut step) = (head, 1);
    let mut below = loop {
        match consumed_at(head.number.saturating_sub(step)).await? {
            Some((lower, false)) => break lower.number,
            Some((lower, true)) if lower.number > 0 && step < LOCATE_BLOCKS_MAX => block = lower,
            Some((_, true)) | None => return Ok(None),
        }
        step = step.saturating_mul(2);
    };
    while below.saturating_add(1) < block.number {
        let middle = below.midpoint(block.number);
        match consumed_at(middle).await? {
            None => return Ok(None),
            Some((lower, true)) => block = lower,
            Some((_, false)) => below = middle,
        }
    }
    let sent = node.transactions(block.hash).await?.unwrap_or_default();
    Ok(sent.into_iter().find(|sent| sent.from == sender && sent.nonce == nonce).map(|sent| sent.txid))
}

/// Takes back what does not hold: inclusions in blocks that are not ancestors of `head` (at the end), and everything
/// that rests on `head` when the node's chain has left it meanwhile.
async fn check(node: &dyn Node, seen: &mut [Seen], head: BlockRef, class: Class) -> Result<(), NodeError> {
    let mut numbers: BTreeSet<u64> = BTreeSet::new();
    for seen in seen.iter() {
        match (seen, class) {
            (Seen::Ours(inclusion), Class::End) => numbers.extend([inclusion.block.number, head.number]),
            (Seen::Foreign(stranger), Class::End | Class::Progress) => {
                numbers.extend([stranger.block.number, head.number]);
            }
            (Seen::Absent, Class::End | Class::Progress) => numbers.extend([head.number]),
            (Seen::Ours(_), Class::Progress) | (Seen::Open | Seen::Unsure, _) => {}
        }
    }
    numbers.retain(|number| *number <= head.number);
    let hashes = hashes(node, numbers).await?;
    let on_chain = |block: &BlockRef| hashes.get(&block.number) == Some(&block.hash);
    for seen in seen.iter_mut() {
        let holds = match (&*seen, class) {
            (Seen::Ours(inclusion), Class::End) => on_chain(&head) && on_chain(&inclusion.block),
            (Seen::Foreign(stranger), Class::End | Class::Progress) => {
                on_chain(&head) && on_chain(&stranger.block)
            }
            (Seen::Absent, Class::End | Class::Progress) => on_chain(&head),
            (Seen::Ours(_), Class::Progress) | (Seen::Open | Seen::Unsure, _) => true,
        };
        if !holds {
            *seen = Seen::Unsure;
        }
    }
    Ok(())
}
