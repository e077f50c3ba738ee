//! The house waits for nobody with everything: what one of its hands asks for delays that hand alone.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use sluice_chain::evm::node::{At, Call, Called, Header, Node, NodeError, Receipt, Sent, Tag, TxLog};
use sluice_chain::evm::{Evm, Quorum};
use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::port::Fut;
use sluice_core::port::chain::Heard;
use sluice_flow::house;

use crate::bench::Bench;

/// A node that takes every question and answers none.
struct Silent(&'static str);

impl Node for Silent {
    fn name(&self) -> &str {
        self.0
    }

    fn operator(&self) -> &str {
        self.0
    }

    fn chain_id(&self) -> Fut<'_, Result<u64, NodeError>> {
        Box::pin(pending())
    }

    fn header(&self, _: Tag) -> Fut<'_, Result<Option<Header>, NodeError>> {
        Box::pin(pending())
    }

    fn transactions(&self, _: [u8; 32]) -> Fut<'_, Result<Option<Vec<Sent>>, NodeError>> {
        Box::pin(pending())
    }

    fn wallet_logs<'a>(&'a self, _: [u8; 32], _: &'a [EvmAddress]) -> Fut<'a, Result<Vec<TxLog>, NodeError>> {
        Box::pin(pending())
    }

    fn receipts<'a>(&'a self, _: &'a [[u8; 32]]) -> Fut<'a, Result<Vec<Option<Receipt>>, NodeError>> {
        Box::pin(pending())
    }

    fn nonces<'a>(&'a self, _: &'a [EvmAddress], _: At) -> Fut<'a, Result<Vec<u64>, NodeError>> {
        Box::pin(pending())
    }

    fn balance(&self, _: EvmAddress, _: At) -> Fut<'_, Result<Units, NodeError>> {
        Box::pin(pending())
    }

    fn calls<'a>(&'a self, _: &'a [Call], _: At) -> Fut<'a, Result<Vec<Called>, NodeError>> {
        Box::pin(pending())
    }

    fn estimates<'a>(&'a self, _: &'a [Call]) -> Fut<'a, Result<Vec<Option<u64>>, NodeError>> {
        Box::pin(pending())
    }

    fn tip(&self) -> Fut<'_, Result<u128, NodeError>> {
        Box::pin(pending())
    }

    fn has_code(&self, _: EvmAddress) -> Fut<'_, Result<bool, NodeError>> {
        Box::pin(pending())
    }

    fn send<'a>(&'a self, _: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Heard, NodeError>>> {
        Box::pin(pending())
    }
}

#[test]
fn a_silent_chain_delays_no_feed_and_no_lease_lapses_while_the_books_wait_for_it() {
    let mut bench = Bench::new(|inner| inner);
    let nodes = ["one", "two"].map(|name| Arc::new(Silent(name)) as Arc<dyn Node>).to_vec();
    let evm =
        Evm::new(bench.world.profile.clone(), nodes, Quorum { needed: 2 }, Arc::clone(&bench.ports.clock));
    let mut ports = bench.ports.clone();
    ports.chains = BTreeMap::from([(bench.world.profile.id, Arc::new(evm.unwrap()) as Arc<_>)]);
    bench.world.sim.spawn(1, "house", house::run(ports, "bench".into()));
    // Well past two times at which the books are due.
    for number in 0..140 {
        bench.order(number, &bench.world.asset.clone());
        bench.pass();
        bench.pass();
        let now_us = bench.world.sim.now_us();
        let late = format!(
            "select id as what from event where number is null and at < {} limit 1",
            now_us - 2_000_000
        );
        assert_eq!(bench.count(&late), 0, "sealed within two seconds, in second {number}");
        let held = format!(
            "select name as what from lease where name = 'house' and epoch = 1 and until > {now_us} limit 1"
        );
        assert_eq!(bench.count(&held), 1, "held by the first holder, in second {number}");
    }
}
