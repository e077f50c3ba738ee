//! The oracle is shown a world in which one rule does not hold, and says which: a rule that cannot be seen to fail is worth
//! nothing. Rules that a mutant of `sluice_mutant` breaks are shown by that one.

use std::sync::Arc;

use sluice_core::attempt::{Durable, Unsigned};
use sluice_core::intent::SigningRequest;
use sluice_core::lane::Fence;
use sluice_core::port::around::{signer, store};
use sluice_core::port::signer::{Signature, Signer, SignerError, SignerRefusal};
use sluice_core::port::store::{Change, Outcome, Store};
use sluice_sim::executor::{Executor, Step};
use sluice_sim::faults::stage::Stages;
use sluice_sim::faults::{Plan, Site};
use sluice_sim::oracle::Witness;
use sluice_sim::oracle::store::{always, ask};
use sluice_sim::rng::Rng;

use crate::bench::{Bench, now};
use crate::fill::{COMPLETED, rounds_until};

/// Tells a witness what is signed and committed; of the commits not the proofs, where that is asked for.
#[derive(Clone)]
struct Tells {
    witness: Witness,
    proofs: bool,
}

impl store::Around for Tells {
    fn apply<'a>(
        &'a self,
        inner: &'a dyn Store,
        fence: Option<Fence>,
        changes: Vec<Change>,
    ) -> store::Answer<'a, Vec<Outcome>> {
        Box::pin(async move {
            let mut told = changes.clone();
            let outcomes = inner.apply(fence.clone(), changes).await?;
            if !self.proofs {
                told.iter_mut().for_each(|change| change.proofs.clear());
            }
            self.witness.applied(1, fence.as_ref(), &told, &outcomes);
            Ok(outcomes)
        })
    }
}

impl signer::Around for Tells {
    fn sign<'a>(
        &'a self,
        inner: &'a dyn Signer,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> signer::Answer<'a, Vec<Result<Signature, SignerRefusal>>> {
        Box::pin(async move {
            let answers = inner.sign(requests).await?;
            self.witness.signed(1, requests, &answers, &self.witness.dead_among(requests));
            Ok(answers)
        })
    }
}

/// What a witness says of two payments, from the order to the proof; broken rules by name.
fn witnessed(window: u16, proofs: bool) -> Vec<&'static str> {
    let sim = Executor::new(1, 0, false).sim().clone();
    let tells = Tells { witness: Witness::new(sim, window), proofs };
    let mut bench =
        Bench::new(|inner| Arc::new(signer::Wrapped { inner, by: tells.clone() }) as Arc<dyn Signer>);
    bench.ports.store = Arc::new(store::Wrapped { inner: Arc::clone(&bench.ports.store), by: tells.clone() });
    for number in 1..=2 {
        bench.order(number, &bench.world.asset.clone());
    }
    bench.turn().unwrap();
    let raw = ask(&bench.db, "select hex(raw) as what from attempt where raw is not null limit 5").unwrap();
    let raw: Vec<_> = raw.iter().map(|raw| hex::decode(raw).unwrap()).collect();
    assert_eq!(raw.len(), 2);
    tells.witness.sent(1, &raw);
    rounds_until(&mut bench, "both are paid", |bench| bench.count(COMPLETED) == 2);
    tells.witness.violations().into_iter().map(|violation| violation.invariant).collect()
}

#[test]
fn m5_what_ends_a_transfer_without_a_reading_of_the_chain_is_noticed() {
    assert_eq!(witnessed(16, true), [""; 0]);
    assert_eq!(witnessed(16, false), ["M5 after a byte left only the chain ends it"; 2]);
}

#[test]
fn m14_a_slot_beyond_the_window_is_noticed() {
    assert_eq!(witnessed(2, true), [""; 0]);
    assert_eq!(witnessed(1, true), ["M14 a lane stays in its window"]);
}

/// Whether a signer that is asked so is asked from within a transaction.
fn asked(within: &'static str) -> Vec<&'static str> {
    let mut executor = Executor::new(1, 0, false);
    let sim = executor.sim().clone();
    let witness = Witness::new(sim.clone(), 16);
    let site = Site {
        sim: sim.clone(),
        plan: Plan::quiet(Rng::of(1, 11)),
        stages: Arc::new(Stages::new(sim.clone())),
        process: 1,
        restart: Arc::new(|_| {}),
        witness: witness.clone(),
    };
    sim.spawn(1, "house", async move {
        let down = |why: String| SignerError::Down(why);
        let hello = || -> signer::Answer<'_, u64> {
            Box::pin(site.ask("signer.mark", || Box::pin(std::future::ready(Ok(1))), down, down))
        };
        site.ask(within, hello, down, down).await.unwrap();
    });
    while executor.step() != Step::Idle {}
    witness.violations().into_iter().map(|violation| violation.invariant).collect()
}

#[test]
fn m9_a_call_that_goes_out_from_within_a_transaction_is_noticed() {
    assert_eq!(asked("store.apply"), ["M9 no call goes out from within a transaction"]);
    assert_eq!(asked("signer.hello"), [""; 0]);
}

#[test]
fn m13_an_atom_less_in_the_books_than_was_paid_is_noticed() {
    let mut bench = Bench::new(|inner| inner);
    bench.order(1, &bench.world.asset.clone());
    rounds_until(&mut bench, "it is paid", |bench| bench.count(COMPLETED) == 1);
    assert_eq!(always(&bench.db), None);
    let script =
        "drop trigger ledger_is_for_ever; update ledger set atoms = atoms - 1 where account = 'paid_out'";
    now(bench.db.tamper(script, script)).unwrap();
    let broken = always(&bench.db).expect("an atom is missing").invariant;
    assert_eq!(broken, "M13 what is booked as paid is the amount, to the atom");
}

/// Each money rule that a history can show has a name in the oracle: M10 is the signer's, M11 is of what is decided before.
#[test]
fn every_money_rule_is_named() {
    let oracle = [
        include_str!("../../src/oracle/end.rs"),
        include_str!("../../src/oracle/money.rs"),
        include_str!("../../src/oracle/store.rs"),
        include_str!("../../src/oracle/witness.rs"),
        include_str!("../../src/oracle/witness/copy.rs"),
        include_str!("../../src/oracle/witness/judge.rs"),
    ];
    for rule in (1..=9).chain(12..=17) {
        let name = format!("\"M{rule} ");
        assert!(oracle.iter().any(|text| text.contains(&name)), "no rule of M{rule}");
    }
}
