//! What vendors of energy took and gave, against our books: nothing is bought twice, a vendor holds one order of a wallet
//! at risk at most, what our books say that an order cost is what its vendor kept, and what wallets burn stays within
//! its caps.

use std::collections::BTreeMap;

use sluice_core::attempt::BURN_BESIDE_MAX_SUN;
use sluice_core::energy::Policy;
use sluice_core::id::WalletId;

use super::{Violation, store};
use crate::faults::market::Judge;
use crate::model::block::Executed;
use crate::model::chain::Chain;
use crate::model::market::{Desks, Sale, Stall};
use crate::world::World;

/// What is spent, and what is burned, counts for so long, microseconds.
const HOUR_US: i64 = 3_600_000_000;
/// How far a block's time lies behind the time at which it was decided what is in it, seconds: blocks are named by whole
/// ones, and the clocks of processes differ.
const HOUR_BEHIND_S: i64 = 5;

/// Needs for each transfer at most: it may ask again where energy came short, late, or went away.
const NEEDS_EACH_MAX: u64 = 6;

fn broken(invariant: &'static str, detail: String) -> Violation {
    Violation::new(invariant, detail)
}

fn asked(judge: &Judge, question: &str) -> Result<Vec<String>, Violation> {
    store::ask(&judge.db, question).map_err(|error| broken("the oracle can ask", error))
}

/// What must be true of a sale when it is made.
///
/// # Errors
/// The rule that it breaks.
pub fn sold(judge: &Judge, stall: &Stall, number: usize) -> Result<(), Violation> {
    let desks = stall.desks();
    let Some(sale) = desks.sales.get(number) else { return Ok(()) };
    let order = sale.ask.order;
    let row = format!(
        "select o.holds || ' ' || o.state || ' ' || o.wallet_id || ' ' || o.vendor || ' ' || o.energy || ' ' || o.max_total_sun
         as what from energy_order o where o.id = '{order}' limit 1"
    );
    let Some(row) = asked(judge, &row)?.pop() else {
        return Err(broken("energy: an order is durable before it leaves", format!("{order} is no order")));
    };
    let mut words = row.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let (holds, state, wallet) = (word(), word(), word());
    let written = words.collect::<Vec<_>>().join(" ");
    let said = format!("{} {} {}", sale.ask.vendor, sale.ask.energy, sale.ask.max_total_sun.0);
    // Whoever sent it may have slept meanwhile: another process has doubted it, or energy of somebody else came for it. Its
    // cost is still looked for then.
    if holds != "1" || state == "planned" || written != said {
        let detail = format!("{order} was sold as {said:?}, and is {state} as {written:?}");
        return Err(broken("energy: an order is durable before it leaves", detail));
    }
    let earlier = || desks.sales.iter().take(number);
    // What was given up and paid back was never bought.
    if let Some(first) = earlier().find(|it| it.ask.order == order && it.kept_sun() > 0) {
        let names = (&first.name, &sale.name);
        return Err(broken("energy: an order is bought once", format!("{order} is {names:?}")));
    }
    let ended = "select id as what from energy_order where ended = 1 limit 10000";
    let ended = asked(judge, ended)?;
    let chain = judge.chain.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let at_risk = earlier().find(|it| {
        it.vendor == sale.vendor
            && it.ask.receiver == sale.ask.receiver
            && it.kept_sun() > 0
            && it.came(|txid| chain.head().after.done.contains(txid)) < it.ask.energy
            && !ended.contains(&it.ask.order.to_string())
    });
    if let Some(first) = at_risk {
        let detail =
            format!("{order} for {wallet}, while {} is open at {}", first.ask.order, sale.ask.vendor);
        return Err(broken("energy: one order of a wallet is at risk at a vendor", detail));
    }
    within_caps(&stall.policy, &desks, number)
}

/// What may be spent: on one order, on each energy, within an hour. A vendor that takes no bound may take more than it was
/// told: what it was told counts.
fn within_caps(policy: &Policy, desks: &Desks, number: usize) -> Result<(), Violation> {
    let Some(sale) = desks.sales.get(number) else { return Ok(()) };
    let (most, energy) = (sale.ask.max_total_sun, u128::from(sale.ask.energy));
    if most > policy.order_max_sun || most.0 * 1_000_000 > energy * u128::from(policy.energy_max_micro_sun) {
        let detail = format!("{:?} beside {policy:?}", sale.ask);
        return Err(broken("energy: an order is within its caps", detail));
    }
    let lately = desks.sales.iter().filter(|it| it.at_us > sale.at_us - HOUR_US);
    let bounded = |it: &Sale| u128::from(it.charged_sun).min(it.ask.max_total_sun.0);
    let spent: u128 = lately.map(|it| bounded(it).saturating_sub(it.refunded_sun.into())).sum();
    if spent > policy.hour_max_sun.0 {
        let detail = format!("{spent} sun in an hour, and {} may be", policy.hour_max_sun.0);
        return Err(broken("energy: an hour is within its cap", detail));
    }
    Ok(())
}

/// What is true at the end, once everything is known.
///
/// # Errors
/// The first rule that is broken.
pub fn at_rest(world: &World, stall: &Stall) -> Result<(), Violation> {
    let ask =
        |question: &str| store::ask(&world.db(), question).map_err(|it| broken("the oracle can ask", it));
    let open = "select id || ' of ' || wallet_id as what from energy_need where state = 'open' limit 5";
    if let Some(need) = ask(open)?.pop() {
        return Err(broken("energy: a need ends", need));
    }
    let open = "select id || ' of ' || wallet_id as what from energy_request where ended = 0 limit 5";
    if let Some(request) = ask(open)?.pop() {
        return Err(broken("energy: a request ends", request));
    }
    let beyond = "select r.id || ' got ' || r.got as what from energy_request r
                  where r.got > (select sum(i.energy) from energy_request_item i where i.request_id = r.id) limit 5";
    if let Some(request) = ask(beyond)?.pop() {
        return Err(broken("energy: a request gets what it says at most", request));
    }
    // Nobody asks on and on for what was answered already.
    let counts = "select (select count(*) from energy_need) || ' ' || ((select count(*) from transfer) +
                  (select count(*) from energy_request)) as what from meta limit 1";
    let counts = ask(counts)?.pop().unwrap_or_default();
    let (needs, transfers) = counts.split_once(' ').unwrap_or_default();
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    if number(needs) > NEEDS_EACH_MAX * number(transfers) {
        return Err(broken(
            "energy: what is asked for is remembered",
            format!("{needs} needs of {transfers} transfers"),
        ));
    }
    let desks = stall.desks();
    let mut kept: BTreeMap<String, u64> = BTreeMap::new();
    for sale in &desks.sales {
        *kept.entry(sale.ask.order.to_string()).or_default() += sale.kept_sun();
    }
    let orders = "select id || ' ' || state || ' ' || ended || ' ' || coalesce(cost_sun, -1) as what
                  from energy_order limit 10000";
    for row in ask(orders)? {
        let mut words = row.split(' ');
        let (Some(id), Some(state), Some(ended), Some(cost)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        let (cost, truth) = (cost.parse::<i128>().unwrap_or(-1), kept.remove(id).unwrap_or(0));
        if ended != "1" {
            return Err(broken("energy: an order ends", format!("{id} is {state}")));
        }
        if cost != i128::from(truth) {
            let detail = format!("{id} is {state} at {cost} sun, and its vendor kept {truth}");
            return Err(broken("energy: an order costs what its vendor kept", detail));
        }
    }
    if let Some((order, sun)) = kept.first_key_value() {
        let detail = format!("a vendor has sold {order} for {sun} sun, and we have no such order");
        return Err(broken("energy: an order is durable before it leaves", detail));
    }
    for vendor in &desks.vendors {
        let id = &vendor.facts.id;
        let books = format!(
            "select '' || ((select coalesce(sum(sun), 0) from energy_credit where vendor = '{id}') -
                    (select coalesce(sum(cost_sun), 0) from energy_order where vendor = '{id}')) as what
             from energy_credit where vendor = '{id}' limit 1"
        );
        let Some(books) = ask(&books)?.pop() else { continue };
        if books != vendor.held_sun().to_string() {
            let detail = format!("{id} holds {}, and our books say {books}", vendor.held_sun());
            return Err(broken("energy: the account holds what our books say", detail));
        }
    }
    Ok(())
}

/// What wallets burned: each payout within its fee limit and its cap, each hour within the wallet's.
///
/// # Errors
/// The first rule that is broken.
pub fn burned(world: &World, chain: &Chain) -> Result<(), Violation> {
    let Some(rules) = world.profile.tron() else { return Ok(()) };
    let strangers = world.chronicle().strange();
    for purse in &world.purses {
        let ours = |done: &&Executed| done.tx.from == purse.address && !strangers.contains_key(&done.tx.hash);
        let all: Vec<(i64, &Executed)> = chain
            .blocks
            .iter()
            .flat_map(|block| block.txs.iter().filter(ours).map(|done| (block.time_s, done)))
            .collect();
        for (_, done) in &all {
            let limit = done.tx.validity.as_ref().map_or(0, |it| it.fee_limit_sun);
            let cap = u128::from(rules.transfer_cost_cap_sun);
            if limit > cap || done.price_wei > limit + u128::from(BURN_BESIDE_MAX_SUN) {
                let txid = hex::encode(done.tx.hash);
                let detail = format!("0x{txid} burned {} of {limit}, and {cap} may be", done.price_wei);
                return Err(broken("energy: a payout burns no more than its cap", detail));
            }
        }
        let hour_s = HOUR_US / 1_000_000 - HOUR_BEHIND_S;
        for (at, _) in &all {
            let hour = all.iter().filter(|(then, _)| (*at - hour_s..=*at).contains(then));
            let sun: u128 = hour.map(|(_, done)| done.price_wei).sum();
            if sun > u128::from(rules.burn_hour_cap_sun) {
                let detail = format!("{} burned {sun} of {}", purse.id, rules.burn_hour_cap_sun);
                return Err(broken("energy: an hour burns no more than its cap", detail));
            }
        }
    }
    Ok(())
}

/// Lanes with a payout whose energy is awaited, and no word of what they wait for.
pub fn silent(world: &World) -> Vec<WalletId> {
    let question = "select distinct w.id as what from wallet w join transfer t on t.wallet_id = w.id
                    where t.state = 'fuelling' and w.obstacle is null and w.state = 'open' limit 8";
    let rows = world.rows(question);
    rows.iter().filter_map(|row| WalletId::parse(row).ok()).collect()
}
