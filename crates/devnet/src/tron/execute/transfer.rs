//! TransferContract: TRX from one account to another, which it activates if need be.

use super::{
    super::{
        address::Address,
        state::{Account, Param, State},
        wire::Fields,
    },
    Env, Invalid, Receipt, burn, owner_of,
};

const SHORT: &str = "Validate TransferContract error, balance is not sufficient.";

pub(super) fn execute(
    state: &mut State,
    env: &Env,
    fields: &Fields<'_>,
    receipt: &mut Receipt,
) -> Result<(), Invalid> {
    let owner = owner_of(fields, "Invalid ownerAddress!")?;
    let to = Address::from_wire(fields.bytes(2)).ok_or("Invalid toAddress!")?;
    if owner == to {
        return Err("Cannot transfer TRX to yourself.".into());
    }
    let Some(account) = state.account(&owner) else {
        return Err("Validate TransferContract error, no OwnerAccount.".into());
    };
    let amount = fields.number(3);
    if amount <= 0 {
        return Err("Amount must be greater than 0.".into());
    }
    let receiver = state.account(&to);
    let params = state.params();
    if params.get(Param::ForbidTransferToContract) == 1 && receiver.is_some_and(|account| account.is_contract)
    {
        return Err("Cannot transfer TRX to a smartContract.".into());
    }
    let fee = match receiver {
        Some(_) => 0,
        None => params.get(Param::CreateNewAccountFeeInSystemContract),
    };
    if amount.checked_add(fee).is_none_or(|sum| account.balance_sun < sum) {
        return Err(SHORT.into());
    }
    if receiver.is_some_and(|account| account.balance_sun.checked_add(amount).is_none()) {
        return Err("long overflow".into());
    }
    if receiver.is_none() {
        state.accounts.set(to, Some(Account::new(to, env.head_ms)));
    }
    burn(state, owner, fee).map_err(|_| SHORT)?;
    state.change(&owner, |account| account.balance_sun = account.balance_sun.saturating_sub(amount));
    state.change(&to, |account| account.balance_sun = account.balance_sun.saturating_add(amount));
    receipt.add_fee(fee);
    Ok(())
}
