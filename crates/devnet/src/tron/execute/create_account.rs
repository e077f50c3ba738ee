//! AccountCreateContract: activates an account without sending it anything.

use super::{
    super::{
        address::Address,
        state::{Account, Param, State},
        wire::Fields,
    },
    Env, Invalid, Receipt, burn, missing, owner_of,
};

pub(super) fn execute(
    state: &mut State,
    env: &Env,
    fields: &Fields<'_>,
    receipt: &mut Receipt,
) -> Result<(), Invalid> {
    let owner = owner_of(fields, "Invalid ownerAddress")?;
    let account = state.account(&owner).ok_or_else(|| missing(&owner))?;
    let fee = state.params().get(Param::CreateNewAccountFeeInSystemContract);
    if account.balance_sun < fee {
        return Err("Validate CreateAccountActuator error, insufficient fee.".into());
    }
    let made = Address::from_wire(fields.bytes(2)).ok_or("Invalid account address")?;
    if state.account(&made).is_some() {
        return Err("Account has existed".into());
    }
    burn(state, owner, fee).map_err(|_| "Validate CreateAccountActuator error, insufficient fee.")?;
    state.accounts.set(made, Some(Account::new(made, env.head_ms)));
    receipt.add_fee(fee);
    Ok(())
}
