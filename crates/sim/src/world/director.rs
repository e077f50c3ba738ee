//! Brings a history to its end: waits for callers and weather, ends the faults, heals everything, acts as the person on
//! duty, and says when all has come to rest.

use std::sync::Arc;

use sluice_core::access::Actor;
use sluice_core::adoption::Kind;
use sluice_core::event::Cause;
use sluice_core::id::{AlertId, KeyId, WalletId, WithdrawalId};
use sluice_core::moved::Refusal;
use sluice_core::partner::PLATFORM;
use sluice_core::port::registry::Registry as _;
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;
use sluice_flow::operator::{
    LaneCommand, OrderError, command, explain, give_up, lift, redrive, resolve_paid_by, stop,
};

use super::reply::remote;
use super::vendors::Attendant;
use super::{PROCESSES, World, restore, stranger, weather};
use crate::executor::WORLD;
use crate::oracle::end;

/// How long everything may take to end once nothing is wrong any more, virtual microseconds: four minutes, and the five
/// after which nodes that contradicted the others are asked again. Where two of three did, nothing ends before that.
pub const BOUND_US: i64 = 540_000_000;
/// The same where energy is sold: what is left to burn within an hour, and what became of an order, shows after that hour.
const BOUND_OF_ENERGY_US: i64 = BOUND_US + 3 * 3_600_000_000;
/// Looks at the store this often.
pub(super) const LOOK_US: i64 = 500_000;
/// What every history is promised and has not struck yet is looked at this often, so many times: longer than any process
/// stays away.
const HURRY_US: i64 = 50_000;
const HURRIES_MAX: u32 = 400;
/// Rest after the last withdrawal ended: sealing and alerts follow.
const REST_US: i64 = 3_000_000;
/// What is over but for alarms, which last a while beyond their cause, has so much time passed over at each look. Half a
/// lease: nobody loses one by it.
const LEAP_US: i64 = 1_000_000;

/// How long everything may take to end in this world.
pub const fn bound_us(world: &World) -> i64 {
    if world.stall.is_some() { BOUND_OF_ENERGY_US } else { BOUND_US }
}

/// The two persons on duty. Most of what they order takes one of them.
pub const DUTY: [KeyId; 2] = [KeyId::new(super::setup::name(901)), KeyId::new(super::setup::name(902))];

/// What the person on duty does while things go wrong.
#[derive(Clone, Debug)]
pub struct Duty {
    /// Stops a scope at a time, and lifts it so long after; microseconds.
    pub stop: Option<(i64, i64, Scope)>,
    /// Orders to lanes: when, which purse, what.
    pub orders: Vec<(i64, usize, LaneCommand)>,
}

pub(super) fn cause(world: &World, reason: &str) -> Cause {
    said(world, DUTY[0], reason)
}

pub(super) fn said(world: &World, by: KeyId, reason: &str) -> Cause {
    Cause { actor: Actor::Key(by), reason: reason.into(), at: Timestamp::from_micros(world.sim.now_us()) }
}

/// A stop and its lifting.
pub async fn stops(world: Arc<World>, at_us: i64, for_us: i64, scope: Scope) {
    world.sim.sleep(at_us).await;
    world.chronicle().stopped = true;
    let order = cause(&world, "drill");
    let done = on_any(&world, |ports, world| {
        let order = order.clone();
        async move { stop(&ports, &*world.db(), &*world.db(), (scope, PLATFORM, None), order).await.is_ok() }
    });
    if !done.await {
        return;
    }
    // The acknowledgement may be old: a process slept over it, and the stop was lifted meanwhile.
    if world.rows("select kind as what from stop limit 1").is_empty() {
        return;
    }
    world.witness.stopped(Some(scope));
    world.sim.note(WORLD, || format!("stop acknowledged: {scope:?}"));
    world.sim.sleep(for_us).await;
    lift_all(&world, scope).await;
}

pub(super) async fn lift_all(world: &Arc<World>, scope: Scope) {
    world.witness.stopped(None);
    for person in DUTY {
        let order = said(world, person, "drill over");
        on_any(world, |ports, world| {
            let order = order.clone();
            async move { lift(&ports, &*world.db(), scope, PLATFORM, order).await.is_ok() }
        })
        .await;
    }
    // An acknowledgement that came while it was lifted is not in force either.
    world.witness.stopped(None);
    world.sim.note(WORLD, || "stop lifted".into());
}

/// Orders to lanes.
pub async fn orders(world: Arc<World>, orders: Vec<(i64, usize, LaneCommand)>) {
    let start = world.sim.now_us();
    for (at, purse, order) in orders {
        world.sim.sleep(start + at - world.sim.now_us()).await;
        let Some(id) = world.purses.get(purse).map(|purse| purse.id) else { continue };
        tell(&world, &id, order).await;
    }
}

/// An order to a lane, carried out by whichever process answers.
pub(super) async fn tell(world: &Arc<World>, id: &WalletId, order: LaneCommand) {
    let id = *id;
    world.sim.note(WORLD, || format!("order to {id}: {order:?}"));
    let why = cause(world, "on duty");
    let given = on_any(world, |ports, _| {
        let (order, why) = (order.clone(), why.clone());
        async move { command(&ports, None, id, &order, why).await.is_ok() }
    });
    if !given.await || !order.kind().persons().two(false) {
        return;
    }
    let why = said(world, DUTY[1], "seen it too");
    on_any(world, |ports, _| {
        let (order, why) = (order.clone(), why.clone());
        async move {
            // Refused means that it froze for something else meanwhile, or opened: it is looked at again.
            let _done = command(&ports, None, id, &order, why).await;
            true
        }
    })
    .await;
}

/// Runs a job on whichever process answers; false when none did it.
pub(super) async fn on_any<F>(
    world: &Arc<World>,
    job: impl Fn(sluice_core::port::Ports, Arc<World>) -> F,
) -> bool
where
    F: Future<Output = bool> + Send + 'static,
{
    for _ in 0..20 {
        for process in PROCESSES {
            if remote(world, process, "orders", |ports| job(ports, Arc::clone(world))).await == Some(true) {
                return true;
            }
        }
        world.sim.sleep(LOOK_US).await;
    }
    false
}

/// Ends the history. `busy` is how long callers and weather go on.
pub async fn run(world: Arc<World>, busy_us: i64, scope: Option<Scope>) {
    world.sim.sleep(busy_us).await;
    while world.wishes().iter().any(|wish| wish.order.answered.is_none()) {
        world.sim.sleep(LOOK_US).await;
    }
    for _ in 0..HURRIES_MAX {
        if !world.plan.hurry(world.sim.now_us()) {
            break;
        }
        world.sim.sleep(HURRY_US).await;
    }
    world.plan.end();
    weather::heal(&world);
    for process in PROCESSES {
        world.sim.skew(process, 0);
    }
    world.sim.skew(WORLD, 0);
    // What was put off by a clock that was ahead waits until its time has come.
    let ahead = world.chronicle().clocks_ahead_us;
    world.sim.leap(ahead);
    world.chronicle().healed_at_us = Some(world.sim.now_us());
    world.sim.note(WORLD, || "healed: no fault from here on".into());
    if let Some(scope) = scope {
        lift_all(&world, scope).await;
    }
    if world.chronicle().restored.is_some() {
        attend(&world).await;
    }
    for purse in world.purses.clone() {
        tell(&world, &purse.id, LaneCommand::Cap(None)).await;
        tell(&world, &purse.id, LaneCommand::Resume).await;
    }
    let open = "select id as what from withdrawal where ended_at is null limit 1";
    let going = "select id as what from transfer where state not in ('final', 'dropped') limit 1";
    // Whatever was raised ends with its cause, or with a person who takes it. A node that contradicted the others is asked
    // again after minutes, which no history waits for.
    let told = "select id as what from alert where resolved_at is null
                and not (code = 'nodes_disagree' and subject like '% %') limit 1";
    // Whoever numbers events may have died just now; the other process has to wait for its lease.
    let unnumbered = "select id as what from event where number is null limit 1";
    // A lane that was given energy lately looks again after seconds whether anything waits for what was asked for ahead.
    let ahead = "select id as what from energy_request where ended = 0 limit 1";
    let (mut rested, mut vendors) = (0, Attendant::default());
    while rested < REST_US {
        world.sim.sleep(LOOK_US).await;
        let over = [open, going, unnumbered, ahead].iter().all(|asked| world.rows(asked).is_empty())
            && vendors.nothing_is_open(&world).await;
        let quiet = over && restore::is_over_with(&world) && world.rows(told).is_empty();
        if quiet && strangers_are_told_of(&world) {
            rested += LOOK_US;
        } else {
            rested = 0;
            if over {
                world.sim.leap(LEAP_US);
            }
            // An order to stop may have slept in a paused process and come after its own lifting.
            if let Some(scope) = scope
                && !world.rows("select kind as what from stop limit 1").is_empty()
            {
                lift_all(&world, scope).await;
            }
            attend(&world).await;
        }
    }
    world.chronicle().finished = true;
}

fn strangers_are_told_of(world: &World) -> bool {
    let strangers = world.chronicle().strange();
    strangers.is_empty() || end::untold(world, &world.chain(), &strangers).is_ok_and(|found| found.is_none())
}

/// Somebody with our key paid it: the person shows the transaction.
async fn by_hand(world: &Arc<World>, id: WithdrawalId, txid: [u8; 32]) {
    world.sim.note(WORLD, || format!("{id} was paid by a stranger: 0x{}", hex::encode(txid)));
    for person in DUTY {
        let why = said(world, person, "paid by hand");
        on_any(world, |ports, world| {
            let why = why.clone();
            async move {
                // Refused means that the transaction or the slot's death is not final yet: it is looked at again.
                if let Err(error) = resolve_paid_by(&ports, None, id, txid, why).await {
                    world.sim.note(WORLD, || format!("{id} is not resolved: {error}"));
                }
                true
            }
        })
        .await;
    }
}

/// Two persons explain what strangers did to frozen lanes; one that is not final yet is looked at again.
async fn explain_all(world: &Arc<World>) {
    let open =
        "select s.wallet_id || ' ' || s.txid as what from sighting s join wallet w on w.id = s.wallet_id
                where w.state = 'frozen' and s.word <> 'denied' and not exists (
                    select 1 from adoption a where a.txid = s.txid and a.wallet_id = s.wallet_id) limit 20";
    for row in world.rows(open) {
        let Some((wallet, text)) = row.split_once(' ') else { continue };
        let mut txid = [0; 32];
        let (Ok(wallet), Ok(())) = (WalletId::parse(wallet), hex::decode_to_slice(text, &mut txid)) else {
            continue;
        };
        world.sim.note(WORLD, || format!("0x{text} of {wallet} is explained"));
        for person in DUTY {
            let why = said(world, person, "a thief's");
            on_any(world, |ports, _| {
                let why = why.clone();
                async move {
                    // Refused means that it is not final, or that it is explained already.
                    let _done = explain(&ports, None, wallet, txid, Kind::Theft, why).await;
                    true
                }
            })
            .await;
        }
    }
}

/// What waits for a person is sent again once, then given up. A reversed finality is looked at and taken.
pub(super) async fn attend(world: &Arc<World>) {
    let reversed =
        "select id as what from alert where code = 'finality_reversed' and acknowledged_by is null limit 10";
    for id in world.rows(reversed) {
        let Ok(id) = AlertId::parse(&id) else { continue };
        // The world's own hand, without faults: this person is not what is tested.
        let _taken = world.db().acknowledge(None, id, cause(world, "on duty")).await;
    }
    if !restore::look_after(world).await {
        return;
    }
    explain_all(world).await;
    for (asked, order) in [
        ("select id as what from wallet where reverts >= 3 limit 10", LaneCommand::Resume),
        ("select id as what from wallet where state = 'frozen' limit 10", LaneCommand::Unfreeze),
        // One that was paused before it froze is paused again once it is unfrozen.
        ("select id as what from wallet where state in ('paused', 'draining') limit 10", LaneCommand::Resume),
    ] {
        for id in world.rows(asked) {
            if let Ok(id) = WalletId::parse(&id) {
                tell(world, &id, order.clone()).await;
            }
        }
    }
    let waiting = "select id || ' ' || attempt_no || ' ' || (evidence like '%payment_differs%') || ' ' ||
                          (evidence like '%store_went_back%') || ' ' || payment_key as what
                   from withdrawal where state = 'needs_attention' limit 50";
    for row in world.rows(waiting) {
        let mut parts = row.split(' ');
        let (Some(id), Some(attempts), Some(differs), Some(doubted), Some(key)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let Ok(id) = WithdrawalId::parse(id) else { continue };
        // What the token moved otherwise, it would again.
        let again = match doubted {
            "0" => attempts.len() == 1 && attempts < "6" && differs == "0",
            _ => restore::is_wanted(world, id),
        };
        if let Some(txid) = stranger::paid(world, id).or_else(|| restore::paid(world, key)) {
            by_hand(world, id, txid).await;
            continue;
        }
        world
            .sim
            .note(WORLD, || format!("{id} needs a person: {}", if again { "redrive" } else { "give up" }));
        for person in DUTY {
            let why = said(world, person, "on duty");
            on_any(world, |ports, world| {
                let why = why.clone();
                async move {
                    // Refused means that a slot is not proven dead yet, or that the first person was enough; or that nobody
                    // had let it pass before the store went back.
                    let gives_up = !again
                        || matches!(
                            redrive(&ports, None, id, why.clone()).await,
                            Err(OrderError::Refused(Refusal::Evidence { .. }))
                        );
                    if gives_up && let Err(error) = give_up(&ports, None, id, why).await {
                        world.sim.note(WORLD, || format!("{id} is not given up: {error}"));
                    }
                    true
                }
            })
            .await;
        }
    }
}
