//! Energy that somebody asked to have got ahead. In: requests of this lane. Out: the need that the lane would open once it funds those
//! payouts, opened before, in one commit with the request; requests whose need has ended. Payouts that wait come first: they share no
//! need with a request, and none is opened for one while theirs is open. A crash leaves a request that the next turn looks at again.

use std::collections::BTreeMap;

use sluice_core::amount::Cost;
use sluice_core::energy::{Need, NeedState, Request, RequestItem, RequestState, Wanted};
use sluice_core::id::{EnergyNeedId, WithdrawalId};
use sluice_core::port::Supply;
use sluice_core::port::store::Change;
use sluice_core::port::world::Topic;
use sluice_core::resource::ENERGY_NEW;
use sluice_core::stop;
use sluice_core::transfer::{State, Transfer};
use sluice_core::withdrawal::{State as Stands, Withdrawal};

use super::ask::{SERVED_MS, open_need};
use super::tank::Tank;
use crate::StageError;
use crate::lane::Lane;

/// What is asked for ahead.
pub(super) async fn run(lane: &mut Lane<'_>) -> Result<(), StageError> {
    if lane.view.requests.iter().all(|it| it.state.is_ended()) {
        return Ok(());
    }
    hear(lane).await?;
    let now = lane.now();
    let fresh = |need: &Need| need.state == NeedState::Served && now.since_ms(need.changed_at) < SERVED_MS;
    let waits = open_need(lane).is_some() || lane.view.needs.iter().any(fresh);
    if waits || !lane.wallet().takes_work() || lane.doubted() {
        return Ok(());
    }
    let Some(supply) = lane.ports.energy.get(&lane.wallet().chain).cloned() else { return Ok(()) };
    if !lane.view.requests.iter().any(|it| it.is_due(now)) {
        return Ok(());
    }
    let Some(Due { request, waits, promised, taken }) = first(lane, &supply).await? else { return Ok(()) };
    let tank = Tank::read(lane).await?;
    let Some((missing, burning_sun)) = tank.missing(waits.saturating_add(promised)) else { return Ok(()) };
    let energy = request.portion(missing, order_max(&supply));
    if energy == 0 {
        // What this lane has taken of it is given energy next; then it is looked at again.
        return if taken { Ok(()) } else { step(lane, request.serve(now)?).await };
    }
    open(lane, &supply, request, (energy, part(burning_sun, energy, missing))).await
}

/// What became of what was asked for.
async fn hear(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let (now, mut requests) = (lane.now(), Vec::new());
    for request in &lane.view.requests {
        let need = request.asked_by().and_then(|id| lane.view.needs.iter().find(|it| it.id == id));
        if let Some(need) = need {
            requests.extend(request.clone().hear(need, now)?);
        }
    }
    if requests.is_empty() {
        return Ok(());
    }
    lane.apply(vec![Change { requests, cause: Some(lane.cause("ahead")), ..Change::default() }]).await?;
    Ok(())
}

/// A request whose energy is asked for now.
struct Due {
    request: Request,
    /// What those of its withdrawals take that no lane has taken.
    waits: u64,
    /// What the energy that is there is for already: payouts that come next, and requests that were served.
    promised: u64,
    /// This lane has taken some of its withdrawals, and they have no energy yet.
    taken: bool,
}

/// How a withdrawal of a request stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    /// No lane has taken it.
    Waits,
    /// A stop keeps it from being paid, and its energy from being bought.
    Stopped,
    /// This lane has, and sees to its energy itself.
    Taken,
    /// It has energy, is with another lane, or has ended.
    Over,
}

/// The first request of which something waits; those of which nothing does end here.
async fn first(lane: &mut Lane<'_>, supply: &Supply) -> Result<Option<Due>, StageError> {
    let (now, rent_ms) = (lane.now(), i64::try_from(supply.policy.rent_s.saturating_mul(1_000)));
    let rent_ms = rent_ms.unwrap_or(i64::MAX);
    let counted = lane.view.requests.iter().filter(|it| it.counts(rent_ms, now));
    let counted: Vec<Request> = counted.cloned().collect();
    let ids: Vec<WithdrawalId> = counted.iter().flat_map(|it| &it.items).map(|it| it.withdrawal).collect();
    let found = lane.ports.store.withdrawals(&ids).await?;
    let found: BTreeMap<WithdrawalId, &Withdrawal> = found.iter().map(|it| (it.id, it)).collect();
    let stands = |item: &RequestItem| found.get(&item.withdrawal).map_or(Item::Over, |it| how(lane, it));
    let energy = |request: &Request, of: &[Item]| {
        let items = request.items.iter().filter(|item| of.contains(&stands(item)));
        items.fold(0u64, |sum, item| sum.saturating_add(item.energy))
    };
    let served = counted.iter().filter(|it| it.state == RequestState::Served);
    let kept = served.map(|it| energy(it, &[Item::Waits, Item::Stopped]));
    let promised = kept.fold(next(lane), u64::saturating_add);
    let (mut over, mut due) = (Vec::new(), None);
    for request in counted.iter().filter(|it| it.is_due(now)) {
        if request.items.iter().all(|item| stands(item) == Item::Over) {
            over.push(request.clone().drop_unwanted(now)?);
        } else if due.is_none() && energy(request, &[Item::Waits]) > 0 {
            let taken = request.items.iter().any(|item| stands(item) == Item::Taken);
            due = Some(Due {
                request: request.clone(),
                waits: energy(request, &[Item::Waits]),
                promised,
                taken,
            });
        }
    }
    if !over.is_empty() {
        let cause = Some(lane.cause("ahead"));
        lane.apply(vec![Change { requests: over, cause, ..Change::default() }]).await?;
    }
    Ok(due)
}

fn how(lane: &Lane<'_>, withdrawal: &Withdrawal) -> Item {
    let (partner, wallet) = (withdrawal.partner, lane.wallet().id);
    match &withdrawal.state {
        Stands::Requested | Stands::Held(_) | Stands::Approved(_) | Stands::Queued(_) => {
            let stopped = stop::stopped(&lane.view.stops, partner, withdrawal.request.asset.id, Some(wallet));
            if stopped { Item::Stopped } else { Item::Waits }
        }
        Stands::Assigned(assigned) => {
            let of_it = |it: &Transfer| it.id == assigned.transfer && is_without(&it.state);
            if lane.transfers().any(of_it) { Item::Taken } else { Item::Over }
        }
        Stands::Paid(_)
        | Stands::NeedsAttention(_)
        | Stands::Rejected(_)
        | Stands::Cancelled(_)
        | Stands::Failed(_) => Item::Over,
    }
}

/// A transfer that has not been given energy.
const fn is_without(state: &State) -> bool {
    match state {
        State::Planned | State::Funded(_) | State::Fuelling(_) => true,
        State::Fuelled(_)
        | State::Built(_)
        | State::Signed(_)
        | State::Seen(_)
        | State::Final(_)
        | State::Dropped { .. } => false,
    }
}

/// What this lane's own payouts take that wait for energy: each as one to an account that holds none of the token.
fn next(lane: &Lane<'_>) -> u64 {
    let token = |it: &&Transfer| is_without(&it.state) && it.asset.contract().is_some();
    let payouts = lane.transfers().filter(token).map(|it| it.live().count());
    payouts.fold(0, |sum: u64, many| {
        sum.saturating_add(u64::try_from(many).unwrap_or(u64::MAX).saturating_mul(ENERGY_NEW))
    })
}

/// What one order brings at most: every vendor sells so much at once, and no cap of an order is in its way.
fn order_max(supply: &Supply) -> u64 {
    let sold = supply.market.vendors().iter().map(|facts| facts.energy_max).min();
    supply.policy.order_energy_max().min(sold.unwrap_or(u64::MAX)).max(1)
}

/// What burning for a part of what is missing costs.
fn part(all: Cost, energy: u64, missing: u64) -> Cost {
    Cost(all.0.saturating_mul(u128::from(energy)) / u128::from(missing.max(1)))
}

/// Opens the need by which a request is asked for.
async fn open(
    lane: &mut Lane<'_>,
    supply: &Supply,
    request: Request,
    (energy, burning_sun): (u64, Cost),
) -> Result<(), StageError> {
    let Some(receiver) = lane.wallet().address.tron() else { return Ok(()) };
    let now = lane.now();
    let wait_ms = i64::try_from(supply.policy.wait_ms).unwrap_or(i64::MAX);
    let wanted = Wanted {
        id: EnergyNeedId::new(lane.ports.entropy.ulid(now)),
        partner: lane.wallet().partner,
        wallet: lane.wallet().id,
        chain: lane.wallet().chain,
        receiver,
        energy,
        burning_sun,
        deadline: now.plus_ms(wait_ms),
    };
    let need = Need::open(wanted, now);
    let requests = vec![request.ask(need.after(), now)?];
    let cause = Some(lane.cause("ahead"));
    lane.apply(vec![Change { needs: vec![need], requests, cause, ..Change::default() }]).await?;
    lane.ports.wake.signal(Topic::Energy);
    Ok(())
}

async fn step(lane: &mut Lane<'_>, step: sluice_core::moved::Moved<Request>) -> Result<(), StageError> {
    let cause = Some(lane.cause(step.after().state.as_str()));
    lane.apply(vec![Change { requests: vec![step], cause, ..Change::default() }]).await?;
    Ok(())
}
