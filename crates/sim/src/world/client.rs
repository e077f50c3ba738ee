//! Callers: they post, retry with the same external id and a new key, post again what was answered, change their mind,
//! and check every answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sluice_core::access::Actor;
use sluice_core::event::Cause;
use sluice_core::id::{KeyId, Ulid};
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::Type;
use sluice_flow::intake::{IntakeError, Taken, Wanted, take};
use sluice_flow::operator::{Cancelled, OrderError, cancel};

use super::ahead;
use super::reply::remote;
use super::{PROCESSES, Wish, World, restore};
use crate::executor::{ProcessId, WORLD};
use crate::oracle::Violation;
use crate::rng::Rng;

/// Most tries of one request; far more than any history needs.
const TRIES_MAX: u32 = 200;

/// Posts again what the store has forgotten that it took, under the same external id.
pub async fn again(world: Arc<World>, index: usize, mut luck: Rng) {
    let Some(wish) = world.wishes().get(index).cloned() else { return };
    world.sim.sleep(luck.within(10_000, 2_000_000) as i64).await;
    post(&world, index, &wish, &mut luck).await;
}

/// Lives the life of one wish. Ends when it is answered, and cancelled where the caller wanted that.
pub async fn run(world: Arc<World>, index: usize, mut luck: Rng) {
    let Some(wish) = world.wishes().get(index).cloned() else { return };
    world.sim.sleep(wish.at_us).await;
    post(&world, index, &wish, &mut luck).await;
    if wish.conflicts {
        conflict(&world, index, &wish, &mut luck).await;
    }
    // A payment of the coin takes no energy.
    if world.stall.is_some() && !wish.order.coin && luck.chance(300) {
        let asked = world.wishes().get(index).cloned();
        if let Some(wish) = asked {
            ahead::run(&world, &wish, &mut luck).await;
        }
    }
    if luck.chance(200) {
        // A caller that lost its notes posts again what was taken long ago.
        world.sim.sleep(luck.within(10_000, 4_000_000) as i64).await;
        post(&world, index, &wish, &mut luck).await;
    }
    if let Some(after) = wish.cancel_after_us {
        world.sim.sleep(after).await;
        change_mind(&world, index, &mut luck).await;
    }
}

fn process(luck: &mut Rng) -> ProcessId {
    luck.within(*PROCESSES.start() as u64, *PROCESSES.end() as u64) as ProcessId
}

fn cause(world: &World, process: ProcessId, reason: &str) -> Cause {
    let at = Timestamp::from_micros(world.sim.clock_us(process));
    Cause { actor: Actor::Key(KeyId::new(Ulid::new(Timestamp::default(), 1))), reason: reason.into(), at }
}

fn wanted(world: &World, wish: &Wish, atoms: u128, key: String) -> Wanted {
    let precision = usize::from(world.asset.precision);
    let digits = format!("{atoms:0width$}", width = precision + 1);
    let (whole, fraction) = digits.split_at(digits.len() - precision);
    Wanted {
        external_id: wish.order.external_id.clone(),
        user_id: "user-1".into(),
        asset: if wish.order.coin { world.coin() } else { world.asset.clone() }.id.to_string(),
        amount: format!("{whole}.{fraction}"),
        address: world.address(wish.order.to).key(),
        kind: Type::Immediate,
        memo: None,
        scheduled_for: None,
        metadata: BTreeMap::new(),
        idempotency_key: Some(key),
    }
}

async fn ask(
    world: &Arc<World>,
    wish: &Wish,
    atoms: u128,
    luck: &mut Rng,
) -> Option<Result<Taken, IntakeError>> {
    let process = process(luck);
    let key = format!("key-{:016x}", luck.bits());
    let (partner, deployment) = (wish.order.partner, world.deployment.clone());
    let (wanted, cause) = (wanted(world, wish, atoms, key), cause(world, process, "api"));
    remote(world, process, "intake", |ports| async move {
        take(&ports, &deployment, partner, wanted, cause).await
    })
    .await
}

async fn post(world: &Arc<World>, index: usize, wish: &Wish, luck: &mut Rng) {
    for _ in 0..TRIES_MAX {
        // What a caller was told is over before the store went back would be an order anew.
        if restore::is_over(world, index) {
            return;
        }
        match ask(world, wish, wish.order.atoms, luck).await {
            Some(Ok(taken)) => return answered(world, index, &taken),
            Some(Err(IntakeError::Store(_))) | None => {}
            Some(Err(other)) => {
                return world
                    .accuse(Violation::new("M1 a retry is the same request", format!("{other}: {wish:?}")));
            }
        }
        world.sim.sleep(luck.within(20_000, 600_000) as i64).await;
    }
    world.accuse(Violation::new("liveness: intake answers", format!("{wish:?}")));
}

fn answered(world: &World, index: usize, taken: &Taken) {
    // Asked before the list is held: whatever was answered before is as if it never was.
    let forgotten = restore::forgotten(world, index);
    let mut wishes = world.wishes();
    let Some(wish) = wishes.get_mut(index) else { return };
    let (withdrawal, replayed) = match taken {
        Taken::New(view) => (&view.withdrawal, false),
        Taken::Replay(withdrawal) => (&**withdrawal, true),
    };
    let same = withdrawal.request.external_id == wish.order.external_id
        && withdrawal.request.asset.contract().is_none() == wish.order.coin
        && withdrawal.request.to == world.address(wish.order.to)
        && u128::try_from(withdrawal.request.amount.atoms()) == Ok(wish.order.atoms)
        && withdrawal.partner == wish.order.partner;
    let before = wish.order.answered.filter(|_| !forgotten);
    let other = before.is_some_and(|id| id != withdrawal.id);
    // What is posted again may be asked for by two at a time, and the later one be answered first.
    let twice = before.is_some() && !replayed && !restore::is_again(world, index);
    wish.order.answered = Some(withdrawal.id);
    let external_id = wish.order.external_id.clone();
    drop(wishes);
    world.sim.note(WORLD, || format!("{external_id} is {} (replayed {replayed})", withdrawal.id));
    if !same || other || twice {
        let detail = format!("{external_id} was answered with {withdrawal:?}, replayed {replayed}");
        world.accuse(Violation::new("M1 one identity", detail));
    }
}

async fn conflict(world: &Arc<World>, index: usize, wish: &Wish, luck: &mut Rng) {
    for _ in 0..TRIES_MAX {
        // With what, nobody knows any more.
        if restore::forgotten(world, index) {
            return;
        }
        match ask(world, wish, wish.order.atoms + 1, luck).await {
            Some(Err(IntakeError::ExternalIdConflict(_))) => return,
            Some(Err(IntakeError::Store(_))) | None => {}
            Some(other) => {
                let detail =
                    format!("another amount under {} was answered with {other:?}", wish.order.external_id);
                return world.accuse(Violation::new("M1 other content is a conflict", detail));
            }
        }
        world.sim.sleep(luck.within(20_000, 600_000) as i64).await;
    }
}

async fn change_mind(world: &Arc<World>, index: usize, luck: &mut Rng) {
    for _ in 0..TRIES_MAX {
        let Some(order) = world.wishes().get(index).map(|wish| wish.order.clone()) else { return };
        let Some(id) = order.answered else { return };
        let process = process(luck);
        let cause = cause(world, process, "the user changed their mind");
        let answer = remote(world, process, "orders", |ports| async move {
            cancel(&ports, order.partner, id, cause).await
        })
        .await;
        match answer {
            Some(Ok(Cancelled::Now(_) | Cancelled::Requested(_)) | Err(OrderError::Refused(_))) => return,
            // Whatever else it says, the caller cannot know whether it was heard, and asks again.
            Some(Err(_)) | None => {}
        }
        world.sim.sleep(luck.within(20_000, 600_000) as i64).await;
    }
}

/// Looks for a lost answer of the signer this often.
const REGRET_US: i64 = 50_000;

/// A caller whose withdrawal was signed, and nobody but the signer knows it, wants it back just then. Nothing but the
/// signer's journal says that its slot is not free.
pub async fn regret(world: Arc<World>, until_us: i64, mut luck: Rng) {
    let mut waiting = BTreeSet::new();
    while world.sim.now_us() < until_us {
        world.sim.sleep(REGRET_US).await;
        let still = world.witness.unrecorded();
        let lost = still.intersection(&waiting).next().copied();
        let index =
            lost.and_then(|id| world.wishes().iter().position(|wish| wish.order.answered == Some(id)));
        if let Some(index) = index {
            world.sim.note(WORLD, || "regrets what is signed and not recorded".into());
            if let Some(wish) = world.wishes().get_mut(index) {
                wish.cancel_after_us.get_or_insert(0);
            }
            return change_mind(&world, index, &mut luck).await;
        }
        waiting = still;
    }
}
