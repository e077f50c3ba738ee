//! One transaction against the state: signatures, bandwidth, fees, and then what its contract says.
//!
//! In the network's order, so that what is refused is refused for the same reason. The caller opens a layer before
//! and takes it back after a [`Refusal`].

mod bandwidth;
mod cancel_unfreeze;
mod create_account;
mod delegate;
mod freeze;
mod permission_update;
mod receipt;
mod refusal;
mod signature;
#[cfg(test)]
mod tests;
mod transfer;
mod trigger;
mod undelegate;
mod unfreeze;
mod withdraw;

pub(super) use receipt::{Outcome, Receipt};
pub(super) use refusal::{Refusal, Verdict};
pub(super) use signature::{SignatureError, check as signatures, permission_of, weigh};
pub(super) use trigger::{Simulated, simulate};
pub(super) use undelegate::take_back;

use super::{
    address::Address,
    schema::Schema,
    state::{Param, Resource, State},
    tx::Tx,
    view::View,
    wire::Fields,
};

/// Where and when a transaction is executed: on the head of the chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Env {
    /// When the head was made, in milliseconds.
    pub(super) head_ms: i64,
    /// The same in slots since the genesis block.
    pub(super) head_slot: i64,
}

/// A refusal of a contract's own rules, in the node's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invalid(pub(super) String);

impl From<&str> for Invalid {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<Invalid> for Refusal {
    fn from(Invalid(text): Invalid) -> Self {
        Self::Validate(text)
    }
}

/// Executes a transaction whose reference block, expiry and novelty were checked.
pub(super) fn process(state: &mut State, env: &Env, tx: &Tx) -> Result<Receipt, Refusal> {
    signature::check(state, tx)?;
    let owner = tx.owner.ok_or_else(|| Refusal::Validate("Invalid address".to_owned()))?;
    let mut receipt = Receipt::new(tx);
    bandwidth::consume(state, env, tx, owner, &mut receipt)?;
    if tx.signatures.len() > 1 {
        let fee = state.params().get(Param::MultiSignFee);
        burn(state, owner, fee).map_err(|Short| Refusal::Resource)?;
        receipt.add_fee(fee);
    }
    let memo_fee = state.params().get(Param::MemoFee);
    if tx.has_memo && memo_fee > 0 {
        burn(state, owner, memo_fee).map_err(|Short| Refusal::Resource)?;
        receipt.add_fee(memo_fee);
    }
    let Some((kind, fields)) = tx.message() else {
        return Err(Refusal::Validate("No contract!".to_owned()));
    };
    if kind == trigger::KIND {
        trigger::execute(state, env, tx, owner, &fields, &mut receipt)?;
    } else {
        contract(state, env, kind, &fields, &mut receipt)?;
    }
    let now_ms = env.head_ms;
    state.change(&owner, |account| account.last_operation_ms = now_ms);
    Ok(receipt)
}

/// Executes the contracts that need no virtual machine. Also used to check one before a transaction is built of it.
pub(super) fn contract(
    state: &mut State,
    env: &Env,
    kind: i64,
    fields: &Fields<'_>,
    receipt: &mut Receipt,
) -> Result<(), Invalid> {
    match kind {
        0 => create_account::execute(state, env, fields, receipt),
        1 => transfer::execute(state, env, fields, receipt),
        46 => permission_update::execute(state, fields, receipt),
        54 => freeze::execute(state, fields),
        55 => unfreeze::execute(state, env, fields, receipt),
        56 => withdraw::execute(state, env, fields, receipt),
        57 => delegate::execute(state, env, fields),
        58 => undelegate::execute(state, env, fields),
        59 => cancel_unfreeze::execute(state, env, fields, receipt),
        _ => Err("No contract!".into()),
    }
}

/// Checks a contract as the node does before it builds a transaction; nothing of it remains.
pub(super) fn check_contract(
    state: &mut State,
    env: &Env,
    schema: &Schema,
    fields: &Fields<'_>,
) -> Result<(), Invalid> {
    let Some((kind, _)) = super::schema::contract_named(schema.name) else {
        return Err("No contract!".into());
    };
    state.open();
    let checked = contract(state, env, kind, fields, &mut Receipt::default());
    state.undo();
    checked
}

/// The balance is too short.
#[derive(Debug)]
struct Short;

/// Takes a fee, which is destroyed.
fn burn(state: &mut State, owner: Address, fee_sun: i64) -> Result<(), Short> {
    let paid = state.change(&owner, |account| {
        let left = account.balance_sun.checked_sub(fee_sun).filter(|left| *left >= 0)?;
        account.balance_sun = left;
        Some(())
    });
    match paid {
        Some(Some(())) => {
            state.change_globals(|globals| globals.burnt_sun = globals.burnt_sun.saturating_add(fee_sun));
            Ok(())
        }
        Some(None) => Err(Short),
        // The network charges nobody who is not there.
        None => Ok(()),
    }
}

/// The owner's address as a contract names it.
fn owner_of(fields: &Fields<'_>, otherwise: &str) -> Result<Address, Invalid> {
    Address::from_wire(fields.bytes(1)).ok_or_else(|| otherwise.into())
}

/// An account that a contract names is not there.
fn missing(address: &Address) -> Invalid {
    Invalid(format!("Account[{}] does not exist", address.hex()))
}

/// Bandwidth or energy by its number; `None` for TRON power, which staking does not have here.
fn resource(fields: &Fields<'_>, number: u32) -> Option<Resource> {
    Resource::of_wire(fields.number(number))
}

fn view<'a>(state: &'a State, env: &Env) -> View<'a> {
    View::newest(state, env.head_ms, env.head_slot)
}
