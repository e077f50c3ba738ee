//! Callers who have energy got ahead for what they ordered: under one name, again where no answer came, and sometimes they leave it.

use std::sync::Arc;

use sluice_core::access::Actor;
use sluice_core::event::Cause;
use sluice_core::id::{EnergyRequestId, KeyId, Ulid};
use sluice_core::time::Timestamp;
use sluice_flow::operator::{
    Ahead, AheadError, AheadStored, OrderError, cancel_energy_request, request_energy,
};

use super::reply::remote;
use super::{PROCESSES, Wish, World};
use crate::executor::WORLD;
use crate::oracle::Violation;
use crate::rng::Rng;

/// Most tries of one request.
const TRIES_MAX: u32 = 60;

/// Asks for one, whoever answers, and calls it off in one of four cases.
pub async fn run(world: &Arc<World>, wish: &Wish, luck: &mut Rng) {
    let Some(request) = asked(world, wish, luck).await else { return };
    world.sim.note(WORLD, || format!("{request} is energy ahead for {}", wish.order.external_id));
    if !luck.chance(250) {
        return;
    }
    world.sim.sleep(luck.within(10_000, 3_000_000) as i64).await;
    for _ in 0..TRIES_MAX {
        let (process, reader) = (process(luck), world.db());
        let (partner, cause) = (wish.order.partner, cause(world, "not wanted"));
        let done = remote(world, process, "orders", |ports| async move {
            cancel_energy_request(&ports, &*reader, Some(partner), request, cause).await
        });
        // It is called off, or has ended by itself.
        if let Some(Ok(_) | Err(OrderError::Refused(_))) = done.await {
            return;
        }
        world.sim.sleep(luck.within(20_000, 600_000) as i64).await;
    }
}

/// The name of the request; `None` where nothing is to be got ahead any more.
async fn asked(world: &Arc<World>, wish: &Wish, luck: &mut Rng) -> Option<EnergyRequestId> {
    let (id, partner) = (wish.order.answered?, wish.order.partner);
    let own: Vec<_> = world.purses.iter().filter(|it| it.partner == partner).map(|it| it.id).collect();
    let lane = usize::try_from(luck.within(0, own.len().saturating_sub(1) as u64)).unwrap_or_default();
    let (wallet, mut first) = (own.get(lane).copied(), None);
    for _ in 0..TRIES_MAX {
        let (process, reader, chain) = (process(luck), world.db(), world.profile.id);
        let (external_id, cause) = (format!("ahead-{}", wish.order.external_id), cause(world, "ahead"));
        let answer = remote(world, process, "orders", |ports| async move {
            let withdrawals = ports.store.withdrawals(&[id]).await?;
            let (not_before, expires_at) = (None, None);
            let ahead = Ahead { partner, chain, wallet, external_id, withdrawals, not_before, expires_at };
            request_energy(&ports, &*reader, &ahead, cause).await
        });
        match answer.await {
            Some(Ok(stored)) => {
                let (request, new) = match stored {
                    AheadStored::New(request) => (request.id, true),
                    AheadStored::Replay(request) => (request.id, false),
                };
                // Some callers lose their notes, and ask once more.
                let again = first.is_some_and(|before| before != request || new);
                if again {
                    let detail = format!("{first:?} and {request} are {}", wish.order.external_id);
                    world.accuse(Violation::new("energy: a request has one identity", detail));
                }
                if first.replace(request).is_some() || !luck.chance(300) {
                    return Some(request);
                }
            }
            // A lane has taken it and powered it, another one has it, or its lane takes no work now.
            Some(Err(AheadError::NotAwaited(_) | AheadError::NoLane)) => return first,
            Some(Err(AheadError::Order(_))) | None => {}
            Some(Err(other)) => {
                let detail = format!("{other}: {}", wish.order.external_id);
                world.accuse(Violation::new("energy: a request is taken once", detail));
                return None;
            }
        }
        world.sim.sleep(luck.within(20_000, 600_000) as i64).await;
    }
    first
}

fn process(luck: &mut Rng) -> crate::executor::ProcessId {
    luck.within(*PROCESSES.start() as u64, *PROCESSES.end() as u64) as crate::executor::ProcessId
}

fn cause(world: &World, reason: &str) -> Cause {
    let at = Timestamp::from_micros(world.sim.now_us());
    Cause { actor: Actor::Key(KeyId::new(Ulid::new(Timestamp::default(), 1))), reason: reason.into(), at }
}
