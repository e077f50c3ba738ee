//! An account: its balance, its stakes, what it lent and borrowed, and what it has used.

use std::sync::Arc;

use super::{
    super::address::Address,
    permission::Permissions,
    resource::{Resource, Usage},
};

/// A stake on its way back to the balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tron) struct Unfreezing {
    pub(in crate::tron) resource: Resource,
    pub(in crate::tron) amount_sun: i64,
    pub(in crate::tron) expire_ms: i64,
}

/// What an account has of one resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::tron) struct Staked {
    /// Its own stake that is not lent, in sun.
    pub(in crate::tron) own_sun: i64,
    /// Its own stake that works for others.
    pub(in crate::tron) lent_sun: i64,
    /// Others' stake that works for it.
    pub(in crate::tron) borrowed_sun: i64,
    pub(in crate::tron) usage: Usage,
}

impl Staked {
    /// The stake that works for the account.
    pub(in crate::tron) fn working_sun(&self) -> i64 {
        self.own_sun.saturating_add(self.borrowed_sun)
    }
}

/// An account that was activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tron) struct Account {
    pub(in crate::tron) balance_sun: i64,
    pub(in crate::tron) is_contract: bool,
    pub(in crate::tron) created_ms: i64,
    pub(in crate::tron) last_operation_ms: i64,
    /// What it used of the bytes that everybody has for nothing.
    pub(in crate::tron) free: Usage,
    pub(in crate::tron) bandwidth: Staked,
    pub(in crate::tron) energy: Staked,
    pub(in crate::tron) unfreezing: Vec<Unfreezing>,
    pub(in crate::tron) permissions: Arc<Permissions>,
}

impl Account {
    pub(in crate::tron) fn new(address: Address, created_ms: i64) -> Self {
        Self {
            balance_sun: 0,
            is_contract: false,
            created_ms,
            last_operation_ms: 0,
            free: Usage::default(),
            bandwidth: Staked::default(),
            energy: Staked::default(),
            unfreezing: Vec::new(),
            permissions: Arc::new(Permissions::of(address)),
        }
    }

    pub(in crate::tron) fn staked(&self, resource: Resource) -> &Staked {
        match resource {
            Resource::Bandwidth => &self.bandwidth,
            Resource::Energy => &self.energy,
        }
    }

    pub(in crate::tron) fn staked_mut(&mut self, resource: Resource) -> &mut Staked {
        match resource {
            Resource::Bandwidth => &mut self.bandwidth,
            Resource::Energy => &mut self.energy,
        }
    }
}
