//! What is known from a copy alone is not paid without two persons, whatever becomes of its slot (M17): in the lost time the
//! partner was told that it is cancelled.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sluice_core::port::Ports;
use sluice_core::port::around::signer::{Answer, Around, Wrapped};
use sluice_core::port::signer::SignerError;
use sluice_core::withdrawal::AttentionCode;
use sluice_flow::operator;
use sluice_sim::model::chain::Shape;
use sluice_sim::world::director::DUTY;

use crate::bench::{Bench, now};
use crate::fill::rounds_until;
use crate::restore::{asked, frozen, lift, paid, rounds, unfreeze, withdrawals};

/// Does not sign as long as it is shut.
struct Mute(Arc<AtomicBool>);

impl Around for Mute {
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        match call == "signer.sign" && self.0.load(Ordering::Relaxed) {
            true => Box::pin(async { Err(SignerError::Down("it is mute".into())) }),
            false => make(),
        }
    }
}

fn mute(ports: &mut Ports) -> Arc<AtomicBool> {
    let shut = Arc::new(AtomicBool::new(false));
    let inner = Arc::clone(&ports.signer);
    ports.signer = Arc::new(Wrapped { inner, by: Mute(Arc::clone(&shut)) });
    shut
}

fn cancel(bench: &Bench) {
    let wanted = withdrawals(bench).pop().unwrap();
    now(operator::cancel(&bench.ports, bench.partner, wanted.id, bench.cause())).unwrap();
}

/// Another one is paid, so that the journal knows more than the copy; then the copy is in place.
fn goes_back(bench: &mut Bench, copy: &sluice_store::Template) {
    let asset = bench.world.asset.clone();
    bench.order(2, &asset);
    let sent = paid(bench).len();
    rounds_until(bench, "the other one is sent", |bench| paid(bench).len() > sent);
    bench.put_back(copy);
    bench.restart();
    rounds(bench, 6);
    assert!(frozen(bench));
}

/// It waits for two persons, and nothing is paid when everything is open again.
fn waits_for_two_persons(bench: &mut Bench) {
    unfreeze(bench, &DUTY);
    lift(bench);
    let before = paid(bench).len();
    rounds(bench, 60);
    let waiting = withdrawals(bench);
    assert_eq!(waiting.iter().map(asked).collect::<Vec<_>>(), [Some(AttentionCode::StoreWentBack)]);
    assert!(now(operator::doubtful(&bench.ports, &waiting[0])).unwrap());
    assert_eq!(paid(bench).len(), before, "the partner was told that it is cancelled");
}

/// It had a slot in the copy and no signature; in the lost time the slot was closed. A wish that comes after the restore decides
/// nothing: in the lost time it may as well have been told to be paid, by hand.
#[test]
fn what_was_cancelled_before_it_was_signed_waits_for_two_persons() {
    // On the shape of nonces a person has it by then.
    for (shape, wished) in [(Shape::Nonce, false), (Shape::Expiry, false), (Shape::Expiry, true)] {
        let mut bench = Bench::on(shape, |inner| inner);
        let shut = mute(&mut bench.ports);
        let asset = bench.world.asset.clone();
        shut.store(true, Ordering::Relaxed);
        bench.order(1, &asset);
        let built = "select id as what from transfer where state = 'built' limit 9";
        for _ in 0..200 {
            if bench.count(built) == 1 {
                break;
            }
            let _mute = bench.turn();
            bench.block();
        }
        assert_eq!(bench.count(built), 1);
        let copy = bench.copy();
        cancel(&bench);
        shut.store(false, Ordering::Relaxed);
        rounds_until(&mut bench, "it is told to be cancelled", |bench| withdrawals(bench).is_empty());
        goes_back(&mut bench, &copy);
        if wished {
            cancel(&bench);
        }
        waits_for_two_persons(&mut bench);
    }
}

/// It was on its way in the copy; in the lost time its slot was used up without paying. A wish that the copy knows decides nothing.
#[test]
fn what_was_cancelled_on_its_way_waits_for_two_persons() {
    for wished in [false, true] {
        let mut bench = Bench::new(|inner| inner);
        let asset = bench.world.asset.clone();
        rounds(&mut bench, 3); // until blocks are followed
        bench.order(1, &asset);
        bench.turn().unwrap();
        bench.turn().unwrap();
        assert_eq!(bench.count("select id as what from transfer where state = 'signed' limit 9"), 1);
        if wished {
            cancel(&bench);
        }
        let copy = bench.copy();
        cancel(&bench);
        rounds_until(&mut bench, "it is told to be cancelled", |bench| withdrawals(bench).is_empty());
        goes_back(&mut bench, &copy);
        waits_for_two_persons(&mut bench);
    }
}
