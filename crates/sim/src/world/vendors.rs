//! The hands of the vendors of energy, between two blocks: they lend what is due, take back what a plan says, and pay back.
//! And the person who reads a vendor's own statement, where account and chain explain nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_codec::tron;
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::amount::Cost;
use sluice_core::energy::{Order, SETTLES_MS};
use sluice_core::id::WalletId;
use sluice_core::port::store::{Change, Store as _};
use sluice_core::time::Timestamp;

use super::{World, director};
use crate::executor::WORLD;
use crate::model::block::{Loan, Tx, Validity};
use crate::model::chain::Chain;
use crate::model::market::{Lending, Stall, lender};
use crate::model::tron::ENERGY_OF_A_TRX;
use crate::oracle::Violation;
use crate::oracle::energy::silent;

/// Sun that are staked for each energy.
const STAKE_SUN: u64 = 1_000_000 / ENERGY_OF_A_TRX;
/// What a vendor signs may be included for so long, milliseconds: it sends it until it is.
const LIVES_MS: i64 = 86_400_000;
/// Account and chain have explained an order so long after the time from which they can, milliseconds; else a person has to.
const PERSON_MS: i64 = 180_000;

/// After a block.
pub fn turn(world: &World, stall: &Stall) {
    let now_us = world.sim.now_us();
    stall.refund(now_us);
    tell_booked(world, stall);
    let mut chain = world.chain();
    let mut desks = stall.desks();
    let mut vanished = 0;
    for sale in &mut desks.sales {
        let rent_us = i64::try_from(sale.ask.duration_s).unwrap_or(i64::MAX / 2_000_000) * 1_000_000;
        for lending in &mut sale.loans {
            if lending.at_us <= now_us {
                vanished += u64::from(look_after(world, &mut chain, sale.vendor, lending, rent_us));
            }
        }
    }
    if vanished > 0 {
        *desks.met.entry("vanished").or_default() += vanished;
    }
}

/// A vendor is wrong about our account only after we have booked what it held first.
fn tell_booked(world: &World, stall: &Stall) {
    if stall.desks().vendors.iter().all(|vendor| vendor.booked) {
        return;
    }
    let booked = world.rows("select vendor as what from energy_credit limit 8");
    for vendor in &mut stall.desks().vendors {
        vendor.booked = booked.iter().any(|it| it == vendor.facts.id.as_str());
    }
}

/// Lends, and takes back; true when it begins to take back what a plan says.
fn look_after(world: &World, chain: &mut Chain, vendor: usize, lending: &mut Lending, rent_us: i64) -> bool {
    let now_us = world.sim.now_us();
    if !stands(chain, lending.lent.as_ref()) {
        lending.lent = Some(send(world, chain, vendor, lending, false));
        return false;
    }
    let purse = world.purses.iter().find(|purse| purse.address.0 == lending.receiver.0);
    let signatures = purse.map_or(0, |purse| world.witness.signatures_of(purse.id));
    let before = *lending.signatures.get_or_insert(signatures);
    let head = chain.head().id.number;
    if let Some(blocks) = lending.vanishes
        && signatures > before
    {
        lending.until.get_or_insert(head + blocks);
    }
    let planned = lending.until.is_some_and(|until| until <= head);
    let over = planned || lending.at_us + rent_us <= now_us;
    if !over || stands(chain, lending.back.as_ref()) {
        return false;
    }
    let first = lending.back.is_none();
    lending.back = Some(send(world, chain, vendor, lending, true));
    first && planned
}

/// Whether it is on the chain.
fn stands(chain: &Chain, tx: Option<&Arc<Tx>>) -> bool {
    tx.is_some_and(|tx| chain.head().after.done.contains(&tx.hash))
}

/// Sends it to every node, once more where it is on its way. A block that left may have taken along what it leans on: then
/// another one is made, for the former can never be included.
fn send(world: &World, chain: &mut Chain, vendor: usize, lending: &Lending, back: bool) -> Arc<Tx> {
    let before = if back { lending.back.as_ref() } else { lending.lent.as_ref() };
    let tx = match before.filter(|tx| tx.validity.as_ref().is_some_and(|it| leans(chain, it))) {
        Some(tx) => Arc::clone(tx),
        None => {
            let tx = Arc::new(made(chain, world.sim.now_us(), vendor, lending, back));
            let what = lending.loan(back);
            world.sim.note(WORLD, || format!("0x{} to {}: {what:?}", hex::encode(tx.hash), lending.receiver));
            tx
        }
    };
    for node in 0..chain.nodes.len() {
        // A node that has it says so, and whoever is down hears of it from the others.
        let _heard = chain.offer(node, &tx);
    }
    tx
}

fn leans(chain: &Chain, validity: &Validity) -> bool {
    chain.blocks.iter().rev().any(|block| block.tapos() == validity.tapos)
}

fn made(chain: &Chain, now_us: i64, vendor: usize, lending: &Lending, back: bool) -> Tx {
    let solid = chain.at(chain.finalized()).unwrap_or_else(|| chain.head());
    let (bytes, hash) = solid.tapos();
    let terms = tron::Terms {
        reference: tron::Reference { bytes, hash },
        expiration_ms: chain.head().time_ms() + LIVES_MS,
        timestamp_ms: now_us,
        fee_limit_sun: 0,
        memo: vec![],
        permission_id: 0,
    };
    let (receiver, resource) = (lending.receiver, tron::Resource::Energy);
    let stake_sun = i64::try_from(lending.energy.saturating_mul(STAKE_SUN)).unwrap_or(i64::MAX);
    let call = match lending.loan(back) {
        Loan::Lends(_) => tron::Call::Delegate { receiver, resource, stake_sun, lock_blocks: None },
        Loan::TakesBack(_) => tron::Call::Undelegate { receiver, resource, stake_sun },
    };
    let owner = lender(vendor);
    let expires_at_ms = terms.expiration_ms;
    let raw = tron::raw(&tron::Unsigned { owner: TronAddress(owner.0), call, terms });
    Tx {
        hash: tron::txid(&raw),
        from: owner,
        nonce: 0,
        to: EvmAddress(receiver.0),
        value_wei: 0,
        data: vec![],
        gas_limit: 0,
        max_fee_wei: 0,
        tip_wei: 0,
        validity: Some(Validity {
            raw: raw.into(),
            tapos: (bytes, hash),
            expires_at_ms,
            fee_limit_sun: 0,
            loan: Some(lending.loan(back)),
        }),
    }
}

/// Nothing but time is waited for: it passes over by so much at each look, microseconds. Longer than a lease: everybody
/// begins anew.
const LEAP_US: i64 = 240_000_000;
/// Looks in a row at which a lane may be silent about what it waits for.
const SILENT_MAX: usize = 60;

/// Who looks after vendors at the end of a history.
#[derive(Default)]
pub struct Attendant {
    silent: BTreeMap<WalletId, usize>,
}

impl Attendant {
    /// Whether no need and no order is open. Passes over time in which nothing can happen: what was burned or spent counts for
    /// an hour, and account and chain explain an order after minutes.
    pub async fn nothing_is_open(&mut self, world: &World) -> bool {
        let Some(stall) = &world.stall else { return true };
        self.listen(world);
        let count = |question| world.rows(question).len();
        let moving = "select id as what from transfer where state in ('built', 'signed', 'seen') limit 1";
        let needs = "select id as what from energy_need where state = 'open' limit 1";
        let orders =
            "select id as what from energy_order where state in ('planned', 'asked', 'unknown', 'accepted')
                      limit 1";
        let unexplained = "select id as what from energy_order where ended = 0 limit 1";
        let waits = "select id as what from transfer where state = 'fuelling' limit 1";
        let moves = [moving, needs, orders].iter().any(|asked| count(asked) > 0);
        if !moves && (count(unexplained) > 0 || count(waits) > 0) {
            world.sim.leap(LEAP_US);
            settle_by_hand(world, stall).await;
        }
        count(needs) == 0 && count(unexplained) == 0
    }

    /// A lane whose payouts wait for energy says so.
    fn listen(&mut self, world: &World) {
        let now = silent(world);
        self.silent.retain(|wallet, _| now.contains(wallet));
        for wallet in now {
            let looks = self.silent.entry(wallet).or_default();
            *looks += 1;
            if *looks > SILENT_MAX {
                let detail = format!("{wallet} waits for energy, and says that it waits for nothing");
                world.accuse(Violation::new("energy: a status says what is awaited", detail));
            }
        }
    }
}

/// A person reads the vendors' own statements, and says what they kept of orders that account and chain have not explained in
/// all this time.
async fn settle_by_hand(world: &World, stall: &Stall) {
    let now = Timestamp::from_micros(world.sim.now_us());
    let Ok(view) = world.db().energy(world.profile.id, now, &[]).await else { return };
    let long_ago = |order: &&Order| {
        let asked = order.state.asked();
        !order.is_ended() && asked.is_some_and(|it| now.since_ms(it.at) > SETTLES_MS + PERSON_MS)
    };
    let orders: Vec<Order> = view.orders.iter().filter(long_ago).cloned().collect();
    for order in orders {
        let id = order.id;
        let kept: u64 =
            stall.desks().sales.iter().filter(|it| it.ask.order == id).map(|it| it.kept_sun()).sum();
        // Refused means that its deadline has not been noticed yet: it is looked at again.
        let Ok(Some(step)) = order.resolve(Cost(kept.into()), now) else { continue };
        world.plan.struck("a_person_read_the_statement", "vendor");
        world.sim.note(WORLD, || format!("{id} is explained by hand: {kept} sun"));
        let cause = Some(director::cause(world, "the vendor's statement"));
        // Whoever meanwhile changed it has explained it.
        let _done =
            world.db().apply(None, vec![Change { orders: vec![step], cause, ..Change::default() }]).await;
    }
}
