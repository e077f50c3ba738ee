//! Runs one history from its seed and judges it.

use sluice_core::slot::Slot;
use sluice_mutant::Mutant;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::executor::{Executor, Step, WORLD};
use crate::faults::{self, Coverage, Fault, Plan, When};
use crate::model::block::Executed;
use crate::model::chain::Shape;
use crate::oracle::{Violation, end, energy, money, store};
use crate::rng::Rng;

use super::part::{Part, Parts};
use super::setup::{self, Stage};
use super::{PROCESSES, World, client, clocks, director, process, restore, stranger, weather};

/// What to run.
#[derive(Clone, Debug)]
pub struct Script {
    /// The seed decides everything.
    pub seed: u64,
    /// Withdrawals ordered.
    pub withdrawals: usize,
    /// Which faults.
    pub faults: Faults,
    /// What makes a slot on the chain.
    pub shape: Shape,
    /// Clocks go wrong by hours, backwards or not at all; the database's too.
    pub clocks: bool,
    /// Energy is sold by vendors; of the *expiry* shape alone.
    pub energy: bool,
    /// Broken on purpose.
    pub mutant: Option<Mutant>,
    /// Keep the text of the trace.
    pub keep_text: bool,
    /// Lines of it to report.
    pub lines: usize,
    /// Parts that are left out.
    pub without: BTreeSet<Part>,
    /// A question to the store at the end, one text column `what`.
    pub ask: Option<String>,
}

/// Which faults strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faults {
    /// Drawn from the seed, with weather.
    Random,
    /// None, and calm weather: the base of the systematic mode.
    Quiet,
    /// One, at one port call, in calm weather.
    One(u64, Fault),
    /// Two, at two port calls of calm weather; the later one may never come.
    Two([(u64, Fault); 2]),
}

impl Script {
    /// The usual random history of a seed.
    pub const fn random(seed: u64) -> Self {
        Self {
            seed,
            withdrawals: 20,
            faults: Faults::Random,
            shape: Shape::Nonce,
            clocks: false,
            energy: false,
            mutant: None,
            keep_text: false,
            lines: LINES,
            without: BTreeSet::new(),
            ask: None,
        }
    }
}

/// How it went.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// Polls.
    pub steps: u64,
    /// Port calls.
    pub calls: u64,
    /// Virtual time, milliseconds.
    pub virtual_ms: i64,
    /// Hash of the trace.
    pub hash: u64,
    /// What struck which method of a port, and what the weather was.
    pub coverage: Coverage,
    /// What struck which stage.
    pub staged: Coverage,
    /// What it was made of, besides its orders.
    pub parts: Vec<(Part, String)>,
    /// Method and stage of each port call, of a history without faults.
    pub sites: Vec<(&'static str, &'static str)>,
    /// How often each port method was called.
    pub called: std::collections::BTreeMap<&'static str, u64>,
    /// How withdrawals ended.
    pub ends: std::collections::BTreeMap<String, u64>,
    /// How needs and orders of energy ended.
    pub energy: std::collections::BTreeMap<String, u64>,
    /// Alerts by code.
    pub alerts: std::collections::BTreeMap<&'static str, u64>,
    /// What is wrong, if anything.
    pub violation: Option<Violation>,
    /// What it lacks of what every random history is promised.
    pub lacks: Option<String>,
    /// Last lines of the trace, where text was kept.
    pub lines: Vec<String>,
    /// What the store answered at the end.
    pub answers: Vec<String>,
}

/// Commits between two looks at the whole store: a look costs more than a commit.
const LOOK_EVERY: u64 = 100;
/// Lines kept for a failure.
pub const LINES: usize = 60;
/// No history needs more polls.
const STEPS_MAX: u64 = 3_000_000;

/// Runs a history.
pub fn run(stage: &Stage, script: &Script) -> Report {
    let mut executor = Executor::new(script.seed, setup::START_US, script.keep_text);
    let mut rng = Rng::of(script.seed, 10);
    let plan = Plan::quiet(Rng::of(script.seed, 11));
    let world = setup::world(stage, executor.sim().clone(), plan.clone(), script, &mut rng);
    let world = match world {
        Ok(world) => world,
        Err(why) => {
            return report(
                &executor,
                &plan,
                None,
                Some(Violation::new("the world can be built", why)),
                script,
            );
        }
    };
    let parts = people(&world, script, &mut rng);
    let violation = play(&mut executor, &world);
    // Of a part that was left out nothing is promised.
    let whole = script.faults == Faults::Random && script.without.is_empty();
    let lacks = if whole { plan.lacks() } else { None };
    Report { parts, lacks, ..report(&executor, &plan, Some(&world), violation, script) }
}

fn people(world: &Arc<World>, script: &Script, rng: &mut Rng) -> Vec<(Part, String)> {
    let sim = &world.sim;
    // Whoever sells energy is asked for it over many seconds.
    let span_us = if world.stall.is_some() { 20_000_000 } else { 10_000_000 };
    let (mut busy_us, mut scope) = (2_000_000, None);
    let mut parts = Parts::without(script.without.clone());
    match script.faults {
        Faults::Random => {
            world.plan.draw(rng, sim.now_us() + 300_000, span_us, faults::owed(script.seed));
            if let Some(stall) = &world.stall {
                world.plan.draw_market(&mut Rng::of(script.seed, 22), sim.now_us() + 300_000, span_us);
                stall.keep(|place, what| parts.keeps(Part::Vendor(place), || what));
            }
            let planned = world.plan.planned();
            world.plan.omit(|place| !parts.keeps(Part::Fault(place), || planned[place].clone()));
            let targets = setup::victims(world, rng);
            let deep = world.profile.death_extra_blocks;
            let nodes = world.chain().nodes.len();
            let mut chance = Rng::of(script.seed, 23);
            let drawn = restore::draw(&mut chance, span_us).filter(|_| restore::may_be(world, script));
            // What the token moved otherwise in a lost life has no end yet that two persons could give it.
            let taxed = setup::taxed(world, script.seed).filter(|_| drawn.is_none());
            let start = sim.now_us();
            let doubted: Vec<_> = world.plan.awaits("sightings").into_iter().map(|at| at - start).collect();
            let forecast = weather::draw(rng, span_us, nodes, deep, &targets, taxed, &doubted);
            let forecast =
                parts.keep(forecast, Part::Weather, |(at, what)| format!("{what:?} after {at} us"));
            sim.spawn(WORLD, "weather", weather::run(Arc::clone(world), forecast));
            let duty = setup::duty(world, rng, span_us);
            if let Some((at, lasts, what)) = duty.stop
                && parts.keeps(Part::Stop, || format!("{what:?} after {at} us for {lasts} us"))
            {
                scope = Some(what);
                sim.spawn(WORLD, "stop", director::stops(Arc::clone(world), at, lasts, what));
            }
            let what = |(at, purse, order): &_| format!("{order:?} to lane {purse} after {at} us");
            let orders = parts.keep(duty.orders, Part::Order, what);
            sim.spawn(WORLD, "orders", director::orders(Arc::clone(world), orders));
            let mut luck = stranger::luck(script.seed);
            let strangers = stranger::draw(world, &mut luck, span_us).into_iter();
            let strangers = strangers.map(|drawn| (drawn, Rng::new(luck.bits()))).collect();
            let what =
                |((at, purse, deed), _): &_| format!("{deed:?} with the key of {purse:?} after {at} us");
            for ((at, purse, deed), own) in parts.keep(strangers, Part::Stranger, what) {
                sim.spawn(WORLD, "stranger", stranger::strike(Arc::clone(world), at, purse, deed, own));
            }
            let mut luck = Rng::of(script.seed, 17);
            let what = || "cancels what is signed and not recorded".into();
            if luck.chance(400) && parts.keeps(Part::Regret, what) {
                world.plan.lose_a_signature(&mut luck, sim.now_us() + 300_000, span_us / 2);
                let until = sim.now_us() + span_us;
                sim.spawn(WORLD, "regret", client::regret(Arc::clone(world), until, luck));
            }
            if let Some(restore) = drawn
                && parts.keeps(Part::Restore, || format!("{restore:?}"))
            {
                sim.spawn(WORLD, "restore", restore::run(Arc::clone(world), restore, chance));
            }
            for process in PROCESSES {
                sim.skew(process, rng.within(0, 400_000) as i64 - 200_000);
            }
            if script.clocks {
                let forecast = clocks::draw(&mut Rng::of(script.seed, 16), span_us);
                world.chronicle().clocks_ahead_us = clocks::AHEAD_US_MAX;
                sim.spawn(WORLD, "clocks", clocks::run(Arc::clone(world), forecast));
            }
            busy_us = span_us + 1_000_000;
        }
        Faults::Quiet => {}
        Faults::One(call, fault) => world.plan.add(When::Call(call), fault),
        Faults::Two(both) => {
            for (call, fault) in both {
                world.plan.add(When::Call(call), fault);
            }
        }
    }
    sim.spawn(WORLD, "blocks", weather::blocks(Arc::clone(world), Rng::of(script.seed, 12)));
    for process in PROCESSES {
        process::start(world, process);
    }
    let count = world.wishes().len();
    for index in 0..count {
        let luck = Rng::of(script.seed, 1_000 + index as u64);
        sim.spawn(WORLD, "client", client::run(Arc::clone(world), index, luck));
    }
    sim.spawn(WORLD, "director", director::run(Arc::clone(world), busy_us, scope));
    parts.kept
}

fn play(executor: &mut Executor, world: &Arc<World>) -> Option<Violation> {
    let wallets = end::wallets(world);
    let (mut head, mut looked) = ([0; 32], 0);
    while executor.steps() < STEPS_MAX {
        match executor.step() {
            Step::Went => {}
            // Nobody did anything since the last look.
            Step::Waited => continue,
            Step::Idle => {
                return Some(Violation::new("liveness: something is always next", "the executor is idle"));
            }
        }
        if let Some(violation) = world.first_violation() {
            return Some(violation);
        }
        if let Some(violation) = deaths(world) {
            return Some(violation);
        }
        let commits = world.witness.commits();
        if commits >= looked + LOOK_EVERY {
            looked = commits;
            if let Some(violation) = store::always(&world.db()) {
                return Some(violation);
            }
        }
        if let Some(violation) = blocks(world, &wallets, &mut head) {
            return Some(violation);
        }
        let chronicle = world.chronicle();
        if chronicle.finished {
            drop(chronicle);
            return end::verdict(world);
        }
        if chronicle.healed_at_us.is_some_and(|at| world.sim.now_us() > at + director::bound_us(world)) {
            drop(chronicle);
            return Some(Violation::new("liveness: everything ends", setup::unfinished(world)));
        }
    }
    Some(Violation::new(
        "liveness: everything ends",
        format!("{STEPS_MAX} steps; {}", setup::unfinished(world)),
    ))
}

/// A slot that is said to be dead was consumed on the chain, at or below the final head, by something of ours that paid
/// nobody, or by a stranger where the proof says so; or a block at or below the final head is of the time of its end or later,
/// and nothing is there.
fn deaths(world: &World) -> Option<Violation> {
    let deaths = world.witness.deaths();
    if deaths.is_empty() {
        return None;
    }
    let chain = world.chain();
    let strangers = world.chronicle().strange();
    // Our own of a life that the store has lost: to some slots it is foreign, to others a void that the journal tells of.
    let lost = restore::of_the_lost_life(world, &chain);
    let final_ms = chain.at(chain.finalized()).map_or(i64::MIN, |block| block.time_ms());
    let all = || chain.blocks.iter().flat_map(|block| block.txs.iter().map(move |done| (block, done)));
    deaths.iter().filter(|death| !death.never_signed).find_map(|death| {
        let of = |(_, done): &(&Arc<_>, &Executed)| match &death.slot {
            Slot::EvmNonce { sender, nonce, .. } => done.tx.from == *sender && done.tx.nonce == *nonce,
            Slot::TronTransaction { txid, .. } => done.tx.hash == *txid,
            Slot::EvmAuthorization { .. } | Slot::VaultPayment { .. } => false,
        };
        let consumed = all().find(of);
        match consumed {
            None if death.expired_at_ms.is_some_and(|until_ms| until_ms <= final_ms) => None,
            Some((block, done))
                if block.id.number <= chain.finalized()
                    && (strangers.contains_key(&done.tx.hash) == death.foreign
                        || lost.contains_key(&done.tx.hash))
                    && (death.foreign || done.moved().is_none()) =>
            {
                None
            }
            other => {
                let what = other.map(|(block, done)| (block.id, done.success, done.event.clone()));
                let finalized = chain.finalized();
                let detail =
                    format!("{death:?}, and the chain holds {what:?} below {finalized} of {final_ms} ms");
                Some(Violation::new("M4 dead is dead on chain", detail))
            }
        }
    })
}

/// What each new block must leave true.
fn blocks(
    world: &World,
    wallets: &std::collections::BTreeMap<sluice_core::address::EvmAddress, sluice_core::id::PartnerId>,
    head: &mut [u8; 32],
) -> Option<Violation> {
    let chain = world.chain();
    let latest = chain.head();
    if latest.id.hash == *head {
        return None;
    }
    *head = latest.id.hash;
    if latest.txs.is_empty() {
        return None;
    }
    let orders: Vec<_> = world.wishes().iter().map(|wish| wish.order.clone()).collect();
    let strangers = world.chronicle().strange();
    let paid = money::paid(&chain, wallets, &orders, &strangers).err();
    paid.or_else(|| world.stall.as_ref().and_then(|_| energy::burned(world, &chain).err()))
}

fn report(
    executor: &Executor,
    plan: &Plan,
    world: Option<&Arc<World>>,
    violation: Option<Violation>,
    script: &Script,
) -> Report {
    let sim = executor.sim();
    let trace = sim.trace();
    let mut ends = std::collections::BTreeMap::new();
    let mut alerts = std::collections::BTreeMap::new();
    let (mut answers, mut energy) = (vec![], std::collections::BTreeMap::new());
    if let Some(world) = world {
        let all = world.rows("select status as what from withdrawal limit 10000");
        for status in all {
            *ends.entry(status).or_default() += 1;
        }
        let needs = "select 'order ' || state as what from energy_order union all
                     select 'need ' || state || coalesce(' ' || why, '') from energy_need union all
                     select 'ahead ' || state from energy_request limit 10000";
        for end in world.rows(needs) {
            *energy.entry(end).or_default() += 1;
        }
        if let Some(stall) = &world.stall {
            energy.extend(stall.desks().met.iter().map(|(what, count)| (format!("vendor {what}"), *count)));
        }
        if let Some(question) = &script.ask {
            answers = store::ask(&world.db(), question).unwrap_or_else(|error| vec![error]);
        }
        alerts = super::locked(&world.pager.0).clone();
    }
    Report {
        seed: script.seed,
        steps: executor.steps(),
        calls: plan.calls(),
        virtual_ms: (sim.now_us() - setup::START_US) / 1_000,
        hash: trace.hash(),
        coverage: plan.coverage(),
        staged: plan.staged(),
        parts: vec![],
        sites: if script.faults == Faults::Quiet { plan.sites() } else { vec![] },
        called: plan.called(),
        ends,
        energy,
        alerts,
        // What could not be asked just now is one too.
        violation: violation.or_else(|| world.and_then(|world| world.first_violation())),
        lacks: None,
        lines: trace.tail(script.lines),
        answers,
    }
}
