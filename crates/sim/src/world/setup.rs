//! What a history starts with, drawn from its seed: partners, wallets, funds, orders, the chain's temper.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::{ChainId, ChainProfile, Family, Rules, TronRules};
use sluice_core::id::{PartnerId, Ulid, WalletId};
use sluice_core::intent::DeploymentId;
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;
use sluice_core::wallet::RaisedCap;
use sluice_flow::operator::LaneCommand;
use sluice_store::{Db, Template};

use super::director::Duty;
use super::history::{Faults, Script};
use super::{Purse, Wish, World, furnish, stranger};
use crate::executor::{Sim, WORLD};
use crate::faults::Plan;
use crate::model::block::Accounts;
use crate::model::chain::{Chain, Shape, Terms};
use crate::model::market;
use crate::model::token::{self, Token};
use crate::model::view::NodeState;
use crate::oracle::Witness;
use crate::oracle::money::Order;
use crate::ports::{Chance, Hub, Pager, ProcessClock};
use crate::rng::Rng;
use crate::vault::Vault;

/// Noon in Seoul: no history crosses midnight there, so a day's limit is the history's.
pub const START_US: i64 = 1_767_236_400_000_000;
/// The token contract.
pub const TOKEN: EvmAddress = EvmAddress([0x70; 20]);
const GWEI: u128 = 1_000_000_000;
/// Wei a wallet starts with: enough for every fee spike.
const GAS_WEI: u128 = 50_000_000_000 * GWEI;
/// Sun a wallet starts with: a hundred thousand TRX.
const GAS_SUN: u128 = 100_000_000_000;
/// Usual price of energy, sun.
const ENERGY_SUN: u128 = 100;

/// What every history of a run shares: a migrated database to copy, and keys whose addresses are known.
pub struct Stage {
    template: Template,
    vault: Vault,
}

impl Stage {
    /// Prepares.
    ///
    /// # Errors
    /// What the store or the signer said.
    pub fn new() -> Result<Self, String> {
        let template = Template::new().map_err(|error| error.to_string())?;
        Ok(Self { template, vault: Vault::new()? })
    }
}

/// Builds the world of a script.
///
/// # Errors
/// What could not be set up.
pub fn world(
    stage: &Stage,
    sim: Sim,
    plan: Plan,
    script: &Script,
    rng: &mut Rng,
) -> Result<Arc<World>, String> {
    let stall = (script.energy && script.shape == Shape::Expiry)
        .then(|| market::plan::draw(script.seed, START_US, script.faults == Faults::Random));
    let mut profile = profile(script.shape, rng);
    if let (Some(_), Rules::Tron(rules)) = (&stall, &mut profile.rules) {
        rules.burn_hour_cap_sun = market::plan::burn_hour_cap_sun(script.seed, rules);
    }
    let asset = asset(profile.id);
    let clock = Arc::new(ProcessClock { sim: sim.clone(), process: WORLD });
    let db = Db::inline_from_template(
        &stage.template,
        Arc::clone(&clock) as Arc<_>,
        Arc::new(Chance(sim.clone())),
    );
    let db = Arc::new(db.map_err(|error| error.to_string())?);
    let deployment = DeploymentId("sim".into());
    let partners: Vec<PartnerId> = (1..=2).map(|n| PartnerId::new(name(n))).collect();
    let purses = purses(stage, &partners, rng);
    // The systematic mode plays thousands of histories that differ in one call: they are short.
    let spread_us = match (script.faults, &stall) {
        (Faults::Random, None) => 7_000_000,
        (Faults::Random, Some(_)) => 15_000_000,
        (Faults::Quiet | Faults::One(..) | Faults::Two(_), _) => 700_000,
    };
    let mut wishes = wishes(&partners, script.withdrawals, spread_us, rng);
    if Asset::native(&profile).pays_out() {
        some_in_coins(&mut wishes, &mut Rng::of(script.seed, 18));
    }
    // What strangers take must leave enough for everybody: this is about their traces, not about who goes short.
    let strange = script.faults == Faults::Random && stranger::strange(&mut stranger::luck(script.seed));
    let funds = funds(&purses, &wishes, if strange { 1_100_000_000 } else { 0 }, rng);
    let tight = script.faults == Faults::Random && rng.chance(200);
    let chain = Arc::new(Mutex::new(chain(&profile, script.shape, &funds, script.seed, rng)));
    let (signer, witness) = (
        stage.vault.signer(&deployment, &profile, &asset, &purses, clock)?,
        Witness::new(sim.clone(), profile.window),
    );
    let lost = if rng.chance(100) { 1_000 } else { rng.below(300) };
    let hub = Hub::new(sim.clone(), Rng::of(script.seed, 14), lost);
    let world = World {
        sim,
        chain,
        profile,
        asset,
        db: Mutex::new(db),
        signer,
        deployment,
        plan,
        witness,
        hub,
        pager: Arc::new(Pager::default()),
        stall,
        purses,
        mutant: script.mutant,
        wishes: Mutex::new(wishes),
        alive: Mutex::default(),
        chronicle: Mutex::default(),
        violations: Mutex::default(),
    };
    furnish::furnish(&world, &partners, &funds, tight)?;
    Ok(Arc::new(world))
}

pub(super) const fn name(n: u128) -> Ulid {
    Ulid::new(Timestamp::from_micros(START_US), n)
}

fn profile(shape: Shape, rng: &mut Rng) -> ChainProfile {
    let block_time_ms = rng.within(250, 700);
    let base = match shape {
        Shape::Nonce => ChainProfile::devnet(),
        // Some twenty blocks of life, as on the real chain thirty.
        Shape::Expiry => ChainProfile {
            rules: Rules::Tron(TronRules {
                expires_after_ms: (20 * block_time_ms) as u32,
                ..TronRules::usual()
            }),
            ..ChainProfile::nile()
        },
    };
    ChainProfile {
        block_time_ms,
        // In some histories more of what is final may leave, and a death has to lie deeper.
        death_extra_blocks: if block_time_ms.is_multiple_of(3) { 6 } else { 2 },
        // A small window in some histories: lanes that wait for room.
        window: if rng.chance(300) { 2 } else { 16 },
        // As on every real chain, much longer than the time between two looks at the books.
        settled_watch_blocks: 160,
        ..base
    }
}

fn asset(chain: ChainId) -> Asset {
    let id = match chain.family {
        Family::Evm => AssetId::erc20(chain, TOKEN),
        Family::Tron => AssetId::trc20(chain, TronAddress(TOKEN.0)),
    };
    Asset {
        id,
        symbol: "TUSD".into(),
        precision: token::DECIMALS,
        decimals: token::DECIMALS,
        freezable: true,
    }
}

fn purses(stage: &Stage, partners: &[PartnerId], rng: &mut Rng) -> Vec<Purse> {
    let mut purses = vec![];
    let mut accounts = stage.vault.accounts();
    for partner in partners {
        for _ in 0..rng.within(1, 2) {
            let Some(address) = accounts.next() else { continue };
            let id = WalletId::new(name(10 + purses.len() as u128));
            purses.push(Purse { id, partner: *partner, address });
        }
    }
    purses
}

fn wishes(partners: &[PartnerId], count: usize, spread_us: u64, rng: &mut Rng) -> Vec<Wish> {
    let mut wishes: Vec<Wish> = vec![];
    // In some histories most callers change their mind at once, while signatures are being asked for.
    let (cancels, soonest) = if rng.chance(250) { (700, 900_000) } else { (180, 5_000_000) };
    for index in 0..count {
        let partner = rng.pick(partners).copied().unwrap_or_else(|| partners[0]);
        let mut to = [0; 20];
        to[0] = 0xa0;
        to[19] = index as u8 + 1;
        let (mut to, mut atoms) = (EvmAddress(to), u128::from(rng.within(1, 500_000_000)));
        // The same recipient and amount once more: two payments that look alike on chain.
        if rng.chance(120)
            && let Some(twin) = rng.pick(&wishes)
        {
            (to, atoms) = (twin.order.to, twin.order.atoms);
        }
        let external_id = format!("order-{index}");
        let order = Order { partner, external_id, to, atoms, coin: false, answered: None };
        wishes.push(Wish {
            order,
            at_us: rng.below(spread_us) as i64,
            cancel_after_us: rng.chance(cancels).then(|| rng.within(1_000, soonest) as i64),
            conflicts: rng.chance(60),
        });
    }
    wishes
}

/// A share of the orders is of the chain's coin: to accounts that are none yet, and twins to the same one.
fn some_in_coins(wishes: &mut [Wish], luck: &mut Rng) {
    let permille = luck.below(500);
    for wish in wishes {
        wish.order.coin = luck.chance(permille);
    }
}

/// Token atoms by wallet. Usually plenty; sometimes only just enough over all wallets of a partner together.
fn funds(
    purses: &[Purse],
    wishes: &[Wish],
    loot: u128,
    rng: &mut Rng,
) -> BTreeMap<WalletId, (EvmAddress, u128)> {
    let scarce = rng.chance(250);
    let mut funds = BTreeMap::new();
    for purse in purses {
        let of_partner = |wish: &&Wish| wish.order.partner == purse.partner;
        let total: u128 = wishes.iter().filter(of_partner).map(|wish| wish.order.atoms).sum();
        let atoms = loot + if scarce { total } else { total * 2 + 1_000_000 };
        funds.insert(purse.id, (purse.address, atoms));
    }
    funds
}

/// What a wallet starts with for its fees, in the chain's smallest unit.
pub(super) const fn coins(family: Family) -> u128 {
    match family {
        Family::Evm => GAS_WEI,
        Family::Tron => GAS_SUN,
    }
}

fn chain(
    profile: &ChainProfile,
    shape: Shape,
    funds: &BTreeMap<WalletId, (EvmAddress, u128)>,
    seed: u64,
    rng: &mut Rng,
) -> Chain {
    let mut accounts = Accounts { token: Token::default(), ..Accounts::default() };
    for (address, atoms) in funds.values() {
        accounts.native.insert(*address, coins(profile.id.family));
        accounts.token.balances.insert(*address, *atoms);
    }
    let (tip_floor_wei, base_fee_wei) = match shape {
        Shape::Nonce => (profile.evm().map_or(0, |rules| rules.tip_floor_wei), 20 * GWEI),
        Shape::Expiry => (0, ENERGY_SUN),
    };
    let terms = Terms {
        shape,
        chain_id: profile.id.reference,
        token: TOKEN,
        finality_lag: rng.within(2, 6),
        tip_floor_wei,
        base_fee_wei,
        block_room: rng.within(3, 40) as usize,
        taken_permille: rng.within(400, 1_000),
        gossip_permille: rng.within(100, 900),
        returned_permille: rng.within(0, 900),
    };
    let nodes = ["a", "b", "c"].map(|operator| NodeState {
        refuses_gaps: rng.chance(300),
        ..NodeState::new(&format!("{operator}/node"), operator)
    });
    Chain::new(terms, accounts, nodes.to_vec(), START_US / 1_000_000, Rng::of(seed, 15))
}

/// Recipients whom the issuer will refuse at some time.
pub fn victims(world: &World, rng: &mut Rng) -> Vec<EvmAddress> {
    let wishes = world.wishes();
    (0..rng.below(3)).filter_map(|_| rng.pick(&wishes).map(|wish| wish.order.to)).collect()
}

/// The recipient to whom the token moves another amount than asked, if there is one.
pub fn taxed(world: &World, seed: u64) -> Option<EvmAddress> {
    let mut luck = Rng::of(seed, 16);
    let wishes = world.wishes();
    if luck.chance(100) { luck.pick(&wishes).map(|wish| wish.order.to) } else { None }
}

/// What the person on duty will do.
pub fn duty(world: &World, rng: &mut Rng, span_us: i64) -> Duty {
    let at = |rng: &mut Rng| 300_000 + rng.below(span_us as u64) as i64;
    let purse = rng.index(world.purses.len());
    let stop = rng.chance(300).then(|| {
        let scope = match (rng.below(5), world.purses.get(purse)) {
            (0, Some(purse)) => Scope::Partner(purse.partner),
            (1, Some(purse)) => Scope::Wallet(purse.id),
            (2, _) => Scope::Chain(world.profile.id),
            (3, _) => Scope::Asset(world.asset.id),
            _ => Scope::All,
        };
        (at(rng), rng.within(500_000, 5_000_000) as i64, scope)
    });
    let mut orders = vec![];
    if rng.chance(350) {
        let order = match rng.below(4) {
            0 => LaneCommand::Pause,
            1 => LaneCommand::Drain,
            2 => LaneCommand::SpeedUp(rng.chance(500).then_some(400 * GWEI)),
            _ => LaneCommand::Cap(Some(RaisedCap {
                max_fee_wei: 4_000 * GWEI,
                until: Timestamp::from_micros(START_US + span_us),
            })),
        };
        let when = at(rng);
        orders.push((when, purse, order));
        orders.push((when + rng.within(200_000, 3_000_000) as i64, purse, LaneCommand::Resume));
    }
    Duty { stop, orders }
}

/// What has not come to its end, for a person to read.
pub fn unfinished(world: &World) -> String {
    let open = "select w.id || ' ' || w.external_id || ' ' || w.status || ' ' || w.attempt_no || ' ' ||
                       coalesce(t.id || ' ' || t.state || ' ' || coalesce(t.slot, '-') || ' ' ||
                                coalesce(t.block_number, '-'), 'no transfer') as what
                from withdrawal w left join transfer t on t.id = w.transfer_id where w.ended_at is null limit 5";
    let going = "select t.id || ' ' || t.state || ' ' || coalesce(t.slot, '-') || ' ' || coalesce(t.block_number, '-')
                 as what from transfer t where t.state not in ('final', 'dropped') limit 5";
    let lanes = "select id || ' ' || state || ' next nonce ' || next_nonce || ' reverts ' || reverts || ' waits for ' ||
                 coalesce(obstacle, 'nothing') as what from wallet limit 8";
    let head = "select chain || ' final ' || coalesce(finalized_number, '-') || ' settle after ' ||
                coalesce(settle_after, '-') as what from chain_head limit 2";
    let told = "select code || ' of ' || subject || ': ' || detail as what from alert where resolved_at is null limit 5";
    let rows = |question| world.rows(question).join("; ");
    let chain = world.chain();
    let nonces: Vec<_> = world
        .purses
        .iter()
        .map(|purse| chain.head().after.nonces.get(&purse.address).copied().unwrap_or(0))
        .collect();
    format!(
        "open: {} | transfers: {} | alerts: {} | lanes: {} | watch: {} | chain head {} final {} nonces {nonces:?}",
        rows(open),
        rows(going),
        rows(told),
        rows(lanes),
        rows(head),
        chain.head().id.number,
        chain.finalized()
    )
}
