//! What the withdrawal machine promises. `table` holds every edge; the walk below visits every state that transitions
//! can reach, and tries everything from each.

mod event;
mod lost;
mod request;
mod status;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::proof::{Proof, Verdict};
use crate::samples::*;
use crate::transfer::{Life, Transfer};
use table::{EDGES, MOVES, WAYS_OUT, Way, named};

/// A state as the tables name it.
pub(super) fn name(withdrawal: &Withdrawal) -> &'static str {
    match &withdrawal.state {
        State::Assigned(_) if withdrawal.cancel_requested.is_some() => "assigned, cancel asked",
        State::Paid(paid) if paid.proof == proof_id(table::ELSEWHERE) => "paid elsewhere",
        State::NeedsAttention(attention) if attention.paid_before_restore() => {
            match (attention.last, attention.slots_dead) {
                (None, _) if attention.decision.is_none() => "attention, paid before, unjudged",
                (None, _) => "attention, paid before",
                (Some(_), true) => "attention, paid before, slot dead",
                (Some(_), false) => "attention, paid before, slot alive",
            }
        }
        State::NeedsAttention(attention) if attention.decision.is_none() => "attention, unjudged",
        State::NeedsAttention(attention) => match (attention.last, attention.slots_dead) {
            (None, _) => "attention, no slot",
            (Some(_), true) => "attention, slots dead",
            (Some(_), false) => "attention, slot alive",
        },
        state => state.as_str(),
    }
}

/// It was recognised before any policy saw it.
pub(super) fn judged_by_nobody(withdrawal: &Withdrawal) -> bool {
    match &withdrawal.state {
        State::NeedsAttention(attention) => attention.decision.is_none(),
        State::Paid(paid) => paid.decision.is_none(),
        _ => false,
    }
}

/// Every state that transitions reach from `request`: one withdrawal for each that differs in more than times, counters
/// and ids.
pub(super) fn reachable() -> BTreeMap<String, Withdrawal> {
    let key = |it: &Withdrawal| {
        let last = matches!(&it.state, State::Paid(Paid { by: Some(_), .. }));
        format!("{} {last} {} {}", name(it), it.cancel_requested.is_some(), judged_by_nobody(it))
    };
    let (mut found, mut next) = (BTreeMap::new(), vec![withdrawal()]);
    while let Some(withdrawal) = next.pop() {
        assert!(found.len() < 1_000, "the machine is finite");
        if found.insert(key(&withdrawal), withdrawal.clone()).is_none() {
            next.extend(MOVES.iter().filter_map(|(_, attempt)| attempt(withdrawal.clone()).ok().flatten()));
        }
    }
    found
}

#[test]
fn exactly_the_edges_of_the_table_exist() {
    for withdrawal in reachable().into_values() {
        for (transition, attempt) in MOVES {
            let from = name(&withdrawal);
            let allowed = EDGES.iter().find(|(name, _)| name == transition).unwrap().1;
            let expected = allowed.iter().find(|(start, _)| *start == from).map(|(_, to)| *to);
            let got = match attempt(withdrawal.clone()) {
                Ok(Some(after)) => Some(after.state.as_str()),
                Ok(None) => Some("nothing changes"),
                Err(_) => None,
            };
            assert_eq!(got, expected, "{transition} from {from}");
        }
    }
}

#[test]
fn the_tables_speak_of_every_state_and_transition() {
    let states: BTreeSet<&str> = reachable().values().map(name).collect();
    let spoken: BTreeSet<&str> =
        EDGES.iter().flat_map(|(_, edges)| edges.iter().map(|(from, _)| *from)).collect();
    let ends = BTreeSet::from(["paid elsewhere", "rejected", "cancelled", "failed"]);
    assert_eq!(states, &spoken | &ends);
    let transitions: Vec<&str> = MOVES.iter().map(|(name, _)| *name).collect();
    assert_eq!(transitions, EDGES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
}

#[test]
fn a_terminal_state_has_no_edge_out_but_reopen_by_its_own_proof() {
    for ended in reachable().into_values().filter(|it| it.state.terminal()) {
        for (transition, attempt) in MOVES {
            let went = attempt(ended.clone());
            match (name(&ended), *transition) {
                ("paid", "reopen: own proof") => {
                    assert!(matches!(went.unwrap().unwrap().state, State::Assigned(_)));
                }
                (from, _) => assert!(went.is_err(), "{transition} from {from}"),
            }
        }
    }
}

#[test]
fn every_state_is_terminal_or_has_a_way_out_that_needs_nobodys_goodwill() {
    for withdrawal in reachable().into_values() {
        let from = name(&withdrawal);
        let way = WAYS_OUT.iter().find(|(state, _)| *state == from).map(|(_, way)| way);
        let Some(way) = way else {
            assert!(withdrawal.state.terminal(), "{from} has no way out");
            continue;
        };
        assert!(!withdrawal.state.terminal(), "{from} is terminal and has a way out");
        let (Way::Engine(exit) | Way::Chain(exit) | Way::Clock(exit) | Way::Operator(exit)) = way;
        let after = named(exit)(withdrawal).unwrap_or_else(|refusal| panic!("{exit} from {from}: {refusal}"));
        assert_ne!(name(&after.unwrap()), from, "{exit} leads out of {from}");
    }
}

#[test]
fn a_step_keeps_identity_request_and_rank_and_raises_the_version() {
    for before in reachable().into_values() {
        for (transition, attempt) in MOVES {
            let Ok(Some(after)) = attempt(before.clone()) else { continue };
            assert_eq!(after.version, before.version + 1, "{transition}");
            let fixed =
                |it: &Withdrawal| (it.id, it.partner, it.key, it.accepted_at, it.due_at, it.deadline_at);
            assert_eq!(fixed(&after), fixed(&before), "{transition}");
            assert_eq!(after.request, before.request, "{transition}");
        }
    }
}

/// A withdrawal on its first transfer, `T(1)`.
pub(super) fn assigned() -> Withdrawal {
    let approved = withdrawal().approve(passed(), at(1)).unwrap().into_after();
    approved.assign(transfer_id(1), wallet(), at(2)).unwrap().into_after()
}

/// The transfer that carries the sample withdrawal and holds it as dead by this proof.
pub(super) fn carrier(proof: &Proof) -> Transfer {
    let mut transfer = planned();
    transfer.0.id = proof.transfer.unwrap_or(transfer.id);
    transfer.0.items[0].life = Life::Dead(proof.id);
    transfer
}

fn evidence<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> bool {
    matches!(outcome, Err(Refusal::Evidence { .. }))
}

#[test]
fn a_proof_of_another_transfer_is_refused_everywhere() {
    let mine = assigned();
    let asked = CancelRequest { by: Actor::Console, reason: "test".into(), at: at(3) };
    let CancelEffect::Requested(asked) = mine.clone().cancel(asked).unwrap() else {
        panic!("a slot may exist")
    };
    let other = |number, verdict| proof(number, Some(transfer_id(99)), verdict);
    let (dead, paid, elsewhere) = (other(1, tombstoned()), other(2, paid()), other(3, paid_elsewhere()));
    let attention = |dead| {
        mine.clone().needs_attention(AttentionCode::RetriesExhausted, dead, at(3)).unwrap().into_after()
    };
    let why = GivenBackWhy::SlotDead { code: "voided", proof: &dead };
    assert!(evidence(mine.clone().give_back(why, at(3), at(3))));
    assert!(evidence(mine.clone().fail("test", Some(&dead), false, at(3))));
    assert!(evidence(mine.clone().fail("test", Some(&dead), true, at(3))));
    assert!(evidence(attention(true).fail("test", Some(&dead), false, at(3))));
    assert!(evidence(mine.clone().pay(&paid, at(3))));
    assert!(evidence(attention(false).pay(&paid, at(3))));
    assert!(evidence(asked.into_after().cancelled(Some(&dead), at(3))));
    assert!(evidence(attention(false).slot_died(&dead)));
    assert!(evidence(attention(true).resolve(Resolution::PaidElsewhere(&elsewhere), at(3))));
    assert!(evidence(attention(true).reopen(&dead, &planned(), at(3))));
    let completed =
        mine.pay(&proof(1, Some(transfer_id(1)), crate::samples::paid()), at(3)).unwrap().into_after();
    assert!(
        evidence(completed.reopen(&paid, &carrier(&paid), at(4))),
        "by another proof than it was completed by"
    );
}

#[test]
fn an_assigned_withdrawal_fails_only_with_proof_that_its_slot_is_dead_or_never_was() {
    assert!(evidence(assigned().fail("test", None, false, at(3))));
    let own = |verdict| proof(1, Some(transfer_id(1)), verdict);
    assert!(evidence(assigned().fail("test", Some(&own(paid())), false, at(3))));
    for death in [tombstoned(), dead(crate::proof::Effect::Voided), dead(crate::proof::Effect::Reverted)] {
        let failed = assigned().fail("test", Some(&own(death)), false, at(3)).unwrap();
        assert!(matches!(&failed.after().state, State::Failed(ended) if ended.proof == Some(proof_id(1))));
    }
    assert!(assigned().fail("recipient_blacklisted", None, true, at(3)).is_ok(), "dropped before a slot");
}

#[test]
fn one_operators_word_never_gives_a_withdrawal_a_new_slot() {
    let single = Proof {
        operators: vec!["a".into()],
        ..proof(1, Some(transfer_id(1)), dead(crate::proof::Effect::Voided))
    };
    assert!(single.single_source() && single.proves_death());
    let why = GivenBackWhy::SlotDead { code: "voided", proof: &single };
    assert!(evidence(assigned().give_back(why, at(3), at(3))));
    let tombstone = proof(1, Some(transfer_id(1)), tombstoned());
    let tombstone = Proof { head: None, operators: vec![], ..tombstone };
    assert!(!tombstone.single_source(), "the signer's own word about what it did needs no node");
}

#[test]
fn a_slot_consumed_by_a_stranger_is_a_persons_business_and_nobody_elses() {
    let own = proof(1, Some(transfer_id(1)), taken());
    let why = GivenBackWhy::SlotDead { code: "voided", proof: &own };
    assert!(evidence(assigned().give_back(why, at(3), at(3))), "the stranger may have paid the recipient");
    assert!(evidence(assigned().fail("test", Some(&own), false, at(3))));
    let asked = CancelRequest { by: Actor::Console, reason: "test".into(), at: at(3) };
    let CancelEffect::Requested(asked) = assigned().cancel(asked).unwrap() else {
        panic!("a slot may exist")
    };
    assert!(evidence(asked.into_after().cancelled(Some(&own), at(4))), "a cancellation is refunded");
    let waiting =
        assigned().needs_attention(AttentionCode::RetriesExhausted, false, at(3)).unwrap().into_after();
    let told = waiting.slot_died(&own).unwrap().into_after();
    let State::NeedsAttention(attention) = &told.state else { panic!("{}", told.state.as_str()) };
    assert_eq!((attention.code, attention.slots_dead), (AttentionCode::SlotConsumedByStranger, true));
    for way in
        [Resolution::Redrive, Resolution::PaidElsewhere(&proof(2, Some(transfer_id(1)), paid_elsewhere()))]
    {
        assert!(told.clone().resolve(way, at(5)).is_ok());
    }
    assert!(told.fail("gave_up", None, false, at(5)).is_ok());
}

#[test]
fn a_payment_outside_the_engine_is_shown_by_the_very_log_that_made_it() {
    use crate::amount::Units;
    use crate::port::chain::TransferLog;
    let awaited = assigned().needs_attention(AttentionCode::RetriesExhausted, true, at(3)).unwrap();
    let awaited = awaited.into_after();
    let exactly = Units::from(12_500_000_u64);
    let from = crate::address::EvmAddress([0x66; 20]).into();
    let log = TransferLog { log_index: 3, from, to: awaited.request.to, units: exactly };
    let shows = |it: &Withdrawal, log, log_index| {
        it.paid_elsewhere(
            proof_id(2),
            [8; 32],
            &agreed((block(9), vec![log]), 12),
            (log_index, exactly),
            at(4),
        )
    };
    let proof = shows(&awaited, log.clone(), 3).unwrap();
    assert_eq!((proof.verdict(), proof.head()), (&paid_elsewhere(), Some(block(12))));
    assert!(awaited.clone().resolve(Resolution::PaidElsewhere(&proof), at(5)).is_ok());
    let less = TransferLog { units: Units::from(12_499_999_u64), ..log.clone() };
    let astray = TransferLog { to: from, ..log.clone() };
    for (other, index) in [(log.clone(), 4), (less, 3), (astray, 3)] {
        assert!(matches!(shows(&awaited, other, index), Err(Refusal::Evidence { .. })));
    }
    assert!(matches!(shows(&assigned(), log, 3), Err(Refusal::NotFrom { .. })), "nobody is awaited");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is no quorum makes no evidence")]
fn a_cancellation_rests_on_the_quorum_and_on_one_operator_only_where_there_is_one() {
    use crate::proof::{Death, Effect, Final, SlotReading};
    let read = |operators: &[&str], needed| {
        let operators = operators.iter().map(ToString::to_string).collect();
        Final::by_quorum(SlotReading::Ours(inclusion(Effect::Voided)), block(12), operators, needed)
    };
    // With a quorum of two, one operator's word is no reading at all: nothing can be made of it.
    assert!(read(&["a"], 2).is_err() && read(&["a", "a"], 2).is_err());
    let asked = CancelRequest { by: Actor::Console, reason: "test".into(), at: at(3) };
    for (operators, needed, single) in [(&["a", "b"][..], 2, false), (&["a"][..], 1, true)] {
        let slot = read(operators, needed).unwrap();
        let verdict = Verdict::Dead(Death::of_nonce(&slot, DEEP).unwrap());
        let death = Proof { operators: slot.operators().to_vec(), ..proof(1, Some(transfer_id(1)), verdict) };
        let CancelEffect::Requested(step) = assigned().cancel(asked.clone()).unwrap() else {
            panic!("a slot may exist")
        };
        let cancelled = step.into_after().cancelled(Some(&death), at(4)).unwrap();
        assert!(matches!(&cancelled.after().state, State::Cancelled(it) if it.proof == Some(proof_id(1))));
        assert_eq!(death.single_source(), single, "the proof says how many stand behind it");
    }
}

#[test]
fn only_deaths_count_as_retries_and_a_redrive_starts_again() {
    let own = |number| proof(1, Some(transfer_id(number)), dead(crate::proof::Effect::Reverted));
    let (mut lap, laps) = (assigned(), u128::from(RETRIES_MAX));
    for number in 1..=laps {
        let death = own(number);
        let why = GivenBackWhy::SlotDead { code: "reverted_on_chain", proof: &death };
        lap = lap.give_back(why, at(3), at(4)).unwrap().into_after();
        lap = lap.assign(transfer_id(number + 1), wallet(), at(5)).unwrap().into_after();
    }
    assert_eq!((lap.retries, lap.attempt_no), (RETRIES_MAX, RETRIES_MAX + 1));
    let dropped = lap.clone().give_back(GivenBackWhy::NoSlot { code: "stopped" }, at(6), at(6)).unwrap();
    let count = (dropped.after().retries, dropped.after().attempt_no);
    assert_eq!(count, (RETRIES_MAX, RETRIES_MAX), "what went back without a slot was no try");
    let attention = lap.needs_attention(AttentionCode::RetriesExhausted, true, at(7)).unwrap().into_after();
    let queued = attention.resolve(Resolution::Redrive, at(8)).unwrap().into_after();
    assert_eq!((queued.retries, queued.attempt_no), (0, RETRIES_MAX + 1), "the count of tries goes on");
}

#[test]
fn a_death_taken_back_bars_redriving_and_giving_up_until_it_is_proven_again() {
    let death = proof(1, Some(transfer_id(1)), dead(crate::proof::Effect::Reverted));
    let attention =
        assigned().needs_attention(AttentionCode::RetriesExhausted, true, at(3)).unwrap().into_after();
    let alive = attention.reopen(&death, &carrier(&death), at(4)).unwrap().into_after();
    assert!(evidence(alive.clone().resolve(Resolution::Redrive, at(5))));
    assert!(evidence(alive.clone().fail("gave_up", None, false, at(5))));
    let dead_again = alive.slot_died(&death).unwrap().into_after();
    assert!(dead_again.resolve(Resolution::Redrive, at(6)).is_ok());
}

#[test]
fn an_older_slot_that_comes_alive_again_is_its_slot_again_and_bars_every_other() {
    let first = proof(1, Some(transfer_id(1)), dead(crate::proof::Effect::Reverted));
    let back = |why: GivenBackWhy<'_>, it: Withdrawal| it.give_back(why, at(3), at(3)).unwrap().into_after();
    let queued = back(GivenBackWhy::SlotDead { code: "reverted_on_chain", proof: &first }, assigned());
    let second = queued.assign(transfer_id(2), wallet(), at(4)).unwrap().into_after();
    // The second transfer was given back before it had a slot; the first death is then taken back.
    let queued = back(GivenBackWhy::NoSlot { code: "stopped" }, second.clone());
    let again = queued.reopen(&first, &carrier(&first), at(5)).unwrap().into_after();
    assert!(matches!(&again.state, State::Assigned(assigned) if assigned.transfer == transfer_id(1)));
    // Or the second died too and a person is awaited: the first is what a person waits for now.
    let waiting =
        second.clone().needs_attention(AttentionCode::RetriesExhausted, true, at(5)).unwrap().into_after();
    let alive = waiting.reopen(&first, &carrier(&first), at(6)).unwrap().into_after();
    assert!(evidence(alive.clone().resolve(Resolution::Redrive, at(7))));
    assert!(evidence(alive.clone().fail("gave_up", None, false, at(7))));
    let dead_again = alive.slot_died(&first).unwrap().into_after();
    assert!(dead_again.fail("gave_up", None, false, at(8)).is_ok());
    // While the second may be alive it stays the one: two slots are never live at once.
    let both = second.needs_attention(AttentionCode::RetriesExhausted, false, at(5)).unwrap().into_after();
    assert!(evidence(both.reopen(&first, &carrier(&first), at(6))));
}

#[test]
fn a_wish_to_cancel_is_recorded_once_and_granted_only_on_evidence() {
    let wish = |by| CancelRequest { by, reason: "customer".into(), at: at(3) };
    let CancelEffect::Requested(step) = assigned().cancel(wish(Actor::Console)).unwrap() else {
        panic!("a slot may exist: nothing is cancelled yet");
    };
    let asked = step.into_after();
    assert!(matches!(asked.state, State::Assigned(_)), "status and reservations stay");
    assert_eq!(asked.clone().cancel(wish(Actor::System("test"))), Ok(CancelEffect::Already));
    assert!(evidence(assigned().cancelled(None, at(4))), "nobody asked");
    let own = proof(1, Some(transfer_id(1)), paid());
    assert!(evidence(asked.clone().cancelled(Some(&own), at(4))), "it was paid");
    let paid = asked.pay(&own, at(4)).unwrap();
    assert!(matches!(paid.after().state, State::Paid(_)), "the chain decides, also after the wish");
}

#[test]
fn the_reason_of_a_cancellation_tells_partner_from_operator() {
    let key = crate::id::KeyId::new(ulid(1));
    for (by, code) in [(Actor::Key(key), "cancelled_by_partner"), (Actor::Console, "cancelled_by_operator")] {
        let request = CancelRequest { by, reason: String::new(), at: at(1) };
        let CancelEffect::Now(step) = withdrawal().cancel(request).unwrap() else { panic!("no slot exists") };
        assert!(matches!(&step.after().state, State::Cancelled(ended) if ended.code == code));
    }
}
