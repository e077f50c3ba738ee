//! The pool of one node, by geth's rules: 16 executable transactions per sender, a replacement pays 10 % more on both
//! fields, nothing below the tip floor (<https://geth.ethereum.org>, `core/txpool/legacypool`).

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_core::address::EvmAddress;
use sluice_core::port::chain::Heard;

use super::block::{Accounts, Tx};

/// Executable transactions a sender may have in a pool.
pub const EXECUTABLE_MAX: u64 = 16;

/// Percent a replacement must add.
const REPLACEMENT_PERCENT: u128 = 10;

/// Transactions waiting at one node.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    waiting: BTreeMap<EvmAddress, BTreeMap<u64, Arc<Tx>>>,
    /// Those without a nonce, by id.
    loose: BTreeMap<[u8; 32], Arc<Tx>>,
}

/// How a pool behaves where clients differ.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Least tip, wei.
    pub tip_floor_wei: u128,
    /// A transaction whose predecessor is missing is refused instead of queued.
    pub refuses_gaps: bool,
}

impl Pool {
    /// Offers a transaction that has no nonce: it waits beside all others until its time is up (java-tron, `Manager`).
    pub fn offer_loose(&mut self, tx: &Arc<Tx>, accounts: &Accounts, head_ms: i64, leans: bool) -> Heard {
        let expired = tx.validity.as_ref().is_none_or(|it| it.expires_at_ms <= head_ms);
        if accounts.done.contains(&tx.hash) || self.loose.contains_key(&tx.hash) {
            return Heard::Unclear("DUP_TRANSACTION_ERROR".into());
        }
        if !leans {
            return Heard::Unclear("TAPOS_ERROR".into());
        }
        if expired {
            return Heard::Unclear("TRANSACTION_EXPIRATION_ERROR".into());
        }
        self.loose.insert(tx.hash, Arc::clone(tx));
        Heard::Accepted
    }

    /// Whether this very transaction waits.
    pub fn has(&self, tx: &Tx) -> bool {
        self.loose.contains_key(&tx.hash)
            || self.at(tx.from, tx.nonce).is_some_and(|known| known.hash == tx.hash)
    }

    /// Transactions without a nonce, by id.
    pub const fn loose(&self) -> &BTreeMap<[u8; 32], Arc<Tx>> {
        &self.loose
    }

    /// Offers a transaction; the answer is what the node would say.
    pub fn offer(&mut self, tx: &Arc<Tx>, accounts: &Accounts, rules: Rules) -> Heard {
        let next = accounts.nonces.get(&tx.from).copied().unwrap_or(0);
        let of_sender = self.waiting.entry(tx.from).or_default();
        if of_sender.get(&tx.nonce).is_some_and(|known| known.hash == tx.hash) {
            return Heard::Known;
        }
        if tx.nonce < next {
            return Heard::NonceConsumed;
        }
        if tx.tip_wei < rules.tip_floor_wei {
            return Heard::Underpriced;
        }
        if accounts.native.get(&tx.from).copied().unwrap_or(0) < tx.worst_wei() {
            return Heard::NoFunds;
        }
        if let Some(old) = of_sender.get(&tx.nonce) {
            let enough = |old: u128, new: u128| new * 100 >= old * (100 + REPLACEMENT_PERCENT);
            if !enough(old.max_fee_wei, tx.max_fee_wei) || !enough(old.tip_wei, tx.tip_wei) {
                return Heard::Underpriced;
            }
        }
        let gap = (next..tx.nonce).any(|nonce| !of_sender.contains_key(&nonce));
        if gap && rules.refuses_gaps {
            return Heard::Gap;
        }
        if tx.nonce >= next + EXECUTABLE_MAX {
            return Heard::Unclear("txpool is full".into());
        }
        of_sender.insert(tx.nonce, Arc::clone(tx));
        Heard::Accepted
    }

    /// The transaction waiting at a nonce.
    pub fn at(&self, sender: EvmAddress, nonce: u64) -> Option<&Arc<Tx>> {
        self.waiting.get(&sender)?.get(&nonce)
    }

    /// Next nonce of an account as the pool sees it.
    pub fn pending(&self, account: EvmAddress, next: u64) -> u64 {
        let Some(of_sender) = self.waiting.get(&account) else { return next };
        (next..).find(|nonce| !of_sender.contains_key(nonce)).unwrap_or(next)
    }

    /// Everything that waits.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Tx>> {
        self.waiting.values().flat_map(BTreeMap::values).chain(self.loose.values())
    }

    /// Senders with something waiting.
    pub fn senders(&self) -> impl Iterator<Item = EvmAddress> {
        self.waiting.iter().filter(|(_, txs)| !txs.is_empty()).map(|(sender, _)| *sender)
    }

    /// Drops what a new block made impossible.
    pub fn settle(&mut self, accounts: &Accounts, head_ms: i64) {
        self.loose.retain(|txid, tx| {
            let lives = tx.validity.as_ref().is_some_and(|it| it.expires_at_ms > head_ms);
            lives && !accounts.done.contains(txid)
        });
        for (sender, of_sender) in &mut self.waiting {
            let next = accounts.nonces.get(sender).copied().unwrap_or(0);
            *of_sender = of_sender.split_off(&next);
        }
    }

    /// Forgets everything, as a restarted node does.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.loose.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { tip_floor_wei: 10, refuses_gaps: true };

    fn tx(nonce: u64, max_fee_wei: u128, tip_wei: u128, salt: u8) -> Arc<Tx> {
        let (from, to) = (EvmAddress([1; 20]), EvmAddress([2; 20]));
        Arc::new(Tx {
            hash: [salt; 32],
            from,
            nonce,
            to,
            value_wei: 0,
            data: vec![],
            gas_limit: 1,
            max_fee_wei,
            tip_wei,
            validity: None,
        })
    }

    #[test]
    fn a_pool_answers_as_geth_does() {
        let mut accounts = Accounts::default();
        accounts.native.insert(EvmAddress([1; 20]), 1_000);
        accounts.nonces.insert(EvmAddress([1; 20]), 5);
        let mut pool = Pool::default();
        let mut offer = |it: &Arc<Tx>| pool.offer(it, &accounts, RULES);
        assert_eq!(offer(&tx(4, 100, 10, 1)), Heard::NonceConsumed);
        assert_eq!(offer(&tx(5, 100, 9, 1)), Heard::Underpriced);
        assert_eq!(offer(&tx(6, 100, 10, 1)), Heard::Gap);
        assert_eq!(offer(&tx(5, 100, 10, 1)), Heard::Accepted);
        assert_eq!(offer(&tx(5, 100, 10, 1)), Heard::Known);
        assert_eq!(offer(&tx(5, 110, 10, 2)), Heard::Underpriced, "both fields must rise");
        assert_eq!(offer(&tx(5, 110, 11, 2)), Heard::Accepted);
        assert_eq!(offer(&tx(6, 1_001, 11, 3)), Heard::NoFunds);
        for nonce in 6..21 {
            assert_eq!(offer(&tx(nonce, 100, 10, nonce as u8)), Heard::Accepted);
        }
        assert!(matches!(offer(&tx(21, 100, 10, 21)), Heard::Unclear(_)));
        assert_eq!(pool.pending(EvmAddress([1; 20]), 5), 21);
    }
}
