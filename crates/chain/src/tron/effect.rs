//! What one of our attempts did, by its block and its receipt. Exactly what was meant, or it is a mismatch that freezes the
//! lane (M6). Only configured tokens are believed: anybody can write a contract that claims to have moved something of ours.

use std::collections::BTreeSet;

use sluice_codec::evm::log;
use sluice_codec::tron::Call;
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::amount::{Amount, Cost, Units};
use sluice_core::errand::{Deed, LockBlocks, Resource};
use sluice_core::port::chain::Known;
use sluice_core::proof::{Effect, Inclusion};

use super::node::{Executed, Info, Log, NodeError, Tx};
use super::place::Placed;

/// The payment that a slot is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meant {
    /// Token contract; `None` for TRX.
    pub(super) contract: Option<TronAddress>,
    /// Recipient.
    pub(super) to: TronAddress,
    /// Exact units.
    pub(super) units: Units,
    /// What is done with a stake, where it is no payment, and the lock of a loan.
    pub(super) errand: Option<(Deed, Resource, Option<LockBlocks>)>,
}

/// Contracts whose logs say something about money; `None` believes all of them.
pub(super) type Believed<'a> = Option<&'a BTreeSet<TronAddress>>;

/// Tokens that a log says moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) from: TronAddress,
    pub(super) to: TronAddress,
    pub(super) units: Units,
}

/// Reads a token transfer; `None` for any other log.
pub(super) fn moved(found: &Log) -> Option<Moved> {
    let moved = log::transfer(&found.topics, &found.data)?;
    Some(Moved { from: TronAddress(moved.from.0), to: TronAddress(moved.to.0), units: moved.units })
}

/// Whether a log claims that a token left `owner`: also in the shape of an ERC-721, which is none of ours.
fn leaves(owner: TronAddress, found: &Log) -> bool {
    matches!(found.topics.as_slice(), [log::TRANSFER, from, ..] if *from == log::topic_of(EvmAddress(owner.0)))
}

/// What a transaction in a block says about our attempt; `None` where the node has no receipt of it, or one without a result:
/// that is no outcome.
///
/// # Errors
/// [`NodeError::Nonsense`] when block and receipt contradict each other.
pub(super) fn inclusion(
    attempt: &Known,
    meant: &Meant,
    believed: Believed<'_>,
    placed: &Placed,
) -> Result<Option<Inclusion>, NodeError> {
    let Some(info) = &placed.info else { return Ok(None) };
    let Some(executed) = executed(&placed.tx, info)? else { return Ok(None) };
    let effect = effect(meant, believed, placed, info, executed);
    let too_much = || NodeError::Nonsense("a receipt pays out more sun than there are".to_owned());
    let returned =
        i64::try_from(info.collected_sun).ok().and_then(Amount::from_atoms).ok_or_else(too_much)?;
    Ok(Some(Inclusion {
        attempt: attempt.attempt,
        txid: attempt.txid,
        block: placed.block,
        effect,
        cost: Cost(info.fee_sun.into()),
        returned,
    }))
}

/// What execution came to. The block says it of every transaction, the receipt of calls of contracts alone; where both
/// speak they say the same.
pub(super) fn executed(tx: &Tx, info: &Info) -> Result<Option<Executed>, NodeError> {
    let nonsense = |why: &str| NodeError::Nonsense(format!("receipt of 0x{}: {why}", hex::encode(tx.txid())));
    let calls = matches!(tx.call(), Some(Call::Trigger { .. }));
    let executed = match (info.executed, tx.executed()) {
        (Some(one), Some(other)) if one != other => return Err(nonsense("another result than its block's")),
        (Some(one), _) => Some(one),
        (None, _) if calls => None,
        (None, other) => other,
    };
    if info.failed && executed == Some(Executed::Success) {
        return Err(nonsense("failed and successful"));
    }
    Ok(executed)
}

fn effect(meant: &Meant, believed: Believed<'_>, placed: &Placed, info: &Info, executed: Executed) -> Effect {
    let Some(owner) = placed.tx.owner() else { return Effect::Mismatch };
    let token = |found: &Log| {
        meant.contract == Some(found.address) || believed.is_none_or(|all| all.contains(&found.address))
    };
    let logs = (placed.first_log..).zip(&info.logs);
    let left: Vec<(u64, &Log)> = logs.filter(|(_, found)| token(found) && leaves(owner, found)).collect();
    match (executed, left.as_slice()) {
        (Executed::Failed, []) => Effect::Reverted,
        (Executed::OutOfEnergy, []) => Effect::OutOfEnergy,
        // As below: the id commits to what is done, and nothing leaves by it.
        (Executed::Success, left) if let Some((deed, resource, lock)) = meant.errand => {
            let sun = i64::try_from(meant.units).ok();
            let call = sun.map(|sun| sluice_codec::tron::errand(deed, resource, meant.to, sun, lock));
            match left.is_empty() && call.is_some() && call.as_ref() == placed.tx.call() {
                true => Effect::Paid { log_index: 0 },
                false => Effect::Mismatch,
            }
        }
        (Executed::Success, left) => match (meant.contract, placed.tx.call(), left) {
            (Some(contract), Some(call), [(index, only)])
                if call.as_trc20_transfer() == Some((contract, meant.to, meant.units))
                    && only.address == contract
                    && moved(only) == Some(Moved { from: owner, to: meant.to, units: meant.units }) =>
            {
                Effect::Paid { log_index: *index }
            }
            // Its id commits to recipient and amount: success is the payment. There is no log to name.
            (None, Some(Call::TrxTransfer { to, sun }), [])
                if *to == meant.to && Units::try_from(*sun) == Ok(meant.units) =>
            {
                Effect::Paid { log_index: 0 }
            }
            (Some(_) | None, _, _) => Effect::Mismatch,
        },
        (Executed::Failed | Executed::OutOfEnergy, _) => Effect::Mismatch,
    }
}
