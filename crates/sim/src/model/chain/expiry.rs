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
        if let Some(loan) = validity.loan {
            state.done.insert(tx.hash);
            state.lend(tx.to, loan);
            // Whoever lends has bandwidth of a stake, too.
            done.push(Executed { tx, success: true, gas_used: 1, price_wei: 0, event: None, starved: false });
            continue;
        }
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
        // Whoever calls uses what was lent, buys what the limit and the balance allow, and loses it where that does not
        // suffice. The limit counts for both.
        let left = u128::from(state.energy_left(tx.from));
        let most = (limit_sun / energy_sun.max(1)).min(left + has / energy_sun.max(1));
        let used = most.min(TRANSFER_ENERGY.into());
        starved = most < TRANSFER_ENERGY.into();
        energy = used.saturating_sub(left);
        if let Some(own) = state.energy.get_mut(&tx.from) {
            own.used = own.used.saturating_add(u64::try_from(used - energy).unwrap_or(u64::MAX));
        }
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

#[cfg(test)]
mod tests {
    use sluice_core::address::EvmAddress;

    use super::super::super::block::{Loan, Validity};
    use super::super::super::token::{Token, transfer};
    use super::super::super::view::NodeState;
    use super::super::{Shape, Terms};
    use super::*;
    use crate::rng::Rng;

    const PAYER: EvmAddress = EvmAddress([1; 20]);
    const TOKEN: EvmAddress = EvmAddress([7; 20]);
    /// Sun for each energy: so few that the price stands still.
    const PRICE: u128 = 10;

    fn chain() -> Chain {
        let terms = Terms {
            shape: Shape::Expiry,
            chain_id: 1,
            token: TOKEN,
            finality_lag: 1,
            tip_floor_wei: 0,
            base_fee_wei: PRICE,
            block_room: 10,
            taken_permille: 1_000,
            gossip_permille: 1_000,
            returned_permille: 1_000,
        };
        let mut accounts = Accounts::default();
        accounts.native.insert(PAYER, 1_000_000_000);
        accounts.token = Token { balances: BTreeMap::from([(PAYER, 1_000)]) };
        Chain::new(terms, accounts, vec![NodeState::new("a/1", "a")], 0, Rng::new(1))
    }

    fn made(chain: &Chain, salt: u8, loan: Option<Loan>) -> Arc<Tx> {
        let data = if loan.is_some() { vec![] } else { transfer(EvmAddress([2; 20]), 1) };
        let validity = Validity {
            raw: Arc::from([salt]),
            tapos: chain.head().tapos(),
            expires_at_ms: 1_000_000,
            fee_limit_sun: 10_000_000,
            loan,
        };
        Arc::new(Tx {
            hash: [salt; 32],
            from: if loan.is_some() { EvmAddress([0xe0; 20]) } else { PAYER },
            nonce: 0,
            to: if loan.is_some() { PAYER } else { TOKEN },
            value_wei: 0,
            data,
            gas_limit: 0,
            max_fee_wei: 0,
            tip_wei: 0,
            validity: Some(validity),
        })
    }

    /// One transaction in a block of its own: the energy that it burned, and what the payer has left.
    fn play(chain: &mut Chain, salt: u8, loan: Option<Loan>) -> (u128, u64) {
        let tx = made(chain, salt, loan);
        chain.offer(0, &tx);
        let block = Arc::clone(chain.produce(i64::from(salt)));
        assert!(block.txs.len() == 1 && block.txs[0].success);
        (block.txs[0].price_wei.saturating_sub(BANDWIDTH_SUN) / PRICE, block.after.energy_left(PAYER))
    }

    #[test]
    fn what_is_lent_is_used_before_anything_is_burned_and_goes_with_its_share_of_what_was_used() {
        let mut chain = chain();
        let each = TRANSFER_ENERGY;
        assert_eq!(play(&mut chain, 1, None), (each.into(), 0));
        assert_eq!(play(&mut chain, 2, Some(Loan::Lends(100_000))), (0, 100_000));
        assert_eq!(play(&mut chain, 3, None), (0, 100_000 - each));
        assert_eq!(play(&mut chain, 4, None), (u128::from(2 * each - 100_000), 0));
        assert_eq!(play(&mut chain, 5, Some(Loan::Lends(60_000))), (0, 60_000));
        // 160,000 were lent and 100,000 are used: 37,500 of these go with what is taken back.
        assert_eq!(play(&mut chain, 6, Some(Loan::TakesBack(60_000))), (0, 37_500));
        assert_eq!(play(&mut chain, 7, None), (u128::from(each - 37_500), 0));
    }
}
