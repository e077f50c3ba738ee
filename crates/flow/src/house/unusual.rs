//! Energy that lanes use beside what was expected of the hour. In: readings of the lanes, and what was paid in the last weeks. Out:
//! `energy_unusual` while a lane uses far more.
//!
//! What was read is remembered by the process that holds the lease, for an hour; a new holder tells nothing before it has seen
//! something itself, and ends nothing before it has seen an hour.

use std::collections::BTreeMap;

use sluice_core::alert::{Code, Raise};
use sluice_core::chain::ChainId;
use sluice_core::energy::forecast::{Basis, Forecast};
use sluice_core::energy::unusual::{Meter, Settings};
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::lane::Fence;
use sluice_core::partner::Partner;
use sluice_core::port::Ports;
use sluice_core::port::store::{Change, Outcome};
use sluice_core::resource::ENERGY_NEW;
use sluice_core::time::Timestamp;
use sluice_core::wallet::{Power, Wallet};

use super::due;
use crate::StageError;
use crate::outlook::{history, history_from};
use crate::told::Told;

/// Time between two looks at what is expected, milliseconds.
const EXPECT_MS: i64 = 300_000;
const HOUR_MS: i64 = 3_600_000;

/// What is remembered of one chain's lanes.
#[derive(Default)]
pub(super) struct Unusual {
    meters: BTreeMap<WalletId, Meter>,
    /// Energy that all lanes of a partner are expected to use in the hour; partners of whom no day is known are left out.
    expected: BTreeMap<PartnerId, u64>,
    expected_at: Option<Timestamp>,
    since: Option<Timestamp>,
    told: Told,
}

impl Unusual {
    /// Looks at readings of lanes in service. `whole` says that all of them were read.
    pub(super) async fn look(
        &mut self,
        ports: &Ports,
        fence: &Fence,
        chain: ChainId,
        lanes: &[(&Wallet, Power)],
        whole: bool,
    ) -> Result<(), StageError> {
        let now = ports.clock.now();
        let since = *self.since.get_or_insert(now);
        self.expect(ports, chain, now).await?;
        if whole {
            self.meters.retain(|id, _| lanes.iter().any(|(lane, _)| lane.id == *id));
        }
        let ours = |subject: &str| lanes.iter().any(|(lane, _)| lane.id.to_string() == subject);
        self.told.read(ports, fence.epoch(), &[Code::EnergyUnusual], ours).await?;
        let settings = ports.energy.get(&chain).map_or(Settings::usual(), |supply| supply.policy.unusual);
        let mut found = Vec::new();
        for (lane, power) in lanes {
            let meter = self.meters.entry(lane.id).or_default();
            meter.read(power.resources.energy, power.resources.energy_most, power.at);
            let Some(all) = self.expected.get(&lane.partner) else { continue };
            let shares = lanes.iter().filter(|(other, _)| other.partner == lane.partner).count();
            let expected = all.div_ceil(u64::try_from(shares.max(1)).unwrap_or(u64::MAX));
            let told = self.told.knows(Code::EnergyUnusual, &lane.id.to_string());
            if settings.is_unusual(meter.used(), expected, told) {
                found.push(raise(lane, meter.used(), expected));
            }
        }
        // After what was open was read: what was found since is not over.
        let now = ports.clock.now();
        let news = self.told.hold(found, whole && now.since_ms(since) >= HOUR_MS, 0, now);
        if news.is_empty() {
            return Ok(());
        }
        let cause = Some(super::modes::cause("told", now));
        let change = Change { raise: news.raise, close: news.close, cause, ..Change::default() };
        let outcomes = ports.store.apply(Some(fence.clone()), vec![change]).await;
        if !matches!(outcomes.as_deref(), Ok([Outcome::Applied])) {
            self.told.forget();
        }
        outcomes?;
        Ok(())
    }

    async fn expect(&mut self, ports: &Ports, chain: ChainId, now: Timestamp) -> Result<(), StageError> {
        if !due(self.expected_at, EXPECT_MS, now) {
            return Ok(());
        }
        let assets = ports.store.assets(Some(chain)).await?;
        let tokens: Vec<_> = assets.iter().filter(|it| it.contract().is_some()).map(|it| it.id).collect();
        let paid = ports.store.paid_hours(chain, &tokens, history_from(now), now).await?;
        let known = |(partner, paid): &(Partner, Vec<_>)| Some((partner.id, expected(partner, paid, now)?));
        self.expected = paid.iter().filter_map(known).collect();
        self.expected_at = Some(now);
        Ok(())
    }
}

/// Energy that a partner's payouts are expected to take in an hour that is partly this one and partly the one before: the larger
/// of both. `None` where no day is known.
fn expected(partner: &Partner, paid: &[(Timestamp, u64)], now: Timestamp) -> Option<u64> {
    let forecast = Forecast::of(&history(partner, paid, now)?);
    let of = |at: Timestamp| {
        let (weekday, hour) = at.weekday_and_hour_in(&partner.zone)?;
        Some(forecast.hour_energy(weekday, hour, ENERGY_NEW))
    };
    match forecast.days {
        Basis::Unknown => None,
        Basis::History | Basis::Usual => Some(of(now)?.max(of(now.plus_ms(-HOUR_MS))?)),
    }
}

fn raise(lane: &Wallet, used: u64, expected: u64) -> Raise {
    let detail = format!(
        "{used} energy or more was used within an hour, where {expected} was expected; look at what the lane has paid, and pause it where nobody asked for that"
    );
    Raise { code: Code::EnergyUnusual, subject: lane.id.to_string(), partner: Some(lane.partner), detail }
}
