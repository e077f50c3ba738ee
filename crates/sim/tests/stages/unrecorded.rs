//! A copy of the store from between a signature's place in the journal and its place in the store (M17).

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use sluice_core::access::Actor;
use sluice_core::adoption::Kind;
use sluice_core::event::Cause;
use sluice_core::port::Ports;
use sluice_core::port::around::signer::{Answer, Around, Wrapped};
use sluice_flow::journal;
use sluice_flow::operator::{ExplainError, LaneCommand, command, explain};
use sluice_sim::world::director::DUTY;
use sluice_store::{Db, Template};

use crate::bench::{Bench, now};
use crate::fill::COMPLETED;
use crate::restore::{frozen, lift, paid, rounds, unfreeze};

/// When the signer has signed for the first time, somebody else compares the journal, and a copy is made; only then is the
/// signature answered.
struct Copies {
    others: Ports,
    db: Arc<Db>,
    copy: Arc<Mutex<Option<Template>>>,
}

impl Around for Copies {
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        if call != "signer.sign" {
            return make();
        }
        let made = make();
        Box::pin(async move {
            let answer = made.await?;
            if self.copy.lock().unwrap().is_none() {
                journal::compare(&self.others).await.unwrap();
                *self.copy.lock().unwrap() = Some(Template::of(&self.db).unwrap());
            }
            Ok(answer)
        })
    }
}

/// So many orders are paid; then the store is a copy from between the first one's signature and its place in the store.
/// What was sent, in order.
fn on_the_copy(orders: u8) -> (Bench, Vec<[u8; 32]>) {
    let (mut bench, copy) = (Bench::new(|inner| inner), Arc::default());
    let by = Copies { others: bench.ports.clone(), db: Arc::clone(&bench.db), copy: Arc::clone(&copy) };
    let signer = Arc::clone(&bench.ports.signer);
    bench.ports.signer = Arc::new(Wrapped { inner: signer, by });
    let asset = bench.world.asset.clone();
    for number in 1..=orders {
        bench.order(number, &asset);
        rounds(&mut bench, 6);
    }
    let sent = paid(&bench);
    assert_eq!(sent.len(), usize::from(orders));
    let copy = copy.lock().unwrap().take().expect("it has signed");
    bench.put_back(&copy);
    bench.restart();
    let awaited = "select id as what from attempt where txid is null limit 9";
    assert_eq!(bench.count(awaited), 1, "the copy does not have its signature");
    (bench, sent)
}

/// Two persons do not get it explained.
fn is_its_own(bench: &Bench, txid: [u8; 32]) {
    for by in DUTY {
        let cause = Cause { actor: Actor::Key(by), ..bench.cause() };
        let said = now(explain(&bench.ports, None, bench.lane, txid, Kind::ManualPayment, cause));
        assert!(matches!(said, Err(ExplainError::Ours)), "{said:?}");
    }
}

/// Its lane does not ask for the signature while it is shut, and the chain shows the very bytes: they are no stranger's.
#[test]
fn what_the_journal_had_signed_before_the_copy_was_made_is_its_own() {
    let (mut bench, sent) = on_the_copy(2);
    rounds(&mut bench, 6);
    assert!(frozen(&bench), "the second order's signature is in the journal");
    is_its_own(&bench, sent[0]);
    let asset = bench.world.asset.clone();
    bench.order(2, &asset);
    unfreeze(&bench, &DUTY);
    lift(&bench);
    rounds(&mut bench, 6);
    assert_eq!((bench.count(COMPLETED), paid(&bench).len()), (1, 2), "the other one waits for a person");
}

/// Nothing shows that the store went back: no entry of the journal is unknown to it. Its lane is paused, and does not ask.
#[test]
fn nor_is_it_a_strangers_where_nothing_shows_that_the_store_went_back() {
    let (mut bench, sent) = on_the_copy(1);
    let cause = bench.cause();
    now(command(&bench.ports, None, bench.lane, &LaneCommand::Pause, cause)).unwrap();
    rounds(&mut bench, 3);
    is_its_own(&bench, sent[0]);
    let cause = bench.cause();
    now(command(&bench.ports, None, bench.lane, &LaneCommand::Resume, cause)).unwrap();
    rounds(&mut bench, 6);
    assert_eq!((bench.count(COMPLETED), paid(&bench).len()), (1, 1));
    assert_eq!(bench.count("select txid as what from adoption limit 9"), 0);
}
