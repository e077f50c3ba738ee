//! One thing of every state.

use std::collections::BTreeMap;

use sluice_core::access::Actor;
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::amount::{Amount, Cost};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Attempt, Fees, Kind, Signed as SignedAttempt, Terms, TronTerms, Unsigned};
use sluice_core::chain::{BlockRef, ChainId};
use sluice_core::id::*;
use sluice_core::intent::{Approval, Approved as ApprovedPayment, DeploymentId, PaymentKey};
use sluice_core::proof::{Death, DeathKind, Effect, Inclusion, Proof, Stranger, Verdict};
use sluice_core::receipt::Estimate;
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;
use sluice_core::transfer::{self, Item, Life, Mode, Purpose, Transfer};
use sluice_core::wallet::{self, Custody, LaneState, Obstacle, RaisedCap, Rest, Revert, Tier, Wallet};
use sluice_core::withdrawal::*;

use super::super::kept;

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000 + seconds * 1_000_000)
}

pub(super) fn ulid(number: u128) -> Ulid {
    Ulid::new(at(0), number)
}

pub(super) fn block(number: u64) -> BlockRef {
    BlockRef { number, hash: [0xb1; 32] }
}

pub(super) fn asset() -> Asset {
    Asset {
        id: AssetId::erc20(ChainId::evm(137), EvmAddress([0x3c; 20])),
        symbol: "USDC".into(),
        precision: 6,
        decimals: 6,
        freezable: true,
    }
}

fn withdrawal(state: State) -> Withdrawal {
    let partner = PartnerId::new(ulid(1));
    let request = Request {
        external_id: "order/1".into(),
        user_id: "사용자-1".into(),
        asset: asset(),
        amount: Amount::from_atoms(12_500_000).unwrap(),
        fee: Amount::from_atoms(100).unwrap(),
        to: EvmAddress([0xaa; 20]).into(),
        kind: Type::Scheduled,
        memo: Some("thanks \"you\"".into()),
        scheduled_for: Some(at(60)),
        metadata: BTreeMap::from([("invoice".into(), "7".into())]),
        pinned_to: None,
    };
    kept(Record {
        id: WithdrawalId::new(ulid(2)),
        partner,
        key: PaymentKey::of(&DeploymentId("demo".into()), partner, "order/1"),
        request,
        accepted_at: at(0),
        due_at: at(60),
        deadline_at: at(1_860),
        attempt_no: 2,
        retries: 1,
        cancel_requested: Some(CancelRequest {
            by: Actor::Key(KeyId::new(ulid(3))),
            reason: "customer changed their mind".into(),
            at: at(90),
        }),
        version: 4,
        state,
    })
}

pub(super) fn withdrawals() -> Vec<Withdrawal> {
    let decision = || "spine limit v1".to_owned();
    let last = (TransferId::new(ulid(10)), WalletId::new(ulid(11)));
    let ended = || Ended { code: "some_code".into(), proof: Some(ProofId::new(ulid(12))), at: at(99) };
    [
        State::Requested,
        State::Held(Held { code: "travel_rule".into(), since: at(1), expires_at: at(2) }),
        State::Approved(Approved { decision: decision(), at: at(3) }),
        State::Queued(Queued {
            decision: decision(),
            why: "voided".into(),
            last: None,
            since: at(4),
            not_before: at(5),
        }),
        State::Assigned(Assigned {
            decision: decision(),
            transfer: last.0,
            wallet: last.1,
            last: None,
            since: at(6),
        }),
        State::Paid(Paid {
            decision: Some(decision()),
            by: Some(last),
            proof: ProofId::new(ulid(12)),
            txid: [0x77; 32],
            block: block(100),
            at: at(7),
        }),
        State::NeedsAttention(NeedsAttention {
            decision: Some(decision()),
            code: AttentionCode::RetriesExhausted,
            since: at(8),
            last: Some(last),
            slots_dead: true,
        }),
        State::Rejected(Ended { proof: None, ..ended() }),
        State::Cancelled(ended()),
        State::Failed(ended()),
    ]
    .map(withdrawal)
    .into()
}

fn item(life: Life) -> Item {
    let payment = withdrawal(State::Requested).payment();
    let approvals = vec![Approval { key: "op-key".into(), signature: "00ff".into(), at: at(1) }];
    Item {
        withdrawal: payment.withdrawal,
        approved: ApprovedPayment { payment, decision: "spine".into(), approvals },
        life,
    }
}

fn slot() -> Slot {
    Slot::EvmNonce { chain: ChainId::evm(137), sender: EvmAddress([0x11; 20]), nonce: 7 }
}

pub(super) fn inclusion(effect: Effect) -> Inclusion {
    Inclusion {
        attempt: AttemptId::new(ulid(20)),
        txid: [0x77; 32],
        block: block(101),
        effect,
        cost: Cost(u128::MAX - 1),
        returned: Amount::ZERO,
    }
}

pub(super) fn transfers() -> Vec<Transfer> {
    let funded = || transfer::Funded { balance_at: block(90) };
    let fuelled = || transfer::Fuelled {
        funded: funded(),
        gas_limit: u64::MAX,
        gas_budget: Cost(1 << 90),
        estimate: None,
    };
    let signed = || transfer::Signed {
        fuelled: fuelled(),
        slot: slot(),
        mode: Mode::Void { code: "cancel_requested".into(), races: true },
        attempt: AttemptId::new(ulid(20)),
        pending: Some(AttemptId::new(ulid(21))),
        sent_at_height: 95,
        first_signed_at: at(9),
        taken_by: None,
    };
    let (attempt, proof) = (AttemptId::new(ulid(20)), ProofId::new(ulid(12)));
    let states = [
        (transfer::State::Planned, Life::Live),
        (transfer::State::Funded(funded()), Life::Live),
        (
            transfer::State::Fuelling(transfer::Fuelling { funded: funded(), order: "order-1".into() }),
            Life::Live,
        ),
        (transfer::State::Fuelled(fuelled()), Life::Live),
        (
            transfer::State::Built(transfer::Built {
                fuelled: fuelled(),
                slot: slot(),
                mode: Mode::Pay,
                attempt,
                asked: true,
            }),
            Life::Live,
        ),
        (transfer::State::Signed(signed()), Life::Live),
        (
            transfer::State::Seen(transfer::Seen {
                signed: signed(),
                inclusion: inclusion(Effect::Mismatch),
            }),
            Life::Dead(proof),
        ),
        (
            transfer::State::Final(transfer::Ended {
                last: transfer::Last::Signed(signed()),
                proof,
                end: transfer::End::Included(inclusion(Effect::Paid { log_index: 3 })),
                at: at(10),
            }),
            Life::Paid(proof),
        ),
        (transfer::State::Dropped { code: "stopped".into() }, Life::Live),
    ];
    let of = |(state, life)| {
        kept(transfer::Record {
            id: TransferId::new(ulid(10)),
            partner: PartnerId::new(ulid(1)),
            wallet: WalletId::new(ulid(11)),
            asset: asset(),
            purpose: Purpose::Payout,
            items: vec![item(life)],
            planned_at: at(5),
            changed_at: at(6),
            version: 3,
            state,
        })
    };
    states.map(of).into()
}

fn stranger() -> Stranger {
    Stranger { txid: [0x57; 32], block: block(96) }
}

/// A transfer whose slot a stranger consumed, while that is only seen, and when it has ended it.
pub(super) fn taken() -> [Transfer; 2] {
    let end = |transfer: Transfer| {
        let mut record = transfer::Record::clone(&transfer);
        match &mut record.state {
            transfer::State::Signed(signed) => signed.taken_by = Some(stranger()),
            transfer::State::Final(ended) => ended.end = transfer::End::Taken(stranger()),
            _ => return None,
        }
        Some(kept(record))
    };
    let taken: Vec<_> = transfers().into_iter().filter_map(end).collect();
    taken.try_into().unwrap()
}

pub(super) fn attempts() -> Vec<Attempt> {
    let unsigned = Unsigned {
        id: AttemptId::new(ulid(20)),
        transfer: TransferId::new(ulid(10)),
        serial: 1,
        kind: Kind::Pay,
        slot: slot(),
        terms: Terms::Evm(Fees { gas_limit: 65_000, max_fee_wei: u128::MAX, tip_wei: 30_000_000_000 }),
        bytes: vec![0x02, 0xf8],
        digest: [0xdd; 32],
        built_at: at(8),
    };
    let signed = SignedAttempt {
        unsigned: unsigned.clone(),
        raw: vec![0x02, 0xf8, 0xff],
        txid: [0x77; 32],
        journal_seq: 42,
        signed_at: at(9),
    };
    vec![Attempt::Unsigned(unsigned), Attempt::Signed(signed)]
}

fn tron_slot() -> Slot {
    Slot::TronTransaction { chain: ChainId::tron(728_126_428), txid: [0x74; 32] }
}

fn usdt() -> Asset {
    let token = TronAddress::parse("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap();
    let id = AssetId::trc20(ChainId::tron(728_126_428), token);
    Asset { id, symbol: "USDT".into(), freezable: false, ..asset() }
}

/// A transfer that expired, one in whose slot nothing was signed, and one whose cost was reckoned, each with its name.
pub(super) fn tron_ends() -> [(&'static str, Transfer); 3] {
    let end = |transfer: Transfer| {
        let transfer::State::Final(ended) = &transfer.state else { return None };
        let mut record = transfer::Record::clone(&transfer);
        record.asset = usdt();
        for item in &mut record.items {
            let payment = &mut item.approved.payment;
            (payment.asset, payment.to) = (usdt().id, TronAddress([0xaa; 20]).into());
        }
        let (fuelled, proof) = (ended.last.signed()?.fuelled.clone(), ended.proof);
        let (mode, attempt) = (Mode::Pay, AttemptId::new(ulid(20)));
        let built = transfer::Built { fuelled, slot: tron_slot(), mode, attempt, asked: true };
        let last = transfer::Last::Built(built);
        let end = transfer::End::NeverSigned(block(90));
        record.state = transfer::State::Final(transfer::Ended { last, proof, end, at: at(10) });
        record.items.iter_mut().for_each(|item| item.life = Life::Dead(proof));
        let buried = kept(record.clone());
        let signed = transfer::Signed { slot: tron_slot(), ..ended.last.signed()?.clone() };
        let last = transfer::Last::Signed(signed);
        let end = transfer::End::Expired(block(120));
        record.state = transfer::State::Final(transfer::Ended { last, proof, end, at: at(10) });
        let expired = kept(record.clone());
        let estimate = Estimate {
            energy: u64::MAX,
            lent: 64_285,
            burns_sun: Cost(1 << 90),
            burning_sun: Cost(6_428_500),
            need: Some(EnergyNeedId::new(ulid(30))),
        };
        let fuelled = ended.last.signed()?.fuelled.clone();
        let fuelled = transfer::Fuelled { estimate: Some(Box::new(estimate)), ..fuelled };
        record.state = transfer::State::Fuelled(fuelled);
        record.items.iter_mut().for_each(|item| item.life = Life::Live);
        Some([("expired", expired), ("never_signed", buried), ("estimated", kept(record))])
    };
    transfers().into_iter().find_map(end).unwrap()
}

/// Attempts on TRON, before and after they are signed.
pub(super) fn tron_attempts() -> Vec<Attempt> {
    let terms = Terms::Tron(TronTerms {
        reference: block(100),
        expires_at_ms: 1_763_600_060_000,
        made_at_ms: 1_763_600_000_000,
        fee_limit_sun: u64::MAX,
        permission: 2,
    });
    let on_tron = |unsigned: Unsigned| Unsigned { slot: tron_slot(), terms, ..unsigned };
    attempts()
        .into_iter()
        .map(|attempt| match attempt {
            Attempt::Unsigned(unsigned) => Attempt::Unsigned(on_tron(unsigned)),
            Attempt::Signed(signed) => {
                Attempt::Signed(SignedAttempt { unsigned: on_tron(signed.unsigned.clone()), ..signed })
            }
        })
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "rows are tested with every proof, and nothing has happened")]
pub(super) fn proofs() -> Vec<(&'static str, Proof)> {
    let dead = |kind| Verdict::Dead(Death::restored(kind));
    [
        ("paid", Verdict::Paid(inclusion(Effect::Paid { log_index: 3 }))),
        ("void_final", dead(DeathKind::VoidFinal(inclusion(Effect::Voided)))),
        ("reverted_final", dead(DeathKind::RevertedFinal(inclusion(Effect::Reverted)))),
        ("foreign", dead(DeathKind::Foreign(stranger()))),
        ("mismatched", dead(DeathKind::Mismatched(inclusion(Effect::Mismatch)))),
        ("never_signed", dead(DeathKind::NeverSigned { journal_seq: u64::MAX })),
        ("authorization_expired", dead(DeathKind::AuthorizationExpired { valid_before: 10, final_time: 11 })),
        ("vault_item_dead", dead(DeathKind::VaultItemDead { carriers: vec![ProofId::new(ulid(13))] })),
        ("tron_expired", dead(DeathKind::TronExpired { from: 1, to: 9 })),
        ("paid_elsewhere", Verdict::PaidElsewhere { txid: [0x55; 32], block: block(80), log_index: 2 }),
    ]
    .map(|(name, verdict)| {
        let tombstone = name == "never_signed";
        let operators = if tombstone { vec![] } else { vec!["alpha".into(), "beta".into()] };
        let (id, partner) = (ProofId::new(ulid(12)), PartnerId::new(ulid(1)));
        let (transfer, head) = (Some(TransferId::new(ulid(10))), (!tombstone).then(|| block(200)));
        (name, Proof::restored(id, partner, transfer, verdict, head, operators, at(11)))
    })
    .into()
}

pub(super) fn wallets() -> Vec<Wallet> {
    [
        LaneState::Open,
        LaneState::Paused,
        LaneState::Draining,
        LaneState::Frozen { evidence: "an unknown transfer of 5 USDC".into(), was: Rest::Open },
        LaneState::Retired,
    ]
    .map(|state| {
        kept(wallet::Record {
            id: WalletId::new(ulid(11)),
            partner: PartnerId::new(ulid(1)),
            chain: ChainId::evm(137),
            address: EvmAddress([0x11; 20]).into(),
            label: "hot 1".into(),
            tier: Tier::Hot,
            custody: Custody::Managed,
            trusted_from: at(0),
            state,
            reason: "because".into(),
            next_nonce: 8,
            raised_cap: Some(RaisedCap { max_fee_wei: u128::MAX, until: at(1) }),
            speed_up: None,
            obstacle: Some(Obstacle { waiting: Waiting::FeeCap, since: at(2) }),
            reverts: vec![Revert { asset: asset().id, to: EvmAddress([0x22; 20]).into() }],
            key_shown_at: None,
            quiet_until: None,
            adopted_at: at(0),
            version: 9,
        })
    })
    .into()
}
