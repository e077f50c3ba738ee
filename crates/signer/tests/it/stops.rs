//! M12: stop means stop.

use sluice_core::attempt::Kind;
use sluice_core::chain::ChainId;
use sluice_core::port::signer::Setter::{Console, Engine};
use sluice_core::stop::Scope;

use crate::house::{
    Asked, NOW, bumped, not_now, pair, partner, pay, payment, refused, signer, usd, usdc, void, wallet,
};

#[test]
fn a_stop_stops_payments_and_bumps_and_lets_voids_through() {
    let scopes = [
        Scope::All,
        Scope::Partner(partner()),
        Scope::Chain(ChainId::evm(137)),
        Scope::Asset(usdc().id),
        Scope::Wallet(wallet()),
    ];
    for scope in scopes {
        let signer = signer();
        let (first, second) = (payment("order-1", usd(10)), payment("order-2", usd(10)));
        let (signed, recorded) = signer.paid(0, &first);
        signer.admits(1, std::slice::from_ref(&second), NOW).remove(0).unwrap();
        let place = signer.stop(&scope, Engine, "drill", NOW).unwrap();
        let there = signer.stops().unwrap();
        assert_eq!(there.len(), 1);
        assert_eq!((there[0].scope, there[0].setter, there[0].journal_seq), (scope, Engine, place));

        let bump = pair(Kind::Pay, 0, std::slice::from_ref(&first), bumped(1));
        assert_eq!(refused(signer.sign_one(&bump)), not_now("stopped"), "{scope:?}");
        assert_eq!(refused(signer.sign_one(&pay(1, &second))), not_now("stopped"));
        assert_eq!(
            refused(signer.admits(1, &[payment("order-3", usd(1))], NOW).remove(0)),
            not_now("stopped")
        );
        assert_eq!(signer.sign_one(&signed).unwrap(), recorded, "what was signed is known");
        assert!(signer.sign_one(&void(0, &[first])).is_ok());

        signer.lift(&scope, Engine, None, "over", NOW).unwrap();
        assert!(signer.stops().unwrap().is_empty());
        assert!(signer.sign_one(&pay(1, &second)).is_ok(), "nothing was lost");
        signer.verify(None).unwrap().unwrap();
    }
}

#[test]
fn a_stop_of_something_else_stops_nothing() {
    let signer = signer();
    signer.stop(&Scope::Chain(ChainId::evm(1)), Engine, "elsewhere", NOW).unwrap();
    signer.paid(0, &payment("order-1", usd(10)));
}

#[test]
fn lifting_one_stop_leaves_the_other() {
    let signer = signer();
    signer.stop(&Scope::All, Engine, "a", NOW).unwrap();
    signer.stop(&Scope::Partner(partner()), Engine, "b", NOW).unwrap();
    signer.lift(&Scope::All, Engine, None, "a is over", NOW).unwrap();
    assert_eq!(refused(signer.admits(1, &[payment("order-1", usd(1))], NOW).remove(0)), not_now("stopped"));
}

#[test]
fn a_stop_of_a_person_at_the_signer_is_not_the_engines_to_lift() {
    let signer = signer();
    let asks = |order| signer.admits(1, &[payment(order, usd(1))], NOW).remove(0);
    let theirs = signer.stop(&Scope::All, Console, "the engine is in other hands", NOW).unwrap();
    signer.stop(&Scope::All, Engine, "drill", NOW).unwrap();
    for read_at in [None, Some(theirs)] {
        signer.lift(&Scope::All, Engine, read_at, "says the engine", NOW).unwrap();
        signer.lift(&Scope::All, Engine, read_at, "says it again", NOW).unwrap();
        assert_eq!(refused(asks("order-1")), not_now("stopped"));
    }
    assert_eq!(signer.stops().unwrap().last().map(|stop| stop.setter), Some(Console));
    signer.lift(&Scope::All, Engine, None, "the engine's own", NOW).unwrap();
    assert_eq!(signer.stops().unwrap().len(), 1);
    assert_eq!(refused(asks("order-1")), not_now("stopped"));
    signer.lift(&Scope::All, Console, None, "over", NOW).unwrap();
    assert!(asks("order-1").is_ok());
    signer.verify(None).unwrap().unwrap();
}

#[test]
fn what_was_stopped_again_since_it_was_read_is_not_lifted() {
    let signer = signer();
    let read_at = signer.stop(&Scope::All, Engine, "first", NOW).unwrap();
    let again = signer.stop(&Scope::All, Engine, "second", NOW).unwrap();
    signer.lift(&Scope::All, Engine, Some(read_at), "the first is over", NOW).unwrap();
    assert_eq!(signer.stops().unwrap().len(), 1, "somebody else's word came after");
    signer.lift(&Scope::All, Engine, Some(again), "and the second", NOW).unwrap();
    assert!(signer.stops().unwrap().is_empty());
}
