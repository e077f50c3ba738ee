//! What is ordered from outside the chain and no transaction could do. It is part of the next block, and of whatever
//! takes that block's place.

use super::super::{
    address::Address,
    execute::{self, Env},
    state::{Account, Delegation, Param, Resource, SUN, State},
};

/// An order from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tron) enum Deed {
    /// TRX out of nothing; activates the account.
    Credit {
        to: Address,
        sun: i64,
    },
    /// An account has exactly so much TRX.
    SetBalance {
        of: Address,
        sun: i64,
    },
    /// Test dollars out of nothing.
    Mint {
        to: Address,
        units: u128,
    },
    Blacklist {
        who: Address,
        yes: bool,
    },
    Pause {
        yes: bool,
    },
    /// The token's penalty, and what others are taken to use of it in each maintenance period.
    Factor {
        factor: i64,
        traffic: Option<i64>,
    },
    /// A proposal that has passed.
    SetParam {
        param: Param,
        value: i64,
    },
    /// A stake out of nothing; activates the account.
    Stake {
        owner: Address,
        resource: Resource,
        sun: i64,
    },
    /// Takes back what the owner lent, whether it is locked or not.
    Reclaim {
        owner: Address,
        receiver: Address,
        resource: Resource,
        sun: i64,
    },
}

impl Deed {
    pub(super) fn apply(&self, state: &mut State, env: &Env) {
        let now_ms = env.head_ms;
        match *self {
            Self::Credit { to, sun } => {
                activate(state, to, now_ms);
                state.change(&to, |account| {
                    account.balance_sun = account.balance_sun.saturating_add(sun.max(0));
                });
            }
            Self::SetBalance { of, sun } => {
                activate(state, of, now_ms);
                state.change(&of, |account| account.balance_sun = sun.max(0));
            }
            Self::Mint { to, units } => {
                let had = state.balances.get(&to).copied().unwrap_or(0);
                let has = had.saturating_add(units);
                state.balances.set(to, Some(has).filter(|has| *has > 0));
                state.change_globals(|globals| {
                    let tether = &mut globals.tether;
                    tether.supply = tether.supply.saturating_add(has.saturating_sub(had));
                });
            }
            Self::Blacklist { who, yes } => state.blacklist.set(who, yes.then_some(())),
            Self::Pause { yes } => state.change_globals(|globals| globals.tether.paused = yes),
            Self::Factor { factor, traffic } => state.change_globals(|globals| {
                let cycle = globals.cycle;
                let tether = &mut globals.tether;
                tether.factor = factor.clamp(0, 1_000_000);
                tether.cycle = cycle;
                tether.traffic = traffic.unwrap_or(tether.traffic).max(0);
            }),
            Self::SetParam { param, value } => state.change_globals(|globals| {
                let mut params = (*globals.params).clone();
                params.set(param, value, now_ms);
                globals.params = params.into();
            }),
            Self::Stake { owner, resource, sun } => stake(state, owner, resource, sun.max(0), now_ms),
            Self::Reclaim { owner, receiver, resource, sun } => {
                reclaim(state, env, owner, receiver, resource, sun);
            }
        }
    }
}

fn activate(state: &mut State, address: Address, now_ms: i64) {
    if state.account(&address).is_none() {
        state.accounts.set(address, Some(Account::new(address, now_ms)));
    }
}

fn stake(state: &mut State, owner: Address, resource: Resource, sun: i64, now_ms: i64) {
    activate(state, owner, now_ms);
    state.change(&owner, |account| {
        let staked = account.staked_mut(resource);
        staked.own_sun = staked.own_sun.saturating_add(sun);
    });
    state.change_globals(|globals| {
        let weight = globals.weight_mut(resource);
        *weight = weight.saturating_add(sun / SUN);
    });
}

fn reclaim(state: &mut State, env: &Env, owner: Address, receiver: Address, resource: Resource, sun: i64) {
    let (locked_row, open_row) = ((owner, receiver, true), (owner, receiver, false));
    let mut locked = state.delegations.get(&locked_row).copied().unwrap_or_default();
    let mut open = state.delegations.get(&open_row).copied().unwrap_or_default();
    let there = open.sun(resource).saturating_add(locked.sun(resource));
    let sun = sun.min(there);
    if sun <= 0 {
        return;
    }
    // The lock is broken for as much as is missing.
    let broken = sun.saturating_sub(open.sun(resource)).max(0);
    if broken > 0 {
        let until_ms = locked.until_ms(resource);
        locked.add(resource, broken.saturating_neg(), until_ms);
        open.add(resource, broken, 0);
        state.delegations.set(locked_row, Some(locked).filter(|row: &Delegation| !row.is_empty()));
        state.delegations.set(open_row, Some(open));
    }
    execute::take_back(state, env, owner, receiver, resource, sun);
}
