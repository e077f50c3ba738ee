//! Execution where slots are transactions that expire: any order, each at most once, none after its time, energy that is
//! burned (java-tron, `Manager.validateCommon` and `VMActuator`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::block::{Accounts, Event, Executed, Tx};
use super::super::token::{Call, Issuer, parse};
use super::Chain;

/// Energy of a token transfer.
pub const TRANSFER_ENERGY: u64 = 64_285;
/// What a transaction burns for its bytes, sun.
const BANDWIDTH_SUN: u128 = 345_000;
/// What TRX to an account that is none yet burns for making it, sun.
pub const ACCOUNT_SUN: u128 = 1_000_000;
/// What such a transaction burns for its bytes, sun.
pub const ACCOUNT_BANDWIDTH_SUN: u128 = 100_000;

/// Of a slice of what waits anywhere, in an order that chance decides.
pub(super) fn execute(chain: &mut Chain) -> (Vec<Executed>, Arc<Accounts>) {
    let before = Arc::clone(&chain.head().after);
    let (parent_ms, energy_sun) = (chain.head().time_ms(), chain.next_fee());
    let waiting: BTreeMap<[u8; 32], Arc<Tx>> =
        chain.nodes.iter().flat_map(|node| node.pool.loose().clone()).collect();
    let mut waiting: Vec<Arc<Tx>> = waiting.into_values().collect();
    let mut accounts: Option<Accounts> = None;
    let mut done: Vec<Executed> = vec![];
    while !waiting.is_empty() && done.len() < chain.terms.block_room {
        let tx = waiting.swap_remove(chain.luck.index(waiting.len()));
        let Some(validity) = tx.validity.clone() else { continue };
        let fits = validity.expires_at_ms > parent_ms
            && chain.leans_on(validity.tapos)
            && !before.done.contains(&tx.hash);
        if !fits || !chain.luck.chance(chain.terms.taken_permille) {
            continue;
        }
        let state = accounts.get_or_insert_with(|| (*before).clone());
        if state.native.get(&tx.from).copied().unwrap_or(0) < fixed(state, &tx) + tx.value_wei {
            continue;
        }
        let index = done.len() as u64;
        let limit_sun = validity.fee_limit_sun;
        done.push(apply(state, &chain.issuer, chain.terms.token, tx, (energy_sun, limit_sun), index));
    }
    (done, accounts.map_or(before, Arc::new))
}

/// What a transaction burns whatever it does.
fn fixed(state: &Accounts, tx: &Tx) -> u128 {
    match tx.data.is_empty() && !state.native.contains_key(&tx.to) {
        true => ACCOUNT_SUN + ACCOUNT_BANDWIDTH_SUN,
        false => BANDWIDTH_SUN,
    }
}

fn apply(
    state: &mut Accounts,
    issuer: &Issuer,
    token: sluice_core::address::EvmAddress,
    tx: Arc<Tx>,
    (energy_sun, limit_sun): (u128, u128),
    index: u64,
) -> Executed {
    state.done.insert(tx.hash);
    let fixed = fixed(state, &tx);
    let has = state.native.get(&tx.from).copied().unwrap_or(0).saturating_sub(fixed);
    let (mut success, mut starved, mut event, mut energy) = (true, false, None, 0);
    if tx.to == token {
        // Whoever calls buys what the limit and the balance allow, and loses it where that does not suffice.
        let most = limit_sun.min(has) / energy_sun.max(1);
        energy = most.min(TRANSFER_ENERGY.into());
        starved = most < TRANSFER_ENERGY.into();
        let outcome =
            if starved { Err("out of energy") } else { state.token.call(issuer, tx.from, &tx.data) };
        success = outcome.is_ok();
        if let (Ok(_), Some(Call::Transfer(to, atoms))) = (outcome, parse(&tx.data)) {
            event = Some(Event { index, token, from: tx.from, to, atoms: issuer.moves(to, atoms) });
        }
    } else {
        let from = state.native.entry(tx.from).or_default();
        *from = from.saturating_sub(tx.value_wei);
        *state.native.entry(tx.to).or_default() += tx.value_wei;
    }
    let fee = fixed + energy * energy_sun;
    let from = state.native.entry(tx.from).or_default();
    *from = from.saturating_sub(fee);
    Executed { tx, success, gas_used: 1, price_wei: fee, event, starved }
}
