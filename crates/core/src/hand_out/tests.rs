//! What a hand-out promises: told late, never taken back, never of other bytes.

use super::*;
use crate::id::{KeyId, OperatorId};
use crate::samples::{at, partner, transfer_id, ulid, wallet};

fn holder(number: u128) -> Holder {
    Holder::of(&Actor::Key(KeyId::new(ulid(number)))).unwrap()
}

fn wished() -> HandOut {
    let wish = Wish {
        id: HandOutId::new(ulid(1)),
        withdrawal: WithdrawalId::new(ulid(1)),
        partner: partner(),
        wallet: wallet(),
        chain: ChainId::tron(3_448_148_188),
        holder: holder(1),
        life: Life::from_ms(LIFE_MS_MIN).unwrap(),
    };
    HandOut::wish(wish, at(0)).into_after()
}

fn made() -> HandOut {
    let bytes = (transfer_id(1), AttemptId::new(ulid(1)), [7; 32]);
    wished().make(bytes, 1_800_000_600_000, at(10)).unwrap().into_after()
}

#[test]
fn bytes_live_between_ten_minutes_and_an_hour() {
    for (ms, fits) in
        [(LIFE_MS_MIN - 1, false), (LIFE_MS_MIN, true), (LIFE_MS_MAX, true), (LIFE_MS_MAX + 1, false)]
    {
        assert_eq!(Life::from_ms(ms).is_some(), fits, "{ms}");
    }
    const { assert!(QUIET_MS > LIFE_MS_MAX) };
}

#[test]
fn nothing_lives_longer_than_its_death_can_be_proven() {
    let longest = Life::from_ms(LIFE_MS_MAX).unwrap();
    assert_eq!(life_on(&ChainProfile::tron_mainnet(), longest), LIFE_MS_MAX);
    let quick = ChainProfile { block_time_ms: 1_000, ..ChainProfile::tron_mainnet() };
    assert_eq!(life_on(&quick, longest), 1_244_000);
    for profile in [ChainProfile::tron_mainnet(), quick] {
        let life_ms = u64::try_from(life_on(&profile, longest)).unwrap();
        assert!(life_ms / profile.block_time_ms + BLOCKS_BESIDE <= u64::from(SCAN_BLOCKS_MAX));
    }
}

#[test]
fn nobody_is_told_before_the_journal_knows_and_nothing_takes_back_what_was_made() {
    assert!(wished().tell().is_err());
    let told = made().tell().unwrap().into_after();
    assert_eq!(told.state.made(), made().state.made(), "the same bytes");
    for it in [made(), told] {
        assert!(it.clone().lapse("late").is_err(), "{it:?}");
        let other = (transfer_id(2), AttemptId::new(ulid(2)), [8; 32]);
        assert!(it.make(other, 0, at(20)).is_err(), "never other bytes");
    }
}

#[test]
fn a_wish_ends_by_itself_and_only_a_wish_does() {
    assert!(wished().stands(at(WISH_MS - 1)) && !wished().stands(at(WISH_MS)));
    let bytes = (transfer_id(1), AttemptId::new(ulid(1)), [7; 32]);
    assert!(wished().make(bytes, 0, at(WISH_MS)).is_err());
    assert_eq!(wished().lapse("late").unwrap().after().state.as_str(), "lapsed");
}

#[test]
fn another_person_gets_the_same_bytes_once_the_first_has_had_his_time() {
    let told = made().tell().unwrap().into_after();
    let lease = LEASE_MS + 10;
    assert!(!told.is_held_from(&holder(1), at(20)) && told.is_held_from(&holder(2), at(lease - 1)));
    assert!(told.clone().pass_on(holder(2), at(lease - 1)).is_err());
    let passed = told.clone().pass_on(holder(2), at(lease)).unwrap();
    assert_eq!(of_hand_out(&passed).kind, "hand_out.passed_on");
    let passed = passed.into_after();
    assert_eq!(passed.state.made().map(|it| it.txid), told.state.made().map(|it| it.txid));
    assert!(passed.is_held_from(&holder(1), at(lease + 1)), "and now he has it alone");
    assert!(made().pass_on(holder(2), at(lease)).is_err(), "nobody was told of these");
}

#[test]
fn a_part_of_the_engine_holds_nothing() {
    assert_eq!(Holder::of(&Actor::System("lane")), None);
    assert!(Holder::of(&Actor::Console).is_some());
    assert!(Holder::of(&Actor::Operator(OperatorId::new(ulid(1)))).is_some());
}
