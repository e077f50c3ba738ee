//! What a request must be before anything is stored, and what its type promises.

use super::super::request::{ID_MAX, MEMO_MAX, METADATA_MAX, METADATA_TEXT_MAX, SCHEDULE_DAYS_MAX};
use super::super::*;
use crate::address::{Address, EvmAddress};
use crate::amount::Amount;
use crate::intent::DeploymentId;
use crate::samples::*;

const OWN: Address = Address::Evm(EvmAddress([0x11; 20]));

/// What makes a good request a bad one.
type Change = fn(&mut NewRequest);

fn check(change: impl FnOnce(&mut NewRequest)) -> Result<Request, RequestError> {
    let mut new = new_request();
    change(&mut new);
    Request::check(new, Amount::ZERO, &[OWN], at(0))
}

fn amount(atoms: i64) -> Amount {
    Amount::from_atoms(atoms).unwrap()
}

#[test]
fn every_rule_refuses_what_breaks_it_and_names_itself() {
    let long = |length: usize| "x".repeat(length);
    let broken: [(RequestError, Change); 12] = [
        (RequestError::ExternalId, |new| new.external_id = String::new()),
        (RequestError::ExternalId, |new| new.external_id = "order 1".into()),
        (RequestError::ExternalId, |new| new.external_id = "주문-1".into()),
        (RequestError::UserId, |new| new.user_id = String::new()),
        (RequestError::UserId, |new| new.user_id = "user\n1".into()),
        (RequestError::Amount, |new| new.amount = Amount::ZERO),
        (RequestError::TokenItself, |new| new.to = new.asset.contract().unwrap()),
        (RequestError::OwnWallet, |new| new.to = OWN),
        (RequestError::Memo, |new| new.memo = Some("a\u{0}b".into())),
        (RequestError::Metadata, |new| drop(new.metadata.insert(String::new(), "v".into()))),
        (RequestError::ScheduleMissing, |new| new.kind = Type::Scheduled),
        (RequestError::ScheduleUnexpected, |new| new.scheduled_for = Some(at(1_000))),
    ];
    for (error, change) in broken {
        assert_eq!(check(change), Err(error), "{error}");
    }
    assert_eq!(check(|new| new.external_id = long(ID_MAX + 1)), Err(RequestError::ExternalId));
    assert_eq!(check(|new| new.user_id = long(ID_MAX + 1)), Err(RequestError::UserId));
    assert_eq!(check(|new| new.memo = Some(long(MEMO_MAX + 1))), Err(RequestError::Memo));
    let entries = |count| (0..count).map(|number| (number.to_string(), String::new())).collect();
    assert_eq!(check(|new| new.metadata = entries(METADATA_MAX + 1)), Err(RequestError::Metadata));
    let wide = |new: &mut NewRequest| drop(new.metadata.insert("k".into(), long(METADATA_TEXT_MAX + 1)));
    assert_eq!(check(wide), Err(RequestError::Metadata));
    let total =
        Request::check(NewRequest { amount: amount(i64::MAX), ..new_request() }, amount(1), &[], at(0));
    assert_eq!(total, Err(RequestError::Total));
}

#[test]
fn what_just_fits_passes() {
    let at_every_bound = |new: &mut NewRequest| {
        new.external_id = "a".repeat(ID_MAX);
        new.user_id = "b".repeat(ID_MAX);
        new.memo = Some("c".repeat(MEMO_MAX));
        new.metadata = (0..METADATA_MAX).map(|it| (it.to_string(), "v".repeat(METADATA_TEXT_MAX))).collect();
    };
    assert!(check(at_every_bound).is_ok());
    assert!(check(|new| new.external_id = "A.z_0:/-9".into()).is_ok());
    assert!(check(|new| new.user_id = "사용자 1".into()).is_ok());
}

#[test]
fn a_schedule_lies_between_now_and_its_bound() {
    let far = SCHEDULE_DAYS_MAX * 86_400_000;
    let on = |ms| {
        check(|new| {
            new.kind = Type::Scheduled;
            new.scheduled_for = Some(at(ms));
        })
    };
    assert_eq!(on(-1), Err(RequestError::SchedulePast));
    assert!(on(0).is_ok() && on(far).is_ok());
    assert_eq!(on(far + 1), Err(RequestError::ScheduleFar));
}

#[test]
fn amount_and_fee_stand_side_by_side() {
    let request = Request::check(new_request(), amount(250_000), &[], at(0)).unwrap();
    assert_eq!(request.amount, amount(12_500_000), "what the recipient gets is what was asked for");
    assert_eq!(request.total_debit(), amount(12_750_000));
}

#[test]
fn equal_values_are_the_same_request_however_they_were_spelled() {
    let hash = |text: &str| {
        check(|new| new.amount = Amount::parse_positive(text, 6).unwrap()).unwrap().content_hash()
    };
    assert_eq!(hash("12.5"), hash("12.500"));
    assert_ne!(hash("12.5"), hash("12.500001"));
    let changes: [fn(&mut NewRequest); 6] = [
        |new| new.external_id = "order-2".into(),
        |new| new.user_id = "user-2".into(),
        |new| new.to = EvmAddress([0xab; 20]).into(),
        |new| new.kind = Type::Immediate,
        |new| new.memo = Some("m".into()),
        |new| drop(new.metadata.insert("k".into(), "v".into())),
    ];
    for change in changes {
        assert_ne!(check(change).unwrap().content_hash(), request().content_hash());
    }
}

#[test]
fn large_sums_and_vips_come_sooner_and_nobody_is_moved_twice() {
    let minutes = |kind, whole: i64, vip| allowance_ms(kind, amount(whole * 1_000_000), 6, vip) / 60_000;
    assert_eq!(minutes(Type::Regular, 9_999, false), 30);
    assert_eq!(minutes(Type::Regular, 10_000, false), 25);
    assert_eq!(minutes(Type::Regular, 49_999, false), 25);
    assert_eq!(minutes(Type::Regular, 50_000, false), 20);
    assert_eq!(minutes(Type::Regular, 1, true), 15);
    assert_eq!(minutes(Type::Regular, 50_000, true), 5);
    assert_eq!((minutes(Type::Immediate, 1, false), minutes(Type::Scheduled, 1, false)), (0, 0));
}

#[test]
fn a_type_sets_a_deadline_and_a_schedule_moves_both_clocks() {
    let id = WithdrawalId::new(ulid(1));
    let accept = |request| {
        Withdrawal::request(id, partner(), &DeploymentId("test".into()), request, false, at(0)).into_after()
    };
    let regular = accept(request());
    assert_eq!((regular.due_at, regular.deadline_at), (at(30 * 60_000), at(2 * 3_600_000)));
    let immediate = accept(check(|new| new.kind = Type::Immediate).unwrap());
    assert_eq!((immediate.due_at, immediate.deadline_at), (at(0), at(30 * 60_000)));
    let later = accept(
        check(|new| {
            new.kind = Type::Scheduled;
            new.scheduled_for = Some(at(3_600_000));
        })
        .unwrap(),
    );
    assert_eq!((later.due_at, later.deadline_at), (at(3_600_000), at(3_600_000 + 30 * 60_000)));
    assert_eq!(later.accepted_at, at(0));
}

#[test]
fn a_payment_exists_only_with_the_decision_that_let_it_pass() {
    for withdrawal in super::reachable().into_values() {
        let decided = withdrawal.approved_payment();
        let expected = matches!(
            withdrawal.state,
            State::Approved(_)
                | State::Queued(_)
                | State::Assigned(_)
                | State::Paid(_)
                | State::NeedsAttention(_)
        ) && !super::judged_by_nobody(&withdrawal);
        assert_eq!(decided.is_some(), expected, "{}", super::name(&withdrawal));
        if let Some(approved) = decided {
            assert_eq!(approved.decision, passed().into_decision(), "the decision outlives every step");
            assert_eq!(approved.payment.key, withdrawal.key);
        }
    }
}

#[test]
fn smaller_ones_pass_over_until_half_of_the_promised_time_has_gone_by() {
    let withdrawal = withdrawal();
    let half = withdrawal.deadline_at.plus_ms(-deadline_ms(withdrawal.request.kind) / 2);
    assert!(withdrawal.accepted_at < half && half < withdrawal.deadline_at);
    assert!(!withdrawal.is_passed_over_no_longer(half.plus_ms(-1)));
    assert!(withdrawal.is_passed_over_no_longer(half));
}
