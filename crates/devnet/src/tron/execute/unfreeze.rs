//! UnfreezeBalanceV2Contract: a stake begins its way back. What has arrived meanwhile is paid out with it.

use super::{
    super::{
        state::{Param, State, Unfreezing},
        wire::Fields,
    },
    Env, Invalid, Receipt,
    freeze::weigh_anew,
    missing, owner_of, resource, withdraw,
};

/// Stakes of one account that may be on their way back at a time.
const UNFREEZING_MAX: usize = 32;
const DAY_MS: i64 = 86_400_000;

pub(super) fn execute(
    state: &mut State,
    env: &Env,
    fields: &Fields<'_>,
    receipt: &mut Receipt,
) -> Result<(), Invalid> {
    let owner = owner_of(fields, "Invalid address")?;
    let account = state.account(&owner).ok_or_else(|| missing(&owner))?;
    let resource = resource(fields, 3).ok_or("ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]")?;
    let staked = account.staked(resource);
    if staked.own_sun <= 0 {
        let name = match resource {
            super::Resource::Bandwidth => "BANDWIDTH",
            super::Resource::Energy => "Energy",
        };
        return Err(Invalid(format!("no frozenBalance({name})")));
    }
    let amount = fields.number(2);
    if amount <= 0 || amount > staked.own_sun {
        return Err(Invalid(format!("Invalid unfreeze_balance, [{amount}] is error")));
    }
    let waiting = account.unfreezing.iter().filter(|one| one.expire_ms > env.head_ms).count();
    if waiting >= UNFREEZING_MAX {
        return Err("Invalid unfreeze operation, unfreezing times is over limit".into());
    }
    let before = staked.own_sun.saturating_add(staked.lent_sun);
    receipt.withdraw_expire_amount = withdraw::pay_out(state, env, owner);
    let delay_ms = state.params().get(Param::UnfreezeDelayDays).saturating_mul(DAY_MS);
    let expire_ms = env.head_ms.saturating_add(delay_ms);
    state.change(&owner, |account| {
        let staked = account.staked_mut(resource);
        staked.own_sun = staked.own_sun.saturating_sub(amount);
        account.unfreezing.push(Unfreezing { resource, amount_sun: amount, expire_ms });
    });
    weigh_anew(state, resource, before, before.saturating_sub(amount));
    receipt.unfreeze_amount = amount;
    Ok(())
}
