//! Histories of a chain where transactions expire: dead is what no block holds whose time could have been.

use std::collections::BTreeMap;

use ruint::aliases::U256;

use super::codes;
use crate::amount::Decimal;
use crate::chain::{Address, Chain, Hash};
use crate::evm::Transfer;
use crate::judge::{Verdict, judge};
use crate::list::{Life, List, Withdrawal};
use crate::read::{Elsewhere, Reading, Run, Sent};
use crate::stand::{Block, Held, Stand};

const CHAIN: Chain = Chain::Tron(728_126_428);
const TOKEN: Address = Address::tron([0xaa; 20]);
const WALLET: Address = Address::tron([0xf0; 20]);
const TO: Address = Address::tron([0x10; 20]);
const UNITS: u64 = 1_500_000;
const FEE: u64 = 6_428_500;
const LOST: Hash = Hash([0xee; 32]);
/// The range is above block 100, up to block 200 of this time.
const CLOSING_MS: u64 = 1_000_000;
const LIFE: Life = Life { reference: 150, expires_at_ms: 900_000 };

/// One withdrawal of `status` for which `LOST` was signed, and one transaction of the wallet for each of `succeeded`.
struct Play {
    list: List,
    reading: Reading,
}

fn stand(block: u64, tokens: u64, coin: u64) -> Stand {
    let held = Held { nonce: 0, coin: U256::from(coin), tokens: [(TOKEN, U256::from(tokens))].into() };
    let block = Block { number: block, hash: Hash([u8::try_from(block).unwrap(); 32]) };
    Stand { chain: CHAIN, block, wallets: [(WALLET, held)].into() }
}

fn transfer(txid: Hash, block: u64) -> Transfer {
    Transfer { block, log_index: 2, txid, token: TOKEN, from: WALLET, to: TO, units: U256::from(UNITS) }
}

impl Play {
    fn new(status: &str) -> Self {
        let it = Withdrawal {
            external_id: "order".into(),
            chain: CHAIN,
            token: TOKEN,
            recipient: TO,
            amount: Decimal::parse("1.5").unwrap(),
            status: status.into(),
            txid: None,
            txids: vec![LOST],
            slots: Default::default(),
            lives: [(LOST, LIFE)].into(),
        };
        let mut list = List::default();
        list.withdrawals.insert("order".into(), it);
        let reading = Reading {
            opening: stand(100, 10 * UNITS, 10 * FEE),
            closing: stand(200, 10 * UNITS, 10 * FEE),
            decimals: [(TOKEN, 6)].into(),
            transfers: vec![],
            sent: vec![],
            received: BTreeMap::new(),
            elsewhere: [(LOST, None)].into(),
            closing_ms: CLOSING_MS,
            absent: [(LOST, Run { above: 100, last: 200, last_ms: CLOSING_MS })].into(),
        };
        Self { list, reading }
    }

    fn withdrawal(&mut self) -> &mut Withdrawal {
        self.list.withdrawals.get_mut("order").unwrap()
    }

    /// The wallet sends a payment, which succeeds or fails.
    fn sends(&mut self, txid: Hash, succeeded: bool) {
        let input =
            [&[0xa9, 0x05, 0x9c, 0xbb][..], &[0; 12], &TO.bytes(), &U256::from(UNITS).to_be_bytes::<32>()];
        let sent = Sent {
            txid,
            block: 160,
            from: WALLET,
            nonce: 0,
            to: Some(TOKEN),
            value: U256::ZERO,
            input: input.concat(),
            succeeded,
            fee: U256::from(FEE),
            delegates: false,
            kind: None,
        };
        self.reading.sent.push(sent);
        if succeeded {
            self.reading.transfers.push(transfer(txid, 160));
        }
        if txid == LOST {
            self.reading.elsewhere.clear();
            self.reading.absent.clear();
        }
        let held = self.reading.closing.wallets.get_mut(&WALLET).unwrap();
        held.coin -= U256::from(FEE);
        *held.tokens.get_mut(&TOKEN).unwrap() -= U256::from(u64::from(succeeded) * UNITS);
    }

    fn judged(&self) -> Verdict {
        judge(&self.list, None, &self.reading).unwrap()
    }
}

#[test]
fn what_expired_and_is_in_no_block_that_could_hold_it_is_dead() {
    let play = Play::new("failed");
    let verdict = play.judged();
    assert_eq!((codes(&verdict), verdict.dead.len()), (vec![], 1));
    // And where it was paid by a later one.
    let mut play = Play::new("completed");
    let paid = Hash([0x11; 32]);
    play.sends(paid, true);
    play.withdrawal().txid = Some(paid);
    let verdict = play.judged();
    assert_eq!((codes(&verdict), verdict.proven.len()), (vec![], 1));
}

#[test]
fn a_failed_receipt_uses_a_transaction_up_whatever_its_life() {
    let mut play = Play::new("failed");
    play.sends(LOST, false);
    play.withdrawal().lives.clear();
    let verdict = play.judged();
    assert_eq!((codes(&verdict), verdict.dead.len()), (vec![], 1));
    let mut play = Play::new("completed");
    play.sends(LOST, false);
    play.withdrawal().txid = Some(LOST);
    assert_eq!(codes(&play.judged()), ["paid_by_a_revert"]);
}

#[test]
fn each_thing_that_a_death_needs_is_missed_by_name() {
    type Break = fn(&mut Play);
    let in_block = |block, succeeded| Elsewhere { block, succeeded, transfers: vec![transfer(LOST, block)] };
    let breaks: [(&[&str], Break); 6] = [
        (&["life_unknown"], |play| play.withdrawal().lives.clear()),
        // It expires a millisecond after the last block.
        (&["slot_open"], |play| {
            play.withdrawal().lives.insert(LOST, Life { expires_at_ms: CLOSING_MS + 1, ..LIFE });
        }),
        (&["slot_open"], |play| play.reading.absent.clear()),
        // The blocks that were read begin above the one it refers to.
        (&["slot_open"], |play| {
            play.reading.absent.insert(LOST, Run { above: 151, last: 200, last_ms: CLOSING_MS });
        }),
        // They end a millisecond before its expiration.
        (&["slot_open"], |play| {
            play.reading.absent.insert(LOST, Run { above: 150, last: 180, last_ms: 899_999 });
        }),
        (&["ended_but_paid"], |play| play.sends(LOST, true)),
    ];
    for (at, (names, apply)) in breaks.into_iter().enumerate() {
        let mut play = Play::new("failed");
        apply(&mut play);
        let verdict = play.judged();
        assert_eq!((at, codes(&verdict), verdict.dead.len()), (at, names.to_vec(), 0));
    }
    for (elsewhere, names) in [
        (in_block(201, true), &["slot_open"][..]),
        (in_block(90, true), &["ended_but_paid"]),
        (in_block(90, false), &[]),
    ] {
        let mut play = Play::new("failed");
        play.reading.elsewhere.insert(LOST, Some(elsewhere));
        assert_eq!(codes(&play.judged()), names);
    }
}

#[test]
fn its_last_moment_is_the_time_of_a_block_that_was_read() {
    let mut play = Play::new("failed");
    play.reading.absent.insert(LOST, Run { above: 150, last: 180, last_ms: 900_000 });
    assert_eq!(codes(&play.judged()), [""; 0]);
    play.withdrawal().lives.insert(LOST, Life { expires_at_ms: CLOSING_MS, ..LIFE });
    play.reading.absent.insert(LOST, Run { above: 100, last: 200, last_ms: CLOSING_MS });
    assert_eq!(codes(&play.judged()), [""; 0]);
}

#[test]
fn one_that_paid_before_the_range_and_again_within_it_is_a_duplicate() {
    let mut play = Play::new("completed");
    let paid = Hash([0x11; 32]);
    play.sends(paid, true);
    play.withdrawal().txid = Some(paid);
    let before = Elsewhere { block: 90, succeeded: true, transfers: vec![transfer(LOST, 90)] };
    play.reading.elsewhere.insert(LOST, Some(before));
    let verdict = play.judged();
    assert_eq!((codes(&verdict), verdict.proven.len()), (vec!["paid_twice"], 0));
}

#[test]
fn there_is_no_nonce_to_miss_and_every_other_transaction_needs_a_reason() {
    let mut play = Play::new("failed");
    play.sends(Hash([0x22; 32]), false);
    let stake = play.reading.sent.last_mut().unwrap();
    (stake.to, stake.input, stake.succeeded, stake.kind) = (None, vec![], true, Some(54));
    let verdict = play.judged();
    assert_eq!(codes(&verdict), ["transaction_unexplained"]);
    assert_eq!(verdict.findings[0].detail, "a contract of type 54, 0 bytes of data, succeeded in block 160");
}
