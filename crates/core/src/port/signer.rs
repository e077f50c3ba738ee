//! Asking for signatures (M10). The signer holds keys, keeps its own journal and caps, and trusts nobody.

use super::Fut;
use crate::address::Address;
use crate::amount::Cost;
use crate::attempt::{Durable, Unsigned};
use crate::chain::ChainId;
use crate::id::{PartnerId, WalletId};
use crate::intent::{Approved, DeploymentId, SigningRequest};
use crate::journal::Entry;
use crate::proof::Tombstone;
use crate::slot::Slot;
use crate::stop::Scope;

/// No answer that says anything. The journal may hold a signature; asking again returns it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// Nobody answers.
    #[error("the signer does not answer: {0}")]
    Down(String),
    /// Its journal cannot be written.
    #[error("the signer's journal failed: {0}")]
    Journal(String),
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct SignerRefusal {
    /// Stable code: `epoch_stale`, `cap_amount`, `cap_fee`, `cap_hourly`, `slot_other_payment`, `payment_other_slot`,
    /// `voided`, `closed`, `bytes_differ`, `wallet_unknown`, `clock_skew`, `no_ticket`, `stopped`,
    /// `wallet_barred`, `wallet_busy`, `cap_gas`, `epoch_ahead`, `nonce_ahead`.
    pub code: String,
    /// For people.
    pub detail: String,
    /// Asking again cannot help. The slot is closed in the journal if nothing was ever signed for it.
    pub permanent: bool,
}

/// Permission, given before a slot is written, that the caps have room for a payment. A payment counts once, however
/// many attempts it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Place in the journal.
    pub journal_seq: u64,
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The bytes a node takes.
    pub raw: Vec<u8>,
    /// Transaction hash.
    pub txid: [u8; 32],
    /// Place in the journal.
    pub journal_seq: u64,
}

/// What the signer says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Which installation it belongs to (M1).
    pub deployment: DeploymentId,
    /// Highest place in its journal (M17).
    pub journal_seq: u64,
    /// Highest epoch it has seen for the wallet that was asked about.
    pub epoch: i64,
    /// Stops in force there (M12).
    pub stops: Vec<Standing>,
    /// What it will offer for inclusion at most, for each of its chains.
    pub fee_caps: Vec<FeeCap>,
}

/// Who put a stop in force at the signer. Nobody lifts another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setter {
    /// Whoever speaks through the engine's socket.
    Engine,
    /// A person at the signer's own machine.
    Console,
}

impl Setter {
    /// Stable text, in the journal and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Console => "console",
        }
    }

    /// Reads it back.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Engine, Self::Console].into_iter().find(|it| it.as_str() == text)
    }
}

/// A stop in force at the signer. One scope may be stopped by several: it is free when the last of them has lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How much.
    pub scope: Scope,
    /// Whose it is.
    pub setter: Setter,
    /// Why.
    pub reason: String,
    /// Its place in the journal; another one once it is set again.
    pub journal_seq: u64,
}

/// The signer's absolute fee caps on a chain. No order given here raises them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeCap {
    /// Chain.
    pub chain: ChainId,
    /// Highest fee per gas, wei.
    pub max_fee_wei: u128,
    /// Most that one attempt may cost in all, wei or sun.
    pub cost_max: Cost,
}

impl Hello {
    /// Its caps on a chain; `None` where it signs nothing.
    pub fn fee_cap(&self, chain: ChainId) -> Option<FeeCap> {
        self.fee_caps.iter().copied().find(|cap| cap.chain == chain)
    }
}

/// A wallet whose key the signer holds, in service or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Wallet.
    pub wallet: WalletId,
    /// Its owner, as the signer has it: no other partner's payment is signed with its key.
    pub partner: PartnerId,
    /// Its chain.
    pub chain: ChainId,
    /// Its account.
    pub address: Address,
    /// Its key is barred: it never signs again.
    pub barred: bool,
}

/// A signature over a statement that names the wallet and a challenge (`codec::Possession`). Nothing moves by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// `r`, big-endian.
    pub r: [u8; 32],
    /// `s`, big-endian.
    pub s: [u8; 32],
    /// Parity of the y coordinate.
    pub y_parity: bool,
}

/// What the journal holds about a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotRecord {
    /// Nothing was ever signed; the slot is closed for ever from now on.
    Closed(Tombstone),
    /// No payment was ever signed, and the slot is closed for ever from now on; but these voids were, oldest first. One
    /// that the store does not know may be anywhere: it is adopted, or the chain will show a stranger in the slot.
    Voided(Tombstone, Vec<(crate::id::AttemptId, Signature)>),
    /// A payment was signed before it could be closed: these signatures, oldest first, with the attempts they were for.
    Signed(Vec<(crate::id::AttemptId, Signature)>),
}

/// The signer.
pub trait Signer: Send + Sync {
    /// Who are you, and how far is your journal? `wallet` asks for its epoch too.
    fn hello<'a>(&'a self, wallet: Option<WalletId>) -> Fut<'a, Result<Hello, SignerError>>;

    /// Reserves caps for payments before their slots are written; one answer per payment, in order.
    fn admit<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        payments: &'a [Approved],
    ) -> Fut<'a, Result<Vec<Result<Ticket, SignerRefusal>>, SignerError>>;

    /// Signs, or returns the signature it recorded for the same request; one answer per request, in order. The requests
    /// go with the durable bytes they are about (M2).
    fn sign<'a>(
        &'a self,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Fut<'a, Result<Vec<Result<Signature, SignerRefusal>>, SignerError>>;

    /// Wallets whose keys it holds.
    fn held(&self) -> Fut<'_, Result<Vec<Held>, SignerError>>;

    /// Shows that it holds a wallet's key, by answering a challenge. The statement is its own, from its journal; the
    /// caller chooses the challenge and nothing else.
    fn show(
        &self,
        wallet: WalletId,
        challenge: [u8; 32],
    ) -> Fut<'_, Result<Result<Shown, SignerRefusal>, SignerError>>;

    /// Bars a wallet's key for ever: nothing is signed with it again, no void and no proof either. Asked again, it gives
    /// the same place in the journal. Refusing is always safe, so no epoch is asked for.
    fn bar<'a>(
        &'a self,
        wallet: WalletId,
        reason: &'a str,
    ) -> Fut<'a, Result<Result<u64, SignerRefusal>, SignerError>>;

    /// Closes a slot for ever if nothing was signed for it, or says what was.
    fn close<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Fut<'a, Result<Result<SlotRecord, SignerRefusal>, SignerError>>;

    /// Notes in the journal how many marks the store has made. A store that is compared with the journal later and has made
    /// fewer went back in time, whether or not anything was signed in between (M17). The place in the journal.
    fn mark(&self, mark: u64) -> Fut<'_, Result<u64, SignerError>>;

    /// Up to `limit` entries of the journal from a place on, at most [`crate::journal::PAGE_MAX`] (M17).
    fn export<'a>(&'a self, from_seq: u64, limit: usize) -> Fut<'a, Result<Vec<Entry>, SignerError>>;

    /// Puts a stop in force at the signer itself: a captured engine that ignores the store's gets nothing signed (M12).
    /// The place in the journal.
    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Fut<'a, Result<u64, SignerError>>;

    /// Ends the engine's stop of exactly this scope there, unless it was set again since the place that was read. A stop
    /// that a person set at the signer stays. The quorum was asked before. The place in the journal.
    fn lift<'a>(&'a self, scope: &'a Scope, read_at: u64) -> Fut<'a, Result<u64, SignerError>>;
}
