//! An engine that reads no journal, from an older copy of its store (M17), played to its end: random histories stop at the
//! first signature, and here is what that costs.

use std::collections::BTreeMap;

use sluice_core::address::EvmAddress;
use sluice_mutant::Mutant;
use sluice_sim::oracle::Violation;
use sluice_sim::oracle::end::wallets;
use sluice_sim::oracle::money::{Order, paid};

use crate::bench::Bench;
use crate::restore::rounds;

/// Paid by one wallet; then the store goes back to before that, and the partner's other wallet goes to work.
fn put_back(broken: Option<Mutant>) -> Result<(), Violation> {
    let mut bench = Bench::new(|inner| sluice_mutant::signer(broken, inner, &BTreeMap::new()));
    bench.order(1, &bench.world.asset.clone());
    let copy = bench.copy();
    rounds(&mut bench, 6);
    bench.put_back(&copy);
    bench.restart();
    let purses = &bench.world.purses;
    let other = purses.iter().find(|it| it.partner == bench.partner && it.id != bench.lane);
    bench.lane = other.expect("two wallets of one partner").id;
    rounds(&mut bench, 12);
    let mut to = [0; 20];
    (to[0], to[19]) = (0xb0, 1);
    let order = Order {
        partner: bench.partner,
        external_id: "the only one".into(),
        to: EvmAddress(to),
        atoms: 1_000_000,
        coin: false,
        answered: None,
    };
    let paid = paid(&bench.world.chain(), &wallets(&bench.world), &[order], &BTreeMap::new())?;
    assert_eq!(paid.txids.len(), 1);
    Ok(())
}

#[test]
fn an_engine_that_reads_no_journal_pays_again_and_the_oracle_says_so() {
    assert_eq!(put_back(None), Ok(()));
    let broken = put_back(Some(Mutant::NoJournal)).unwrap_err();
    assert_eq!(broken.invariant, "M1 paid at most once", "{broken}");
}
