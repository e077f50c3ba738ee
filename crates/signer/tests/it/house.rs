//! A signer with one wallet of one partner, and requests to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sluice_codec::evm;
use sluice_core::address::EvmAddress;
use sluice_core::amount::Amount;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Fees, Kind, Terms, Unsigned};
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_core::id::{AttemptId, PartnerId, TransferId, Ulid, WalletId, WithdrawalId};
use sluice_core::intent::{Approved, DeploymentId, Payment, PaymentKey, SigningRequest};
use sluice_core::port::signer::{Signature, SignerError, SignerRefusal, SlotRecord, Ticket};
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;
use sluice_signer::key::MemoryKey;
use sluice_signer::{Ask, AssetCaps, Caps, Enrolled, JournalAt, Key, KeyRing, SigningService};

pub const NOW: Timestamp = Timestamp::from_micros(1_763_700_000_000_000);
pub const FEES: Fees = Fees { gas_limit: 65_000, max_fee_wei: 60_000_000_000, tip_wei: 30_000_000_000 };
pub const SECRET: [u8; 32] = [0x42; 32];

/// What is the same in every test.
pub fn deployment() -> DeploymentId {
    DeploymentId("test".into())
}

pub fn ulid(number: u64) -> Ulid {
    Ulid::new(NOW, u128::from(number))
}

pub fn partner() -> PartnerId {
    PartnerId::new(ulid(1))
}

pub fn wallet() -> WalletId {
    WalletId::new(ulid(2))
}

pub fn sender() -> EvmAddress {
    MemoryKey::new(&SECRET).unwrap().address()
}

pub fn usdc() -> Asset {
    let id = AssetId::erc20(ChainId::evm(137), EvmAddress([0x3c; 20]));
    Asset { id, symbol: "USDC".into(), precision: 6, decimals: 6, freezable: true }
}

pub fn usd(whole: i64) -> Amount {
    Amount::from_atoms(whole * 1_000_000).unwrap()
}

/// 10,000 a payment, 100,000 an hour, no people.
pub fn caps() -> Caps {
    Caps::of(&[ChainProfile::polygon()], vec![AssetCaps::without_people(usdc(), usd(10_000), usd(100_000))])
}

pub fn ring_of(key: Arc<dyn Key>) -> KeyRing {
    KeyRing::new().with(Enrolled { wallet: wallet(), partner: partner(), chain: ChainId::evm(137), key })
}

pub fn ring() -> KeyRing {
    ring_of(Arc::new(MemoryKey::new(&SECRET).unwrap()))
}

pub fn signer_with(caps: Caps) -> SigningService {
    SigningService::open(&JournalAt::Memory, &deployment(), caps, ring(), NOW).unwrap()
}

pub fn signer() -> SigningService {
    signer_with(caps())
}

pub fn payment(order: &str, amount: Amount) -> Approved {
    let key = PaymentKey::of(&deployment(), partner(), order);
    let payment = Payment {
        key,
        partner: partner(),
        withdrawal: WithdrawalId::new(ulid(u64::from(key.0[0]))),
        asset: usdc().id,
        amount,
        precision: 6,
        to: EvmAddress([0xaa; 20]).into(),
        memo: None,
        expires_at: None,
    };
    Approved { payment, decision: "policy 1".into(), approvals: vec![] }
}

pub fn slot(nonce: u64) -> Slot {
    Slot::EvmNonce { chain: ChainId::evm(137), sender: sender(), nonce }
}

/// A request with its stored attempt.
#[derive(Clone, Debug)]
pub struct Pair {
    pub request: SigningRequest,
    pub unsigned: Unsigned,
}

static ATTEMPTS: AtomicU64 = AtomicU64::new(100);

/// As an honest engine makes it.
pub fn pair(kind: Kind, nonce: u64, payments: &[Approved], fees: Fees) -> Pair {
    let id = AttemptId::new(ulid(ATTEMPTS.fetch_add(1, Ordering::SeqCst)));
    let slot = slot(nonce);
    let pays: Vec<_> = payments.iter().map(|approved| approved.payment.clone()).collect();
    let bytes = evm::draft(kind, &slot, &fees, &pays, &usdc()).unwrap();
    let unsigned = Unsigned {
        id,
        transfer: TransferId::new(ulid(nonce)),
        serial: 0,
        kind,
        slot: slot.clone(),
        terms: Terms::Evm(fees),
        bytes: bytes.unsigned,
        digest: bytes.digest,
        built_at: NOW,
    };
    let request = SigningRequest {
        attempt: id,
        kind,
        payments: payments.to_vec(),
        slot,
        terms: Terms::Evm(fees),
        wallet: wallet(),
        epoch: 1,
        digest: bytes.digest,
        at: NOW,
    };
    Pair { request, unsigned }
}

pub fn pay(nonce: u64, approved: &Approved) -> Pair {
    pair(Kind::Pay, nonce, std::slice::from_ref(approved), FEES)
}

pub fn void(nonce: u64, payments: &[Approved]) -> Pair {
    pair(Kind::Void, nonce, payments, Fees { gas_limit: 21_000, ..FEES })
}

/// Fees of the n-th bump.
pub fn bumped(times: u32) -> Fees {
    let mut fees = FEES;
    for _ in 0..times {
        fees.max_fee_wei = fees.max_fee_wei * 11 / 10 + 1;
        fees.tip_wei = fees.tip_wei * 11 / 10 + 1;
    }
    fees
}

/// What may be asked of a signer, in process or over the wire.
pub trait Asked {
    fn admits(&self, epoch: i64, payments: &[Approved], now: Timestamp)
    -> Vec<Result<Ticket, SignerRefusal>>;
    fn try_sign(
        &self,
        pairs: &[Pair],
        now: Timestamp,
    ) -> Result<Vec<Result<Signature, SignerRefusal>>, SignerError>;
    fn closes(&self, epoch: i64, slot: &Slot, now: Timestamp) -> Result<SlotRecord, SignerRefusal>;

    fn signs(&self, pairs: &[Pair], now: Timestamp) -> Vec<Result<Signature, SignerRefusal>> {
        self.try_sign(pairs, now).unwrap()
    }

    fn sign_one(&self, pair: &Pair) -> Result<Signature, SignerRefusal> {
        self.sign_at(pair, NOW)
    }

    /// At a time, by both clocks.
    fn sign_at(&self, pair: &Pair, now: Timestamp) -> Result<Signature, SignerRefusal> {
        let mut pair = pair.clone();
        pair.request.at = now;
        self.signs(&[pair], now).remove(0)
    }

    /// Admits a payment that had a slot before, and signs it in another, at a time.
    fn paid_again(
        &self,
        nonce: u64,
        approved: &Approved,
        now: Timestamp,
    ) -> Result<Signature, SignerRefusal> {
        self.admits(1, std::slice::from_ref(approved), now).remove(0)?;
        self.sign_at(&pay(nonce, approved), now)
    }

    /// Admits a payment and signs it in a slot.
    fn paid(&self, nonce: u64, approved: &Approved) -> (Pair, Signature) {
        self.admits(1, std::slice::from_ref(approved), NOW).remove(0).unwrap();
        let pair = pay(nonce, approved);
        let signature = self.sign_one(&pair).unwrap();
        (pair, signature)
    }
}

impl Asked for SigningService {
    fn admits(
        &self,
        epoch: i64,
        payments: &[Approved],
        now: Timestamp,
    ) -> Vec<Result<Ticket, SignerRefusal>> {
        self.admit(wallet(), epoch, payments, now).unwrap()
    }

    fn try_sign(
        &self,
        pairs: &[Pair],
        now: Timestamp,
    ) -> Result<Vec<Result<Signature, SignerRefusal>>, SignerError> {
        self.sign(&asks(pairs), now)
    }

    fn closes(&self, epoch: i64, slot: &Slot, now: Timestamp) -> Result<SlotRecord, SignerRefusal> {
        self.close(wallet(), epoch, slot, now).unwrap()
    }
}

pub fn asks(pairs: &[Pair]) -> Vec<Ask<'_>> {
    pairs.iter().map(|pair| Ask { request: &pair.request, unsigned: &pair.unsigned }).collect()
}

/// The code of a refusal, and whether it is for good.
pub fn refused<T>(answer: Result<T, SignerRefusal>) -> (String, bool) {
    match answer {
        Ok(_) => ("granted".into(), false),
        Err(refusal) => (refusal.code, refusal.permanent),
    }
}

/// A refusal for good.
pub fn never(code: &str) -> (String, bool) {
    (code.into(), true)
}

/// A refusal that may pass.
pub fn not_now(code: &str) -> (String, bool) {
    (code.into(), false)
}
