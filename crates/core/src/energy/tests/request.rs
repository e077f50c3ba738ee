//! Every step of a request for energy from every state, and what it asks for at most.

use super::samples::{at, need, receiver, wallet};
use crate::amount::Cost;
use crate::chain::ChainId;
use crate::energy::{
    Burning, Need, Policy, REQUEST_ITEMS_MAX, REQUEST_LASTS_MAX_MS, Request, RequestItem, RequestState,
    Requested, Unrequestable, Wanted, of_request,
};
use crate::id::{EnergyRequestId, WithdrawalId};
use crate::moved::Refusal;
use crate::samples::{partner, ulid};

fn item(number: u128, energy: u64) -> RequestItem {
    RequestItem { withdrawal: WithdrawalId::new(ulid(number)), energy }
}

fn wanted(items: Vec<RequestItem>) -> Requested {
    Requested {
        id: EnergyRequestId::new(ulid(9)),
        partner: partner(),
        wallet: wallet(1),
        chain: ChainId::tron(31_337),
        external_id: "friday".into(),
        items,
        not_before: at(1_000),
        expires_at: at(60_000),
    }
}

fn open() -> Request {
    Request::open(wanted(vec![item(1, 65_000), item(2, 65_000)]), at(0)).unwrap().into_after()
}

fn needed(number: u128, energy: u64) -> Need {
    let wanted = Wanted {
        id: need(number),
        partner: partner(),
        wallet: wallet(1),
        chain: ChainId::tron(31_337),
        receiver: receiver(),
        energy,
        burning_sun: Cost(1),
        deadline: at(180_000),
    };
    Need::open(wanted, at(1_000)).into_after()
}

fn asked() -> Request {
    open().ask(&needed(1, 65_000), at(1_000)).unwrap().into_after()
}

fn ended() -> [Request; 5] {
    let burned = needed(1, 65_000).burn(Burning::Cheaper, at(2_000)).unwrap().into_after();
    [
        open().serve(at(2_000)).unwrap().into_after(),
        asked().hear(&burned, at(2_000)).unwrap().unwrap().into_after(),
        open().drop_unwanted(at(2_000)).unwrap().into_after(),
        open().expire(false, at(60_000)).unwrap().unwrap().into_after(),
        open().cancel(at(2_000)).unwrap().into_after(),
    ]
}

#[test]
fn what_has_ended_stays_so() {
    for it in ended() {
        assert!(it.state.is_ended(), "{:?}", it.state);
        let refused = [
            it.clone().serve(at(3_000)).is_err(),
            it.clone().drop_unwanted(at(3_000)).is_err(),
            it.clone().expire(false, at(90_000_000)).is_err(),
            it.clone().cancel(at(3_000)).is_err(),
            it.clone().ask(&needed(2, 1), at(3_000)).is_err(),
            it.clone().hear(&needed(1, 65_000), at(3_000)).is_err(),
        ];
        assert_eq!(refused, [true; 6], "{:?}", it.state);
        assert!(!it.is_due(at(3_000)));
    }
}

#[test]
fn what_is_asked_for_ends_by_its_need_or_is_called_off() {
    let it = asked();
    assert_eq!(it.state, RequestState::Asked { need: need(1) });
    assert!(it.clone().serve(at(2_000)).is_err() && it.clone().drop_unwanted(at(2_000)).is_err());
    assert!(it.clone().ask(&needed(2, 1), at(2_000)).is_err(), "one need at a time");
    assert_eq!(it.clone().hear(&needed(1, 65_000), at(2_000)).unwrap(), None);
    let other = needed(2, 65_000).serve(at(2_000)).unwrap().into_after();
    assert!(matches!(it.clone().hear(&other, at(2_000)), Err(Refusal::Evidence { .. })));
    let dropped = needed(1, 65_000).drop_unwanted(at(2_000)).unwrap().into_after();
    let step = it.clone().hear(&dropped, at(2_000)).unwrap().unwrap();
    assert_eq!(step.after().state, RequestState::Dropped);
    assert_eq!(it.clone().cancel(at(2_000)).unwrap().after().state, RequestState::Cancelled);
    // Its lane is waited for; one that is gone never hears of the need.
    assert_eq!(it.clone().expire(false, at(60_000)).unwrap(), None);
    assert_eq!(it.clone().expire(true, at(60_000_000)).unwrap(), None);
    assert!(it.expire(false, at(660_000)).unwrap().is_some());
}

#[test]
fn needs_together_never_ask_for_more_than_the_request_says() {
    let first = open();
    assert_eq!((first.energy(), first.portion(200_000, 65_000)), (130_000, 65_000));
    assert_eq!(first.portion(200_000, u64::MAX), 130_000);
    assert!(matches!(first.clone().ask(&needed(1, 130_001), at(1_000)), Err(Refusal::Evidence { .. })));
    let served = needed(1, 65_000).serve(at(2_000)).unwrap().into_after();
    let step = asked().hear(&served, at(2_000)).unwrap().unwrap();
    assert_eq!(step.before().map(|it| (it.got, it.version)), Some((0, 2)), "a step begins where it was");
    let half = step.into_after();
    assert_eq!((half.state, half.got, half.version), (RequestState::Open, 65_000, 3));
    assert_eq!(half.portion(200_000, u64::MAX), 65_000, "what was bought already is not bought again");
    assert!(half.clone().ask(&needed(2, 65_001), at(2_000)).is_err());
    let rest = half.ask(&needed(2, 65_000), at(2_000)).unwrap().into_after();
    let served = needed(2, 65_000).serve(at(3_000)).unwrap().into_after();
    let all = rest.hear(&served, at(3_000)).unwrap().unwrap().into_after();
    assert_eq!((all.state, all.got), (RequestState::Served, 130_000));
}

#[test]
fn nothing_is_asked_for_before_its_time_and_after_it() {
    let it = open();
    assert_eq!([999, 1_000, 59_999, 60_000].map(|ms| it.is_due(at(ms))), [false, true, true, false]);
    for ms in [999, 60_000] {
        assert!(it.clone().ask(&needed(1, 1), at(ms)).is_err(), "{ms}");
    }
    assert_eq!(it.clone().expire(false, at(59_999)).unwrap(), None);
    assert!(it.expire(false, at(60_000)).unwrap().is_some());
}

#[test]
fn a_request_names_each_withdrawal_once_and_few_of_them() {
    let refused = |items| Request::open(wanted(items), at(0)).unwrap_err();
    assert_eq!(refused(vec![]), Unrequestable::Items);
    assert_eq!(refused(vec![item(1, 1), item(2, 1), item(1, 2)]), Unrequestable::Items);
    let many = |count: usize| (0..count).map(|place| item(place as u128, 1)).collect::<Vec<_>>();
    assert_eq!(refused(many(REQUEST_ITEMS_MAX + 1)), Unrequestable::Items);
    assert!(Request::open(wanted(many(REQUEST_ITEMS_MAX)), at(0)).is_ok());
    let until = |ms| Request::open(Requested { expires_at: at(ms), ..wanted(many(1)) }, at(0)).err();
    assert_eq!(until(1_000), Some(Unrequestable::Time), "it ends where it begins");
    assert_eq!(until(REQUEST_LASTS_MAX_MS + 1), Some(Unrequestable::Time));
    assert_eq!(until(REQUEST_LASTS_MAX_MS), None);
}

#[test]
fn another_lanes_need_is_none_of_it() {
    let mut other = needed(1, 1);
    other.0.wallet = wallet(2);
    assert!(matches!(open().ask(&other, at(1_000)), Err(Refusal::Evidence { .. })));
    let ended = needed(1, 1).serve(at(1_000)).unwrap().into_after();
    assert!(matches!(open().ask(&ended, at(1_000)), Err(Refusal::Evidence { .. })));
}

#[test]
fn served_energy_is_of_account_while_it_is_rented() {
    let served = open().serve(at(2_000)).unwrap().into_after();
    assert!(served.counts(10_000, at(11_999)) && !served.counts(10_000, at(12_000)));
    assert!(open().counts(0, at(99_000)) && asked().counts(0, at(99_000)));
    assert!(ended()[1..].iter().all(|it| !it.counts(10_000, at(2_000))));
}

#[test]
fn each_step_is_told() {
    let kinds = ended().map(|it| of_request(&crate::moved::Moved::born(it)).kind);
    let ends = ["served", "burning", "dropped", "expired", "cancelled"];
    assert_eq!(kinds, ends.map(|it| format!("energy.request_{it}")));
    let step = open().ask(&needed(1, 65_000), at(1_000)).unwrap();
    assert_eq!(of_request(&step).kind, "energy.request_asked");
}

// 500 TRX at 95 sun for each energy.
#[test]
fn one_order_brings_what_it_may_cost_at_the_highest_price() {
    assert_eq!(Policy::usual().order_energy_max(), 5_263_157);
    assert_eq!(Policy { energy_max_micro_sun: 0, ..Policy::usual() }.order_energy_max(), u64::MAX);
}
