//! Every edge of the transfer machine, every attempt to leave the table, and the way out of every state.

use super::super::*;
use crate::attempt::{Kind, Unsigned};
use crate::proof::{Effect, NotDead, SlotReading, Stranger, Verdict};
use crate::samples::*;

/// What an attempt came to.
#[derive(Debug)]
pub enum Went {
    /// A step.
    On(Box<Moved<Transfer>>),
    /// No step, and no refusal either: the chain has not said enough, or the wrong thing.
    Nowhere(&'static str),
}

type Attempt = fn(Transfer) -> Result<Went, Refusal>;
type Edges = &'static [(&'static [&'static str], &'static str)];

/// How a transfer in this state goes on without anybody's goodwill; `None` for a terminal state. Before a slot the lane
/// gives it back; a built one is signed by our own signer, or closed in its journal; from then on the chain answers.
pub fn way_out(state: &State) -> Option<&'static str> {
    match state {
        State::Planned | State::Funded(_) | State::Fuelling(_) | State::Fuelled(_) => Some("drop"),
        State::Built(_) => Some("sign: awaited"),
        State::Signed(_) | State::Seen(_) => Some("settle: voided, deep"),
        State::Final(_) | State::Dropped { .. } => None,
    }
}

const NONE: Edges = &[];
const PAYOUT: &[&str] = &["planned", "funded", "fuelling", "fuelled"];
const FILL: &[&str] = &["planned fill", "funded fill", "fuelling fill", "fuelled fill"];
const SIGNED: &[&str] = &[
    "signed pay",
    "signed pay, pending",
    "signed void",
    "signed void, pending",
    "signed pay, taken",
    "signed pay, pending, taken",
    "signed void, taken",
    "signed void, pending, taken",
];
const SIGNED_PAY: &[&str] =
    &["signed pay", "signed pay, pending", "signed pay, taken", "signed pay, pending, taken"];
const BUILT: &[&str] = &["built pay", "built pay, asked", "built void", "built void, asked"];
const SEEN: &[&str] = &[
    "seen pay",
    "seen pay, pending",
    "seen void",
    "seen void, pending",
    "seen pay, taken",
    "seen pay, pending, taken",
    "seen void, taken",
    "seen void, pending, taken",
];
const FINAL: &[&str] = &[
    "final pay",
    "final pay, pending",
    "final void",
    "final void, pending",
    "final pay, taken",
    "final pay, pending, taken",
    "final void, taken",
    "final void, pending, taken",
];
const TAKEN: &[&str] = &[
    "signed pay, taken",
    "signed pay, pending, taken",
    "signed void, taken",
    "signed void, pending, taken",
    "seen pay, taken",
    "seen pay, pending, taken",
    "seen void, taken",
    "seen void, pending, taken",
];
const SEEN_PAY: &[&str] = &["seen pay", "seen pay, pending", "seen pay, taken", "seen pay, pending, taken"];
const SIGNED_PENDING: &[&str] = &[
    "signed pay, pending",
    "signed void, pending",
    "signed pay, pending, taken",
    "signed void, pending, taken",
];
const SEEN_PENDING: &[&str] =
    &["seen pay, pending", "seen void, pending", "seen pay, pending, taken", "seen void, pending, taken"];
const FINAL_PENDING: &[&str] =
    &["final pay, pending", "final void, pending", "final pay, pending, taken", "final void, pending, taken"];
const OUT: &[&str] = &[
    "signed pay",
    "signed pay, pending",
    "signed void",
    "signed void, pending",
    "seen pay",
    "seen pay, pending",
    "seen void",
    "seen void, pending",
    "signed pay, taken",
    "signed pay, pending, taken",
    "signed void, taken",
    "signed void, pending, taken",
    "seen pay, taken",
    "seen pay, pending, taken",
    "seen void, taken",
    "seen void, pending, taken",
];

/// Transition -> from and to. Nothing else exists.
pub const EDGES: &[(&str, Edges)] = &[
    ("fund", &[(&["planned", "planned fill"], "funded")]),
    ("order energy", &[(&["funded", "funded fill", "fuelling", "fuelling fill"], "fuelling")]),
    ("fuel", &[(&["funded", "fuelling", "funded fill", "fuelling fill"], "fuelled")]),
    ("drop", &[(PAYOUT, "dropped"), (FILL, "dropped")]),
    ("build: pay", &[(&["fuelled"], "built")]),
    ("build: void", &[(&["fuelled fill"], "built")]),
    ("build: another transfer's attempt", NONE),
    ("ask", &[(BUILT, "built")]),
    ("hand out: a nonce", NONE),
    (
        "sign: awaited",
        &[(BUILT, "signed"), (SIGNED_PENDING, "signed"), (SEEN_PENDING, "seen"), (FINAL_PENDING, "final")],
    ),
    ("sign: another attempt", NONE),
    ("abandon pending", &[(SIGNED_PENDING, "signed")]),
    ("bump: same kind", &[(&["signed pay", "signed void"], "signed")]),
    ("bump: other kind", NONE),
    ("bump: other slot", NONE),
    ("void unsigned: own tombstone", &[(&["built pay", "built pay, asked"], "built")]),
    ("void unsigned: another's tombstone", NONE),
    ("void unsigned: other death", NONE),
    ("void unsigned: payment", NONE),
    ("void unsigned: other slot", NONE),
    ("void signed", &[(&["signed pay", "signed pay, pending"], "signed")]),
    ("void signed: by a payment", NONE),
    ("void signed: other slot", NONE),
    ("redraw", &[(&["built void", "built void, asked"], "built")]),
    ("redraw: by a payment", NONE),
    ("redraw: other slot", NONE),
    ("import: pay", &[(PAYOUT, "built"), (SIGNED_PAY, "signed"), (SEEN_PAY, "signed")]),
    (
        "import: void",
        &[
            (FILL, "built"),
            (&["built void", "built void, asked"], "built"),
            (SIGNED, "signed"),
            (SEEN, "signed"),
        ],
    ),
    (
        "import: void after a tombstone",
        &[(FILL, "built"), (BUILT, "built"), (SIGNED, "signed"), (SEEN, "signed")],
    ),
    ("import: another transfer's attempt", NONE),
    ("see", &[(OUT, "seen")]),
    ("unsee", &[(SEEN, "signed")]),
    ("settle: open", &[(OUT, "open")]),
    ("settle: foreign", &[(OUT, "foreign")]),
    ("settle: unaccounted", &[(OUT, "unexplained")]),
    ("settle: mismatch", &[(OUT, "foreign")]),
    ("settle: paid", &[(OUT, "final")]),
    ("settle: voided, deep", &[(OUT, "final")]),
    ("settle: voided, shallow", &[(OUT, "not deep enough")]),
    ("settle: reverted, deep", &[(OUT, "final")]),
    ("settle: reverted, shallow", &[(OUT, "not deep enough")]),
    ("take: foreign", &[(OUT, "signed")]),
    ("take: mismatch", &[(OUT, "signed")]),
    ("take: unaccounted", NONE),
    ("take: open", &[(OUT, "signed")]),
    ("take: ours", NONE),
    ("lose: deep", &[(TAKEN, "final")]),
    ("lose: shallow", &[(TAKEN, "not deep enough")]),
    ("lose: another than the noted", &[(TAKEN, "not taken")]),
    ("lose: unaccounted", &[(TAKEN, "not taken")]),
    ("lose: open again", &[(TAKEN, "not taken")]),
    ("reopen", &[(FINAL, "signed")]),
    ("reopen: moved on", &[(FINAL, "signed")]),
];

fn step(outcome: Result<Moved<Transfer>, Refusal>) -> Result<Went, Refusal> {
    outcome.map(|moved| Went::On(Box::new(moved)))
}

fn allot(outcome: Result<Allotment, Refusal>) -> Result<Went, Refusal> {
    step(outcome.map(|allotment| allotment.transfer))
}

/// A fresh attempt for a transfer, in its slot or, before it has one, in slot 7.
fn attempt(transfer: &Transfer, kind: Kind) -> Unsigned {
    let number = u128::try_from(transfer.version).unwrap();
    unsigned(number, transfer.id, kind, transfer.slot().cloned().unwrap_or_else(|| slot(7)))
}

fn elsewhere(attempt: Unsigned) -> Unsigned {
    Unsigned { slot: slot(8), ..attempt }
}

fn kind_of(transfer: &Transfer) -> Kind {
    match transfer.mode() {
        Some(Mode::Void { .. }) => Kind::Void,
        Some(Mode::Pay) | None => Kind::Pay,
    }
}

const fn other(kind: Kind) -> Kind {
    match kind {
        Kind::Pay => Kind::Void,
        Kind::Void => Kind::Pay,
    }
}

/// The attempt whose signature a transfer would take.
pub fn waits_for(transfer: &Transfer) -> Option<AttemptId> {
    match &transfer.state {
        State::Built(built) => Some(built.attempt),
        State::Signed(signed) | State::Seen(Seen { signed, .. }) => signed.pending,
        State::Final(ended) => ended.last.signed().and_then(|signed| signed.pending),
        State::Planned
        | State::Funded(_)
        | State::Fuelling(_)
        | State::Fuelled(_)
        | State::Dropped { .. } => None,
    }
}

fn sign(transfer: Transfer, id: AttemptId) -> Result<Went, Refusal> {
    let unsigned = Unsigned { id, ..attempt(&transfer, kind_of(&transfer)) };
    step(transfer.signed(&signed(unsigned), 5, at(9)))
}

fn void_unsigned(
    transfer: Transfer,
    of: TransferId,
    verdict: Verdict,
    elsewhere: bool,
) -> Result<Went, Refusal> {
    let void = attempt(&transfer, Kind::Void);
    let void = if elsewhere { self::elsewhere(void) } else { void };
    allot(transfer.void_unsigned(&proof(5, Some(of), verdict), "test", void, at(9)))
}

fn settle(transfer: Transfer, what: SlotReading, head: u64) -> Result<Went, Refusal> {
    Ok(match transfer.settle(&agreed(what, head), None, proof_id(7), DEEP, at(9))? {
        Outcome::Ended { transfer, .. } => Went::On(transfer),
        Outcome::NotDeepEnough { .. } => Went::Nowhere("not deep enough"),
        Outcome::Open => Went::Nowhere("open"),
        Outcome::Foreign => Went::Nowhere("foreign"),
        Outcome::Unexplained { .. } => Went::Nowhere("unexplained"),
    })
}

fn lose(transfer: Transfer, what: SlotReading, head: u64) -> Result<Went, Refusal> {
    Ok(match transfer.lost(&agreed(what, head), proof_id(7), DEEP, at(9))? {
        Ok((step, _)) => Went::On(Box::new(step)),
        Err(NotDead::NotDeepEnough { .. }) => Went::Nowhere("not deep enough"),
        Err(NotDead::NotTaken) => Went::Nowhere("not taken"),
        Err(other) => panic!("{other}"),
    })
}

/// An attempt of ours that did something else, where [`foreign`] has the stranger: noted, they are one state.
fn mismatch() -> SlotReading {
    let Stranger { txid, block } = stranger();
    SlotReading::Ours(Inclusion { txid, block, ..inclusion(Effect::Mismatch) })
}

fn foreign() -> SlotReading {
    SlotReading::Foreign(stranger())
}

fn ours(effect: Effect) -> SlotReading {
    SlotReading::Ours(inclusion(effect))
}

/// Everything that can be tried on a transfer, with every kind of evidence, in the order of [`EDGES`].
pub const MOVES: &[(&str, Attempt)] = &[
    ("fund", |it| step(it.fund(block(1), at(9)))),
    ("order energy", |it| step(it.order_energy("order-1".into(), at(9)))),
    ("fuel", |it| step(it.fuel(65_000, Cost(2_600_000_000_000_000), None, at(9)))),
    ("drop", |it| step(it.drop_unslotted("test", at(9)))),
    ("build: pay", |it| {
        let new = attempt(&it, Kind::Pay);
        allot(it.build(new, at(9)))
    }),
    ("build: void", |it| {
        let new = attempt(&it, Kind::Void);
        allot(it.build(new, at(9)))
    }),
    ("build: another transfer's attempt", |it| {
        let new = Unsigned { transfer: transfer_id(99), ..attempt(&it, Kind::Pay) };
        allot(it.build(new, at(9)))
    }),
    ("ask", |it| step(it.ask(at(9)))),
    ("hand out: a nonce", |it| step(it.hand_out(5, at(9)))),
    ("sign: awaited", |it| {
        let id = waits_for(&it).unwrap_or_else(|| AttemptId::new(ulid(999)));
        sign(it, id)
    }),
    ("sign: another attempt", |it| sign(it, AttemptId::new(ulid(999)))),
    ("abandon pending", |it| step(it.abandon_pending(5, at(9)))),
    ("bump: same kind", |it| {
        let new = attempt(&it, kind_of(&it));
        allot(it.bump(new, at(9)))
    }),
    ("bump: other kind", |it| {
        let new = attempt(&it, other(kind_of(&it)));
        allot(it.bump(new, at(9)))
    }),
    ("bump: other slot", |it| {
        let new = elsewhere(attempt(&it, kind_of(&it)));
        allot(it.bump(new, at(9)))
    }),
    ("void unsigned: own tombstone", |it| {
        let id = it.id;
        void_unsigned(it, id, tombstoned(), false)
    }),
    ("void unsigned: another's tombstone", |it| void_unsigned(it, transfer_id(99), tombstoned(), false)),
    ("void unsigned: other death", |it| {
        let id = it.id;
        void_unsigned(it, id, dead(Effect::Voided), false)
    }),
    ("void unsigned: payment", |it| {
        let id = it.id;
        void_unsigned(it, id, paid(), false)
    }),
    ("void unsigned: other slot", |it| {
        let id = it.id;
        void_unsigned(it, id, tombstoned(), true)
    }),
    ("void signed", |it| {
        let new = attempt(&it, Kind::Void);
        allot(it.void_signed("test", new, at(9)))
    }),
    ("void signed: by a payment", |it| {
        let new = attempt(&it, Kind::Pay);
        allot(it.void_signed("test", new, at(9)))
    }),
    ("void signed: other slot", |it| {
        let new = elsewhere(attempt(&it, Kind::Void));
        allot(it.void_signed("test", new, at(9)))
    }),
    ("redraw", |it| {
        let new = attempt(&it, Kind::Void);
        allot(it.redraw(new, at(9)))
    }),
    ("redraw: by a payment", |it| {
        let new = attempt(&it, Kind::Pay);
        allot(it.redraw(new, at(9)))
    }),
    ("redraw: other slot", |it| {
        let new = elsewhere(attempt(&it, Kind::Void));
        allot(it.redraw(new, at(9)))
    }),
    ("import: pay", |it| {
        let new = attempt(&it, Kind::Pay);
        allot(it.import(new, None, block(3), at(9)))
    }),
    ("import: void", |it| {
        let new = attempt(&it, Kind::Void);
        allot(it.import(new, None, block(3), at(9)))
    }),
    ("import: void after a tombstone", |it| {
        let new = attempt(&it, Kind::Void);
        let tombstone = proof(5, Some(it.id), tombstoned());
        allot(it.import(new, Some(&tombstone), block(3), at(9)))
    }),
    ("import: another transfer's attempt", |it| {
        let new = Unsigned { transfer: transfer_id(99), ..attempt(&it, Kind::Pay) };
        allot(it.import(new, None, block(3), at(9)))
    }),
    ("see", |it| step(it.see(inclusion(PAID), at(9)))),
    ("unsee", |it| step(it.unsee(6, at(9)))),
    ("settle: open", |it| settle(it, SlotReading::Open, 99)),
    ("settle: foreign", |it| settle(it, foreign(), 99)),
    ("settle: unaccounted", |it| settle(it, SlotReading::Unaccounted, 99)),
    ("settle: mismatch", |it| settle(it, ours(Effect::Mismatch), 99)),
    ("settle: paid", |it| settle(it, ours(PAID), 10)),
    ("settle: voided, deep", |it| settle(it, ours(Effect::Voided), 10 + DEEP)),
    ("settle: voided, shallow", |it| settle(it, ours(Effect::Voided), 9 + DEEP)),
    ("settle: reverted, deep", |it| settle(it, ours(Effect::Reverted), 10 + DEEP)),
    ("settle: reverted, shallow", |it| settle(it, ours(Effect::Reverted), 9 + DEEP)),
    ("take: foreign", |it| step(it.take(&agreed(foreign(), 10), at(9)))),
    ("take: mismatch", |it| step(it.take(&agreed(mismatch(), 10), at(9)))),
    ("take: unaccounted", |it| step(it.take(&agreed(SlotReading::Unaccounted, 10), at(9)))),
    ("take: open", |it| step(it.take(&agreed(SlotReading::Open, 10), at(9)))),
    ("take: ours", |it| step(it.take(&agreed(ours(PAID), 10), at(9)))),
    ("lose: deep", |it| lose(it, foreign(), 10 + DEEP)),
    ("lose: shallow", |it| lose(it, foreign(), 9 + DEEP)),
    ("lose: another than the noted", |it| {
        let other = Stranger { txid: [0x58; 32], ..stranger() };
        lose(it, SlotReading::Foreign(other), 10 + DEEP)
    }),
    ("lose: unaccounted", |it| lose(it, SlotReading::Unaccounted, 10 + DEEP)),
    ("lose: open again", |it| lose(it, SlotReading::Open, 10 + DEEP)),
    ("reopen", |it| step(it.reopen(6, false, at(9)))),
    ("reopen: moved on", |it| step(it.reopen(6, true, at(9)))),
];
