//! DelegateResourceContract: lets a stake work for another account, locked for a while or not.

use super::{
    super::{
        address::Address,
        state::{Delegation, Param, Resource, SUN, State},
        wire::Fields,
    },
    Env, Invalid, missing, owner_of, resource, view,
};

/// Blocks of a lock that says nothing else: three days.
const LOCK_BLOCKS: i64 = 86_400;
const BLOCK_MS: i64 = 3_000;

pub(super) fn execute(state: &mut State, env: &Env, fields: &Fields<'_>) -> Result<(), Invalid> {
    let owner = owner_of(fields, "Invalid address")?;
    let view = view(state, env);
    let account = view.account(&owner).ok_or_else(|| missing(&owner))?;
    let amount = fields.number(3);
    if amount < SUN {
        return Err("delegateBalance must be greater than or equal to 1 TRX".into());
    }
    let resource = resource(fields, 2).ok_or("ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]")?;
    if view.lendable_sun(account, resource) < amount {
        let name = match resource {
            Resource::Bandwidth => "FreezeBandwidthV2",
            Resource::Energy => "FreezeEnergyV2",
        };
        return Err(Invalid(format!(
            "delegateBalance must be less than or equal to available {name} balance"
        )));
    }
    let receiver = Address::from_wire(fields.bytes(4)).ok_or("Invalid receiverAddress")?;
    if receiver == owner {
        return Err("receiverAddress must not be the same as ownerAddress".into());
    }
    let receivers = view.account(&receiver).ok_or_else(|| missing(&receiver))?;
    let locked = fields.number(5) != 0;
    let period = match fields.number(6) {
        0 => LOCK_BLOCKS,
        blocks => blocks,
    };
    if locked {
        let most = view.params().get(Param::MaxDelegateLockPeriod);
        if period < 0 || period > most {
            return Err(Invalid(format!(
                "The lock period of delegate resource cannot be less than 0 and cannot exceed {most}!"
            )));
        }
        let until_ms = view.delegation(&(owner, receiver, true)).map_or(0, |row| row.until_ms(resource));
        let remains_ms = until_ms.saturating_sub(env.head_ms);
        if period.saturating_mul(BLOCK_MS) < remains_ms {
            let name = resource.name();
            return Err(Invalid(format!(
                "The lock period for {name} this time cannot be less than the remaining time[{remains_ms}ms] of \
                 the last lock period for {name}!"
            )));
        }
    }
    if receivers.is_contract {
        return Err("Do not allow delegate resources to contract addresses".into());
    }
    unlock_expired(state, env, owner, receiver);
    let until_ms = if locked { env.head_ms.saturating_add(period.saturating_mul(BLOCK_MS)) } else { 0 };
    lend(state, env, owner, receiver, resource, amount, locked, until_ms);
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "a row's key, its resource, and what is added to it")]
fn lend(
    state: &mut State,
    env: &Env,
    owner: Address,
    receiver: Address,
    resource: Resource,
    amount: i64,
    locked: bool,
    until_ms: i64,
) {
    let row = (owner, receiver, locked);
    let fresh = Delegation { made_ms: env.head_ms, ..Delegation::default() };
    let mut delegation = state.delegations.get(&row).copied().unwrap_or(fresh);
    delegation.add(resource, amount, until_ms);
    state.delegations.set(row, Some(delegation));
    state.change(&owner, |account| {
        let staked = account.staked_mut(resource);
        staked.own_sun = staked.own_sun.saturating_sub(amount);
        staked.lent_sun = staked.lent_sun.saturating_add(amount);
    });
    state.change(&receiver, |account| {
        let staked = account.staked_mut(resource);
        staked.borrowed_sun = staked.borrowed_sun.saturating_add(amount);
    });
}

/// What was locked and is no more joins what never was.
pub(super) fn unlock_expired(state: &mut State, env: &Env, owner: Address, receiver: Address) {
    let Some(mut locked) = state.delegations.get(&(owner, receiver, true)).copied() else { return };
    let fresh = Delegation { made_ms: locked.made_ms, ..Delegation::default() };
    let mut open = state.delegations.get(&(owner, receiver, false)).copied().unwrap_or(fresh);
    let mut moved = false;
    for resource in [Resource::Bandwidth, Resource::Energy] {
        let sun = locked.sun(resource);
        if sun > 0 && locked.until_ms(resource) < env.head_ms {
            open.add(resource, sun, 0);
            locked.add(resource, sun.saturating_neg(), 0);
            moved = true;
        }
    }
    if moved {
        state.delegations.set((owner, receiver, false), Some(open));
        state.delegations.set((owner, receiver, true), Some(locked).filter(|row| !row.is_empty()));
    }
}
