//! What the transfer machine promises. `table` holds every edge; the walk below visits every state that transitions can
//! reach from `plan` and `fill`, and tries everything from each.

mod books;
mod settle;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::attempt::{ATTEMPTS_MAX, Kind, PAYS_MAX, Unsigned};
use crate::samples::*;
use table::{EDGES, MOVES, Went, waits_for};

/// A state as the tables name it: state, what the slot is used for, whether the signer was asked or another attempt
/// waits for its signature, and whether a stranger is in the slot.
pub(super) fn name(transfer: &Transfer) -> String {
    let mode = |mode: &Mode| match mode {
        Mode::Pay => "pay",
        Mode::Void { .. } => "void",
    };
    let slotted = |state, signed: &Signed| {
        let pending = if signed.pending.is_some() { ", pending" } else { "" };
        let taken = if signed.taken_by.is_some() { ", taken" } else { "" };
        format!("{state} {}{pending}{taken}", mode(&signed.mode))
    };
    match &transfer.state {
        state @ (State::Planned | State::Funded(_) | State::Fuelling(_) | State::Fuelled(_))
            if transfer.purpose == Purpose::Fill =>
        {
            format!("{} fill", state.as_str())
        }
        State::Built(built) => {
            format!("built {}{}", mode(&built.mode), if built.asked { ", asked" } else { "" })
        }
        State::Signed(signed) => slotted("signed", signed),
        State::Seen(seen) => slotted("seen", &seen.signed),
        State::Final(Ended { last: Last::Signed(signed), .. }) => slotted("final", signed),
        State::Final(_) => "final, never signed".into(),
        state => state.as_str().into(),
    }
}

/// Every state that transitions reach: one transfer for each that differs in more than times, versions and ids.
pub(super) fn reachable() -> BTreeMap<String, Transfer> {
    let key = |it: &Transfer| {
        let races = matches!(it.mode(), Some(Mode::Void { races: true, .. }));
        let lives: Vec<_> = it.items.iter().map(|item| item.life).collect();
        let effect = match &it.state {
            State::Final(ended) => ended.end.inclusion().map(|it| it.effect),
            _ => None,
        };
        format!("{:?} {} {races} {lives:?} {effect:?}", it.purpose, name(it))
    };
    let (mut found, mut next) = (BTreeMap::new(), vec![planned(), fill()]);
    while let Some(transfer) = next.pop() {
        assert!(found.len() < 1_000, "the machine is finite");
        if found.insert(key(&transfer), transfer.clone()).is_none() {
            next.extend(MOVES.iter().filter_map(|(_, attempt)| match attempt(transfer.clone()) {
                Ok(Went::On(after)) => Some(after.into_after()),
                Ok(Went::Nowhere(_)) | Err(_) => None,
            }));
        }
    }
    found
}

/// Every step of every transition from every state.
fn every_step(mut look: impl FnMut(&str, &Transfer, &Transfer)) {
    for before in reachable().into_values() {
        for (transition, attempt) in MOVES {
            if let Ok(Went::On(step)) = attempt(before.clone()) {
                look(transition, &before, step.after());
            }
        }
    }
}

#[test]
fn exactly_the_edges_of_the_table_exist() {
    for transfer in reachable().into_values() {
        for (transition, attempt) in MOVES {
            let from = name(&transfer);
            let allowed = EDGES.iter().find(|(name, _)| name == transition).unwrap().1;
            let expected =
                allowed.iter().find(|(starts, _)| starts.contains(&from.as_str())).map(|(_, to)| *to);
            let got = match attempt(transfer.clone()) {
                Ok(Went::On(step)) => Some(step.after().state.as_str()),
                Ok(Went::Nowhere(answer)) => Some(answer),
                Err(_) => None,
            };
            assert_eq!(got, expected, "{transition} from {from}");
        }
    }
}

#[test]
fn the_table_speaks_of_every_state_and_transition() {
    let states: BTreeSet<String> = reachable().values().map(name).collect();
    let spoken: BTreeSet<String> = EDGES
        .iter()
        .flat_map(|(_, edges)| edges.iter().flat_map(|(from, _)| from.iter().map(ToString::to_string)))
        .collect();
    assert_eq!(states, &spoken | &BTreeSet::from(["dropped".to_owned()]));
    let transitions: Vec<&str> = MOVES.iter().map(|(name, _)| *name).collect();
    assert_eq!(transitions, EDGES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
}

#[test]
fn every_state_is_terminal_or_has_a_way_out_that_needs_nobodys_goodwill() {
    for transfer in reachable().into_values() {
        let from = name(&transfer);
        let Some(exit) = table::way_out(&transfer.state) else {
            assert!(transfer.state.terminal(), "{from} has no way out");
            continue;
        };
        let (_, attempt) = MOVES.iter().find(|(name, _)| *name == exit).unwrap();
        match attempt(transfer) {
            Ok(Went::On(step)) => assert_ne!(name(step.after()), from, "{exit} leads out of {from}"),
            other => panic!("{exit} from {from}: {other:?}"),
        }
    }
}

#[test]
fn once_void_a_slot_never_pays_again() {
    every_step(|transition, before, after| {
        if matches!(before.mode(), Some(Mode::Void { .. })) {
            assert!(matches!(after.mode(), Some(Mode::Void { .. })), "{transition} from {}", name(before));
        }
    });
}

#[test]
fn a_slot_is_given_once_and_for_ever() {
    every_step(|transition, before, after| {
        if let Some(slot) = before.slot() {
            assert_eq!(after.slot(), Some(slot), "{transition}");
        }
        assert_eq!(after.payment_hash(), before.payment_hash(), "{transition} changes what is paid");
        assert_eq!(after.version, before.version + 1, "{transition}");
        assert_eq!((after.id, after.wallet, after.purpose), (before.id, before.wallet, before.purpose));
    });
}

#[test]
fn the_gas_budget_of_a_slot_never_shrinks() {
    let budget = |transfer: &Transfer| match &transfer.state {
        State::Built(built) => Some(built.fuelled.gas_budget),
        State::Signed(signed) => Some(signed.fuelled.gas_budget),
        State::Seen(seen) => Some(seen.signed.fuelled.gas_budget),
        _ => None,
    };
    every_step(|transition, before, after| {
        if let (Some(was), Some(is)) = (budget(before), budget(after)) {
            assert!(is >= was, "{transition}: any attempt of the slot may be the one that is included");
        }
    });
}

#[test]
fn only_unslotted_work_is_given_back() {
    for transfer in reachable().into_values() {
        let slotted = transfer.slot().is_some() || transfer.state.terminal();
        assert_eq!(transfer.clone().drop_unslotted("test", at(9)).is_err(), slotted, "{}", name(&transfer));
    }
}

#[test]
fn an_attempt_that_waits_is_signed_by_its_own_signature_alone() {
    for transfer in reachable().into_values() {
        let awaited = waits_for(&transfer);
        let stranger = signed(unsigned(999, transfer.id, Kind::Pay, slot(7)));
        assert!(transfer.clone().signed(&stranger, 5, at(9)).is_err(), "{}", name(&transfer));
        let Some(awaited) = awaited else { continue };
        let own = |slot| {
            let kind = Kind::Pay;
            let unsigned = crate::attempt::Unsigned { id: awaited, ..unsigned(1, transfer.id, kind, slot) };
            transfer.clone().signed(&signed(unsigned), 5, at(9))
        };
        let slotted = transfer.slot().unwrap().clone();
        let step = own(slotted).unwrap();
        assert_eq!(waits_for(step.after()), None, "{}", name(&transfer));
        let after_block = matches!(transfer.state, State::Seen(_) | State::Final(_));
        assert_eq!(
            own(slot(8)).is_ok(),
            after_block,
            "another slot's signature is none, where one decides anything"
        );
    }
}

#[test]
fn a_bump_keeps_slot_and_kind() {
    let bump = |kind, slot| sent().bump(unsigned(2, transfer_id(1), kind, slot), at(4));
    let allotment = bump(Kind::Pay, slot(7)).unwrap();
    assert_eq!(allotment.transfer.after().slot(), Some(&slot(7)));
    assert!(matches!(bump(Kind::Pay, slot(8)), Err(Refusal::Evidence { .. })));
    assert!(matches!(bump(Kind::Void, slot(7)), Err(Refusal::Evidence { .. })));
    let others = sent().bump(unsigned(2, transfer_id(9), Kind::Pay, slot(7)), at(4));
    assert!(matches!(others, Err(Refusal::Evidence { .. })));
    let voided =
        sent().void_signed("cancelled", unsigned(2, transfer_id(1), Kind::Void, slot(7)), at(4)).unwrap();
    let voided = voided.transfer.into_after().abandon_pending(6, at(5)).unwrap().into_after();
    assert!(voided.clone().bump(unsigned(3, transfer_id(1), Kind::Void, slot(7)), at(6)).is_ok());
    assert!(
        voided.bump(unsigned(3, transfer_id(1), Kind::Pay, slot(7)), at(6)).is_err(),
        "M3: only voids now"
    );
}

#[test]
fn a_slot_has_a_bounded_number_of_attempts_and_room_for_its_voids() {
    let bump = |transfer: Transfer, kind, serial| {
        transfer.bump(Unsigned { serial, ..unsigned(9, transfer_id(1), kind, slot(7)) }, at(6))
    };
    assert!(bump(sent(), Kind::Pay, PAYS_MAX - 1).is_ok());
    let most = bump(sent(), Kind::Pay, PAYS_MAX);
    assert!(
        matches!(&most, Err(Refusal::Evidence { why, .. }) if why.contains("as many attempts")),
        "{most:?}"
    );
    assert!(may_follow(Kind::Void, PAYS_MAX) && !may_follow(Kind::Void, ATTEMPTS_MAX));
}

#[test]
fn bumps_and_resends_count_from_the_latest_send() {
    let height = |transfer: &Transfer| match &transfer.state {
        State::Signed(signed) => signed.sent_at_height,
        state => panic!("{}", state.as_str()),
    };
    let dearer = unsigned(2, transfer_id(1), Kind::Pay, slot(7));
    let bumped = sent().bump(dearer.clone(), at(4)).unwrap().transfer.into_after();
    assert_eq!(height(&bumped), 5, "the dearer attempt has not left yet");
    let resent = bumped.signed(&signed(dearer), 8, at(5)).unwrap().into_after();
    assert_eq!(height(&resent), 8);
    let seen = resent.see(inclusion(PAID), at(6)).unwrap().into_after();
    assert_eq!(height(seen.unsee(11, at(7)).unwrap().after()), 11);
}

#[test]
fn a_signature_that_comes_after_inclusion_is_still_recorded() {
    let dearer = unsigned(2, transfer_id(1), Kind::Pay, slot(7));
    let pending = sent().bump(dearer.clone(), at(4)).unwrap().transfer.into_after();
    let seen = pending.see(inclusion(PAID), at(5)).unwrap().into_after();
    let recorded = seen.signed(&signed(dearer), 9, at(6)).unwrap().into_after();
    assert!(matches!(&recorded.state, State::Seen(seen) if seen.signed.pending.is_none()));
}

#[test]
fn a_never_signed_slot_is_voided_by_the_signers_tombstone_and_by_nothing_else() {
    let void = || unsigned(2, transfer_id(1), Kind::Void, slot(7));
    let by =
        |verdict, of| built().void_unsigned(&proof(1, Some(transfer_id(of)), verdict), "test", void(), at(4));
    let allotment = by(tombstoned(), 1).unwrap();
    let after = allotment.transfer.after();
    assert!(
        after.items.iter().all(|item| item.life == Life::Dead(proof_id(1))),
        "dead at once, before the void"
    );
    assert!(matches!(after.mode(), Some(Mode::Void { races: false, .. })));
    assert!(by(tombstoned(), 9).is_err() && by(dead(crate::proof::Effect::Voided), 1).is_err());
    assert!(by(paid(), 1).is_err());
    let void = unsigned(2, transfer_id(1), Kind::Void, slot(7));
    let race = sent().void_signed("cancelled", void, at(4)).unwrap();
    assert!(matches!(race.transfer.after().mode(), Some(Mode::Void { races: true, .. })));
    assert!(race.transfer.after().live().count() == 1, "both outcomes stay legal until the chain decides");
}

#[test]
fn a_gap_is_filled_by_a_void_and_a_payout_begins_with_a_payment() {
    let fuelled = |transfer: Transfer| {
        let funded = transfer.fund(block(1), at(2)).unwrap().into_after();
        funded.fuel(21_000, Cost(1), None, at(2)).unwrap().into_after()
    };
    assert!(fuelled(fill()).build(unsigned(1, transfer_id(2), Kind::Void, slot(7)), at(3)).is_ok());
    assert!(fuelled(fill()).build(unsigned(1, transfer_id(2), Kind::Pay, slot(7)), at(3)).is_err());
    assert!(fuelled(planned()).build(unsigned(1, transfer_id(1), Kind::Void, slot(7)), at(3)).is_err());
    assert!(fuelled(planned()).build(unsigned(1, transfer_id(2), Kind::Pay, slot(7)), at(3)).is_err());
}

#[test]
fn every_failure_has_a_remedy_and_only_a_refused_recipient_ends_it_at_once() {
    let table = [
        (Failure::RecipientBlacklisted, Remedy::Fail),
        (Failure::SenderBlacklisted, Remedy::Wait),
        (Failure::TokenPaused, Remedy::Wait),
        (Failure::TokenDiffers, Remedy::Wait),
        (Failure::TransferReverts, Remedy::Fail),
        (Failure::RevertedOnChain, Remedy::NewSlotAfterDeath),
        (Failure::FundsShort, Remedy::Wait),
        (Failure::GasEmpty, Remedy::Wait),
        (Failure::FeeCapReached, Remedy::RetrySameSlot),
        (Failure::SignerRefused, Remedy::Person(crate::withdrawal::AttentionCode::SignerRefused)),
        (Failure::SignerDown, Remedy::Wait),
        (Failure::NodeDown, Remedy::Wait),
        (Failure::Voided, Remedy::NewSlotAfterDeath),
        (Failure::Expired, Remedy::NewSlotAfterDeath),
        (Failure::OutOfEnergy, Remedy::NewSlotAfterDeath),
    ];
    for (failure, remedy) in table {
        assert_eq!(failure.remedy(), remedy, "{}", failure.as_str());
    }
    let codes: BTreeSet<&str> = table.iter().map(|(failure, _)| failure.as_str()).collect();
    assert_eq!(codes.len(), table.len(), "one code each");
}
