//! M12: stop means stop.

use sluice_core::attempt::Kind;
use sluice_core::chain::ChainId;
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
        signer.stop(&scope, "drill", NOW).unwrap();
        assert_eq!(signer.stops().unwrap(), vec![(scope, "drill".to_owned())]);

        let bump = pair(Kind::Pay, 0, std::slice::from_ref(&first), bumped(1));
        assert_eq!(refused(signer.sign_one(&bump)), not_now("stopped"), "{scope:?}");
        assert_eq!(refused(signer.sign_one(&pay(1, &second))), not_now("stopped"));
        assert_eq!(
            refused(signer.admits(1, &[payment("order-3", usd(1))], NOW).remove(0)),
            not_now("stopped")
        );
        assert_eq!(signer.sign_one(&signed).unwrap(), recorded, "what was signed is known");
        assert!(signer.sign_one(&void(0, &[first])).is_ok());

        signer.lift(&scope, "over", NOW).unwrap();
        assert!(signer.stops().unwrap().is_empty());
        assert!(signer.sign_one(&pay(1, &second)).is_ok(), "nothing was lost");
        signer.verify(None).unwrap().unwrap();
    }
}

#[test]
fn a_stop_of_something_else_stops_nothing() {
    let signer = signer();
    signer.stop(&Scope::Chain(ChainId::evm(1)), "elsewhere", NOW).unwrap();
    signer.paid(0, &payment("order-1", usd(10)));
}

#[test]
fn lifting_one_stop_leaves_the_other() {
    let signer = signer();
    signer.stop(&Scope::All, "a", NOW).unwrap();
    signer.stop(&Scope::Partner(partner()), "b", NOW).unwrap();
    signer.lift(&Scope::All, "a is over", NOW).unwrap();
    assert_eq!(refused(signer.admits(1, &[payment("order-1", usd(1))], NOW).remove(0)), not_now("stopped"));
}
