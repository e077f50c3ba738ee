//! Everything a chain remembers, in layers: each block's changes can be taken back, and older heights can be read.
//!
//! Pure and integer; time is an argument, in milliseconds and in slots of three seconds since the genesis block.

mod account;
mod delegation;
mod globals;
mod params;
mod permission;
mod resource;
mod table;
mod tether;

use std::sync::Arc;

pub(super) use account::{Account, Unfreezing};
pub(super) use delegation::{Delegation, Row};
pub(super) use globals::Globals;
pub use params::Param;
pub(super) use params::{PRECISION, Params};
pub(super) use permission::{Kind as PermissionKind, Permission, Permissions};
pub use resource::Resource;
pub(super) use resource::{Usage, scaled};
pub(super) use table::Table;
pub(super) use tether::Tether;

use super::address::Address;

/// A sun's worth of TRX.
pub const SUN: i64 = 1_000_000;

/// A chain's state. What is read and written is the newest layer; [`Table::at`] reads older ones.
#[derive(Debug)]
pub(super) struct State {
    pub(super) accounts: Table<Address, Account>,
    pub(super) delegations: Table<Row, Delegation>,
    pub(super) balances: Table<Address, u128>,
    pub(super) allowances: Table<(Address, Address), [u8; 32]>,
    pub(super) blacklist: Table<Address, ()>,
    pub(super) globals: Table<(), Globals>,
}

impl State {
    /// An empty state with these figures.
    pub(super) fn new(globals: Globals) -> Self {
        let mut state = Self {
            accounts: Table::default(),
            delegations: Table::default(),
            balances: Table::default(),
            allowances: Table::default(),
            blacklist: Table::default(),
            globals: Table::default(),
        };
        state.globals.set((), Some(globals));
        state
    }

    /// Opens a layer: what changes from now on can be taken back.
    pub(super) fn open(&mut self) {
        self.accounts.open();
        self.delegations.open();
        self.balances.open();
        self.allowances.open();
        self.blacklist.open();
        self.globals.open();
    }

    /// Makes the newest layer part of the one below it.
    pub(super) fn merge(&mut self) {
        self.accounts.merge();
        self.delegations.merge();
        self.balances.merge();
        self.allowances.merge();
        self.blacklist.merge();
        self.globals.merge();
    }

    /// Takes the newest layer back.
    pub(super) fn undo(&mut self) {
        self.accounts.undo();
        self.delegations.undo();
        self.balances.undo();
        self.allowances.undo();
        self.blacklist.undo();
        self.globals.undo();
    }

    /// Forgets how to take the oldest layer back.
    pub(super) fn settle_oldest(&mut self) {
        self.accounts.settle_oldest();
        self.delegations.settle_oldest();
        self.balances.settle_oldest();
        self.allowances.settle_oldest();
        self.blacklist.settle_oldest();
        self.globals.settle_oldest();
    }

    /// How many layers are open.
    pub(super) fn layers(&self) -> usize {
        self.globals.layers()
    }

    /// The figures of the whole chain.
    pub(super) fn globals(&self) -> Globals {
        self.globals.get(&()).cloned().unwrap_or_default()
    }

    pub(super) fn params(&self) -> Arc<Params> {
        self.globals.get(&()).map(|globals| Arc::clone(&globals.params)).unwrap_or_default()
    }

    pub(super) fn account(&self, address: &Address) -> Option<&Account> {
        self.accounts.get(address)
    }

    /// Changes an account that is there.
    pub(super) fn change<T>(
        &mut self,
        address: &Address,
        change: impl FnOnce(&mut Account) -> T,
    ) -> Option<T> {
        let mut account = self.accounts.get(address)?.clone();
        let done = change(&mut account);
        self.accounts.set(*address, Some(account));
        Some(done)
    }

    pub(super) fn change_globals<T>(&mut self, change: impl FnOnce(&mut Globals) -> T) -> T {
        let mut globals = self.globals();
        let done = change(&mut globals);
        self.globals.set((), Some(globals));
        done
    }
}
