//! What waits for a block, in the order it came, and what a node asks of a transaction before it may wait.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use super::{
    super::{
        execute::{self, Env, Receipt, Refusal},
        tx::{RESULT_BYTES, Tx, Txid},
    },
    BLOCK_MS, Chain, TAPOS_BLOCKS,
    deed::Deed,
};

/// The longest transaction.
const TX_MAX_BYTES: i64 = 512_000;
/// The farthest expiry.
const EXPIRATION_MAX_MS: i64 = 86_400_000;
/// Ids of what was offered; the oldest are forgotten first.
const OFFERS_MAX: usize = 100_000;
/// Executed transactions that could come again, and waiting ones: beyond this the node is busy until some have
/// expired.
const UNEXPIRED_MAX: usize = 4_000_000;

/// Something that waits.
#[derive(Debug, Clone)]
pub(in crate::tron) enum Waiting {
    Tx(Arc<Tx>),
    Deed(Deed),
}

#[derive(Debug)]
pub(super) struct Pool {
    most: usize,
    queue: Vec<Waiting>,
    receipts: BTreeMap<Txid, (Arc<Tx>, Receipt)>,
    offered: BTreeSet<Txid>,
    offers: VecDeque<Txid>,
}

impl Pool {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            queue: Vec::new(),
            receipts: BTreeMap::new(),
            offered: BTreeSet::new(),
            offers: VecDeque::new(),
        }
    }

    pub(super) fn get(&self, id: &Txid) -> Option<(&Arc<Tx>, &Receipt)> {
        self.receipts.get(id).map(|(tx, receipt)| (tx, receipt))
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &Txid> {
        self.receipts.keys()
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn take(&mut self) -> Vec<Waiting> {
        self.receipts.clear();
        std::mem::take(&mut self.queue)
    }

    /// What a block had is to be in the next one again.
    pub(super) fn refill(&mut self, entries: Vec<Waiting>) {
        self.queue = entries;
    }

    pub(super) fn push_deed(&mut self, deed: Deed) {
        self.queue.push(Waiting::Deed(deed));
    }

    fn push(&mut self, tx: Arc<Tx>, receipt: Receipt) {
        self.queue.push(Waiting::Tx(Arc::clone(&tx)));
        self.receipts.insert(tx.id, (tx, receipt));
    }

    /// True if this was offered before; from now on it was.
    fn was_offered(&mut self, id: Txid) -> bool {
        if !self.offered.insert(id) {
            return true;
        }
        self.offers.push_back(id);
        if self.offers.len() > OFFERS_MAX
            && let Some(oldest) = self.offers.pop_front()
        {
            self.offered.remove(&oldest);
        }
        false
    }
}

impl Chain {
    /// Offers a transaction to the pool, in the node's order of questions.
    pub(in crate::tron) fn offer(&mut self, tx: Arc<Tx>) -> Result<(), Refusal> {
        if self.pool.receipts.len() >= self.pool.most || self.executed.len() >= UNEXPIRED_MAX {
            return Err(Refusal::Busy);
        }
        if self.setup.remembers_offers && self.pool.was_offered(tx.id) {
            return Err(Refusal::Seen);
        }
        if tx.contracts == 0 {
            return Err(Refusal::Validate("No contract!".to_owned()));
        }
        let env = self.env();
        expires_in_time(&env, &tx)?;
        execute::signatures(&self.state, &tx)?;
        let receipt = self.attempt(&env, &tx)?;
        self.pool.push(tx, receipt);
        Ok(())
    }

    /// What would become of a transaction at a node that shares no block above this one. Nothing of it remains.
    pub(in crate::tron) fn try_out(&mut self, tx: &Tx, shared: u64) -> Result<Receipt, Refusal> {
        if self.reference_of(tx)? > shared {
            return Err(Refusal::Tapos);
        }
        let env = self.env();
        expires_in_time(&env, tx)?;
        execute::signatures(&self.state, tx)?;
        self.state.open();
        let tried = self.attempt(&env, tx);
        self.state.undo();
        tried
    }

    /// Executes a transaction on the newest layer; nothing of a refused one remains.
    pub(super) fn attempt(&mut self, env: &Env, tx: &Tx) -> Result<Receipt, Refusal> {
        if tx.contracts != 1 {
            let id = hex::encode(tx.id);
            let count = tx.contracts;
            return Err(Refusal::Other(format!(
                "tx {id} contract size should be exactly 1, this is extend feature ,actual :{count}"
            )));
        }
        self.reference_of(tx)?;
        check_size(tx)?;
        if tx.expiration_ms <= env.head_ms || tx.expiration_ms > env.head_ms.saturating_add(EXPIRATION_MAX_MS)
        {
            return Err(Refusal::Expired);
        }
        expires_in_time(env, tx)?;
        if self.pool.receipts.contains_key(&tx.id) || self.executed.contains_key(&(tx.expiration_ms, tx.id)) {
            return Err(Refusal::Duplicate);
        }
        self.state.open();
        let done = execute::process(&mut self.state, env, tx);
        match done {
            Ok(_) => self.state.merge(),
            Err(_) => self.state.undo(),
        }
        done
    }

    /// Lets something wait that did so before; what cannot be executed any more is dropped.
    pub(super) fn wait_again(&mut self, waiting: Waiting) {
        match waiting {
            Waiting::Deed(deed) => self.order(deed),
            Waiting::Tx(tx) => {
                let env = self.env();
                if let Ok(receipt) = self.attempt(&env, &tx) {
                    self.pool.push(tx, receipt);
                }
            }
        }
    }

    /// The reference block, which is one of the last 65,536 of this chain.
    pub(in crate::tron) fn reference_of(&self, tx: &Tx) -> Result<u64, Refusal> {
        let bytes: [u8; 2] = tx.ref_block_bytes.as_slice().try_into().map_err(|_| Refusal::Tapos)?;
        let head = self.head().number;
        let low = u64::from(u16::from_be_bytes(bytes));
        let back = head.wrapping_sub(low) % TAPOS_BLOCKS;
        let number = head.checked_sub(back).ok_or(Refusal::Tapos)?;
        let id = self.id_of(number).ok_or(Refusal::Tapos)?;
        if id.get(8..16) == Some(tx.ref_block_hash.as_slice()) { Ok(number) } else { Err(Refusal::Tapos) }
    }
}

/// It can still be in the next block.
fn expires_in_time(env: &Env, tx: &Tx) -> Result<(), Refusal> {
    if tx.expiration_ms < env.head_ms.saturating_add(BLOCK_MS) { Err(Refusal::Expired) } else { Ok(()) }
}

fn check_size(tx: &Tx) -> Result<(), Refusal> {
    let id = hex::encode(tx.id);
    let with_result = tx.size_bytes.saturating_add(2 * RESULT_BYTES);
    if with_result > TX_MAX_BYTES {
        return Err(Refusal::TooBig(format!(
            "Too big transaction with result, TxId {id}, the size is {with_result} bytes, maxTxSize {TX_MAX_BYTES}"
        )));
    }
    Ok(())
}
