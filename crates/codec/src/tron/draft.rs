//! From what is wanted to the bytes that are signed, or a reason why no node would carry it out.

use sluice_core::address::TronAddress;

use super::call::{Call, Resource};
use super::permission::{self, PermissionError};
use super::terms::Terms;
use super::tx::{BYTES_MAX, SIGNATURES_MAX, Unsigned, raw, txid};

/// Nodes refuse what expires more than a day after their head.
const LIFETIME_MAX_MS: i64 = 86_400_000;
/// Tag, length and 65 bytes.
const SIGNATURE_BYTES: usize = 67;
/// Tag and length in front of `raw_data`, at most.
const HEAD_BYTES: usize = 4;
/// Numbers of active permissions; the owner's is 0. A witness's, 1, signs blocks and no transactions.
const ACTIVE: std::ops::RangeInclusive<i32> = 2..=9;
/// Least stake that is frozen or lent: 1 TRX.
const STAKE_MIN_SUN: i64 = 1_000_000;

/// Bytes to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes {
    /// `raw_data`.
    pub raw: Vec<u8>,
    /// SHA-256 of it: the transaction's id, and what the key signs.
    pub txid: [u8; 32],
}

/// Why no bytes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Nothing would be moved, staked or lent, or less than nothing.
    #[error("the amount is not above zero")]
    Nothing,
    /// Less than nodes freeze or lend.
    #[error("a stake is frozen and lent from 1 TRX on")]
    Stake,
    /// The zero address, the owner itself, or the token contract: no node takes it, or what is sent is lost.
    #[error("the recipient is the zero address, the sender, or the token contract")]
    Recipient,
    /// Votes are not lent.
    #[error("only bandwidth and energy can be lent")]
    Resource,
    /// A negative number of blocks.
    #[error("a lock lasts no negative number of blocks")]
    Lock,
    /// Not after its timestamp, or more than a day after it.
    #[error("the expiration is not within a day after the timestamp")]
    Expiration,
    /// Negative, or zero where a contract is called: it would run out of energy at once.
    #[error("the fee limit is negative, or zero where a contract is called")]
    FeeLimit,
    /// Neither the owner's number nor one of an active permission.
    #[error("transactions are signed by permission 0, or 2 to 9")]
    PermissionId,
    /// An account cannot have these.
    #[error(transparent)]
    Permission(#[from] PermissionError),
    /// Longer than a node takes.
    #[error("the transaction is longer than 500 KiB")]
    TooLong,
}

/// Makes the bytes to be signed.
///
/// # Errors
/// [`EncodeError`] names what no node would carry out, or would carry out to our loss.
pub fn draft(unsigned: &Unsigned) -> Result<Bytes, EncodeError> {
    check_terms(&unsigned.terms)?;
    check_call(unsigned)?;
    let raw = raw(unsigned);
    if raw.len() > BYTES_MAX - HEAD_BYTES - SIGNATURES_MAX * SIGNATURE_BYTES {
        return Err(EncodeError::TooLong);
    }
    let txid = txid(&raw);
    Ok(Bytes { raw, txid })
}

fn check_terms(terms: &Terms) -> Result<(), EncodeError> {
    let lifetime = terms.expiration_ms.checked_sub(terms.timestamp_ms);
    if terms.timestamp_ms < 0 || !lifetime.is_some_and(|lasts| (1..=LIFETIME_MAX_MS).contains(&lasts)) {
        return Err(EncodeError::Expiration);
    }
    if terms.fee_limit_sun < 0 {
        return Err(EncodeError::FeeLimit);
    }
    if terms.permission_id != 0 && !ACTIVE.contains(&terms.permission_id) {
        return Err(EncodeError::PermissionId);
    }
    Ok(())
}

fn check_call(unsigned: &Unsigned) -> Result<(), EncodeError> {
    let Unsigned { owner, call, terms } = unsigned;
    match call {
        Call::TrxTransfer { to, sun } => {
            above_zero(*sun)?;
            other_than(*owner, *to)
        }
        Call::Trigger { contract, value_sun, .. } => {
            if *contract == TronAddress([0; 20]) {
                return Err(EncodeError::Recipient);
            }
            if *value_sun < 0 {
                return Err(EncodeError::Nothing);
            }
            if terms.fee_limit_sun == 0 {
                return Err(EncodeError::FeeLimit);
            }
            match call.as_trc20_transfer() {
                Some((_, _, units)) if units.is_zero() => Err(EncodeError::Nothing),
                Some((token, to, _)) if to == token => Err(EncodeError::Recipient),
                Some((_, to, _)) => other_than(*owner, to),
                None => Ok(()),
            }
        }
        Call::Freeze { stake_sun, .. } => stake(*stake_sun),
        Call::Unfreeze { stake_sun, .. } => above_zero(*stake_sun),
        Call::WithdrawExpireUnfreeze | Call::CancelAllUnfreeze => Ok(()),
        Call::Delegate { receiver, resource, stake_sun, lock_blocks } => {
            if lock_blocks.is_some_and(|blocks| blocks < 0) {
                return Err(EncodeError::Lock);
            }
            stake(*stake_sun)?;
            lent(*owner, *receiver, *resource)
        }
        Call::Undelegate { receiver, resource, stake_sun } => {
            above_zero(*stake_sun)?;
            lent(*owner, *receiver, *resource)
        }
        Call::PermissionUpdate { owner, witness, actives } => {
            Ok(permission::check(owner, witness.as_ref(), actives)?)
        }
    }
}

fn lent(owner: TronAddress, to: TronAddress, resource: Resource) -> Result<(), EncodeError> {
    match resource {
        Resource::Bandwidth | Resource::Energy => other_than(owner, to),
        Resource::TronPower => Err(EncodeError::Resource),
    }
}

fn stake(sun: i64) -> Result<(), EncodeError> {
    above_zero(sun)?;
    if sun < STAKE_MIN_SUN { Err(EncodeError::Stake) } else { Ok(()) }
}

const fn above_zero(sun: i64) -> Result<(), EncodeError> {
    if sun > 0 { Ok(()) } else { Err(EncodeError::Nothing) }
}

fn other_than(owner: TronAddress, to: TronAddress) -> Result<(), EncodeError> {
    if to == owner || to == TronAddress([0; 20]) { Err(EncodeError::Recipient) } else { Ok(()) }
}
