//! A chain on paper: what it shows always adds up, unless a test breaks it.

use std::collections::BTreeMap;

use ruint::aliases::U256;

use super::super::{Verdict, judge};
use crate::amount::{Decimal, shown};
use crate::chain::{Address, Chain, Hash};
use crate::evm::Transfer;
use crate::list::{List, Order, Slot, Withdrawal};
use crate::read::{Elsewhere, Reading, Sent};
use crate::stand::{Block, Held, Stand};

pub(super) const CHAIN: Chain = Chain::Evm(31_337);
pub(super) const TOKEN: Address = Address::evm([0xaa; 20]);
const FEE: u64 = 21_000;
const BEFORE: u64 = 1_000_000_000_000;

/// A paying wallet.
pub(super) fn wallet(number: u8) -> Address {
    Address::evm([0xf0 + number; 20])
}

/// Somebody to be paid.
pub(super) fn recipient(number: u8) -> Address {
    let mut address = [0x10; 20];
    address[19] = number;
    Address::evm(address)
}

/// Something to be paid, in the token's smallest unit.
pub(super) fn amount(number: u8) -> U256 {
    U256::from(1_500_000 + u64::from(number) * 7)
}

pub(super) struct Play {
    pub(super) list: List,
    pub(super) transfers: Vec<Transfer>,
    sent: Vec<Sent>,
    nonces: Vec<u64>,
    /// What nothing on chain explains: tokens and coin that are gone, coin that came.
    lost: [U256; 2],
    found: U256,
    height: u64,
    /// What the chain knows outside the range.
    pub(super) elsewhere: BTreeMap<Hash, Option<Elsewhere>>,
}

impl Play {
    pub(super) fn new(wallets: u8) -> Self {
        let nonces = vec![0; usize::from(wallets)];
        Self {
            list: List::default(),
            transfers: vec![],
            sent: vec![],
            nonces,
            lost: [U256::ZERO; 2],
            found: U256::ZERO,
            height: 100,
            elsewhere: BTreeMap::new(),
        }
    }

    fn transaction(&mut self, from: u8, to: Address, input: Vec<u8>, succeeded: bool) -> Hash {
        self.height += 1;
        let nonce = self.nonces[usize::from(from)];
        self.nonces[usize::from(from)] += 1;
        let mut txid = [from; 32];
        txid[..8].copy_from_slice(&self.height.to_be_bytes());
        self.sent.push(Sent {
            txid: Hash(txid),
            block: self.height,
            from: wallet(from),
            nonce,
            to: Some(to),
            value: U256::ZERO,
            input,
            succeeded,
            fee: U256::from(FEE),
            delegates: false,
            kind: None,
        });
        Hash(txid)
    }

    fn log(&mut self, txid: Hash, from: Address, to: Address, units: U256) {
        let log = Transfer { block: self.height, log_index: 3, txid, token: TOKEN, from, to, units };
        self.transfers.push(log);
    }

    fn call(to: Address, units: U256) -> Vec<u8> {
        [&[0xa9, 0x05, 0x9c, 0xbb][..], &[0; 12], &to.bytes(), &units.to_be_bytes::<32>()].concat()
    }

    pub(super) fn pays(&mut self, from: u8, to: Address, units: U256) -> Hash {
        let txid = self.transaction(from, TOKEN, Self::call(to, units), true);
        self.log(txid, wallet(from), to, units);
        txid
    }

    pub(super) fn reverts(&mut self, from: u8, to: Address, units: U256) -> Hash {
        self.transaction(from, TOKEN, Self::call(to, units), false)
    }

    pub(super) fn void(&mut self, from: u8) -> Hash {
        self.transaction(from, wallet(from), vec![], true)
    }

    /// Is of this contract type of TRON.
    pub(super) fn of_contract(&mut self, from: u8, kind: u64) -> Hash {
        let txid = self.calls(from, b"");
        let sent = self.sent.last_mut().unwrap();
        (sent.kind, sent.to) = (Some(kind), None);
        txid
    }

    /// Gives an account code, by a transaction that does nothing else.
    pub(super) fn delegates(&mut self, from: u8) -> Hash {
        let txid = self.void(from);
        self.sent.last_mut().unwrap().delegates = true;
        txid
    }

    pub(super) fn calls(&mut self, from: u8, input: &[u8]) -> Hash {
        self.transaction(from, TOKEN, input.to_vec(), true)
    }

    pub(super) fn sends_coin(&mut self, from: u8, to: Address, value: u64) -> Hash {
        let txid = self.transaction(from, to, vec![], true);
        self.sent.last_mut().unwrap().value = U256::from(value);
        txid
    }

    pub(super) fn stranger_moves(&mut self, from: Address, to: Address, units: U256) {
        self.height += 1;
        self.log(Hash([0x77; 32]), from, to, units);
        self.transfers.last_mut().unwrap().log_index = self.height;
    }

    pub(super) fn skips_nonce(&mut self, from: u8) {
        self.nonces[usize::from(from)] += 1;
    }

    pub(super) fn nonce(&self, of: u8) -> u64 {
        self.nonces[usize::from(of)]
    }

    pub(super) fn loses_tokens(&mut self, _: u8) {
        self.lost[0] = U256::from(1);
    }

    pub(super) fn loses_coin(&mut self, _: u8) {
        self.lost[1] = U256::from(1);
    }

    pub(super) fn finds_coin(&mut self, _: u8) {
        self.found = U256::from(1);
    }

    /// The transaction happened, and paid nothing.
    pub(super) fn unpay(&mut self, transfer: usize) {
        self.transfers.remove(transfer);
    }

    pub(super) fn told(&mut self, id: &str, to: Address, units: U256, status: &str, txid: Option<Hash>) {
        let it = Withdrawal {
            external_id: id.to_owned(),
            chain: CHAIN,
            token: TOKEN,
            recipient: to,
            amount: Decimal::parse(&shown(units, 6)).unwrap(),
            status: status.to_owned(),
            txid,
            txids: vec![],
            slots: Default::default(),
            lives: Default::default(),
        };
        self.list.withdrawals.insert(id.to_owned(), it);
    }

    pub(super) fn slot(&mut self, id: &str, sender: u8, nonce: u64) {
        let slot = Slot { sender: Some(wallet(sender)), nonce };
        self.list.withdrawals.get_mut(id).unwrap().slots.insert(slot);
    }

    pub(super) fn signed(&mut self, id: &str, txid: Hash, sender: u8, nonce: u64) {
        self.list.withdrawals.get_mut(id).unwrap().txids.push(txid);
        self.slot(id, sender, nonce);
    }

    pub(super) fn orders(&self) -> Vec<Order> {
        let order = |it: &Withdrawal| Order {
            external_id: it.external_id.clone(),
            chain: it.chain,
            token: it.token,
            recipient: it.recipient,
            amount: it.amount,
        };
        self.list.withdrawals.values().map(order).collect()
    }

    fn stand(&self, block: u64, held: impl Fn(u8) -> (u64, U256, U256)) -> Stand {
        let wallets = (0..u8::try_from(self.nonces.len()).unwrap()).map(|at| {
            let (nonce, tokens, coin) = held(at);
            (wallet(at), Held { nonce, coin, tokens: [(TOKEN, tokens)].into() })
        });
        let block = Block { number: block, hash: Hash([u8::try_from(block % 251).unwrap(); 32]) };
        Stand { chain: CHAIN, block, wallets: wallets.collect() }
    }

    /// What a node would show of it.
    pub(super) fn reading(&self) -> Reading {
        let before = U256::from(BEFORE);
        let closing = self.stand(self.height, |at| {
            let (mut tokens, mut coin) = (before, before);
            for log in &self.transfers {
                tokens += if log.to == wallet(at) { log.units } else { U256::ZERO };
                tokens -= if log.from == wallet(at) { log.units } else { U256::ZERO };
            }
            for sent in self.sent.iter().filter(|it| it.from == wallet(at)) {
                coin -= sent.fee + sent.value;
            }
            let first = |what: U256| if at == 0 { what } else { U256::ZERO };
            let coin = coin + first(self.found) - first(self.lost[1]);
            (self.nonces[usize::from(at)], tokens - first(self.lost[0]), coin)
        });
        let mut elsewhere = self.elsewhere.clone();
        for txid in self.list.withdrawals.values().filter_map(|it| it.txid) {
            if !self.sent.iter().any(|it| it.txid == txid) {
                elsewhere.entry(txid).or_insert(None);
            }
        }
        Reading {
            opening: self.stand(100, |_| (0, before, before)),
            closing,
            decimals: [(TOKEN, 6)].into(),
            transfers: self.transfers.clone(),
            sent: self.sent.clone(),
            received: Default::default(),
            elsewhere,
            closing_ms: 0,
            absent: Default::default(),
        }
    }

    pub(super) fn judged(&self) -> Verdict {
        judge(&self.list, None, &self.reading()).unwrap()
    }

    pub(super) fn judged_against(&self, orders: &[Order]) -> Verdict {
        judge(&self.list, Some(orders), &self.reading()).unwrap()
    }
}
