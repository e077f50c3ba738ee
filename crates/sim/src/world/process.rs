//! An engine process: its ports behind faults, and its loops. Killed, it comes back as a new one: nothing of its memory
//! survives.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_chain::evm::node::Node;
use sluice_chain::evm::{Evm, Quorum};
use sluice_chain::tron::{self, Tron};
use sluice_core::port::chain::Chain;
use sluice_core::port::signer::Signer;
use sluice_core::port::store::Store;
use sluice_core::port::world::Clock;
use sluice_core::port::{Ports, Supply, around};
use sluice_flow::journal::compare;
use sluice_mutant as mutant;

use super::World;
use crate::executor::{ProcessId, WORLD};
use crate::faults::market::{ChaosMarket, Judge};
use crate::faults::node::ChaosNode;
use crate::faults::site::Restart;
use crate::faults::stage::Stages;
use crate::faults::tron::ChaosTron;
use crate::faults::{Chaos, Site};
use crate::model::node::ModelNode;
use crate::model::tron::TronNode;
use crate::oracle::Witness;
use crate::ports::{Chance, ProcessClock};
use crate::rng::mix;

/// Operators that must agree.
pub const QUORUM: usize = 2;
/// Longest until a killed process is started again, microseconds.
const RESTART_US_MAX: u64 = 4_000_000;

/// Between two tries to start on a store that was put back, microseconds.
const START_US: i64 = 300_000;

/// Starts a process, unless it runs already: builds its ports and spawns its loops.
pub fn start(world: &Arc<World>, process: ProcessId) {
    if super::locked(&world.alive).contains_key(&process) {
        return;
    }
    let ports = ports(world, process);
    let owner = format!("p{process}.{}", world.sim.incarnation(process));
    world.sim.note(process, || format!("starts as {owner}"));
    if world.chronicle().restored.is_none() {
        return serve(world, process, ports, owner);
    }
    super::locked(&world.alive).insert(process, None);
    let (world, sim) = (Arc::clone(world), world.sim.clone());
    sim.clone().spawn(process, "house", async move {
        // What was put in place of the store serves nobody before it was compared with the journal; who starts it tries again.
        while compare(&ports).await.is_err() {
            sim.sleep(START_US).await;
        }
        serve(&world, process, ports, owner);
    });
}

fn serve(world: &Arc<World>, process: ProcessId, ports: Ports, owner: String) {
    super::locked(&world.alive).insert(process, Some(ports.clone()));
    let sim = &world.sim;
    for purse in &world.purses {
        sim.spawn(process, "lane", sluice_flow::lane::run(ports.clone(), purse.id, owner.clone()));
    }
    sim.spawn(process, "chain", sluice_flow::watch::run(ports.clone(), world.profile.id, owner.clone()));
    sim.spawn(process, "decide", sluice_flow::decide::run(ports.clone(), owner.clone()));
    sim.spawn(process, "deliver", sluice_flow::notify::run(ports.clone(), owner.clone()));
    sim.spawn(process, "house", sluice_flow::house::run(ports, owner));
}

fn restart(world: &Arc<World>) -> Restart {
    // The world holds the ports, the ports hold this: a weak hand, so that a history can be dropped whole.
    let world = Arc::downgrade(world);
    Arc::new(move |process| {
        let Some(world) = world.upgrade() else { return };
        super::locked(&world.alive).remove(&process);
        let wait = mix(world.sim.now_us() as u64) % RESTART_US_MAX;
        let sim = world.sim.clone();
        sim.clone().spawn(WORLD, "restart", async move {
            sim.sleep(wait as i64).await;
            start(&world, process);
        });
    })
}

/// The chain as a process sees it: the real adapter of its family over the nodes of the model, behind faults.
struct Seen {
    site: Site,
    witness: Witness,
    count: usize,
}

impl Seen {
    fn chain(self, world: &World, quorum: Quorum, clock: Arc<dyn Clock>) -> Arc<dyn Chain> {
        let Self { site, witness, count } = self;
        let profile = world.profile.clone();
        let tokens = world.asset.contract();
        let wrong = "a profile of the family that its chain is of";
        if profile.tron().is_some() {
            let node = |index| -> Arc<dyn tron::node::Node> {
                let inner = Arc::new(TronNode::new(Arc::clone(&world.chain), index));
                Arc::new(ChaosTron { inner, site: site.clone(), witness: witness.clone() })
            };
            let tron = Tron::new(profile, (0..count).map(node).collect(), quorum, clock);
            return Arc::new(tron.expect(wrong).believing(tokens));
        }
        let node = |index| -> Arc<dyn Node> {
            let inner = Arc::new(ModelNode::new(Arc::clone(&world.chain), index));
            Arc::new(ChaosNode { inner, site: site.clone(), witness: witness.clone() })
        };
        let evm = Evm::new(profile, (0..count).map(node).collect(), quorum, clock);
        Arc::new(evm.expect(wrong).believing(tokens))
    }
}

/// The vendors as a process sees them, where there are some.
fn supply(world: &World, site: &Site) -> Option<Supply> {
    let stall = world.stall.as_ref()?;
    let facts = stall.desks().vendors.iter().map(|vendor| vendor.facts.clone()).collect();
    let (db, chain) = (world.db(), Arc::clone(&world.chain));
    let judge = Judge { db, chain, witness: world.witness.clone() };
    let market = Arc::new(ChaosMarket { facts, stall: Arc::clone(stall), site: site.clone(), judge });
    Some(Supply { market: mutant::market(world.mutant, market), policy: stall.policy, pool: None })
}

fn ports(world: &Arc<World>, process: ProcessId) -> Ports {
    let (sim, witness) = (world.sim.clone(), world.witness.clone());
    let stages = Arc::new(Stages::new(sim.clone()));
    let (plan, restart) = (world.plan.clone(), restart(world));
    let (sees, takes) = (witness.clone(), Arc::clone(&stages));
    let site = Site { sim: sim.clone(), plan, stages: takes, process, restart, witness: sees };
    let clock: Arc<dyn Clock> = Arc::new(ProcessClock { sim: sim.clone(), process });
    let count = world.chain().nodes.len();
    let needed = if world.mutant == Some(mutant::Mutant::OneOperator) { 1 } else { QUORUM };
    let seen = Seen { site: site.clone(), witness: witness.clone(), count };
    let chain = seen.chain(world, Quorum { needed }, Arc::clone(&clock));
    let chains = BTreeMap::from([(world.profile.id, mutant::chain(world.mutant, chain, &clock))]);
    let signer: Arc<dyn Signer> = mutant::signer(world.mutant, Arc::clone(&world.signer), &chains);
    let store: Arc<dyn Store> = mutant::store(world.mutant, world.db() as Arc<dyn Store>);
    let energy = supply(world, &site).map(|supply| (world.profile.id, supply));
    let chaos = Chaos { site, witness };
    Ports {
        store: Arc::new(around::store::Wrapped { inner: store, by: chaos.clone() }),
        chains,
        signer: Arc::new(around::signer::Wrapped { inner: signer, by: chaos }),
        energy: energy.into_iter().collect(),
        deliver: Arc::clone(&world.pager) as Arc<_>,
        clock,
        entropy: Arc::new(Chance(sim)),
        wake: Arc::clone(&world.hub) as Arc<_>,
        meter: stages,
    }
}
