//! The rules by which geth and bor take transactions, and anvil does not. Sources: go-ethereum `core/txpool/validation.go`,
//! `core/txpool/errors.go`, `core/txpool/legacypool/{legacypool,list,queue}.go` (master of 2026-08); bor v2.2.11, the same
//! files and `params/protocol_params.go`.
//!
//! | rule | what the node says |
//! |---|---|
//! | a transaction it has | `already known` |
//! | tip below the floor | `transaction gas price below minimum: gas tip cap T, minimum needed F` |
//! | nonce already used | `nonce too low: next nonce N, tx nonce M` |
//! | the sender cannot pay it and all it has sent | `insufficient funds for gas * price + value: balance ..` |
//! | a replacement adds less than 10 % to either fee | `replacement transaction underpriced` |
//! | more than 16 of a sender without a gap, or 64 after one | nothing: it answers the hash and drops the highest nonces |
//!
//! All errors have the code -32000. geth keeps more than 16 of a sender as long as its pool has room; here it never has,
//! as on a network under load.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use sluice_codec::evm;

/// The code under which geth reports every refusal of its pool (`rpc/errors.go`, `errcodeDefault`).
pub(super) const CODE: i64 = -32_000;
/// Senders whose transactions are kept in mind.
const SENDERS_MAX: usize = 4_096;

/// What a pool asks of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolRules {
    /// Transactions of one sender that could be mined now.
    pub executable_max: usize,
    /// Transactions of one sender that wait for an earlier nonce.
    pub queued_max: usize,
    /// What a replacement adds to both fee fields, in percent.
    pub replacement_percent: u32,
    /// The lowest tip, in wei for each gas.
    pub tip_floor_wei: u128,
}

impl PoolRules {
    /// As geth is shipped.
    pub const fn geth() -> Self {
        Self { executable_max: 16, queued_max: 64, replacement_percent: 10, tip_floor_wei: 1 }
    }

    /// As bor is shipped, and cannot be configured otherwise: 25 gwei at least.
    pub const fn bor() -> Self {
        Self { tip_floor_wei: 25_000_000_000, ..Self::geth() }
    }
}

/// What the chain says of a sender.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) next_nonce: u64,
    pub(super) balance: U256,
}

/// What a pool looks at in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) txid: [u8; 32],
    pub(super) sender: [u8; 20],
    pub(super) nonce: u64,
    pub(super) max_fee_wei: u128,
    pub(super) tip_wei: u128,
    /// Wei it may take from its sender in all.
    pub(super) cost: U256,
}

impl Sent {
    /// Reads signed bytes; `None` for what is not a plain call of type 2, which no rule here is about.
    pub(super) fn read(raw: &[u8]) -> Option<Self> {
        let tx = evm::decode(raw).ok()?;
        let gas = U256::from(tx.gas_limit).checked_mul(U256::from(tx.max_fee_wei))?;
        Some(Self {
            txid: tx.txid,
            sender: tx.sender.0,
            nonce: tx.nonce,
            max_fee_wei: tx.max_fee_wei,
            tip_wei: tx.tip_wei,
            cost: gas.checked_add(tx.value)?,
        })
    }
}

/// A rule that was met, by its name in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The pool takes it, and drops these, which it had taken.
    Takes { dropped: Vec<[u8; 32]>, rule: Option<&'static str> },
    /// The pool answers its hash, and drops it.
    Drops { rule: &'static str },
    /// The pool refuses it.
    Refuses { rule: &'static str, message: String },
}

/// What one node has in its pool.
#[derive(Default)]
pub(super) struct Pool {
    senders: BTreeMap<[u8; 20], BTreeMap<u64, Sent>>,
}

impl Pool {
    pub(super) fn holds(&self, tx: &Sent) -> bool {
        let of_sender = self.senders.get(&tx.sender);
        of_sender.and_then(|held| held.get(&tx.nonce)).is_some_and(|held| held.txid == tx.txid)
    }

    /// Takes a transaction out, whoever has dropped it.
    pub(super) fn forget(&mut self, tx: &Sent) {
        if self.holds(tx)
            && let Some(held) = self.senders.get_mut(&tx.sender)
        {
            held.remove(&tx.nonce);
        }
    }

    /// Offers a transaction, with the rules in geth's order.
    pub(super) fn offer(&mut self, tx: &Sent, account: Account, rules: PoolRules) -> Verdict {
        let refuses = |rule, message| Verdict::Refuses { rule, message };
        if self.holds(tx) {
            return refuses("pool_known", "already known".to_owned());
        }
        let (tip, floor) = (tx.tip_wei, rules.tip_floor_wei);
        if tip < floor {
            let text = "transaction gas price below minimum";
            let message = format!("{text}: gas tip cap {tip}, minimum needed {floor}");
            return refuses("pool_tip_floor", message);
        }
        let (next, nonce) = (account.next_nonce, tx.nonce);
        if nonce < next {
            let message = format!("nonce too low: next nonce {next}, tx nonce {nonce}");
            return refuses("pool_nonce_low", message);
        }
        self.make_room();
        let held = self.senders.entry(tx.sender).or_default();
        held.retain(|nonce, _| *nonce >= next);
        if let Some(message) = cannot_pay(account.balance, tx, held) {
            return refuses("pool_funds", message);
        }
        if let Some(old) = held.get(&nonce)
            && !outbids(old, tx, rules.replacement_percent)
        {
            return refuses("pool_replacement", "replacement transaction underpriced".to_owned());
        }
        held.insert(nonce, *tx);
        let (mut dropped, rule) = truncate(held, next, rules);
        match rule {
            Some(rule) if dropped.contains(&tx.txid) => Verdict::Drops { rule },
            rule => {
                dropped.sort_unstable();
                Verdict::Takes { dropped, rule }
            }
        }
    }

    /// Forgets the sender with the fewest transactions, where there are too many senders.
    fn make_room(&mut self) {
        if self.senders.len() < SENDERS_MAX {
            return;
        }
        let idlest = self.senders.iter().min_by_key(|(_, held)| held.len()).map(|(sender, _)| *sender);
        if let Some(sender) = idlest {
            self.senders.remove(&sender);
        }
    }
}

/// `ValidateTransactionWithState`: the sender pays for this and for everything of its own that waits.
fn cannot_pay(balance: U256, tx: &Sent, held: &BTreeMap<u64, Sent>) -> Option<String> {
    let cost = tx.cost;
    let text = "insufficient funds for gas * price + value";
    if balance < cost {
        let overshot = cost - balance;
        return Some(format!("{text}: balance {balance}, tx cost {cost}, overshot {overshot}"));
    }
    let spent: U256 = held.values().map(|held| held.cost).sum();
    let (need, words) = match held.get(&tx.nonce) {
        Some(old) if cost >= old.cost => {
            (spent + (cost - old.cost), format!("tx bumped {}", cost - old.cost))
        }
        Some(old) => (spent - (old.cost - cost), format!("tx bumped -{}", old.cost - cost)),
        None => (spent + cost, format!("tx cost {cost}")),
    };
    (balance < need).then(|| {
        let overshot = need - balance;
        format!("{text}: balance {balance}, queued cost {spent}, {words}, overshot {overshot}")
    })
}

/// `list.Add`: both fields are higher, and each by so many percent, rounded down.
fn outbids(old: &Sent, new: &Sent, percent: u32) -> bool {
    let enough = |old: u128, new: u128| {
        let threshold = U256::from(old) * U256::from(100 + percent) / U256::from(100);
        new > old && U256::from(new) >= threshold
    };
    enough(old.max_fee_wei, new.max_fee_wei) && enough(old.tip_wei, new.tip_wei)
}

/// `truncatePending` and `queue.promoteExecutables`: what is too much goes, the highest nonces first.
fn truncate(
    held: &mut BTreeMap<u64, Sent>,
    next: u64,
    rules: PoolRules,
) -> (Vec<[u8; 32]>, Option<&'static str>) {
    let executable = (next..).zip(held.keys()).take_while(|(wanted, nonce)| wanted == *nonce).count();
    let nonces: Vec<u64> = held.keys().copied().collect();
    let (ready, queued) = nonces.split_at(executable);
    let beyond = |nonces: &[u64], most: usize| nonces.get(most..).unwrap_or_default().to_vec();
    let (ready, queued) = (beyond(ready, rules.executable_max), beyond(queued, rules.queued_max));
    let rule = match (ready.is_empty(), queued.is_empty()) {
        (false, _) => Some("pool_executable_slots"),
        (true, false) => Some("pool_queued_slots"),
        (true, true) => None,
    };
    let dropped = ready.iter().chain(&queued).filter_map(|nonce| held.remove(nonce));
    (dropped.map(|held| held.txid).collect(), rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GWEI: u128 = 1_000_000_000;

    fn tx(nonce: u64, max_fee_wei: u128, tip_wei: u128) -> Sent {
        let mut txid = [0; 32];
        txid[..8].copy_from_slice(&nonce.to_be_bytes());
        txid[8..24].copy_from_slice(&max_fee_wei.to_be_bytes());
        txid[24..].copy_from_slice(&tip_wei.to_be_bytes()[8..]);
        let cost = U256::from(21_000_u64) * U256::from(max_fee_wei);
        Sent { txid, sender: [2; 20], nonce, max_fee_wei, tip_wei, cost }
    }

    fn rich(next_nonce: u64) -> Account {
        Account { next_nonce, balance: U256::MAX >> 1 }
    }

    fn takes() -> Verdict {
        Verdict::Takes { dropped: Vec::new(), rule: None }
    }

    fn refusal(verdict: Verdict) -> String {
        match verdict {
            Verdict::Refuses { message, .. } => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_floor_of_the_tip_is_geths_or_bors() {
        let mut pool = Pool::default();
        let one_gwei = tx(0, 100 * GWEI, GWEI);
        assert_eq!(pool.offer(&one_gwei, rich(0), PoolRules::geth()), takes());
        let mut pool = Pool::default();
        assert_eq!(
            refusal(pool.offer(&one_gwei, rich(0), PoolRules::bor())),
            "transaction gas price below minimum: gas tip cap 1000000000, minimum needed 25000000000"
        );
        assert_eq!(
            refusal(pool.offer(&tx(0, 1, 0), rich(0), PoolRules::geth())),
            "transaction gas price below minimum: gas tip cap 0, minimum needed 1"
        );
        assert_eq!(pool.offer(&tx(0, 100 * GWEI, 25 * GWEI), rich(0), PoolRules::bor()), takes());
    }

    #[test]
    fn a_replacement_raises_both_fees_by_ten_percent() {
        let mut pool = Pool::default();
        let rules = PoolRules::geth();
        assert_eq!(pool.offer(&tx(5, 1_000, 100), rich(5), rules), takes());
        for (max_fee, tip) in [(1_099, 110), (1_100, 109), (1_100, 100), (2_000, 109), (1_099, 200)] {
            assert_eq!(
                refusal(pool.offer(&tx(5, max_fee, tip), rich(5), rules)),
                "replacement transaction underpriced",
                "{max_fee} {tip}"
            );
        }
        assert_eq!(pool.offer(&tx(5, 1_100, 110), rich(5), rules), takes());
        // geth rounds the threshold down, and still asks for more than before: 10 % of 5 wei are nothing.
        assert_eq!(pool.offer(&tx(6, 9, 5), rich(5), rules), takes());
        assert!(matches!(pool.offer(&tx(6, 9, 6), rich(5), rules), Verdict::Refuses { .. }));
        assert_eq!(pool.offer(&tx(6, 10, 6), rich(5), rules), takes());
    }

    #[test]
    fn what_it_has_and_what_is_over_is_said() {
        let mut pool = Pool::default();
        let rules = PoolRules::geth();
        pool.offer(&tx(3, GWEI, 1), rich(3), rules);
        assert_eq!(refusal(pool.offer(&tx(3, GWEI, 1), rich(3), rules)), "already known");
        assert_eq!(
            refusal(pool.offer(&tx(2, GWEI, 1), rich(3), rules)),
            "nonce too low: next nonce 3, tx nonce 2"
        );
        pool.forget(&tx(3, GWEI, 1));
        assert_eq!(pool.offer(&tx(3, GWEI, 1), rich(3), rules), takes());
    }

    #[test]
    fn everything_a_sender_has_sent_must_be_paid_for() {
        let mut pool = Pool::default();
        let rules = PoolRules::geth();
        let poor = |balance: u64| Account { next_nonce: 0, balance: U256::from(balance) };
        let start = "insufficient funds for gas * price + value: balance";
        assert_eq!(
            refusal(pool.offer(&tx(0, 10, 1), poor(200_000), rules)),
            format!("{start} 200000, tx cost 210000, overshot 10000")
        );
        assert_eq!(pool.offer(&tx(0, 10, 1), poor(400_000), rules), takes());
        assert_eq!(
            refusal(pool.offer(&tx(1, 10, 1), poor(400_000), rules)),
            format!("{start} 400000, queued cost 210000, tx cost 210000, overshot 20000")
        );
        assert_eq!(
            refusal(pool.offer(&tx(0, 18, 9), poor(370_000), rules)),
            format!("{start} 370000, tx cost 378000, overshot 8000")
        );
        assert_eq!(pool.offer(&tx(1, 10, 1), poor(420_000), rules), takes());
        assert_eq!(
            refusal(pool.offer(&tx(1, 11, 2), poor(420_000), rules)),
            format!("{start} 420000, queued cost 420000, tx bumped 21000, overshot 21000")
        );
    }

    #[test]
    fn sixteen_without_a_gap_are_kept_and_the_next_is_dropped_in_silence() {
        let mut pool = Pool::default();
        let rules = PoolRules::geth();
        for nonce in 10..26 {
            assert_eq!(pool.offer(&tx(nonce, GWEI, 1), rich(10), rules), takes(), "{nonce}");
        }
        let beyond = tx(26, GWEI, 1);
        let dropped = Verdict::Drops { rule: "pool_executable_slots" };
        assert_eq!(pool.offer(&beyond, rich(10), rules), dropped);
        assert_eq!(pool.offer(&beyond, rich(10), rules), dropped, "it is not known afterwards");
        // It left a gap: what follows it waits.
        assert_eq!(pool.offer(&tx(27, GWEI, 1), rich(10), rules), takes());
        assert_eq!(pool.offer(&beyond, rich(12), rules), takes(), "two were mined");
    }

    #[test]
    fn sixty_four_wait_for_an_earlier_nonce_and_the_highest_goes() {
        let mut pool = Pool::default();
        let rules = PoolRules::geth();
        for nonce in 100..164 {
            assert_eq!(pool.offer(&tx(nonce, GWEI, 1), rich(0), rules), takes(), "{nonce}");
        }
        let dropped = Verdict::Drops { rule: "pool_queued_slots" };
        assert_eq!(pool.offer(&tx(164, GWEI, 1), rich(0), rules), dropped);
        let lower = pool.offer(&tx(99, GWEI, 1), rich(0), rules);
        let last = vec![tx(163, GWEI, 1).txid];
        assert_eq!(lower, Verdict::Takes { dropped: last, rule: Some("pool_queued_slots") });
        // The gap is filled by what was mined: they are executable now, and 16 of those are kept.
        let filled = pool.offer(&tx(98, GWEI, 1), rich(98), rules);
        let Verdict::Takes { dropped, rule } = filled else { panic!("{filled:?}") };
        assert_eq!((dropped.len(), rule), (65 - 16, Some("pool_executable_slots")));
    }

    #[test]
    fn senders_do_not_count_for_each_other() {
        let mut pool = Pool::default();
        for sender in 0..3 {
            for nonce in 0..16 {
                let sent = Sent { sender: [sender; 20], ..tx(nonce, GWEI, 1) };
                assert_eq!(pool.offer(&sent, rich(0), PoolRules::geth()), takes());
            }
        }
    }
}
