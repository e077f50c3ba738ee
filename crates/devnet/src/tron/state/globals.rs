//! The figures that belong to no account.

use std::sync::Arc;

use super::{
    params::{Param, Params},
    resource::Resource,
    tether::Tether,
};

/// Figures of the whole chain.
#[derive(Debug, Clone, Default)]
pub(in crate::tron) struct Globals {
    pub(in crate::tron) params: Arc<Params>,
    /// All stakes for bandwidth, in TRX.
    pub(in crate::tron) bandwidth_weight_trx: i64,
    /// All stakes for energy, in TRX.
    pub(in crate::tron) energy_weight_trx: i64,
    /// What fees have destroyed.
    pub(in crate::tron) burnt_sun: i64,
    /// The maintenance period, from 1.
    pub(in crate::tron) cycle: i64,
    /// When it ends.
    pub(in crate::tron) next_maintenance_ms: i64,
    pub(in crate::tron) tether: Tether,
}

impl Globals {
    pub(in crate::tron) fn weight_trx(&self, resource: Resource) -> i64 {
        match resource {
            Resource::Bandwidth => self.bandwidth_weight_trx,
            Resource::Energy => self.energy_weight_trx,
        }
    }

    pub(in crate::tron) fn weight_mut(&mut self, resource: Resource) -> &mut i64 {
        match resource {
            Resource::Bandwidth => &mut self.bandwidth_weight_trx,
            Resource::Energy => &mut self.energy_weight_trx,
        }
    }

    /// What all stakes together yield a day.
    pub(in crate::tron) fn total_limit(&self, resource: Resource) -> i64 {
        match resource {
            Resource::Bandwidth => self.params.get(Param::TotalNetLimit),
            Resource::Energy => self.params.get(Param::TotalEnergyCurrentLimit),
        }
    }

    /// What this stake yields a day.
    pub(in crate::tron) fn yields(&self, resource: Resource, stake_sun: i64) -> i64 {
        super::resource::limit(stake_sun, self.total_limit(resource), self.weight_trx(resource))
    }
}
