//! A chain's state as it was after some block: what questions are answered from.

use std::sync::Arc;

use super::{
    address::Address,
    state::{Account, Delegation, Globals, Params, Resource, Row, State},
};

/// The state at one height, or with everything that waits in the pool.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    state: &'a State,
    layer: usize,
    /// When the newest block of this view was made.
    pub(super) head_ms: i64,
    /// The same in slots since the genesis block.
    pub(super) head_slot: i64,
}

impl<'a> View<'a> {
    /// The state before this layer.
    pub(super) fn before(state: &'a State, layer: usize, head_ms: i64, head_slot: i64) -> Self {
        Self { state, layer, head_ms, head_slot }
    }

    /// The state with all that was changed.
    pub(super) fn newest(state: &'a State, head_ms: i64, head_slot: i64) -> Self {
        Self::before(state, usize::MAX, head_ms, head_slot)
    }

    pub(super) fn account(&self, address: &Address) -> Option<&'a Account> {
        self.state.accounts.at(self.layer, address)
    }

    pub(super) fn globals(&self) -> Globals {
        self.state.globals.at(self.layer, &()).cloned().unwrap_or_default()
    }

    pub(super) fn params(&self) -> Arc<Params> {
        self.state.globals.at(self.layer, &()).map(|globals| Arc::clone(&globals.params)).unwrap_or_default()
    }

    /// Units of the test dollar.
    pub(super) fn units(&self, holder: &Address) -> u128 {
        self.state.balances.at(self.layer, holder).copied().unwrap_or(0)
    }

    pub(super) fn allowance(&self, owner: Address, spender: Address) -> [u8; 32] {
        self.state.allowances.at(self.layer, &(owner, spender)).copied().unwrap_or([0; 32])
    }

    pub(super) fn is_blacklisted(&self, holder: &Address) -> bool {
        self.state.blacklist.at(self.layer, holder).is_some()
    }

    pub(super) fn delegation(&self, row: &Row) -> Option<Delegation> {
        self.state.delegations.at(self.layer, row).copied()
    }

    /// Every row of whoever lends, in order.
    pub(super) fn lent_by(&self, owner: Address) -> Vec<(Row, Delegation)> {
        let (first, last) = (Address::new([0; 20]), Address::new([0xff; 20]));
        let rows = self.state.delegations.known_keys((owner, first, false)..=(owner, last, true));
        rows.into_iter().filter_map(|row| Some((row, self.delegation(&row)?))).collect()
    }

    /// Every row of whoever borrows. Looks at all rows: a question for people and tests.
    pub(super) fn borrowed_by(&self, receiver: Address) -> Vec<(Row, Delegation)> {
        let rows = self.state.delegations.known_keys(..);
        let of = rows.into_iter().filter(|row| row.1 == receiver);
        of.filter_map(|row| Some((row, self.delegation(&row)?))).collect()
    }

    /// What the account's stakes yield a day.
    pub(super) fn limit(&self, account: &Account, resource: Resource) -> i64 {
        self.globals().yields(resource, account.staked(resource).working_sun())
    }

    /// What it has left of that now.
    pub(super) fn left(&self, account: &Account, resource: Resource) -> i64 {
        let used = account.staked(resource).usage.now(self.head_slot);
        self.limit(account, resource).saturating_sub(used).max(0)
    }

    /// How much of its own stake it can lend, in sun: what it has used binds the stake that yielded it.
    pub(super) fn lendable_sun(&self, account: &Account, resource: Resource) -> i64 {
        let globals = self.globals();
        let used = account.staked(resource).usage.now(self.head_slot);
        let weight = globals.weight_trx(resource).saturating_mul(super::state::SUN);
        let bound = super::state::scaled(used, weight, globals.total_limit(resource));
        let staked = account.staked(resource);
        // What was borrowed is used up before the own stake is bound.
        let bound = bound.saturating_sub(staked.borrowed_sun).max(0);
        staked.own_sun.saturating_sub(bound).max(0)
    }
}
