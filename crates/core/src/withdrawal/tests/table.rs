//! Every edge of the withdrawal machine, every attempt to leave the table, and the way out of every state.

use super::super::*;
use crate::proof::{Effect, Proof, Verdict};
use crate::samples::*;

type Attempt = fn(Withdrawal) -> Result<Option<Withdrawal>, Refusal>;

/// Names of proofs, so that a proof of payment and one of payment elsewhere are told apart.
const PAID: u128 = 1;
const DEAD: u128 = 2;
pub const ELSEWHERE: u128 = 3;

/// What leads out of a state.
pub enum Way {
    /// The engine's own loops do it.
    Engine(&'static str),
    /// The chain answers, whatever anybody wants.
    Chain(&'static str),
    /// A time that is stored with the state.
    Clock(&'static str),
    /// Our own people, told by an alert; the partner and the recipient are not needed.
    Operator(&'static str),
}

/// State -> way out. States that are not here are terminal.
pub const WAYS_OUT: &[(&str, Way)] = &[
    ("requested", Way::Engine("approve")), // in the commit that accepts
    ("held", Way::Clock("reject")),        // `expires_at`
    ("approved", Way::Engine("assign")),
    ("queued", Way::Engine("assign")),
    ("assigned", Way::Chain("pay: own proof")), // before a slot: the lane gives it back by itself
    ("assigned, cancel asked", Way::Chain("cancelled: own death")),
    ("attention, slot alive", Way::Chain("slot died: own death")),
    ("attention, slots dead", Way::Operator("give up")),
    ("attention, no slot", Way::Operator("give up")),
    ("attention, unjudged", Way::Operator("give up")),
    ("attention, paid before, slot alive", Way::Chain("slot died: own death")),
    ("attention, paid before", Way::Operator("resolve: paid elsewhere")),
    ("attention, paid before, unjudged", Way::Operator("resolve: paid elsewhere")),
    ("attention, paid before, slot dead", Way::Operator("resolve: paid elsewhere")),
];

const NONE: &[(&str, &str)] = &[];
const ON_A_TRANSFER_TO_QUEUE: &[(&str, &str)] =
    &[("assigned", "queued"), ("assigned, cancel asked", "queued")];
const ASKED_TO_CANCELLED: &[(&str, &str)] = &[("assigned, cancel asked", "cancelled")];

/// Transition -> from and to. Nothing else exists.
pub const EDGES: &[(&str, &[(&str, &str)])] = &[
    ("approve", &[("requested", "approved"), ("held", "approved")]),
    ("reject", &[("requested", "rejected"), ("held", "rejected")]),
    ("recognise: slot alive", RECOGNISE),
    ("recognise: slot dead", RECOGNISE),
    ("doubt: slot alive", DOUBT),
    (
        "doubt: no slot",
        &[
            ("requested", "needs_attention"),
            ("held", "needs_attention"),
            ("approved", "needs_attention"),
            ("queued", "needs_attention"),
            ("assigned", "needs_attention"),
            ("assigned, cancel asked", "needs_attention"),
            ("attention, slots dead", "needs_attention"),
            ("attention, no slot", "needs_attention"),
            ("attention, unjudged", "needs_attention"),
        ],
    ),
    ("hold", &[("requested", "held"), ("held", "held"), ("approved", "held"), ("queued", "held")]),
    ("assign", &[("approved", "assigned"), ("queued", "assigned")]),
    ("give back: no slot", ON_A_TRANSFER_TO_QUEUE),
    ("give back: own death", ON_A_TRANSFER_TO_QUEUE),
    ("give back: single source", NONE),
    ("give back: another's death", NONE),
    ("give back: own payment", NONE),
    ("give back: a stranger's", NONE),
    ("ask a person: slot alive", ASK),
    ("ask a person: slot dead", ASK),
    (
        "slot died: own death",
        &[
            ("attention, slot alive", "needs_attention"),
            ("attention, slots dead", "needs_attention"),
            ("attention, paid before, slot alive", "needs_attention"),
            ("attention, paid before, slot dead", "needs_attention"),
        ],
    ),
    (
        "slot died: a stranger's",
        &[
            ("attention, slot alive", "needs_attention"),
            ("attention, slots dead", "needs_attention"),
            ("attention, paid before, slot alive", "needs_attention"),
            ("attention, paid before, slot dead", "needs_attention"),
        ],
    ),
    ("slot died: another's death", NONE),
    ("slot died: own payment", NONE),
    ("redrive", &[("attention, slots dead", "queued"), ("attention, no slot", "queued")]),
    (
        "resolve: paid elsewhere",
        &[
            ("attention, slots dead", "paid"),
            ("attention, no slot", "paid"),
            ("attention, unjudged", "paid"),
            ("attention, paid before", "paid"),
            ("attention, paid before, unjudged", "paid"),
            ("attention, paid before, slot dead", "paid"),
        ],
    ),
    ("resolve: another's proof", NONE),
    ("resolve: own death", NONE),
    (
        "cancel",
        &[
            ("requested", "cancelled"),
            ("held", "cancelled"),
            ("approved", "cancelled"),
            ("queued", "cancelled"),
            ("assigned", "assigned"),
            ("assigned, cancel asked", "nothing changes"),
        ],
    ),
    ("cancelled: no slot", ASKED_TO_CANCELLED),
    ("cancelled: own death", ASKED_TO_CANCELLED),
    ("cancelled: a stranger's", NONE),
    ("cancelled: another's death", NONE),
    ("cancelled: own payment", NONE),
    (
        "give up",
        &[
            ("approved", "failed"),
            ("queued", "failed"),
            ("attention, slots dead", "failed"),
            ("attention, no slot", "failed"),
            ("attention, unjudged", "failed"),
        ],
    ),
    (
        "fail: no slot",
        &[
            ("approved", "failed"),
            ("queued", "failed"),
            ("assigned", "failed"),
            ("assigned, cancel asked", "failed"),
            ("attention, slots dead", "failed"),
            ("attention, no slot", "failed"),
            ("attention, unjudged", "failed"),
        ],
    ),
    (
        "fail: own death",
        &[("assigned", "failed"), ("assigned, cancel asked", "failed"), ("attention, slots dead", "failed")],
    ),
    ("fail: a stranger's", &[("attention, slots dead", "failed")]),
    ("fail: another's death", NONE),
    ("fail: own payment", NONE),
    (
        "pay: own proof",
        &[
            ("assigned", "paid"),
            ("assigned, cancel asked", "paid"),
            ("attention, slot alive", "paid"),
            ("attention, slots dead", "paid"),
            ("attention, paid before, slot alive", "paid"),
            ("attention, paid before, slot dead", "paid"),
        ],
    ),
    ("pay: another's proof", NONE),
    ("pay: own death", NONE),
    ("pay: paid elsewhere", NONE),
    ("reopen: own proof", &[("paid", "assigned")]),
    (
        "reopen: own death",
        &[
            ("attention, slots dead", "needs_attention"),
            ("attention, slot alive", "needs_attention"),
            ("attention, paid before, slot alive", "needs_attention"),
            ("attention, paid before, slot dead", "needs_attention"),
        ],
    ),
    (
        "reopen: an older death",
        &[
            ("queued", "assigned"),
            ("attention, slots dead", "needs_attention"),
            ("attention, no slot", "needs_attention"),
            ("attention, paid before", "needs_attention"),
            ("attention, paid before, slot dead", "needs_attention"),
        ],
    ),
    ("reopen: another's death", NONE),
    ("reopen: another's proof", NONE),
    ("reopen: paid elsewhere", NONE),
];

const RECOGNISE: &[(&str, &str)] = &[
    ("requested", "needs_attention"),
    ("held", "needs_attention"),
    ("approved", "needs_attention"),
    ("queued", "needs_attention"),
    ("assigned", "needs_attention"),
    ("assigned, cancel asked", "needs_attention"),
    ("attention, slot alive", "needs_attention"),
    ("attention, slots dead", "needs_attention"),
    ("attention, no slot", "needs_attention"),
    ("attention, unjudged", "needs_attention"),
];

const DOUBT: &[(&str, &str)] = &[
    ("requested", "needs_attention"),
    ("held", "needs_attention"),
    ("approved", "needs_attention"),
    ("queued", "needs_attention"),
    ("attention, slots dead", "needs_attention"),
    ("attention, no slot", "needs_attention"),
    ("attention, unjudged", "needs_attention"),
];

const ASK: &[(&str, &str)] = &[
    ("approved", "needs_attention"),
    ("queued", "needs_attention"),
    ("assigned", "needs_attention"),
    ("assigned, cancel asked", "needs_attention"),
];

/// The transfer a withdrawal's state names.
fn own(withdrawal: &Withdrawal) -> Option<TransferId> {
    match &withdrawal.state {
        State::Assigned(assigned) => Some(assigned.transfer),
        State::Paid(paid) => paid.by.map(|(transfer, _)| transfer),
        State::NeedsAttention(attention) => attention.last.map(|(transfer, _)| transfer),
        _ => None,
    }
}

fn mine(withdrawal: &Withdrawal, number: u128, verdict: Verdict) -> Proof {
    proof(number, own(withdrawal), verdict)
}

fn others(number: u128, verdict: Verdict) -> Proof {
    proof(number, Some(transfer_id(99)), verdict)
}

fn died() -> Verdict {
    dead(Effect::Reverted)
}

fn step(outcome: Result<Moved<Withdrawal>, Refusal>) -> Result<Option<Withdrawal>, Refusal> {
    outcome.map(|moved| Some(moved.into_after()))
}

fn back(withdrawal: Withdrawal, proof: &Proof) -> Result<Option<Withdrawal>, Refusal> {
    step(withdrawal.give_back(GivenBackWhy::SlotDead { code: "test", proof }, at(9), at(9)))
}

fn cancel(withdrawal: Withdrawal) -> Result<Option<Withdrawal>, Refusal> {
    let request = CancelRequest { by: Actor::Console, reason: "test".into(), at: at(9) };
    Ok(match withdrawal.cancel(request)? {
        CancelEffect::Now(moved) | CancelEffect::Requested(moved) => Some(moved.into_after()),
        CancelEffect::Already => None,
    })
}

/// The attempt of that name.
pub fn named(name: &str) -> Attempt {
    MOVES.iter().find(|(it, _)| *it == name).unwrap_or_else(|| panic!("no transition {name}")).1
}

/// Everything that can be tried on a withdrawal, with every kind of evidence, in the order of [`EDGES`].
pub const MOVES: &[(&str, Attempt)] = &[
    ("approve", |it| step(it.approve(passed(), at(9)))),
    ("reject", |it| step(it.reject("test", at(9)))),
    ("recognise: slot alive", |it| step(it.recognise(false, at(9)))),
    ("recognise: slot dead", |it| step(it.recognise(true, at(9)))),
    ("doubt: slot alive", |it| step(it.doubt(false, at(9)))),
    ("doubt: no slot", |it| step(it.doubt(true, at(9)))),
    ("hold", |it| step(it.hold("test", at(9), at(99)))),
    ("assign", |it| {
        let next = transfer_id(u128::from(it.attempt_no) + 1);
        step(it.assign(next, wallet(), at(9)))
    }),
    ("give back: no slot", |it| step(it.give_back(GivenBackWhy::NoSlot { code: "test" }, at(9), at(9)))),
    ("give back: own death", |it| {
        let proof = mine(&it, DEAD, died());
        back(it, &proof)
    }),
    ("give back: single source", |it| {
        let proof = Proof { operators: vec!["a".into()], ..mine(&it, DEAD, died()) };
        back(it, &proof)
    }),
    ("give back: another's death", |it| back(it, &others(DEAD, died()))),
    ("give back: own payment", |it| {
        let proof = mine(&it, PAID, paid());
        back(it, &proof)
    }),
    ("give back: a stranger's", |it| {
        let proof = mine(&it, DEAD, taken());
        back(it, &proof)
    }),
    ("ask a person: slot alive", |it| {
        step(it.needs_attention(AttentionCode::RetriesExhausted, false, at(9)))
    }),
    ("ask a person: slot dead", |it| step(it.needs_attention(AttentionCode::RetriesExhausted, true, at(9)))),
    ("slot died: own death", |it| {
        let proof = mine(&it, DEAD, died());
        step(it.slot_died(&proof))
    }),
    ("slot died: a stranger's", |it| {
        let proof = mine(&it, DEAD, taken());
        step(it.slot_died(&proof))
    }),
    ("slot died: another's death", |it| step(it.slot_died(&others(DEAD, died())))),
    ("slot died: own payment", |it| {
        let proof = mine(&it, PAID, paid());
        step(it.slot_died(&proof))
    }),
    ("redrive", |it| step(it.resolve(Resolution::Redrive, at(9)))),
    ("resolve: paid elsewhere", |it| {
        let proof = mine(&it, ELSEWHERE, paid_elsewhere());
        step(it.resolve(Resolution::PaidElsewhere(&proof), at(9)))
    }),
    ("resolve: another's proof", |it| {
        step(it.resolve(Resolution::PaidElsewhere(&others(ELSEWHERE, paid_elsewhere())), at(9)))
    }),
    ("resolve: own death", |it| {
        let proof = mine(&it, DEAD, died());
        step(it.resolve(Resolution::PaidElsewhere(&proof), at(9)))
    }),
    ("cancel", cancel),
    ("cancelled: no slot", |it| step(it.cancelled(None, at(9)))),
    ("cancelled: own death", |it| {
        let proof = mine(&it, DEAD, died());
        step(it.cancelled(Some(&proof), at(9)))
    }),
    ("cancelled: a stranger's", |it| {
        let proof = mine(&it, DEAD, taken());
        step(it.cancelled(Some(&proof), at(9)))
    }),
    ("cancelled: another's death", |it| step(it.cancelled(Some(&others(DEAD, died())), at(9)))),
    ("cancelled: own payment", |it| {
        let proof = mine(&it, PAID, paid());
        step(it.cancelled(Some(&proof), at(9)))
    }),
    ("give up", |it| step(it.fail("gave_up", None, false, at(9)))),
    ("fail: no slot", |it| step(it.fail("test", None, true, at(9)))),
    ("fail: own death", |it| {
        let proof = mine(&it, DEAD, died());
        step(it.fail("test", Some(&proof), false, at(9)))
    }),
    ("fail: a stranger's", |it| {
        let proof = mine(&it, DEAD, taken());
        step(it.fail("test", Some(&proof), false, at(9)))
    }),
    ("fail: another's death", |it| step(it.fail("test", Some(&others(DEAD, died())), true, at(9)))),
    ("fail: own payment", |it| {
        let proof = mine(&it, PAID, paid());
        step(it.fail("test", Some(&proof), true, at(9)))
    }),
    ("pay: own proof", |it| {
        let proof = mine(&it, PAID, paid());
        step(it.pay(&proof, at(9)))
    }),
    ("pay: another's proof", |it| step(it.pay(&others(PAID, paid()), at(9)))),
    ("pay: own death", |it| {
        let proof = mine(&it, DEAD, died());
        step(it.pay(&proof, at(9)))
    }),
    ("pay: paid elsewhere", |it| {
        let proof = mine(&it, ELSEWHERE, paid_elsewhere());
        step(it.pay(&proof, at(9)))
    }),
    ("reopen: own proof", |it| {
        let proof = mine(&it, PAID, paid());
        step(it.reopen(&proof, &super::carrier(&proof), at(9)))
    }),
    ("reopen: own death", |it| {
        let proof = mine(&it, DEAD, died());
        step(it.reopen(&proof, &super::carrier(&proof), at(9)))
    }),
    ("reopen: an older death", |it| {
        let older = if own(&it) == Some(transfer_id(50)) { transfer_id(51) } else { transfer_id(50) };
        let proof = proof(DEAD, Some(older), died());
        step(it.reopen(&proof, &super::carrier(&proof), at(9)))
    }),
    ("reopen: another's death", |it| {
        let proof = others(DEAD, died());
        step(it.reopen(&proof, &planned(), at(9)))
    }),
    ("reopen: another's proof", |it| {
        let proof = others(4, paid());
        step(it.reopen(&proof, &super::carrier(&proof), at(9)))
    }),
    ("reopen: paid elsewhere", |it| {
        let proof = mine(&it, ELSEWHERE, paid_elsewhere());
        step(it.reopen(&proof, &super::carrier(&proof), at(9)))
    }),
];
