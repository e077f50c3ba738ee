//! A range of solid blocks, each the parent of the next and each read whole: every transaction in a wallet's name, every
//! transfer of the tokens from or to a wallet, every plain transfer of TRX to one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use ruint::aliases::U256;
use serde_json::json;
use tokio::task::JoinSet;

use super::block::{self, Header, Info, Whole, contradiction, hash};
use super::bytes::{Asked, What};
use super::{lives, standing};
use crate::chain::{Address, Hash};
use crate::evm::Transfer;
use crate::list::Life;
use crate::node::Node;
use crate::read::{Bounds, Elsewhere, ReadError, Reading, Sent};
use crate::stand::{Block, Stand};

/// Blocks that are asked for at once.
const AT_ONCE: usize = 8;
const INFO: &str = "gettransactioninfobyid";

/// What is to be read.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) wallets: BTreeSet<Address>,
    pub(crate) tokens: BTreeSet<Address>,
    /// Where the wallets stood before it, and where they stand at its end.
    pub(crate) opening: Stand,
    pub(crate) closing: Stand,
    /// Time of the last block, in milliseconds since 1970.
    pub(crate) closing_ms: u64,
    /// Transactions that the list names, and the lives of those of which it tells them.
    pub(crate) told: BTreeSet<Hash>,
    pub(crate) lives: BTreeMap<Hash, Life>,
    pub(crate) bounds: Bounds,
}

/// What was found in the blocks so far.
#[derive(Default)]
struct Found {
    transfers: Vec<Transfer>,
    sent: Vec<Sent>,
    received: BTreeMap<Address, U256>,
    /// Which of the named transactions are in one of the blocks, whoever's they are.
    named: BTreeSet<Hash>,
}

/// Reads everything from one node.
pub(crate) async fn read(node: &Node, range: &Scope) -> Result<Reading, ReadError> {
    let (first, last) = (range.opening.block, range.closing.block);
    let blocks = last.number.saturating_sub(first.number);
    if blocks > range.bounds.blocks_max {
        return Err(ReadError::TooLong { blocks, max: range.bounds.blocks_max });
    }
    let decimals = standing::decimals(node, &range.tokens).await?;
    let mut found = Found::default();
    let tokens = Arc::new(range.tokens.clone());
    let mut before = first;
    while before.number < last.number {
        for (whole, infos) in several(node, before.number..last.number, &tokens).await? {
            stands_on(node, before, &whole)?;
            before = whole.header.block;
            if before == last && whole.header.time_ms != range.closing_ms {
                return Err(contradiction(node, format!("block {} has two times", before.number)));
            }
            found.take(node, range, whole, infos)?;
        }
    }
    if before != last {
        return Err(contradiction(node, format!("the blocks lead to another hash at {}", before.number)));
    }
    let known: BTreeSet<Hash> = found.sent.iter().map(|it| it.txid).collect();
    let elsewhere = elsewhere(node, range, &known).await?;
    for (txid, said) in &elsewhere {
        let block = said.as_ref().map(|said| said.block);
        let inside = block.is_some_and(|block| block > first.number && block <= last.number);
        if inside != found.named.contains(txid) {
            let what = format!("its blocks and its receipts say different things of where {txid} is");
            return Err(contradiction(node, what));
        }
    }
    let nowhere = elsewhere.iter().filter(|(_, said)| said.is_none()).map(|(txid, _)| *txid);
    let absent = lives::absent(node, range, &nowhere.collect()).await?;
    Ok(Reading {
        opening: range.opening.clone(),
        closing: range.closing.clone(),
        decimals,
        transfers: found.transfers,
        sent: found.sent,
        received: found.received,
        elsewhere,
        closing_ms: range.closing_ms,
        absent,
    })
}

/// The first blocks above these heights with their receipts, in the order of the chain; some are asked for at once.
async fn several(
    node: &Node,
    above: Range<u64>,
    tokens: &Arc<BTreeSet<Address>>,
) -> Result<Vec<(Whole, BTreeMap<Hash, Info>)>, ReadError> {
    let mut asked = JoinSet::new();
    for number in above.take(AT_ONCE).map(|below| below + 1) {
        let (node, tokens) = (node.clone(), Arc::clone(tokens));
        asked.spawn(async move {
            let whole = there(&node, number).await?;
            let infos = block::infos(&node, &whole, &tokens).await?;
            Ok::<_, ReadError>((number, (whole, infos)))
        });
    }
    let mut told = BTreeMap::new();
    while let Some(answer) = asked.join_next().await {
        let broken = |_| node.not_understood(block::BLOCK, "the question was broken off");
        let (number, block) = answer.map_err(broken)??;
        told.insert(number, block);
    }
    Ok(told.into_values().collect())
}

/// The block of this height, which is solid.
pub(super) async fn there(node: &Node, number: u64) -> Result<Whole, ReadError> {
    let missing = || node.not_understood(block::BLOCK, format!("no block {number}"));
    Ok(block::whole(node, number).await?.ok_or_else(missing)?)
}

/// Each block names the one before it.
pub(super) fn stands_on(node: &Node, before: Block, whole: &Whole) -> Result<(), ReadError> {
    let Header { block, parent, .. } = whole.header;
    if block.number == before.number.saturating_add(1) && parent == before.hash {
        return Ok(());
    }
    Err(contradiction(node, format!("block {} does not stand on block {}", block.number, before.number)))
}

impl Found {
    fn take(
        &mut self,
        node: &Node,
        range: &Scope,
        whole: Whole,
        mut infos: BTreeMap<Hash, Info>,
    ) -> Result<(), ReadError> {
        let number = whole.header.block.number;
        // The place of a log is that among all logs of the block.
        let mut log_index = 0_u64;
        for (asked, _) in whole.transactions {
            let missing = || contradiction(node, format!("{} has no receipt", asked.txid));
            let info = infos.remove(&asked.txid).ok_or_else(missing)?;
            if range.told.contains(&asked.txid) {
                self.named.insert(asked.txid);
            }
            for log in &info.logs {
                let ours =
                    |it: &&Transfer| range.wallets.contains(&it.from) || range.wallets.contains(&it.to);
                let log = log.as_ref().filter(ours);
                self.transfers.extend(log.map(|it| Transfer { log_index, ..it.clone() }));
                log_index += 1;
            }
            if let (What::Transfer { to, sun }, true) = (&asked.what, info.succeeded)
                && range.wallets.contains(to)
            {
                let sum = self.received.entry(*to).or_default();
                *sum = sum.saturating_add(U256::from(*sun));
            }
            if let Some(owner) = asked.owner.filter(|owner| range.wallets.contains(owner)) {
                self.sent.push(sent(owner, asked, number, &info));
            }
        }
        Ok(())
    }
}

fn sent(from: Address, asked: Asked, block: u64, info: &Info) -> Sent {
    let (to, sun, input, kind) = match asked.what {
        What::Transfer { to, sun } => (Some(to), sun, Vec::new(), None),
        What::Call { contract, sun, data } => (Some(contract), sun, data, None),
        What::Other(kind) => (None, 0, Vec::new(), Some(kind)),
    };
    Sent {
        txid: asked.txid,
        block,
        from,
        nonce: 0,
        to,
        value: U256::from(sun),
        input,
        succeeded: info.succeeded,
        fee: U256::from(info.fee_sun),
        delegates: false,
        kind,
    }
}

/// What solid blocks hold of transactions that the list names and that are not among these.
async fn elsewhere(
    node: &Node,
    range: &Scope,
    known: &BTreeSet<Hash>,
) -> Result<BTreeMap<Hash, Option<Elsewhere>>, ReadError> {
    let mut found = BTreeMap::new();
    for txid in range.told.difference(known) {
        let answer = node.solid(INFO, json!({ "value": hex::encode(txid.0) })).await?;
        let read = if answer.as_object().is_some_and(serde_json::Map::is_empty) {
            None
        } else {
            let info =
                block::info(&answer, *txid, &range.tokens).filter(|_| hash(&answer["id"]) == Some(*txid));
            let info = info
                .ok_or_else(|| node.not_understood(INFO, format!("the receipt of {txid} cannot be read")))?;
            // Its block is not read, so a log's place is that among the transaction's own.
            let logs = (0_u64..).zip(info.logs);
            let transfers =
                logs.filter_map(|(log_index, it)| it.map(|it| Transfer { log_index, ..it })).collect();
            Some(Elsewhere { block: info.block, succeeded: info.succeeded, transfers })
        };
        found.insert(*txid, read);
    }
    Ok(found)
}
