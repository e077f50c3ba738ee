//! Somebody else with one of our keys: a transaction at a nonce of ours that no attempt of the engine explains.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_codec::tron;
use sluice_core::address::{Address, EvmAddress, TronAddress};
use sluice_core::id::{WalletId, WithdrawalId};

use sluice_flow::operator::LaneCommand;

use super::{Purse, World, director};
use crate::executor::WORLD;
use crate::model::block::{Tx, Validity, hash};
use crate::model::chain::{Chain, PLAIN_GAS, TRANSFER_GAS};
use crate::model::token;
use crate::rng::Rng;

/// What the stranger's transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Nothing: no value to the wallet itself, as a void has it.
    Nothing,
    /// Pays somebody nobody knows.
    Steals,
    /// Pays exactly what the slot's own payment would have paid: a person with the same key, doing it by hand.
    PaysTheSame,
}

/// Whom a thief pays.
const THIEF: EvmAddress = EvmAddress([0xee; 20]);
/// What a thief takes, atoms.
const LOOT: u128 = 1_234_567;
/// More than every attempt of ours may offer, wei.
const FEE_WEI: u128 = 20_000_000_000_000;
/// Looks this often for a slot to take, and so many times.
const LOOK_US: i64 = 50_000;
const LOOKS: usize = 60;

/// A slot in the air: nonce, and what its payment pays.
type InTheAir = (u64, EvmAddress, u128);

/// Waits for a slot in the air and takes it. Without one the next nonce of the account is taken.
pub async fn strike(world: Arc<World>, at_us: i64, purse: Purse, deed: Deed, mut luck: Rng) {
    world.sim.sleep(at_us).await;
    let mut slots = in_the_air(&world, &purse);
    for _ in 0..LOOKS {
        if !slots.is_empty() {
            break;
        }
        world.sim.sleep(LOOK_US).await;
        slots = in_the_air(&world, &purse);
    }
    let next = world.chain().head().after.nonces.get(&purse.address).copied().unwrap_or(0);
    let (nonce, to, atoms) = luck.pick(&slots).copied().unwrap_or((next, THIEF, LOOT));
    let (to, data, gas_limit) = match deed {
        Deed::Nothing => (purse.address, vec![], PLAIN_GAS),
        Deed::Steals => (world.chain().terms.token, token::transfer(THIEF, LOOT), TRANSFER_GAS),
        Deed::PaysTheSame => (world.chain().terms.token, token::transfer(to, atoms), TRANSFER_GAS),
    };
    let validity = validity(&world, purse.address, to, &data);
    let tx = Arc::new(Tx {
        hash: match &validity {
            Some(validity) => tron::txid(&validity.raw),
            None => hash([0x57, world.sim.now_us() as u64, nonce, luck.bits()]),
        },
        from: purse.address,
        nonce,
        to,
        value_wei: 0,
        data,
        gas_limit,
        max_fee_wei: FEE_WEI,
        tip_wei: FEE_WEI,
        validity,
    });
    world.sim.note(WORLD, || format!("a stranger takes nonce {nonce} of {}: {deed:?}", purse.id));
    world.plan.struck("stranger", "chain");
    world.chronicle().strangers.insert(tx.hash, purse.id);
    offer(&world, &tx);
    // A person on duty who is quick, before anything about it is final.
    if luck.chance(500) {
        world.sim.sleep(luck.within(200_000, 3_000_000) as i64).await;
        director::tell(&world, &purse.id, LaneCommand::Unfreeze).await;
    }
}

/// As long a life as ours have, on a chain where transactions have one, and the bytes that name it.
fn validity(world: &World, from: EvmAddress, to: EvmAddress, data: &[u8]) -> Option<Validity> {
    let rules = world.profile.tron()?;
    let chain = world.chain();
    let head = chain.head();
    let (bytes, hash) = head.tapos();
    let terms = tron::Terms {
        reference: tron::Reference { bytes, hash },
        expiration_ms: head.time_ms() + i64::from(rules.expires_after_ms),
        timestamp_ms: world.sim.now_us(),
        fee_limit_sun: rules.transfer_cost_cap_sun as i64,
        memo: vec![],
        permission_id: 0,
    };
    let call = match data.is_empty() {
        true => tron::Call::TrxTransfer { to: TronAddress(to.0), sun: 0 },
        false => tron::Call::Trigger { contract: TronAddress(to.0), data: data.to_vec(), value_sun: 0 },
    };
    let (expires_at_ms, fee_limit_sun) = (terms.expiration_ms, u128::from(rules.transfer_cost_cap_sun));
    let raw = tron::raw(&tron::Unsigned { owner: TronAddress(from.0), call, terms });
    Some(Validity { raw: raw.into(), tapos: (bytes, hash), expires_at_ms, fee_limit_sun, loan: None })
}

fn offer(world: &World, tx: &Arc<Tx>) {
    let mut chain = world.chain();
    for node in 0..chain.nodes.len() {
        // A node may refuse it, for a gap for instance: others carry it on.
        let _heard = chain.offer(node, tx);
    }
}

/// Payments in the air on a lane, lowest nonce first.
fn in_the_air(world: &World, purse: &Purse) -> Vec<InTheAir> {
    let question = format!(
        "select coalesce(t.nonce, 0) || ' ' || w.address || ' ' || w.amount as what from transfer t
         join transfer_item i on i.transfer_id = t.id join withdrawal w on w.id = i.withdrawal_id
         where t.wallet_id = '{}' and t.state in ('built', 'signed') order by t.nonce limit 4",
        purse.id
    );
    let read = |row: String| {
        let mut parts = row.split(' ');
        let nonce = parts.next()?.parse().ok()?;
        let to = EvmAddress(Address::read(parts.next()?).ok()?.bytes());
        Some((nonce, to, parts.next()?.parse().ok()?))
    };
    world.rows(&question).into_iter().filter_map(read).collect()
}

/// What strangers do in a history: when, with whose key, what.
pub fn draw(world: &World, rng: &mut Rng, span_us: i64) -> Vec<(i64, Purse, Deed)> {
    if !strange(rng) {
        return vec![];
    }
    let deeds = [Deed::Nothing, Deed::Steals, Deed::PaysTheSame];
    let draw = |rng: &mut Rng| {
        let at = 400_000 + rng.below(span_us as u64) as i64;
        Some((at, rng.pick(&world.purses)?.clone(), *rng.pick(&deeds)?))
    };
    (0..rng.within(1, 2)).filter_map(|_| draw(rng)).collect()
}

/// The strangers' own stream of chance.
pub const fn luck(seed: u64) -> Rng {
    Rng::of(seed, 15)
}

/// Whether a history has strangers; the first thing drawn from their stream of chance.
pub fn strange(rng: &mut Rng) -> bool {
    rng.chance(250)
}

/// The transaction of a stranger that consumed the slot of a withdrawal's last transfer and paid exactly what that would
/// have paid, if the chain holds one.
pub fn paid(world: &World, id: WithdrawalId) -> Option<[u8; 32]> {
    let question = format!(
        "select t.nonce || ' ' || t.wallet_id || ' ' || w.address || ' ' || w.amount as what
         from withdrawal w join transfer t on t.id = w.transfer_id where w.id = '{id}' and t.nonce is not null limit 1"
    );
    let row = world.rows(&question).pop()?;
    let mut parts = row.split(' ');
    let (nonce, wallet): (u64, _) = (parts.next()?.parse().ok()?, parts.next()?);
    let to = EvmAddress(Address::read(parts.next()?).ok()?.bytes());
    let atoms: u128 = parts.next()?.parse().ok()?;
    let from = world.purses.iter().find(|purse| purse.id.to_string() == wallet)?.address;
    let strangers = world.chronicle().strange();
    let chain = world.chain();
    let done = all(&chain).find(|done| done.tx.from == from && done.tx.nonce == nonce)?;
    let pays = done.event.as_ref().is_some_and(|event| event.to == to && event.atoms == atoms);
    (pays && strangers.contains_key(&done.tx.hash)).then_some(done.tx.hash)
}

/// Everything on the canonical chain.
fn all(chain: &Chain) -> impl Iterator<Item = &crate::model::block::Executed> {
    chain.blocks.iter().flat_map(|block| &block.txs)
}

/// What strangers took from a wallet on the canonical chain: token atoms and wei.
pub fn taken(chain: &Chain, strangers: &BTreeMap<[u8; 32], WalletId>, from: EvmAddress) -> (u128, u128) {
    let theirs = all(chain).filter(|done| done.tx.from == from && strangers.contains_key(&done.tx.hash));
    theirs.fold((0, 0), |(atoms, wei), done| {
        let moved = done.event.as_ref().map_or(0, |event| event.atoms);
        (atoms + moved, wei + u128::from(done.gas_used) * done.price_wei + done.tx.value_wei)
    })
}
