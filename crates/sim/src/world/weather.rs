//! What happens to the chain and its nodes from outside: blocks leave, fees spike, nodes lag, die and lie, the issuer
//! acts. Everything heals at the end.

use std::sync::Arc;

use sluice_core::address::EvmAddress;

use super::{World, vendors};
use crate::executor::WORLD;
use crate::model::chain::Chain;
use crate::model::view::Lie;
use crate::rng::Rng;

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Blocks leave; `below_final` of them were final.
    Reorg {
        /// Blocks above the final head that leave too.
        depth: u64,
        /// Blocks below it; 0 leaves finality alone.
        below_final: u64,
        /// Nodes that keep showing the branch that lost.
        stuck: Vec<usize>,
    },
    /// The base fee is multiplied.
    FeeSpike(u128),
    /// A node does not answer.
    Down(usize),
    /// A node lies. Only ever one operator's.
    Lies(usize, Lie),
    /// A node is behind.
    Lags(usize, u64),
    /// Finality stands still.
    FinalityStalls,
    /// A node forgets its pool.
    ForgetsPool(usize),
    /// The issuer pauses the token.
    TokenPaused,
    /// The issuer blacklists a recipient, for good.
    Blacklist(EvmAddress),
    /// The token moves an atom less than it is asked to, to one recipient, for good.
    Taxed(EvmAddress),
    /// What lasted is over.
    Heal,
}

/// Draws the weather: pairs of time from the start, microseconds, and what happens then, in order.
pub fn draw(
    rng: &mut Rng,
    span_us: i64,
    nodes: usize,
    death_extra: u64,
    targets: &[EvmAddress],
    taxed: Option<EvmAddress>,
    doubted: &[i64],
) -> Vec<(i64, Weather)> {
    let mut all = vec![];
    // One of the operators may lie: that of the node which is asked first, or last. The others are the quorum.
    let liar = if rng.chance(500) { 0 } else { nodes - 1 };
    let at = |rng: &mut Rng| 500_000 + rng.below(span_us as u64) as i64;
    for _ in 0..rng.within(1, 2) {
        let below_final = if rng.chance(250) { rng.within(1, death_extra) } else { 0 };
        let mut stuck: Vec<usize> = (0..nodes).filter(|_| rng.chance(150)).collect();
        // Who claims what others deny, and who stays where nobody else is any more, are both not heard for minutes: two of
        // three would be wrong at once.
        if below_final > 0 && !doubted.is_empty() {
            stuck.retain(|node| *node == liar);
        }
        all.push((at(rng), Weather::Reorg { depth: rng.within(1, 4), below_final, stuck }));
    }
    all.push((at(rng), Weather::FeeSpike(u128::from(rng.within(2, 90)))));
    for _ in 0..rng.within(1, 4) {
        let node = rng.index(nodes);
        let what = match rng.below(7) {
            0 => Weather::Down(node),
            1 | 2 => match rng.pick(&Lie::ALL) {
                Some(lie) => Weather::Lies(liar, *lie),
                None => Weather::Down(node),
            },
            3 => Weather::Lags(node, rng.within(1, 6)),
            4 => Weather::FinalityStalls,
            5 => Weather::ForgetsPool(node),
            _ => Weather::TokenPaused,
        };
        all.push((at(rng), what));
        if rng.chance(600) {
            all.push((at(rng), Weather::Heal));
        }
    }
    for target in targets {
        if rng.chance(500) {
            all.push((at(rng), Weather::Blacklist(*target)));
        } else {
            all.push((0, Weather::Blacklist(*target)));
        }
    }
    // Where a fault waits for it, one node claims what others can deny.
    all.extend(doubted.iter().map(|at| (*at, Weather::Lies(liar, Lie::FalseStranger))));
    all.extend(taxed.map(|account| (0, Weather::Taxed(account))));
    all.sort_by_key(|(at, _)| *at);
    all
}

/// Lets the weather happen.
pub async fn run(world: Arc<World>, forecast: Vec<(i64, Weather)>) {
    let start = world.sim.now_us();
    for (at, what) in forecast {
        world.sim.sleep(start + at - world.sim.now_us()).await;
        // Where no block is above the final head yet, none can leave.
        while matches!(what, Weather::Reorg { .. }) && none_can_leave(&world) {
            world.sim.sleep(AWAITED_US).await;
        }
        happen(&world, &what);
    }
}

/// Looks this often whether a block can leave, microseconds.
const AWAITED_US: i64 = 50_000;

fn none_can_leave(world: &World) -> bool {
    let chain = world.chain();
    chain.head().id.number <= chain.finalized()
}

/// Produces blocks for ever.
pub async fn blocks(world: Arc<World>, mut luck: Rng) {
    let usual = world.profile.block_time_ms * 1_000;
    loop {
        world.sim.sleep(luck.within(usual / 2, usual * 3 / 2) as i64).await;
        let time_s = world.sim.now_us().div_euclid(1_000_000);
        let mut chain = world.chain();
        let block = Arc::clone(chain.produce(time_s));
        told_of_differences(&world, &chain);
        drop(chain);
        if let Some(stall) = &world.stall {
            vendors::turn(&world, stall);
        }
        world.sim.note(WORLD, || format!("block {:?} with {} transactions", block.id, block.txs.len()));
    }
}

/// One thing happens.
pub fn happen(world: &World, what: &Weather) {
    world.sim.note(WORLD, || format!("weather: {what:?}"));
    let name = match what {
        Weather::Reorg { below_final: 0, .. } => "reorg",
        Weather::Reorg { .. } => "reorg_below_final",
        Weather::FeeSpike(_) => "fee_spike",
        Weather::Down(_) => "node_down",
        Weather::Lies(_, lie) => lie.as_str(),
        Weather::Lags(..) => "node_lags",
        Weather::FinalityStalls => "finality_stalls",
        Weather::ForgetsPool(_) => "forgets_pool",
        Weather::TokenPaused => "token_paused",
        Weather::Blacklist(_) => "blacklist",
        Weather::Taxed(_) => "taxed",
        Weather::Heal => return heal(world),
    };
    world.plan.struck(name, "chain");
    let time_s = world.sim.now_us().div_euclid(1_000_000);
    let mut chain = world.chain();
    match what {
        Weather::Reorg { depth, below_final, stuck } => {
            let above = chain.head().id.number - chain.finalized();
            let wanted = if *below_final == 0 { (*depth).min(above) } else { above + below_final };
            // A reorg deeper than a proof of death waits for can pay twice on any chain: it is not survivable, only
            // noticeable, and not simulated.
            let depth = wanted.min(chain.head().id.number);
            if depth > above {
                world.chronicle().finality_reversed = true;
            }
            if depth > 0 {
                chain.reorg(depth, time_s, stuck);
            }
        }
        Weather::FeeSpike(times) => chain.fee_target_wei = chain.terms.base_fee_wei * times,
        Weather::Down(node) => set(&mut chain, *node, |it| it.down = true),
        Weather::Lies(node, lie) => set(&mut chain, *node, |it| it.lie = Some(*lie)),
        Weather::Lags(node, blocks) => set(&mut chain, *node, |it| it.lag = *blocks),
        Weather::FinalityStalls => chain.finality_stalled = true,
        Weather::ForgetsPool(node) => set(&mut chain, *node, |it| it.pool.clear()),
        Weather::TokenPaused => {
            chain.issuer.paused = true;
            world.chronicle().token_paused = true;
        }
        Weather::Blacklist(account) => {
            chain.issuer.blacklist.insert(*account);
            world.chronicle().blacklisted.insert(*account);
        }
        Weather::Taxed(account) => {
            chain.issuer.taxed.insert(*account);
        }
        Weather::Heal => {}
    }
    told_of_differences(world, &chain);
}

/// A payment that moved another amount is explained by a person, as a stranger's transaction is.
fn told_of_differences(world: &World, chain: &Chain) {
    let whose = |from| world.purses.iter().find(|purse| purse.address == from).map(|purse| purse.id);
    let differed =
        chain.differed.iter().filter_map(|(txid, (from, now))| Some((*txid, (whose(*from)?, *now))));
    world.chronicle().differed = differed.collect();
}

fn set(
    chain: &mut crate::model::chain::Chain,
    node: usize,
    change: impl FnOnce(&mut crate::model::view::NodeState),
) {
    if let Some(node) = chain.nodes.get_mut(node) {
        change(node);
    }
}

/// Everything that lasts is over; what was blacklisted stays so.
pub fn heal(world: &World) {
    let mut chain = world.chain();
    chain.issuer.paused = false;
    chain.finality_stalled = false;
    for node in &mut chain.nodes {
        node.down = false;
        node.lie = None;
        node.lag = 0;
        node.stuck = None;
    }
}
