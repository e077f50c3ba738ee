//! Calls to token contracts: what is asked, and what was answered. ERC-20, and what Circle's FiatToken
//! (<https://github.com/circlefin/stablecoin-evm>) and Tether's token answer beside. Layout: Solidity ABI specification,
//! "Formal Specification of the Encoding".
//!
//! Answers are read strictly. A word too few is what an account without code or a failed proxy answers; a dirty high
//! byte is what no compiler writes; both mean "this is not the contract we think it is".

use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;

const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
const IS_BLACKLISTED: [u8; 4] = [0xfe, 0x57, 0x5a, 0x87];
const IS_BLACK_LISTED: [u8; 4] = [0xe4, 0x7d, 0x60, 0x60];
const PAUSED: [u8; 4] = [0x5c, 0x97, 0x5a, 0xbb];
const DECIMALS: [u8; 4] = [0x31, 0x3c, 0xe5, 0x67];

/// `transfer(address,uint256)`.
pub fn transfer(to: EvmAddress, units: Units) -> Vec<u8> {
    let mut data = Vec::with_capacity(68);
    data.extend_from_slice(&TRANSFER);
    data.extend_from_slice(&word_of(to));
    data.extend_from_slice(&units.to_be_bytes::<32>());
    data
}

/// `balanceOf(address)`.
pub fn balance_of(account: EvmAddress) -> Vec<u8> {
    about(BALANCE_OF, account)
}

/// FiatToken's `isBlacklisted(address)`.
pub fn is_blacklisted(account: EvmAddress) -> Vec<u8> {
    about(IS_BLACKLISTED, account)
}

/// Tether's `isBlackListed(address)`.
pub fn is_black_listed(account: EvmAddress) -> Vec<u8> {
    about(IS_BLACK_LISTED, account)
}

/// `paused()`.
pub fn paused() -> Vec<u8> {
    PAUSED.to_vec()
}

/// `decimals()`.
pub fn decimals() -> Vec<u8> {
    DECIMALS.to_vec()
}

/// Reads the call data of [`transfer`]: recipient and units. `None` for anything else.
pub fn as_transfer(data: &[u8]) -> Option<(EvmAddress, Units)> {
    let (selector, rest) = data.split_first_chunk::<4>()?;
    let (to, units) = rest.split_first_chunk::<32>()?;
    (*selector == TRANSFER).then_some(())?;
    Some((address_of_word(to)?, read_units(units)?))
}

/// Reads a `uint256`: exactly one word.
pub fn read_units(answer: &[u8]) -> Option<Units> {
    Some(Units::from_be_bytes::<32>(answer.try_into().ok()?))
}

/// Reads a `bool`: exactly one word, 0 or 1.
pub fn read_bool(answer: &[u8]) -> Option<bool> {
    match read_units(answer)? {
        Units::ZERO => Some(false),
        Units::ONE => Some(true),
        _ => None,
    }
}

/// Reads a `uint8`: exactly one word, at most 255.
pub fn read_u8(answer: &[u8]) -> Option<u8> {
    u8::try_from(read_units(answer)?).ok()
}

fn about(selector: [u8; 4], account: EvmAddress) -> Vec<u8> {
    let mut data = Vec::with_capacity(36);
    data.extend_from_slice(&selector);
    data.extend_from_slice(&word_of(account));
    data
}

/// An address as a 32-byte word: 12 zero bytes in front.
pub(crate) fn word_of(address: EvmAddress) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&address.0);
    word
}

/// The address in a word; `None` when the bytes in front are not zero.
pub(super) fn address_of_word(word: &[u8; 32]) -> Option<EvmAddress> {
    let (front, address) = word.split_first_chunk::<12>()?;
    (*front == [0; 12]).then_some(())?;
    Some(EvmAddress(address.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::keccak256;

    #[test]
    fn a_call_begins_with_the_hash_of_its_name() {
        for (name, selector) in [
            ("transfer(address,uint256)", TRANSFER),
            ("balanceOf(address)", BALANCE_OF),
            ("isBlacklisted(address)", IS_BLACKLISTED),
            ("isBlackListed(address)", IS_BLACK_LISTED),
            ("paused()", PAUSED),
            ("decimals()", DECIMALS),
        ] {
            assert_eq!(keccak256(name)[..4], selector, "{name}");
        }
    }
}
