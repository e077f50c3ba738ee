//! TRC-20 tokens: what is asked of them, and what they log. The ABI is Solidity's and knows no 0x41: in call data, in topics
//! and as the address of a log an account is its 20 bytes.
//!
//! What `transfer` answers means nothing: USDT on the main network answers false when it has paid. Whether it paid is said
//! by its log.

use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::amount::Units;

pub use crate::evm::call::{decimals, paused, read_bool, read_u8, read_units};
use crate::evm::{call, log};

/// `isBlackListed(address)`, as USDT spells it; Circle's FiatToken has another.
const IS_BLACK_LISTED: [u8; 4] = [0xe4, 0x7d, 0x60, 0x60];

/// Tokens moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferLog {
    /// The contract that logged it. Anybody's contract can log anything: compare it.
    pub token: TronAddress,
    /// Payer; the zero address when minted.
    pub from: TronAddress,
    /// Recipient; the zero address when burned.
    pub to: TronAddress,
    /// Exact atoms of the token.
    pub units: Units,
}

/// `transfer(address,uint256)`.
pub fn transfer(to: TronAddress, units: Units) -> Vec<u8> {
    call::transfer(EvmAddress(to.0), units)
}

/// Reads the call data of [`transfer`]: recipient and units. `None` for anything else.
pub fn as_transfer(data: &[u8]) -> Option<(TronAddress, Units)> {
    let (to, units) = call::as_transfer(data)?;
    Some((TronAddress(to.0), units))
}

/// `balanceOf(address)`.
pub fn balance_of(account: TronAddress) -> Vec<u8> {
    call::balance_of(EvmAddress(account.0))
}

/// USDT's `isBlackListed(address)`.
pub fn is_black_listed(account: TronAddress) -> Vec<u8> {
    [&IS_BLACK_LISTED[..], &call::word_of(EvmAddress(account.0))].concat()
}

/// Reads a token transfer from a log, whose `address` nodes give as 20 bytes. `None` for any other log.
pub fn transfer_log(address: &[u8], topics: &[[u8; 32]], data: &[u8]) -> Option<TransferLog> {
    let event = log::transfer(topics, data)?;
    Some(TransferLog {
        token: TronAddress(address.try_into().ok()?),
        from: TronAddress(event.from.0),
        to: TronAddress(event.to.0),
        units: event.units,
    })
}
