//! The engine's loops, one turn at a time, by hand: the real store, quorum, watcher and signer over the model chain, and
//! no fault but the one that a test brings.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt as _;
use sluice_chain::evm::node::Node;
use sluice_chain::evm::{Evm, Quorum};
use sluice_chain::tron::{self, Tron};
use sluice_core::access::Actor;
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::asset::Asset;
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::port::Ports;
use sluice_core::port::chain::Chain;
use sluice_core::port::meter::NoMeter;
use sluice_core::port::signer::Signer;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::Type;
use sluice_flow::intake::{Wanted, take};
use sluice_flow::{lane, watch};
use sluice_sim::executor::{Executor, Step, WORLD};
use sluice_sim::faults::Plan;
use sluice_sim::model::chain::Shape;
use sluice_sim::model::node::ModelNode;
use sluice_sim::model::tron::TronNode;
use sluice_sim::ports::{Chance, ProcessClock};
use sluice_sim::rng::Rng;
use sluice_sim::vault::Vault;
use sluice_sim::world::World;
use sluice_sim::world::history::{Faults, Script};
use sluice_sim::world::setup::{self, Stage};
use sluice_store::{Db, Template};

/// Virtual time between two rounds, microseconds.
const ROUND_US: i64 = 500_000;

/// One partner with one lane, and a hand on every loop.
pub struct Bench {
    executor: Executor,
    pub world: Arc<World>,
    /// The store in use: the world's, until a copy takes its place.
    pub db: Arc<Db>,
    pub ports: Ports,
    pub partner: PartnerId,
    pub lane: WalletId,
    memory: lane::Memory,
    watching: watch::Memory,
}

/// Nothing here waits: the store is inline, the nodes and the signer answer at once.
pub fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("nothing waits")
}

impl Bench {
    /// A world whose signer is wrapped.
    pub fn new(signer: impl FnOnce(Arc<dyn Signer>) -> Arc<dyn Signer>) -> Self {
        Self::on(Shape::Nonce, signer)
    }

    /// The same on a chain of a shape.
    pub fn on(shape: Shape, signer: impl FnOnce(Arc<dyn Signer>) -> Arc<dyn Signer>) -> Self {
        let stage = Stage::new().unwrap();
        let (executor, world) = (1..)
            .map(|seed| {
                let executor = Executor::new(seed, setup::START_US, false);
                // Its wishes are never uttered; they say how much the wallets are given.
                let script = Script { withdrawals: 60, faults: Faults::Quiet, shape, ..Script::random(seed) };
                let plan = Plan::quiet(Rng::of(seed, 11));
                let mut rng = Rng::of(seed, 10);
                let world = setup::world(&stage, executor.sim().clone(), plan, &script, &mut rng).unwrap();
                (executor, world)
            })
            .find(|(_, world)| {
                // No block comes later than a chain that expires says: a round is one.
                let quick =
                    shape == Shape::Nonce || world.profile.block_time_ms <= ROUND_US.unsigned_abs() / 1_000;
                world.profile.window == 16 && quick
            })
            .unwrap();
        let (partner, lane) = (world.purses[0].partner, world.purses[0].id);
        let clock = Arc::new(ProcessClock { sim: world.sim.clone(), process: WORLD });
        let count = world.chain().nodes.len();
        let chain: Arc<dyn Chain> = match shape {
            Shape::Nonce => {
                let nodes: Vec<Arc<dyn Node>> = (0..count)
                    .map(|index| Arc::new(ModelNode::new(Arc::clone(&world.chain), index)) as Arc<dyn Node>)
                    .collect();
                let clock = Arc::clone(&clock) as Arc<_>;
                let evm = Evm::new(world.profile.clone(), nodes, Quorum { needed: 2 }, clock).unwrap();
                Arc::new(evm.believing(world.asset.contract()))
            }
            Shape::Expiry => {
                let nodes: Vec<Arc<dyn tron::node::Node>> = (0..count)
                    .map(|index| Arc::new(TronNode::new(Arc::clone(&world.chain), index)) as Arc<_>)
                    .collect();
                let clock = Arc::clone(&clock) as Arc<_>;
                let tron = Tron::new(world.profile.clone(), nodes, Quorum { needed: 2 }, clock).unwrap();
                Arc::new(tron.believing(world.asset.contract()))
            }
        };
        let ports = Ports {
            store: world.db() as Arc<_>,
            chains: BTreeMap::from([(world.profile.id, chain)]),
            signer: signer(Arc::clone(&world.signer)),
            energy: BTreeMap::new(),
            deliver: Arc::clone(&world.pager) as Arc<_>,
            clock,
            entropy: Arc::new(Chance(world.sim.clone())),
            wake: Arc::clone(&world.hub) as Arc<_>,
            meter: Arc::new(NoMeter),
        };
        Self {
            executor,
            db: world.db(),
            world,
            ports,
            partner,
            lane,
            memory: lane::Memory::default(),
            watching: watch::Memory::default(),
        }
    }

    pub fn cause(&self) -> Cause {
        Cause { actor: Actor::Console, reason: "test".into(), at: self.ports.clock.now() }
    }

    /// Orders a payment of one unit to a recipient of its own.
    pub fn order(&self, number: u8, asset: &Asset) {
        self.order_as(&format!("order-{}-{number}", asset.symbol), number, asset);
    }

    /// The same under a name of its own.
    pub fn order_as(&self, external_id: &str, number: u8, asset: &Asset) {
        self.order_of(external_id, number, asset, "1");
    }

    /// The same of another amount.
    pub fn order_of(&self, external_id: &str, number: u8, asset: &Asset, amount: &str) {
        let mut to = [0; 20];
        (to[0], to[19]) = (0xb0, number);
        let address = match self.world.profile.tron() {
            Some(_) => TronAddress(to).to_string(),
            None => EvmAddress(to).key(),
        };
        let wanted = Wanted {
            external_id: external_id.into(),
            user_id: "user-1".into(),
            asset: asset.id.to_string(),
            amount: amount.into(),
            address,
            kind: Type::Immediate,
            memo: None,
            scheduled_for: None,
            metadata: BTreeMap::new(),
            idempotency_key: None,
        };
        now(take(&self.ports, &self.world.deployment, self.partner, wanted, self.cause())).unwrap();
    }

    /// Another process, which remembers nothing.
    pub fn restart(&mut self) {
        (self.memory, self.watching) = (lane::Memory::default(), watch::Memory::default());
    }

    /// A copy of the store.
    pub fn copy(&self) -> Template {
        Template::of(&self.db).unwrap()
    }

    /// Puts a copy in the place of the store, under whatever runs.
    pub fn put_back(&mut self, copy: &Template) {
        let db = Db::inline_from_template(
            copy,
            Arc::clone(&self.ports.clock),
            Arc::new(Chance(self.world.sim.clone())),
        );
        self.db = Arc::new(db.unwrap());
        self.ports.store = Arc::clone(&self.db) as Arc<_>;
    }

    /// A signer with the same keys whose journal was restored from before its first signature.
    pub fn forgetful_signer(&self) -> Arc<dyn Signer> {
        let (world, vault) = (&self.world, Vault::new().unwrap());
        let clock = Arc::clone(&self.ports.clock);
        vault.signer(&world.deployment, &world.profile, &world.asset, &world.purses, clock).unwrap()
    }

    /// A turn of the lane; what it could not do is for the next one.
    pub fn turn(&mut self) -> Result<sluice_flow::Done, sluice_flow::StageError> {
        now(lane::turn(&self.ports, self.lane, "bench", &mut self.memory))
    }

    /// A turn of the lane, a block, a turn of the chain, and time.
    pub fn round(&mut self) {
        self.turn().unwrap();
        self.block();
    }

    /// A block, a turn of the chain, and time.
    pub fn block(&mut self) {
        let time_s = self.world.sim.now_us().div_euclid(1_000_000);
        self.world.chain().produce(time_s);
        now(watch::turn(&self.ports, self.world.profile.id, "bench", &mut self.watching)).unwrap();
        self.pass();
    }

    /// Blocks that nobody watches, until this height is final, as it was before final blocks left.
    pub fn final_again(&self, height: u64) {
        let time_s = self.world.sim.now_us().div_euclid(1_000_000);
        let mut chain = self.world.chain();
        while chain.finalized() < height {
            chain.produce(time_s);
        }
    }

    /// Lets the time of a round pass.
    pub fn pass(&mut self) {
        self.pass_us(ROUND_US);
    }

    /// Lets so much time pass.
    pub fn pass_us(&mut self, us: i64) {
        let (sim, until) = (self.world.sim.clone(), self.world.sim.now_us() + us);
        self.world.sim.spawn(WORLD, "time", async move { sim.sleep(us).await });
        while self.world.sim.now_us() < until && self.executor.step() == Step::Went {}
    }

    /// How many rows a question finds.
    pub fn count(&self, question: &str) -> usize {
        sluice_sim::oracle::store::ask(&self.db, question).unwrap().len()
    }

    /// Virtual time since the start, milliseconds.
    pub fn elapsed_ms(&self) -> i64 {
        (self.ports.clock.now().since_ms(Timestamp::from_micros(setup::START_US))).abs()
    }
}
