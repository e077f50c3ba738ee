//! UnDelegateResourceContract: takes a stake back that worked for another, and with it its share of what was used.

use super::{
    super::{
        address::Address,
        state::{Delegation, Resource, State, scaled},
        wire::Fields,
    },
    Env, Invalid,
    delegate::unlock_expired,
    missing, owner_of, resource,
};

pub(super) fn execute(state: &mut State, env: &Env, fields: &Fields<'_>) -> Result<(), Invalid> {
    let owner = owner_of(fields, "Invalid address")?;
    state.account(&owner).ok_or_else(|| missing(&owner))?;
    let receiver = Address::from_wire(fields.bytes(4)).ok_or("Invalid receiverAddress")?;
    if receiver == owner {
        return Err("receiverAddress must not be the same as ownerAddress".into());
    }
    let open = state.delegations.get(&(owner, receiver, false)).copied();
    let locked = state.delegations.get(&(owner, receiver, true)).copied();
    if open.is_none() && locked.is_none() {
        return Err("delegated Resource does not exist".into());
    }
    let amount = fields.number(3);
    if amount <= 0 {
        return Err("unDelegateBalance must be more than 0 TRX".into());
    }
    let resource = resource(fields, 2).ok_or("ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]")?;
    let sun = |row: Option<Delegation>| row.map_or(0, |row| row.sun(resource));
    let unlocked = locked.filter(|row| row.until_ms(resource) < env.head_ms);
    let available = sun(open).saturating_add(sun(unlocked));
    if available < amount {
        let name = match resource {
            Resource::Bandwidth => "insufficient delegatedFrozenBalance(BANDWIDTH)",
            Resource::Energy => "insufficient delegateFrozenBalance(Energy)",
        };
        return Err(Invalid(format!("{name}, request={amount}, unlock_balance={available}")));
    }
    take_back(state, env, owner, receiver, resource, amount);
    Ok(())
}

/// Takes back what is not locked. What the receiver has used of the resource goes with the stake, in proportion.
pub(in crate::tron) fn take_back(
    state: &mut State,
    env: &Env,
    owner: Address,
    receiver: Address,
    resource: Resource,
    amount: i64,
) {
    let slot = env.head_slot;
    let most = state.globals().yields(resource, amount);
    let moved = state.change(&receiver, |account| {
        let staked = account.staked_mut(resource);
        staked.usage = staked.usage.with(0, slot);
        let share = scaled(staked.usage.used, amount, staked.working_sun()).min(most);
        staked.borrowed_sun = staked.borrowed_sun.saturating_sub(amount).max(0);
        staked.usage.used = staked.usage.used.saturating_sub(share).max(0);
        (share, staked.usage.window)
    });
    let (share, window) = moved.unwrap_or((0, 0));
    unlock_expired(state, env, owner, receiver);
    let row = (owner, receiver, false);
    let mut open = state.delegations.get(&row).copied().unwrap_or_default();
    open.add(resource, amount.saturating_neg(), 0);
    state.delegations.set(row, Some(open).filter(|row| !row.is_empty()));
    state.change(&owner, |account| {
        let staked = account.staked_mut(resource);
        staked.lent_sun = staked.lent_sun.saturating_sub(amount).max(0);
        staked.own_sun = staked.own_sun.saturating_add(amount);
        if share > 0 {
            staked.usage = staked.usage.taking_over(share, window, slot);
        }
    });
}
