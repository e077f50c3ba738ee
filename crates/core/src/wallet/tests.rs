//! What a lane promises: who may stop it, who may open it again, and that a nonce never goes back.

use super::*;
use crate::address::EvmAddress;
use crate::samples::{at, chain, partner, wallet};

fn open() -> Wallet {
    let address = EvmAddress([0x11; 20]).into();
    Wallet::adopt(wallet(), partner(), chain(), address, "hot 1".into(), 7, "test".into(), at(0)).into_after()
}

fn revert(asset: u8, to: u8) -> Option<Revert> {
    Some(Revert { asset: AssetId::erc20(chain(), EvmAddress([asset; 20])), to: EvmAddress([to; 20]).into() })
}

fn tripped() -> Wallet {
    (1..=3).fold(open(), |wallet, to| wallet.reverted(revert(7, to)).unwrap().into_after())
}

/// One wallet in each state.
fn every() -> [Wallet; 5] {
    let draining = open().drain("test").unwrap().into_after();
    [
        open(),
        open().pause("test").unwrap().into_after(),
        draining.clone(),
        open().freeze("a stranger's transaction".into()).unwrap().into_after(),
        draining.retire("test").unwrap().into_after(),
    ]
}

fn hurry() -> SpeedUp {
    SpeedUp { nonce: 6, max_fee_wei: None, at: at(1) }
}

type Order = fn(Wallet) -> Result<Moved<Wallet>, Refusal>;

/// Order -> the state it leads to from open, paused, draining, frozen, retired; an empty one is a refusal.
const ORDERS: &[(&str, Order, [&str; 5])] = &[
    ("pause", |it| it.pause("test"), ["paused", "paused", "paused", "", ""]),
    ("drain", |it| it.drain("test"), ["draining", "draining", "draining", "", ""]),
    ("resume", |it| it.resume("test"), ["open", "open", "open", "", ""]),
    ("freeze", |it| it.freeze("test".into()), ["frozen", "frozen", "frozen", "frozen", ""]),
    ("unfreeze", |it| it.unfreeze(9, "test"), ["", "", "", "open", ""]),
    ("explain", |it| it.explain(9), ["open", "paused", "draining", "frozen", ""]),
    ("retire", |it| it.retire("test"), ["", "retired", "retired", "retired", ""]),
    ("raise cap", |it| it.raise_cap(None, "test"), ["open", "paused", "draining", "frozen", ""]),
    ("speed up", |it| it.speed_up(hurry()), ["open", "paused", "draining", "", ""]),
    ("allocate", |it| it.allocate(1), ["open", "", "", "", ""]),
];

#[test]
fn exactly_these_orders_are_carried_out() {
    for (order, carry_out, expected) in ORDERS {
        for (wallet, expected) in every().into_iter().zip(expected) {
            let from = wallet.state.as_str();
            match carry_out(wallet) {
                Ok(step) => assert_eq!(step.after().state.as_str(), *expected, "{order} from {from}"),
                Err(refusal) => assert_eq!("", *expected, "{order} from {from}: {refusal}"),
            }
        }
    }
}

#[test]
fn a_frozen_lane_opens_only_by_unfreezing_and_a_retired_one_never() {
    let [.., frozen, retired] = every();
    for (order, carry_out, _) in ORDERS {
        let opens = |wallet: &Wallet| {
            carry_out(wallet.clone()).is_ok_and(|step| matches!(step.after().state, LaneState::Open))
        };
        assert_eq!(opens(&frozen), *order == "unfreeze", "{order}");
        assert!(!opens(&retired), "{order}");
    }
}

#[test]
fn unfreezing_overrules_nobody_who_had_stopped_the_lane() {
    let [open, paused, draining, ..] = every();
    for (lane, was) in [(open, "open"), (paused, "paused"), (draining, "draining")] {
        let frozen = lane.freeze("a stranger's transaction".into()).unwrap().into_after();
        let twice = frozen.clone().freeze("another one".into()).unwrap().into_after();
        for frozen in [frozen, twice] {
            assert_eq!(frozen.unfreeze(7, "explained").unwrap().after().state.as_str(), was);
        }
    }
}

#[test]
fn a_nonce_never_goes_back() {
    let frozen = open().freeze("test".into()).unwrap().into_after();
    for (pending, next) in [(6, 7), (7, 7), (9, 9)] {
        assert_eq!(frozen.clone().unfreeze(pending, "test").unwrap().after().next_nonce, next);
        assert_eq!(frozen.clone().explain(pending).unwrap().after().next_nonce, next);
    }
    assert_eq!(open().allocate(3).unwrap().after().next_nonce, 10);
}

#[test]
fn new_work_needs_an_open_lane_and_a_first_signature_one_that_is_not_stopped() {
    let takes = every().map(|wallet| wallet.takes_work());
    assert_eq!(takes, [true, false, false, false, false]);
    let signs = every().map(|wallet| wallet.may_sign());
    assert_eq!(signs, [true, false, true, false, false], "a draining lane finishes what it has");
}

#[test]
fn equal_reverts_in_a_row_open_the_breaker_and_a_success_or_a_person_closes_it() {
    let tripped = tripped();
    assert!(!tripped.takes_work() && tripped.clone().allocate(1).is_err());
    assert!(tripped.clone().reverted(None).unwrap().after().takes_work());
    assert!(tripped.resume("looked at").unwrap().after().takes_work());
    assert_eq!(open().reverted(None), None, "nothing to forget");
}

#[test]
fn one_recipient_alone_never_opens_the_breaker_nor_do_reverts_of_different_assets() {
    let once = open().reverted(revert(7, 1)).unwrap().into_after();
    assert_eq!(once.clone().reverted(revert(7, 1)), None, "a contract that always reverts counts once");
    let twice = once.reverted(revert(7, 2)).unwrap().into_after();
    let other = twice.clone().reverted(revert(8, 3)).unwrap().into_after();
    assert!(other.takes_work() && other.reverts.len() == 1, "another asset is another row");
    let third = twice.reverted(revert(7, 3)).unwrap().into_after();
    assert!(!third.takes_work());
    assert_eq!(third.reverted(revert(7, 4)), None, "an open breaker counts no further");
}

#[test]
fn a_raised_cap_ends_by_itself() {
    let cap = RaisedCap { max_fee_wei: 5, until: at(100) };
    let raised = open().raise_cap(Some(cap), "spike").unwrap().into_after();
    assert_eq!((raised.cap_in_force(at(99)), raised.cap_in_force(at(100))), (Some(5), None));
}

#[test]
fn a_speed_up_holds_for_one_try_and_does_not_outlive_a_freeze() {
    let hurried = open().speed_up(hurry()).unwrap().into_after();
    assert_eq!((hurried.speed_up, hurried.state.as_str()), (Some(hurry()), "open"));
    let done = hurried.clone().sped_up().unwrap().into_after();
    assert_eq!((done.speed_up, done.clone().sped_up()), (None, None));
    let thawed = hurried.freeze("test".into()).unwrap().into_after().unfreeze(7, "test").unwrap();
    assert_eq!(thawed.after().speed_up, None);
}

#[test]
fn an_obstacle_keeps_the_time_it_began() {
    let dry = open().obstructed(Some(Waiting::Funds), at(1)).unwrap().into_after();
    assert_eq!(dry.clone().obstructed(Some(Waiting::Funds), at(9)), None, "still the same: since then");
    let since = |wallet: &Wallet| wallet.obstacle.map(|it| (it.waiting, it.since));
    assert_eq!(since(&dry), Some((Waiting::Funds, at(1))));
    let other = dry.obstructed(Some(Waiting::Gas), at(9)).unwrap();
    assert_eq!(since(other.after()), Some((Waiting::Gas, at(9))));
    assert_eq!(since(other.into_after().obstructed(None, at(10)).unwrap().after()), None);
}

fn registration(tier: Tier, custody: Custody) -> Registration {
    Registration {
        id: wallet(),
        partner: partner(),
        chain: chain(),
        address: EvmAddress([0x33; 20]).into(),
        label: "vault".into(),
        tier,
        custody,
        nonce: 3,
        trusted_from: at(100),
    }
}

/// Every wallet that is no lane.
fn others() -> Vec<Wallet> {
    let pairs = Tier::ALL.iter().flat_map(|tier| Custody::ALL.iter().map(|custody| (*tier, *custody)));
    let steps = pairs.filter_map(|(tier, custody)| {
        Wallet::register(registration(tier, custody), "kept".into(), at(0)).ok()
    });
    steps.map(Moved::into_after).collect()
}

#[test]
fn a_managed_hot_wallet_alone_is_a_lane_and_only_adoption_makes_one() {
    assert!(open().is_lane() && open().takes_work());
    let register = |tier, custody| Wallet::register(registration(tier, custody), "r".into(), at(0));
    assert_eq!(register(Tier::Hot, Custody::Managed), Err(Unfit::Lane));
    assert_eq!(register(Tier::Safe, Custody::Managed), Err(Unfit::SafeIsManaged));
    assert_eq!(others().len(), 6, "every other pair can be registered");
}

#[test]
fn what_is_no_lane_never_gets_a_slot_nor_an_order_of_a_lane() {
    for wallet in others() {
        assert!(!wallet.is_lane() && !wallet.takes_work() && !wallet.may_sign(), "{wallet:?}");
        let frozen = wallet.clone().freeze("a stranger's transaction".into()).unwrap().into_after();
        for (order, carry_out, _) in ORDERS {
            let taken = carry_out(wallet.clone()).is_ok();
            assert_eq!(taken, ["freeze", "explain", "retire"].contains(order), "{order} of {wallet:?}");
        }
        assert!(frozen.clone().gave_out(9).is_err(), "{frozen:?}");
        assert_eq!(frozen.unfreeze(3, "explained").unwrap().after().state, LaneState::Open);
    }
}

#[test]
fn money_goes_to_a_registered_wallet_after_its_wait_and_never_to_a_frozen_or_retired_one() {
    for wallet in others() {
        assert!(!wallet.is_trusted(at(99)) && wallet.is_trusted(at(100)), "{wallet:?}");
        assert!(!wallet.clone().freeze("test".into()).unwrap().after().is_trusted(at(100)));
        assert!(!wallet.retire("test").unwrap().after().is_trusted(at(100)));
    }
    assert!(open().is_trusted(at(0)), "a lane has shown its key");
}

#[test]
fn names_of_tiers_and_custodies_read_back() {
    for tier in Tier::ALL {
        assert_eq!(Tier::parse(tier.as_str()), Some(*tier));
    }
    for custody in Custody::ALL {
        assert_eq!(Custody::parse(custody.as_str()), Some(*custody));
    }
    assert_eq!((Tier::parse("gas"), Custody::parse("")), (None, None));
}
