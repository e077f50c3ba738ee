//! FreezeBalanceV2Contract: stakes TRX for bandwidth or energy.

use super::{
    super::{
        state::{Resource, SUN, State},
        wire::Fields,
    },
    Invalid, missing, owner_of, resource,
};

pub(super) fn execute(state: &mut State, fields: &Fields<'_>) -> Result<(), Invalid> {
    let owner = owner_of(fields, "Invalid address")?;
    let account = state.account(&owner).ok_or_else(|| missing(&owner))?;
    let amount = fields.number(2);
    if amount <= 0 {
        return Err("frozenBalance must be positive".into());
    }
    if amount < SUN {
        return Err("frozenBalance must be greater than or equal to 1 TRX".into());
    }
    if amount > account.balance_sun {
        return Err("frozenBalance must be less than or equal to accountBalance".into());
    }
    let resource = resource(fields, 3).ok_or("ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]")?;
    let before = account.staked(resource);
    let before = before.own_sun.saturating_add(before.lent_sun);
    state.change(&owner, |account| {
        account.balance_sun = account.balance_sun.saturating_sub(amount);
        let staked = account.staked_mut(resource);
        staked.own_sun = staked.own_sun.saturating_add(amount);
    });
    weigh_anew(state, resource, before, before.saturating_add(amount));
    Ok(())
}

/// All stakes together are counted in whole TRX of each account.
pub(super) fn weigh_anew(state: &mut State, resource: Resource, before_sun: i64, after_sun: i64) {
    let change = (after_sun / SUN).saturating_sub(before_sun / SUN);
    state.change_globals(|globals| {
        let weight = globals.weight_mut(resource);
        *weight = weight.saturating_add(change).max(0);
    });
}
