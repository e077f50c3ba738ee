//! Energy that is asked for: one need of a lane at a time, for all of its transfers that lack energy then. The broker meets
//! it; here only the wallet's own energy counts.

use sluice_core::energy::mode::Buying;
use sluice_core::energy::{Need, NeedState, Wanted};
use sluice_core::id::EnergyNeedId;
use sluice_core::port::store::Change;
use sluice_core::port::world::Topic;
use sluice_core::resource::ENERGY_NEW;
use sluice_core::transfer::{State, Transfer};

use super::tank::{Lacking, Tank};
use crate::StageError;
use crate::lane::Lane;

/// Energy that was served is in the latest block a while before this, milliseconds: what still lacks it asks again.
pub(super) const SERVED_MS: i64 = 6_000;

/// Whether a transfer that lacks energy burns TRX.
pub(super) fn lacking(lane: &Lane<'_>, transfer: &Transfer) -> Lacking {
    // Nothing is lent to a desk: when whoever holds its key sends, nobody here knows.
    if lane.wallet().is_desk() || !lane.ports.energy.contains_key(&lane.wallet().chain) {
        return Lacking::Burns;
    }
    match need_of(lane, transfer).map(|need| need.state) {
        Some(NeedState::Burning(_)) => Lacking::Burns,
        Some(NeedState::Open | NeedState::Served | NeedState::Dropped) | None => Lacking::Waits,
    }
}

fn need_of<'l>(lane: &'l Lane<'_>, transfer: &Transfer) -> Option<&'l Need> {
    let State::Fuelling(fuelling) = &transfer.state else { return None };
    lane.view.needs.iter().find(|need| need.id.to_string() == fuelling.order)
}

/// Which need brought the energy that a transfer takes: the one that it waited for, or the last that was served and whose
/// rent is not over. `None`: the wallet has it from elsewhere.
pub(super) fn source(lane: &Lane<'_>, transfer: &Transfer) -> Option<EnergyNeedId> {
    let rent_ms = lane.ports.energy.get(&lane.wallet().chain)?.policy.rent_s.saturating_mul(1_000);
    let rent_ms = i64::try_from(rent_ms).unwrap_or(i64::MAX);
    let now = lane.now();
    let lasts = |need: &&Need| need.state == NeedState::Served && now.since_ms(need.changed_at) < rent_ms;
    let served = || lane.view.needs.iter().filter(lasts).max_by_key(|need| need.id);
    need_of(lane, transfer)
        .filter(|need| matches!(need.state, NeedState::Open | NeedState::Served))
        .or_else(served)
        .map(|need| need.id)
}

pub(super) fn open_need<'l>(lane: &'l Lane<'_>) -> Option<&'l Need> {
    lane.view.needs.iter().find(|need| need.state == NeedState::Open)
}

/// Transfers that lack energy, and what they need.
#[derive(Default)]
pub(super) struct Asking {
    short: Vec<Transfer>,
    needs: u64,
    /// Energy is there for one that waited for the open need.
    met: bool,
}

impl Asking {
    pub(super) fn add(&mut self, transfer: Transfer, energy: u64) {
        self.short.push(transfer);
        self.needs = self.needs.saturating_add(energy);
    }

    /// A transfer has the energy it waited for, or burns.
    pub(super) fn met(&mut self, lane: &Lane<'_>, transfer: &Transfer) {
        self.met |= need_of(lane, transfer).is_some_and(|need| need.state == NeedState::Open);
    }

    /// What is bought with it for those that come next, where little of the wallet's own energy is left: as much again, and what
    /// one payout takes at least.
    fn ahead(&self, lane: &Lane<'_>) -> u64 {
        match lane.view.mode.allows().buying {
            Buying::Needed => 0,
            Buying::Ahead => self.needs.max(ENERGY_NEW),
        }
    }

    /// Opens a need for all of them, unless one is open.
    pub(super) async fn ask(self, lane: &mut Lane<'_>, tank: &Tank) -> Result<(), StageError> {
        if self.short.is_empty() || open_need(lane).is_some() {
            return end_unwanted(lane, self.met).await;
        }
        let now = lane.now();
        let fresh =
            |need: &Need| need.state == NeedState::Served && now.since_ms(need.changed_at) < SERVED_MS;
        if self.short.iter().filter_map(|it| need_of(lane, it)).any(fresh) {
            return Ok(());
        }
        let Some(supply) = lane.ports.energy.get(&lane.wallet().chain) else { return Ok(()) };
        let (Some((energy, burning_sun)), Some(receiver)) =
            (tank.missing(self.needs.saturating_add(self.ahead(lane))), lane.wallet().address.tron())
        else {
            return Ok(());
        };
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
        let mut transfers = Vec::with_capacity(self.short.len());
        for transfer in self.short {
            transfers.push(transfer.order_energy(wanted.id.to_string(), now)?);
        }
        let needs = vec![Need::open(wanted, now)];
        let change = Change { transfers, needs, cause: Some(lane.cause("energy")), ..Change::default() };
        lane.apply(vec![change]).await?;
        lane.ports.wake.signal(Topic::Energy);
        Ok(())
    }
}

/// Ends an open need that nothing waits for any more: energy came for its transfers, or they were given back, or the request that it
/// is for was called off.
pub(super) async fn end_unwanted(lane: &mut Lane<'_>, met: bool) -> Result<(), StageError> {
    let Some(need) = open_need(lane) else { return Ok(()) };
    let id = need.id;
    let of_request = lane.view.requests.iter().any(|it| it.asked_by() == Some(id));
    if of_request || lane.transfers().any(|it| need_of(lane, it).is_some_and(|of| of.id == id)) {
        return Ok(());
    }
    let (need, now) = (need.clone(), lane.now());
    let step = if met { need.serve(now)? } else { need.drop_unwanted(now)? };
    let reason = step.after().state.as_str();
    let change = Change { needs: vec![step], cause: Some(lane.cause(reason)), ..Change::default() };
    lane.apply(vec![change]).await?;
    Ok(())
}
