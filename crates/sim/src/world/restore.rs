//! A store that is put back to an older copy of itself (M17), under signed work that is in the pools and on the chain; and
//! what people do about it then, by the procedure of `docs/runbooks.md`. The signer keeps its journal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sluice_core::adoption::Kind;
use sluice_core::event::Cause;
use sluice_core::id::{WalletId, WithdrawalId};
use sluice_core::intent::PaymentKey;
use sluice_core::stop::Scope;
use sluice_flow::operator::explain;
use sluice_store::{Db, Template};

use super::director::{DUTY, LOOK_US, attend, lift_all, on_any, said};
use super::history::Script;
use super::{PROCESSES, World, client, process};
use crate::executor::WORLD;
use crate::model::chain::Chain;
use crate::oracle::Violation;
use crate::ports::{Chance, ProcessClock};
use crate::rng::Rng;

/// Looks this often whether anything was signed that the copy does not know, microseconds.
const WAIT_US: i64 = 50_000;

/// When which copy is put back, microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Restore {
    /// From the start to the copy.
    copied_at: i64,
    /// From the copy until it is put back, at least.
    lost: i64,
    /// From there until the engine is started again.
    away: i64,
    /// From there until people look after it.
    alone: i64,
    /// It was put in place by `sluice restore`, which says so in it.
    told: bool,
}

/// What a restore leaves to look at.
#[derive(Clone, Debug)]
pub struct Restored {
    /// When.
    pub at_us: i64,
    /// Orders whose callers had been told that they have ended unpaid, by their place among the wishes.
    pub over: BTreeSet<usize>,
    /// Orders that are posted again.
    again: BTreeSet<usize>,
    luck: Rng,
}

/// Draws whether and when: in one history of four.
pub fn draw(luck: &mut Rng, span_us: i64) -> Option<Restore> {
    luck.chance(250).then(|| Restore {
        copied_at: 300_000 + luck.below(span_us as u64 / 2) as i64,
        lost: luck.within(200_000, 5_000_000) as i64,
        away: luck.within(200_000, 4_000_000) as i64,
        alone: luck.within(500_000, 6_000_000) as i64,
        told: luck.chance(300),
    })
}

/// Whether this history may have one. What vendors of energy sold in the lost time is not told by the signer's journal, and
/// what hours of wrong clocks do is looked at by itself.
pub const fn may_be(world: &World, script: &Script) -> bool {
    world.stall.is_none() && !script.clocks
}

/// Copies the store, puts the copy back once something was signed that it does not know, and looks after what follows until
/// the world heals; the director goes on then. A history that signs nothing more keeps its store.
pub async fn run(world: Arc<World>, restore: Restore, luck: Rng) {
    world.sim.sleep(restore.copied_at).await;
    let db = world.db();
    let copy = match Template::of(&db) {
        Ok(copy) => copy,
        Err(error) => return world.accuse(Violation::new("the world can be built", error.to_string())),
    };
    let witnessed = world.witness.copied();
    world.sim.note(WORLD, || "the store is copied".into());
    world.sim.sleep(restore.lost).await;
    while world.witness.unheard_of(&witnessed) == 0 {
        if world.chronicle().healed_at_us.is_some() {
            return;
        }
        world.sim.sleep(WAIT_US).await;
    }
    let over = told_over(&world);
    for process in PROCESSES {
        world.sim.kill(process);
        super::locked(&world.alive).remove(&process);
    }
    if let Err(error) = put_back(&world, &copy, restore.told) {
        return world.accuse(Violation::new("the world can be built", error));
    }
    world.witness.put_back(witnessed);
    world.plan.struck("store_put_back", "chain");
    world.sim.note(WORLD, || format!("the store is put back; {} orders were told to be over", over.len()));
    let at_us = world.sim.now_us();
    world.chronicle().restored = Some(Restored { at_us, over, again: BTreeSet::new(), luck });
    world.sim.sleep(restore.away).await;
    for process in PROCESSES {
        process::start(&world, process);
    }
    world.sim.sleep(restore.alone).await;
    while world.chronicle().healed_at_us.is_none() {
        attend(&world).await;
        world.sim.sleep(LOOK_US).await;
    }
}

fn put_back(world: &World, copy: &Template, told: bool) -> Result<(), String> {
    let clock = Arc::new(ProcessClock { sim: world.sim.clone(), process: WORLD });
    let db = Db::inline_from_template(copy, clock, Arc::new(Chance(world.sim.clone())));
    let db = db.map_err(|error| error.to_string())?;
    if told {
        let said = format!(
            "insert into went_back (evidence, noticed_at) values ('it was put in place from a copy', {})",
            world.sim.now_us()
        );
        super::furnish::now("restore", db.tamper(&said, &said))?;
    }
    *super::locked(&world.db) = Arc::new(db);
    Ok(())
}

/// Orders that have ended unpaid, and whose callers know them by name.
fn told_over(world: &World) -> BTreeSet<usize> {
    let ended =
        "select id as what from withdrawal where status in ('cancelled', 'failed', 'rejected') limit 10000";
    let ended: BTreeSet<String> = world.rows(ended).into_iter().collect();
    let wishes = world.wishes();
    let over = |wish: &super::Wish| wish.order.answered.is_some_and(|id| ended.contains(&id.to_string()));
    wishes.iter().enumerate().filter(|(_, wish)| over(wish)).map(|(index, _)| index).collect()
}

/// Whether the store has forgotten what it answered to an order.
pub fn forgotten(world: &World, index: usize) -> bool {
    if world.chronicle().restored.is_none() {
        return false;
    }
    let Some(id) = world.wishes().get(index).and_then(|wish| wish.order.answered) else { return false };
    world.rows(&format!("select id as what from withdrawal where id = '{id}' limit 1")).is_empty()
}

/// Whether a caller was told before the restore that an order has ended unpaid: it is not asked for again.
pub fn is_over(world: &World, index: usize) -> bool {
    world.chronicle().restored.as_ref().is_some_and(|restored| restored.over.contains(&index))
}

/// Whether an order is posted again because the store has forgotten it.
pub fn is_again(world: &World, index: usize) -> bool {
    world.chronicle().restored.as_ref().is_some_and(|restored| restored.again.contains(&index))
}

/// Whether the caller of a withdrawal that nobody knows the last word of still counts it as open.
pub fn is_wanted(world: &World, id: WithdrawalId) -> bool {
    let named =
        format!("select partner_id || ' ' || external_id as what from withdrawal where id = '{id}' limit 1");
    let named = world.rows(&named);
    let of = |wish: &super::Wish| format!("{} {}", wish.order.partner, wish.order.external_id);
    let index = world.wishes().iter().position(|wish| named.contains(&of(wish)));
    index.is_none_or(|index| !is_over(world, index))
}

/// Whether the store has found out that it went back, and has imported what the signer's journal knows.
pub fn is_recognised(world: &World) -> bool {
    let imported = "select evidence as what from went_back where imported_at is not null limit 1";
    !world.rows(imported).is_empty()
}

/// Whether nothing of the procedure is left to do.
pub fn is_over_with(world: &World) -> bool {
    if world.chronicle().restored.is_none() {
        return true;
    }
    let count = world.wishes().len();
    (0..count).all(|index| is_over(world, index) || !forgotten(world, index)) && unbooked(world).is_empty()
}

/// One round of the procedure: callers post again what they still want, what the lost life sent is explained, and everything
/// may pay again. What waits for a person, and lanes, are looked after with all others. False while nobody may touch
/// anything: the store has not found out yet.
pub(super) async fn look_after(world: &Arc<World>) -> bool {
    if world.chronicle().restored.is_none() {
        return true;
    }
    if !is_recognised(world) {
        return false;
    }
    let count = world.wishes().len();
    for index in 0..count {
        let lost = !is_over(world, index) && forgotten(world, index);
        let luck = world.chronicle().restored.as_mut().and_then(|restored| {
            (lost && restored.again.insert(index)).then(|| Rng::new(restored.luck.bits()))
        });
        if let Some(luck) = luck {
            world.sim.spawn(WORLD, "client", client::again(Arc::clone(world), index, luck));
        }
    }
    for (txid, (wallet, kind)) in unbooked(world) {
        world.sim.note(WORLD, || format!("0x{} of {wallet} is of the lost life", hex::encode(txid)));
        for person in DUTY {
            let why: Cause = said(world, person, "made before the restore");
            on_any(world, |ports, _| {
                let why = why.clone();
                async move {
                    // Refused means that it is explained already.
                    let _done = explain(&ports, None, wallet, txid, kind, why).await;
                    true
                }
            })
            .await;
        }
    }
    world.witness.opened();
    let stopped = "select kind as what from stop where kind = 'all' limit 1";
    if !world.rows(stopped).is_empty() {
        lift_all(world, Scope::All).await;
    }
    true
}

/// Transactions of ours on the canonical chain that no transfer of this store has made: what the lost life sent.
pub fn of_the_lost_life(world: &World, chain: &Chain) -> BTreeMap<[u8; 32], (WalletId, Option<PaymentKey>)> {
    if world.chronicle().restored.is_none() {
        return BTreeMap::new();
    }
    let known = "select txid as what from attempt where txid is not null limit 10000";
    let known: BTreeSet<String> = world.rows(known).into_iter().collect();
    let done = chain.blocks.iter().flat_map(|block| &block.txs);
    let lost = done.filter_map(|done| {
        let purse = world.purses.iter().find(|purse| purse.address == done.tx.from)?;
        let key = world.witness.signed_for(&done.tx.hash)?;
        let made = known.contains(hex::encode(done.tx.hash).as_str());
        (!made).then_some((done.tx.hash, (purse.id, key)))
    });
    lost.collect()
}

/// Those of them that are final and not explained yet, and what they are.
fn unbooked(world: &World) -> BTreeMap<[u8; 32], (WalletId, Kind)> {
    let chain = world.chain();
    let lost = of_the_lost_life(world, &chain);
    if lost.is_empty() {
        return BTreeMap::new();
    }
    let explained = world.rows("select txid as what from adoption limit 1000");
    let explained: BTreeSet<String> = explained.into_iter().collect();
    let finalized = chain.finalized();
    let done = chain.blocks.iter().filter(|block| block.id.number <= finalized).flat_map(|block| &block.txs);
    let left = done.filter_map(|done| {
        let (wallet, _) = lost.get(&done.tx.hash)?;
        let kind = if done.moved().is_some() { Kind::ManualPayment } else { Kind::NetworkCost };
        let is_new = !explained.contains(hex::encode(done.tx.hash).as_str());
        is_new.then_some((done.tx.hash, (*wallet, kind)))
    });
    left.collect()
}

/// The transaction of the lost life that has paid a withdrawal, if the chain holds one.
pub fn paid(world: &World, key: &str) -> Option<[u8; 32]> {
    let chain = world.chain();
    let lost = of_the_lost_life(world, &chain);
    let done = chain.blocks.iter().flat_map(|block| &block.txs);
    let mut paid = done.filter(|done| done.success && done.moved().is_some()).map(|done| done.tx.hash);
    paid.find(|txid| lost.get(txid).is_some_and(|(_, pays)| pays.is_some_and(|pays| pays.to_string() == key)))
}
