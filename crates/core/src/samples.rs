//! Things to test with: one partner, one wallet, one token, a transfer in its first states, and evidence of every kind.
//! Small numbers name everything.

use std::collections::BTreeMap;

use crate::address::EvmAddress;
use crate::amount::{Amount, Cost};
use crate::asset::{Asset, AssetId};
use crate::attempt::{Fees, Kind, Signed, Terms, Unsigned};
use crate::chain::{BlockRef, ChainId, ChainProfile};
use crate::id::{AttemptId, PartnerId, ProofId, TransferId, Ulid, WalletId, WithdrawalId};
use crate::intent::DeploymentId;
use crate::partner::{Limit, Partner};
use crate::policy::{Decision, Facts, Passed, evaluate};
use crate::proof::{Death, Effect, Final, Inclusion, Proof, SlotReading, Stranger, Tombstone, Verdict};
use crate::slot::Slot;
use crate::time::Timestamp;
use crate::transfer::Transfer;
use crate::withdrawal::{NewRequest, Request, Type, Withdrawal};

/// Depth below the final head that a proof of death needs in tests.
pub const DEEP: u64 = 2;

pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000).plus_ms(ms)
}

pub fn ulid(number: u128) -> Ulid {
    Ulid::new(at(0), number)
}

pub fn partner() -> PartnerId {
    PartnerId::new(ulid(1))
}

pub fn wallet() -> WalletId {
    WalletId::new(ulid(1))
}

pub fn transfer_id(number: u128) -> TransferId {
    TransferId::new(ulid(number))
}

pub fn proof_id(number: u128) -> ProofId {
    ProofId::new(ulid(number))
}

pub fn chain() -> ChainId {
    ChainProfile::devnet().id
}

pub fn token() -> Asset {
    Asset {
        id: AssetId::erc20(chain(), EvmAddress([0x70; 20])),
        symbol: "TUSD".into(),
        precision: 6,
        decimals: 6,
        freezable: true,
    }
}

pub fn block(number: u64) -> BlockRef {
    BlockRef { number, hash: [number as u8; 32] }
}

pub fn new_request() -> NewRequest {
    NewRequest {
        external_id: "order-1".into(),
        user_id: "user-1".into(),
        asset: token(),
        amount: Amount::from_atoms(12_500_000).unwrap(),
        to: EvmAddress([0xaa; 20]).into(),
        kind: Type::Regular,
        memo: None,
        scheduled_for: None,
        metadata: BTreeMap::new(),
    }
}

pub fn request() -> Request {
    Request::check(new_request(), Amount::ZERO, &[], at(0)).unwrap()
}

pub fn withdrawal() -> Withdrawal {
    let id = WithdrawalId::new(ulid(1));
    Withdrawal::request(id, partner(), &DeploymentId("test".into()), request(), false, at(0)).into_after()
}

pub fn tenant() -> Partner {
    Partner {
        id: partner(),
        name: "Demo".into(),
        zone: "Asia/Seoul".into(),
        test_mode: true,
        created_at: at(0),
    }
}

pub fn limit() -> Limit {
    let (per_transaction, daily) =
        (Amount::from_atoms(20_000_000).unwrap(), Amount::from_atoms(50_000_000).unwrap());
    Limit { asset: token().id, per_transaction, daily, version: 3 }
}

/// The only way to a `Passed`, in tests too, is a decision.
pub fn passed() -> Passed {
    let facts = Facts { partner: &tenant(), request: &request(), limit: Some(&limit()), now: at(0) };
    match evaluate(facts) {
        Decision::Pass { passed, .. } => passed,
        Decision::Reject { code } => panic!("the sample request is refused: {code}"),
    }
}

pub fn slot(nonce: u64) -> Slot {
    Slot::EvmNonce { chain: chain(), sender: EvmAddress([0x11; 20]), nonce }
}

pub fn unsigned(number: u128, transfer: TransferId, kind: Kind, slot: Slot) -> Unsigned {
    // Later attempts are dearer, as bumps are.
    let max_fee_wei = 40_000_000_000 + number;
    let gas_limit = match kind {
        Kind::Pay => 65_000,
        Kind::Void => 21_000,
    };
    Unsigned {
        id: AttemptId::new(ulid(number)),
        transfer,
        serial: 0,
        kind,
        slot,
        terms: Terms::Evm(Fees { gas_limit, max_fee_wei, tip_wei: 30_000_000_000 }),
        bytes: vec![2, number as u8],
        digest: [number as u8; 32],
        built_at: at(0),
    }
}

pub fn signed(unsigned: Unsigned) -> Signed {
    let txid = unsigned.digest;
    Signed { raw: vec![2], txid, journal_seq: 1, signed_at: at(0), unsigned }
}

/// An attempt of ours in block 10.
pub fn inclusion(effect: Effect) -> Inclusion {
    let attempt = AttemptId::new(ulid(1));
    Inclusion {
        attempt,
        txid: [9; 32],
        block: block(10),
        effect,
        cost: Cost(1_500_000_000),
        returned: Amount::ZERO,
    }
}

pub const PAID: Effect = Effect::Paid { log_index: 0 };

/// What two operators read under the final block `head`.
#[expect(clippy::disallowed_methods, reason = "nothing here has a chain")]
pub fn agreed<T>(reading: T, head: u64) -> Final<T> {
    Final::by_quorum(reading, block(head), vec!["a".into(), "b".into()], 2).unwrap()
}

/// A proof about a transfer, by two operators.
pub fn proof(number: u128, transfer: Option<TransferId>, verdict: Verdict) -> Proof {
    let operators = vec!["a".into(), "b".into()];
    Proof {
        id: proof_id(number),
        partner: partner(),
        transfer,
        verdict,
        head: Some(block(12)),
        operators,
        at: at(0),
    }
}

pub fn dead(effect: Effect) -> Verdict {
    let slot = agreed(SlotReading::Ours(inclusion(effect)), 12);
    Verdict::Dead(Death::of_nonce(&slot, DEEP).unwrap())
}

/// A transaction that is none of ours, in block 10.
pub fn stranger() -> Stranger {
    Stranger { txid: [0x57; 32], block: block(10) }
}

/// A stranger consumed the slot.
pub fn taken() -> Verdict {
    let slot = agreed(SlotReading::Foreign(stranger()), 12);
    Verdict::Dead(Death::of_foreign(&slot, stranger(), DEEP).unwrap())
}

/// The signer's tombstone of a nonce.
#[expect(clippy::disallowed_methods, reason = "nothing here has a signer")]
pub fn tombstone(nonce: u64) -> Tombstone {
    Tombstone::journaled(slot(nonce), 5)
}

pub fn tombstoned() -> Verdict {
    Verdict::Dead(Death::never_signed(&tombstone(7)))
}

pub fn paid() -> Verdict {
    Verdict::Paid(inclusion(PAID))
}

pub fn paid_elsewhere() -> Verdict {
    Verdict::PaidElsewhere { txid: [8; 32], block: block(9), log_index: 3 }
}

/// A payout of the sample withdrawal, planned as `T(1)`.
pub fn planned() -> Transfer {
    let approved = withdrawal().approve(passed(), at(1)).unwrap().into_after();
    let pays = vec![(approved.id, approved.approved_payment().unwrap())];
    Transfer::plan(transfer_id(1), partner(), wallet(), token(), pays, at(1)).into_after()
}

/// The filling of a nonce that belongs to nothing, planned as `T(2)`.
pub fn fill() -> Transfer {
    let native = Asset::native(&ChainProfile::devnet());
    Transfer::fill(transfer_id(2), partner(), wallet(), native, at(1)).into_after()
}

/// `planned` brought to `built`, with attempt 1 in slot 7.
pub fn built() -> Transfer {
    let funded = planned().fund(block(1), at(2)).unwrap().into_after();
    let fuelled = funded.fuel(65_000, Cost(1), None, at(2)).unwrap().into_after();
    let attempt = unsigned(1, transfer_id(1), Kind::Pay, slot(7));
    fuelled.build(attempt, at(2)).unwrap().transfer.into_after()
}

/// `built` with attempt 1 signed and sent at height 5.
pub fn sent() -> Transfer {
    let attempt = unsigned(1, transfer_id(1), Kind::Pay, slot(7));
    built().signed(&signed(attempt), 5, at(3)).unwrap().into_after()
}

/// `sent`, with attempt 1 in block 10.
pub fn seen() -> Transfer {
    sent().see(inclusion(PAID), at(4)).unwrap().into_after()
}
