//! What is paid ahead for energy of the pool: TRX that came to its wallet from a wallet of a partner, by solid blocks that a quorum
//! showed. Blocks are read in order from where the last look ended, and that place is stored with what was found: each block once.
//!
//! The coin itself is booked like all that comes in, by reconciliation (ADR 0010). A top-up says whose it is.

use std::collections::BTreeMap;

use crate::address::TronAddress;
use crate::canonical::Canonical;
use crate::chain::{BlockRef, ChainId, txid_text};
use crate::event::Event;
use crate::id::{PartnerId, WalletId};
use crate::partner::PLATFORM;
use crate::port::chain::PaidIn;
use crate::proof::Final;
use crate::time::Timestamp;
use crate::wallet::Wallet;

/// Less from somebody whom nobody knows is no top-up, sun: dust is sent to everybody, and would be a person's work each time.
pub const STRANGER_MIN_SUN: u64 = 1_000_000;

/// TRX that came to the pool's wallet. Its transaction is its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepayment {
    /// The transaction.
    pub txid: [u8; 32],
    /// Its chain.
    pub chain: ChainId,
    /// The pool's wallet.
    pub wallet: WalletId,
    /// Who sent it.
    pub sender: TronAddress,
    /// Whose it is; `None` until a person has said so.
    pub partner: Option<PartnerId>,
    /// How much, sun; more than nothing.
    pub sun: u64,
    /// The solid block it is in.
    pub block: BlockRef,
    /// That block's time.
    pub at: Timestamp,
}

impl Prepayment {
    /// The name of its posting group: a top-up is posted once.
    pub fn posted_as(&self) -> String {
        format!("topup_{}", txid_text(&self.txid))
    }

    /// What is told of it: to its partner, or to the platform while it is nobody's.
    pub fn event(&self) -> Event {
        let known = self.partner.is_some();
        Event {
            kind: if known { "energy.topped_up" } else { "energy.topup_unknown" }.to_owned(),
            partner: self.partner.unwrap_or(PLATFORM),
            withdrawal: None,
            transfer: None,
            wallet: None,
            data: Canonical::map([
                ("block", Some(Canonical::text(self.block.number))),
                ("chain", Some(Canonical::text(self.chain))),
                ("sender", Some(Canonical::text(self.sender))),
                ("sun", Some(Canonical::text(self.sun))),
                ("txid", Some(Canonical::text(txid_text(&self.txid)))),
            ]),
        }
    }
}

/// A look at the blocks of the pool's wallet: what came, and where the next one begins. Made of a quorum's reading alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look(Box<Read>);

/// Behind a pointer: few changes hold one, and each has room for it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Read {
    chain: ChainId,
    wallet: WalletId,
    from: Option<u64>,
    next: u64,
    came: Vec<Prepayment>,
}

impl Look {
    /// The first one: what lies up to the final block was there before, and is nobody's top-up.
    pub fn first(pool: &Wallet, head: &Final<BlockRef>) -> Self {
        let next = head.reading().number.saturating_add(1);
        Self(Box::new(Read { chain: pool.chain, wallet: pool.id, from: None, next, came: vec![] }))
    }

    /// What a run of blocks from `from` on shows. `owners` are the accounts that partners have shown to be theirs
    /// ([`Wallet::is_shown`]).
    /// What the pool's own partner sends is no top-up: it owns the stake and pays nothing.
    pub fn of(
        pool: &Wallet,
        from: u64,
        run: &Final<PaidIn>,
        owners: &BTreeMap<TronAddress, PartnerId>,
    ) -> Self {
        let run = run.reading();
        let came = run.coins.iter().filter_map(|coin| {
            let partner = owners.get(&coin.from).copied();
            let counts = match partner {
                Some(partner) => partner != pool.partner,
                None => coin.sun >= STRANGER_MIN_SUN,
            };
            let (sender, txid, sun) = (coin.from, coin.txid, coin.sun);
            let (chain, wallet, block, at) = (pool.chain, pool.id, coin.block, coin.at);
            let topup = Prepayment { txid, chain, wallet, sender, partner, sun, block, at };
            (counts && sun > 0).then_some(topup)
        });
        let next = run.through.number.saturating_add(1);
        let (chain, wallet, came) = (pool.chain, pool.id, came.collect());
        Self(Box::new(Read { chain, wallet, from: Some(from), next, came }))
    }

    /// Its chain.
    pub fn chain(&self) -> ChainId {
        self.0.chain
    }

    /// The pool's wallet.
    pub fn wallet(&self) -> WalletId {
        self.0.wallet
    }

    /// Where it began; `None` for the first one.
    pub fn from(&self) -> Option<u64> {
        self.0.from
    }

    /// The height that the next one begins at.
    pub fn next(&self) -> u64 {
        self.0.next
    }

    /// What came, in the order of the chain.
    pub fn came(&self) -> &[Prepayment] {
        &self.0.came
    }
}

/// A person says whose a top-up is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    topup: Box<Prepayment>,
    partner: PartnerId,
}

impl Assigned {
    /// `None` where it is somebody's already.
    pub fn to(topup: Prepayment, partner: PartnerId) -> Option<Self> {
        if topup.partner.is_some() {
            return None;
        }
        let topup = Box::new(Prepayment { partner: Some(partner), ..topup });
        Some(Self { topup, partner })
    }

    /// The top-up, as its partner's.
    pub fn topup(&self) -> &Prepayment {
        &self.topup
    }

    /// Whose it is.
    pub const fn partner(&self) -> PartnerId {
        self.partner
    }
}
