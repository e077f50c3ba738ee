//! Bytes are paid for by a stake, else by what everybody has free each day, else in TRX.

use super::{
    super::{
        address::Address,
        state::{Param, Resource, State},
        tx::{RESULT_BYTES, Tx},
    },
    Env, Receipt, Refusal, Short, burn, view,
};

/// A signature's bytes, which do not count against the bound for new accounts.
const SIGNATURE_BYTES: i64 = 65;

pub(super) fn consume(
    state: &mut State,
    env: &Env,
    tx: &Tx,
    owner: Address,
    receipt: &mut Receipt,
) -> Result<(), Refusal> {
    let bytes = tx.size_bytes.saturating_add(RESULT_BYTES);
    let params = state.params();
    let view = view(state, env);
    let Some(account) = view.account(&owner) else {
        return Err(Refusal::Validate(format!("account [{owner}] does not exist")));
    };
    let creates = creates_account(state, tx);
    if creates {
        let signatures = i64::try_from(tx.signatures.len()).unwrap_or(0).saturating_mul(SIGNATURE_BYTES);
        let (size, most) =
            (tx.size_bytes.saturating_sub(signatures), params.get(Param::MaxCreateAccountTxSize));
        if size > most {
            let id = hex::encode(tx.id);
            return Err(Refusal::TooBig(format!(
                "Too big new account transaction, TxId {id}, the size is {size} bytes, maxTxSize {most}"
            )));
        }
    }
    let cost =
        if creates { bytes.saturating_mul(params.get(Param::CreateNewAccountBandwidthRate)) } else { bytes };
    let free_left = params.get(Param::FreeNetLimit).saturating_sub(account.free.now(env.head_slot));
    let slot = env.head_slot;
    if cost <= view.left(account, Resource::Bandwidth) {
        state.change(&owner, |account| account.bandwidth.usage = account.bandwidth.usage.with(cost, slot));
        receipt.net_usage = cost;
        return Ok(());
    }
    // What everybody has free makes no account.
    if !creates && bytes <= free_left {
        state.change(&owner, |account| account.free = account.free.with_a_fresh_day(bytes, slot));
        receipt.net_usage = bytes;
        return Ok(());
    }
    let price = if creates {
        params.get(Param::CreateAccountFee)
    } else {
        params.get(Param::TransactionFee).saturating_mul(bytes)
    };
    burn(state, owner, price).map_err(|Short| Refusal::Resource)?;
    receipt.net_fee = price;
    receipt.add_fee(price);
    Ok(())
}

/// True for what makes an account by itself; a contract's call never does.
fn creates_account(state: &State, tx: &Tx) -> bool {
    match tx.message() {
        Some((0, _)) => true,
        Some((1, fields)) => {
            Address::from_wire(fields.bytes(2)).is_none_or(|to| state.account(&to).is_none())
        }
        _ => false,
    }
}
