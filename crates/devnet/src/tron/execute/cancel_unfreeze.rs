//! CancelAllUnfreezeV2Contract: stakes on their way back are staked again; what has arrived is paid out.

use super::{
    super::{
        state::{Resource, State},
        wire::Fields,
    },
    Env, Invalid, Receipt,
    freeze::weigh_anew,
    missing, owner_of, withdraw,
};

pub(super) fn execute(
    state: &mut State,
    env: &Env,
    fields: &Fields<'_>,
    receipt: &mut Receipt,
) -> Result<(), Invalid> {
    let owner = owner_of(fields, "Invalid address")?;
    let account = state.account(&owner).ok_or_else(|| missing(&owner))?;
    if account.unfreezing.is_empty() {
        return Err("No unfreezeV2 list to cancel".into());
    }
    receipt.withdraw_expire_amount = withdraw::pay_out(state, env, owner);
    for resource in [Resource::Bandwidth, Resource::Energy] {
        let Some(account) = state.account(&owner) else { continue };
        let back = account.unfreezing.iter().filter(|one| one.resource == resource);
        let back = back.map(|one| one.amount_sun).fold(0, i64::saturating_add);
        let staked = account.staked(resource);
        let before = staked.own_sun.saturating_add(staked.lent_sun);
        state.change(&owner, |account| {
            let staked = account.staked_mut(resource);
            staked.own_sun = staked.own_sun.saturating_add(back);
        });
        weigh_anew(state, resource, before, before.saturating_add(back));
        receipt.cancelled_unfreezing.push((resource.name(), back));
    }
    receipt.cancelled_unfreezing.push(("TRON_POWER", 0));
    state.change(&owner, |account| account.unfreezing.clear());
    Ok(())
}
