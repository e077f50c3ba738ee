//! WithdrawExpireUnfreezeContract: pays out the stakes whose way back has ended.

use super::{
    super::{address::Address, state::State, wire::Fields},
    Env, Invalid, Receipt, missing, owner_of,
};

pub(super) fn execute(
    state: &mut State,
    env: &Env,
    fields: &Fields<'_>,
    receipt: &mut Receipt,
) -> Result<(), Invalid> {
    let owner = owner_of(fields, "Invalid address")?;
    state.account(&owner).ok_or_else(|| missing(&owner))?;
    let paid = pay_out(state, env, owner);
    if paid <= 0 {
        return Err("no unFreeze balance to withdraw ".into());
    }
    receipt.withdraw_expire_amount = paid;
    Ok(())
}

/// Pays out what has arrived, and says how much that was.
pub(super) fn pay_out(state: &mut State, env: &Env, owner: Address) -> i64 {
    let now_ms = env.head_ms;
    let paid = state.change(&owner, |account| {
        let arrived = account.unfreezing.iter().filter(|one| one.expire_ms <= now_ms);
        let paid = arrived.map(|one| one.amount_sun).fold(0, i64::saturating_add);
        account.unfreezing.retain(|one| one.expire_ms > now_ms);
        account.balance_sun = account.balance_sun.saturating_add(paid);
        paid
    });
    paid.unwrap_or(0)
}
