//! Token logs. Layout: ERC-20; indexed arguments are topics, the rest is data.
//!
//! Only the exact shape is an event: an ERC-721 `Transfer` has the same first topic and four topics, and is none of ours.

use alloy_primitives::b256;
use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;

use super::call;

/// `Transfer(address indexed from, address indexed to, uint256 value)`.
pub const TRANSFER: [u8; 32] = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef").0;
/// `Approval(address indexed owner, address indexed spender, uint256 value)`.
pub const APPROVAL: [u8; 32] = b256!("8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925").0;

/// Tokens moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferEvent {
    /// Payer; the zero address when minted.
    pub from: EvmAddress,
    /// Recipient; the zero address when burned.
    pub to: EvmAddress,
    /// Exact atoms of the token.
    pub units: Units,
}

/// Somebody may move an owner's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovalEvent {
    /// Whose tokens.
    pub owner: EvmAddress,
    /// Who may move them.
    pub spender: EvmAddress,
    /// How many, exact atoms of the token.
    pub units: Units,
}

/// Reads a token transfer; `None` for any other log.
pub fn transfer(topics: &[[u8; 32]], data: &[u8]) -> Option<TransferEvent> {
    let (from, to, units) = two_addresses(&TRANSFER, topics, data)?;
    Some(TransferEvent { from, to, units })
}

/// Reads an approval; `None` for any other log.
pub fn approval(topics: &[[u8; 32]], data: &[u8]) -> Option<ApprovalEvent> {
    let (owner, spender, units) = two_addresses(&APPROVAL, topics, data)?;
    Some(ApprovalEvent { owner, spender, units })
}

/// The topic by which `eth_getLogs` finds an account: its address as a word.
pub fn topic_of(address: EvmAddress) -> [u8; 32] {
    call::word_of(address)
}

fn two_addresses(
    name: &[u8; 32],
    topics: &[[u8; 32]],
    data: &[u8],
) -> Option<(EvmAddress, EvmAddress, Units)> {
    match topics {
        [topic, first, second] if topic == name => {
            Some((call::address_of_word(first)?, call::address_of_word(second)?, call::read_units(data)?))
        }
        _ => None,
    }
}
