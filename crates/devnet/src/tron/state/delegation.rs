//! Stakes that work for others: one row for what is locked and one for what is not, of each pair of accounts.

use super::{super::address::Address, resource::Resource};

/// Whose stake works for whom, locked or not.
pub(in crate::tron) type Row = (Address, Address, bool);

/// How much of each resource's stake, and until when it is locked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::tron) struct Delegation {
    pub(in crate::tron) bandwidth_sun: i64,
    pub(in crate::tron) energy_sun: i64,
    pub(in crate::tron) bandwidth_until_ms: i64,
    pub(in crate::tron) energy_until_ms: i64,
    /// When the row was made, in milliseconds.
    pub(in crate::tron) made_ms: i64,
}

impl Delegation {
    pub(in crate::tron) fn sun(&self, resource: Resource) -> i64 {
        match resource {
            Resource::Bandwidth => self.bandwidth_sun,
            Resource::Energy => self.energy_sun,
        }
    }

    pub(in crate::tron) fn until_ms(&self, resource: Resource) -> i64 {
        match resource {
            Resource::Bandwidth => self.bandwidth_until_ms,
            Resource::Energy => self.energy_until_ms,
        }
    }

    pub(in crate::tron) fn add(&mut self, resource: Resource, sun: i64, until_ms: i64) {
        let (stake, until) = match resource {
            Resource::Bandwidth => (&mut self.bandwidth_sun, &mut self.bandwidth_until_ms),
            Resource::Energy => (&mut self.energy_sun, &mut self.energy_until_ms),
        };
        *stake = stake.saturating_add(sun).max(0);
        *until = until_ms;
    }

    pub(in crate::tron) fn is_empty(&self) -> bool {
        self.bandwidth_sun == 0 && self.energy_sun == 0
    }
}
