//! Steps of one payment, from the queue to its proof and back.

use sluice_core::access::Actor;
use sluice_core::amount::Units;
use sluice_core::attempt::Kind;
use sluice_core::id::ProofId;
use sluice_core::journal::{Lost, LostFact};
use sluice_core::ledger::{Account, Posting};
use sluice_core::moved::Moved;
use sluice_core::port::chain::TransferLog;
use sluice_core::port::store::Change;
use sluice_core::proof::{Effect, Inclusion};
use sluice_core::transfer::Transfer;
use sluice_core::withdrawal::{
    AttentionCode, CancelEffect, CancelRequest, GivenBackWhy, Resolution, Withdrawal,
};

use super::intake::apply;
use super::pair::{Act, Pair};
use crate::world::{World, block, quorum};

const PAID: Effect = Effect::Paid { log_index: 1 };

/// From the queue to its slot.
pub const BEGINNINGS: &[Pair] = &[
    Pair {
        name: "two lanes plan one withdrawal",
        over: |it| {
            Box::pin(async move {
                let queued = it.accepted("one").await;
                (apply(it.planned(queued.clone()).0), apply(it.planned(queued).0))
            })
        },
        say: &[("Applied", "Moved"), ("Moved", "Applied")],
    },
    Pair {
        name: "a lane plans and a partner cancels",
        over: |it| {
            Box::pin(async move {
                let queued = it.accepted("one").await;
                let cancel = cancel(&it, &queued);
                (apply(it.planned(queued).0), apply(cancel))
            })
        },
        say: &[("Applied", "Moved"), ("Moved", "Applied")],
    },
    Pair {
        name: "a lane builds and a partner cancels",
        over: |it| {
            Box::pin(async move {
                let fuelled = it.fuelled(it.plan(it.accepted("one").await).await).await;
                let cancel = cancel(&it, &it.withdrawal(fuelled.items[0].withdrawal).await);
                (apply(build(&it, fuelled, 7)), apply(cancel))
            })
        },
        say: &[("Applied", "Applied")],
    },
    Pair {
        name: "a lane builds and gives back",
        over: |it| {
            Box::pin(async move {
                let fuelled = it.fuelled(it.plan(it.accepted("one").await).await).await;
                let assigned = it.withdrawal(fuelled.items[0].withdrawal).await;
                let (now, why) = (it.now(), GivenBackWhy::NoSlot { code: "funds_short" });
                let back = Change {
                    transfers: vec![fuelled.clone().drop_unslotted("funds_short", now).unwrap()],
                    withdrawals: vec![assigned.give_back(why, now, now).unwrap()],
                    ..it.change()
                };
                (apply(build(&it, fuelled, 7)), apply(back))
            })
        },
        say: &[("Applied", "Moved"), ("Moved", "Applied")],
    },
    Pair {
        name: "two transfers are built with one nonce",
        over: |it| {
            Box::pin(async move {
                let one = it.fuelled(it.plan(it.accepted("one").await).await).await;
                let two = it.fuelled(it.plan(it.accepted("two").await).await).await;
                (apply(build(&it, one, 7)), apply(build(&it, two, 7)))
            })
        },
        say: &[
            ("Applied", "Refused(\"m1_one_transfer_per_slot\")"),
            ("Refused(\"m1_one_transfer_per_slot\")", "Applied"),
        ],
    },
    Pair {
        name: "two reserve from one wallet",
        over: |it| {
            Box::pin(async move {
                let one = it.plan(it.accepted("one").await).await;
                let two = it.plan(it.accepted("two").await).await;
                let fund = |it: &World, planned: Transfer| {
                    let funded = planned.fund(block(90), it.now()).unwrap();
                    apply(Change { transfers: vec![funded], ..it.change() })
                };
                (fund(&it, one), fund(&it, two))
            })
        },
        say: &[("Applied", "Applied")],
    },
];

/// From the chain's answer on.
pub const ENDS: &[Pair] = &[
    Pair {
        name: "a payment is settled and a partner cancels",
        over: |it| {
            Box::pin(async move {
                let (seen, inclusion) = seen(&it, "one", 7, PAID).await;
                let cancel = cancel(&it, &it.withdrawal(seen.items[0].withdrawal).await);
                (apply(pay(&it, seen, inclusion).await), apply(cancel))
            })
        },
        say: &[("Applied", "Moved"), ("Moved", "Applied")],
    },
    Pair {
        name: "a payment is settled and its block leaves",
        over: |it| {
            Box::pin(async move {
                let (seen, inclusion) = seen(&it, "one", 7, PAID).await;
                let gone = seen.clone().unsee(120, it.now()).unwrap();
                let gone = Change { transfers: vec![gone], ..it.change() };
                (apply(pay(&it, seen, inclusion).await), apply(gone))
            })
        },
        say: &[("Applied", "Moved"), ("Moved", "Applied")],
    },
    Pair {
        name: "a payment is settled twice",
        over: |it| {
            Box::pin(async move {
                let (seen, inclusion) = seen(&it, "one", 7, PAID).await;
                let first = pay(&it, seen.clone(), inclusion).await;
                (apply(first), apply(pay(&it, seen, inclusion).await))
            })
        },
        say: &[("Applied", "Moved"), ("Moved", "Applied")],
    },
    Pair {
        name: "one log settles two payments",
        over: |it| {
            Box::pin(async move {
                let (one, first) = seen(&it, "one", 7, PAID).await;
                let (two, second) = seen(&it, "two", 8, PAID).await;
                let stolen = Inclusion { txid: first.txid, ..second };
                (apply(pay(&it, one, first).await), apply(pay(&it, two, stolen).await))
            })
        },
        say: &[
            ("Applied", "Refused(\"m1_one_log_pays_once\")"),
            ("Refused(\"m1_one_log_pays_once\")", "Applied"),
        ],
    },
    Pair {
        name: "a payment is taken back and another is planned",
        over: |it| {
            Box::pin(async move {
                let (id, proof) = it.paid("one", 7).await;
                let carrier = it.transfer(proof.transfer().unwrap()).await;
                let step = carrier.reopen(120, false, it.now()).unwrap();
                let open = it.withdrawal(id).await.reopen(&proof, step.before().unwrap(), it.now()).unwrap();
                let back = Change { transfers: vec![step], withdrawals: vec![open], ..it.change() };
                let two = it.accepted("two").await;
                (apply(back), apply(it.planned(two).0))
            })
        },
        say: &[("Applied", "Applied")],
    },
    Pair {
        name: "a slot lives again and another is planned",
        over: |it| {
            Box::pin(async move {
                let (seen, inclusion) = seen(&it, "one", 7, Effect::Reverted).await;
                let (queued, dead) = died(&it, seen, inclusion).await;
                let alive = dead.reopen(120, true, it.now()).unwrap();
                let alive = Change { transfers: vec![alive], ..it.change() };
                (apply(alive), apply(it.planned(queued).0))
            })
        },
        say: &[("Applied", "Refused(\"m4_no_slot_beside_a_live_one\")"), ("Applied", "Applied")],
    },
    Pair {
        name: "a slot lives again and its withdrawal is given up",
        over: |it| {
            Box::pin(async move {
                let (seen, inclusion) = seen(&it, "one", 7, Effect::Reverted).await;
                let (queued, dead) = died(&it, seen, inclusion).await;
                let alive = dead.reopen(120, true, it.now()).unwrap();
                let alive = Change { transfers: vec![alive], ..it.change() };
                (apply(alive), apply(cancel(&it, &queued)))
            })
        },
        say: &[("Applied", "Refused(\"m4_ends_with_every_slot_dead\")"), ("Applied", "Applied")],
    },
    Pair {
        name: "a lost payment is imported and a slot is planned for it",
        over: |it| {
            Box::pin(async move {
                let queued = it.accepted("one").await;
                let lost = Lost {
                    wallet: it.wallet.id,
                    attempt: sluice_core::id::AttemptId::new(it.ulid()),
                    kind: Kind::Pay,
                    slot: sluice_core::slot::Slot::EvmNonce {
                        chain: it.wallet.chain,
                        sender: it.wallet.address.evm().unwrap(),
                        nonce: 7,
                    },
                    tron: None,
                    pays: Some(queued.key),
                    seq: 1,
                };
                let import = Change { lost: vec![LostFact::Reserved(lost)], ..it.change() };
                (apply(import), apply(it.planned(queued).0))
            })
        },
        say: &[("Applied", "Refused(\"m17_no_slot_for_a_lost_payment\")"), ("Applied", "Applied")],
    },
    Pair {
        name: "two persons resolve one withdrawal",
        over: |it| {
            Box::pin(async move {
                let asked = it.accepted("one").await;
                let asked = asked.needs_attention(AttentionCode::RetriesExhausted, true, it.now()).unwrap();
                let waiting = asked.after().clone();
                it.applied(Change { withdrawals: vec![asked], ..it.change() }).await;
                let paid = elsewhere(&it, waiting.clone());
                let redriven = waiting.resolve(Resolution::Redrive, it.now()).unwrap();
                (apply(paid), apply(Change { withdrawals: vec![redriven], ..it.change() }))
            })
        },
        say: &[("Applied", "Moved"), ("Moved", "Applied")],
    },
    Pair {
        name: "two post to one account",
        over: |it| {
            Box::pin(async move {
                let post = |atoms| {
                    let line = |account, atoms| Posting {
                        partner: it.partner.id,
                        wallet: it.wallet.id,
                        asset: it.asset.id,
                        account,
                        atoms,
                    };
                    let postings = vec![line(Account::Available, atoms), line(Account::Adjustment, -atoms)];
                    apply(Change { postings, ..it.change() })
                };
                (post(90), post(7))
            })
        },
        say: &[("Applied", "Applied")],
    },
    Pair {
        name: "two payments of one wallet are settled",
        over: |it| {
            Box::pin(async move {
                let (one, first) = seen(&it, "one", 7, PAID).await;
                let (two, second) = seen(&it, "two", 8, PAID).await;
                (apply(pay(&it, one, first).await), apply(pay(&it, two, second).await))
            })
        },
        say: &[("Applied", "Applied")],
    },
];

fn cancel(it: &World, withdrawal: &Withdrawal) -> Change {
    let request = CancelRequest { by: Actor::System("test"), reason: "asked".into(), at: it.now() };
    let step: Moved<Withdrawal> = match withdrawal.clone().cancel(request).unwrap() {
        CancelEffect::Now(step) | CancelEffect::Requested(step) => *step,
        CancelEffect::Already => panic!("asked before"),
    };
    Change { withdrawals: vec![step], ..it.change() }
}

fn build(it: &World, fuelled: Transfer, nonce: u64) -> Change {
    let attempt = it.unsigned(&fuelled, nonce, Kind::Pay, 0);
    let built = fuelled.build(attempt, it.now()).unwrap();
    Change { transfers: vec![built.transfer], attempts: vec![built.attempt], ..it.change() }
}

async fn seen(it: &World, id: &str, nonce: u64, effect: Effect) -> (Transfer, Inclusion) {
    let (_, transfer, signed) = it.sent(id, nonce).await;
    let seen = it.seen(transfer, &signed, 101, effect).await;
    (seen, it.inclusion(&signed, 101, effect))
}

async fn pay(it: &World, seen: Transfer, inclusion: Inclusion) -> Change {
    let id = seen.items[0].withdrawal;
    let (mut change, proof) = it.settled(seen, inclusion);
    change.withdrawals = vec![it.withdrawal(id).await.pay(&proof, it.now()).unwrap()];
    change
}

/// Its slot is dead, and it is back in the queue.
async fn died(it: &World, seen: Transfer, inclusion: Inclusion) -> (Withdrawal, Transfer) {
    let (id, carrier) = (seen.items[0].withdrawal, seen.id);
    let (mut change, proof) = it.settled(seen, inclusion);
    let why = GivenBackWhy::SlotDead { code: "reverted_on_chain", proof: &proof };
    change.withdrawals = vec![it.withdrawal(id).await.give_back(why, it.now(), it.now()).unwrap()];
    it.applied(change).await;
    (it.withdrawal(id).await, it.transfer(carrier).await)
}

fn elsewhere(it: &World, waiting: Withdrawal) -> Change {
    let (name, exactly) = (ProofId::new(it.ulid()), Units::from(1_u64));
    let log = TransferLog {
        log_index: 4,
        from: sluice_core::address::EvmAddress([0x66; 20]).into(),
        to: waiting.request.to,
        units: exactly,
    };
    let mut txid = [0; 32];
    txid[..16].copy_from_slice(&sluice_core::port::world::Entropy::bits(&*it.entropy).to_be_bytes());
    let found = quorum((block(90), vec![log]), block(99));
    let proof = waiting.paid_elsewhere(name, txid, &found, (4, exactly), it.now()).unwrap();
    let step = waiting.resolve(Resolution::PaidElsewhere(&proof), it.now()).unwrap();
    Change { withdrawals: vec![step], proofs: vec![proof], ..it.change() }
}

/// For other lists: a payment at its nonce, settled.
pub async fn settling(it: &World, id: &str, nonce: u64) -> Act {
    let (seen, inclusion) = seen(it, id, nonce, PAID).await;
    apply(pay(it, seen, inclusion).await)
}
