//! The public status and "why is it not sent": every state, every phase, one answer.

use super::super::status::{Waiting, project, waiting};
use super::super::*;
use crate::address::EvmAddress;
use crate::samples::*;
use crate::transfer::Phase;
use crate::wallet::{Obstacle, Wallet};

/// Phase -> status of an assigned withdrawal. DESIGN's chain of public statuses, in order.
const PHASES: &[(Phase, Status)] = &[
    (Phase::Planned, Status::Queued),
    (Phase::Dropped, Status::Queued),
    (Phase::Funded, Status::WalletFunded),
    (Phase::Fuelling, Status::EnergyRequested),
    (Phase::Fuelled, Status::EnergyReceived),
    (Phase::Built, Status::Processing),
    (Phase::Signing, Status::Signing),
    (Phase::Signed, Status::Broadcast),
    (Phase::Seen, Status::Confirming),
    (Phase::Final, Status::Confirming),
];

#[test]
fn every_state_and_phase_has_one_public_status() {
    for withdrawal in super::reachable().into_values() {
        let fixed = match withdrawal.state {
            State::Requested => Some(Status::Pending),
            State::Held(_) => Some(Status::Held),
            State::Approved(_) => Some(Status::Approved),
            State::Queued(_) => Some(Status::Queued),
            State::Assigned(_) => None,
            State::Paid(_) => Some(Status::Completed),
            State::NeedsAttention(_) => Some(Status::NeedsAttention),
            State::Rejected(_) => Some(Status::Rejected),
            State::Cancelled(_) => Some(Status::Cancelled),
            State::Failed(_) => Some(Status::Failed),
        };
        assert_eq!(project(&withdrawal.state, None), fixed.unwrap_or(Status::Queued));
        for (phase, status) in PHASES {
            assert_eq!(project(&withdrawal.state, Some(*phase)), fixed.unwrap_or(*status), "{phase:?}");
        }
    }
}

#[test]
fn completed_is_said_of_paid_withdrawals_alone() {
    for withdrawal in super::reachable().into_values() {
        for phase in PHASES.iter().map(|(phase, _)| Some(*phase)).chain([None]) {
            let completed = project(&withdrawal.state, phase) == Status::Completed;
            assert_eq!(completed, matches!(withdrawal.state, State::Paid(_)));
        }
    }
}

#[test]
fn a_stable_name_reads_back() {
    for status in Status::ALL {
        assert_eq!(Status::parse(status.as_str()), Some(*status));
    }
    for waiting in Waiting::ALL {
        assert_eq!(Waiting::parse(waiting.as_str()), Some(*waiting));
    }
    assert_eq!((Status::parse("done"), Waiting::parse("")), (None, None));
}

fn lane(obstacle: Option<Waiting>) -> Wallet {
    let step = Wallet::adopt(
        wallet(),
        partner(),
        chain(),
        EvmAddress([0x11; 20]).into(),
        "hot 1".into(),
        7,
        "test".into(),
        at(0),
    );
    let obstacle = obstacle.map(|waiting| Obstacle { waiting, since: at(5) });
    Reached(crate::wallet::Record { obstacle, ..step.into_after().0 })
}

#[test]
fn every_state_that_is_not_terminal_says_what_it_waits_for() {
    let frozen = lane(None).freeze("test".into()).unwrap().into_after();
    let every_lane = [vec![], vec![lane(None)], vec![frozen]]
        .into_iter()
        .chain(Waiting::ALL.iter().map(|it| vec![lane(Some(*it))]));
    for lanes in every_lane {
        for withdrawal in super::reachable().into_values() {
            for phase in PHASES.iter().map(|(phase, _)| Some((*phase, at(7)))).chain([None]) {
                for stop in [None, Some(at(6))] {
                    let answer = waiting(&withdrawal, phase, stop, &lanes, at(10));
                    assert_eq!(answer.is_none(), withdrawal.state.terminal(), "{}", super::name(&withdrawal));
                    assert!(answer.is_none_or(|answer| !answer.released_by.is_empty()));
                }
            }
        }
    }
}

fn answer(
    withdrawal: &Withdrawal,
    phase: Option<Phase>,
    stop: bool,
    lanes: &[Wallet],
) -> (Waiting, &'static str) {
    let phase = phase.map(|phase| (phase, at(7)));
    let answer = waiting(withdrawal, phase, stop.then_some(at(6)), lanes, at(10)).unwrap();
    (answer.waiting, answer.released_by)
}

#[test]
fn a_queued_withdrawal_names_its_time_a_stop_or_the_lane_that_is_nearest_to_work() {
    let approved = withdrawal().approve(passed(), at(1)).unwrap().into_after();
    let (free, dry) = (lane(None), lane(Some(Waiting::Funds)));
    assert_eq!(
        answer(&approved, None, false, std::slice::from_ref(&dry)),
        (Waiting::Funds, "wallet_refilled")
    );
    assert_eq!(answer(&approved, None, false, &[dry.clone(), free]), (Waiting::Lane, "lane_has_room"));
    assert_eq!(answer(&approved, None, true, std::slice::from_ref(&dry)), (Waiting::Stop, "stop_lifted"));
    let paused = dry.pause("test").unwrap().into_after();
    assert_eq!(answer(&approved, None, false, &[paused]), (Waiting::Person, "lane_opened"));
    for (code, named) in
        [("gas_empty", Waiting::Gas), ("funds_short", Waiting::Funds), ("lane_closed", Waiting::Delay)]
    {
        let back = super::assigned().give_back(GivenBackWhy::NoSlot { code }, at(3), at(5_000)).unwrap();
        let waits = waiting(back.after(), None, None, &[], at(10)).unwrap();
        assert_eq!((waits.waiting, waits.expected_until), (named, Some(at(5_000))), "{code}");
    }
}

#[test]
fn after_a_slot_exists_only_signer_node_fees_and_finality_are_named() {
    let on = |phase, obstacle| answer(&super::assigned(), Some(phase), false, &[lane(obstacle)]);
    assert_eq!(on(Phase::Built, None), (Waiting::Signature, "signer_answers"));
    assert_eq!(on(Phase::Signing, None), (Waiting::Signature, "signer_answers"));
    assert_eq!(on(Phase::Signed, None), (Waiting::Node, "next_block"));
    assert_eq!(on(Phase::Signed, Some(Waiting::Gas)), (Waiting::Node, "next_block"), "its own bytes are out");
    let fees = (Waiting::FeeCap, "fee_market_falls_or_cap_raised");
    assert_eq!(on(Phase::Signed, Some(Waiting::FeeCap)), fees);
    assert_eq!(on(Phase::Seen, Some(Waiting::Gas)), (Waiting::Finality, "final_block"));
    let stopped = answer(&super::assigned(), Some(Phase::Signed), true, &[lane(None)]);
    assert_eq!(stopped, (Waiting::Node, "next_block"), "a stop does not recall what has left");
}
