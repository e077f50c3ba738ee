//! An ERC-20 with a blacklist and a pause, as Circle's FiatToken has them: balances, calls, reverts.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::address::EvmAddress;

/// The selectors it answers.
mod selector {
    pub const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
    pub const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
    pub const IS_BLACKLISTED: [u8; 4] = [0xfe, 0x57, 0x5a, 0x87];
    /// `isBlackListed(address)`, as Tether has it.
    pub const IS_BLACK_LISTED: [u8; 4] = [0xe4, 0x7d, 0x60, 0x60];
    pub const PAUSED: [u8; 4] = [0x5c, 0x97, 0x5a, 0xbb];
    pub const DECIMALS: [u8; 4] = [0x31, 0x3c, 0xe5, 0x67];
    pub const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
}

/// `Transfer(address,address,uint256)`.
pub const TRANSFER_TOPIC: [u8; 32] = [
    0xdd, 0xf2, 0x52, 0xad, 0x1b, 0xe2, 0xc8, 0x9b, 0x69, 0xc2, 0xb0, 0x68, 0xfc, 0x37, 0x8d, 0xaa, 0x95,
    0x2b, 0xa7, 0xf1, 0x63, 0xc4, 0xa1, 0x16, 0x28, 0xf5, 0x5a, 0x4d, 0xf5, 0x23, 0xb3, 0xef,
];

/// Digits after the point.
pub const DECIMALS: u8 = 6;

/// What the issuer decides from outside of any block: true at once, for every node.
#[derive(Clone, Debug, Default)]
pub struct Issuer {
    /// Accounts that may neither pay nor be paid.
    pub blacklist: BTreeSet<EvmAddress>,
    /// Nobody may pay.
    pub paused: bool,
    /// Accounts that get an atom less than they are paid, as with a token that takes a fee. The payer keeps it.
    pub taxed: BTreeSet<EvmAddress>,
}

impl Issuer {
    /// What a transfer of `atoms` to an account moves.
    pub fn moves(&self, to: EvmAddress, atoms: u128) -> u128 {
        if self.taxed.contains(&to) { atoms.saturating_sub(1) } else { atoms }
    }
}

/// Balances.
#[derive(Clone, Debug, Default)]
pub struct Token {
    /// Atoms by account.
    pub balances: BTreeMap<EvmAddress, u128>,
}

/// What a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `transfer(to, atoms)`.
    Transfer(EvmAddress, u128),
    /// `balanceOf(account)`.
    BalanceOf(EvmAddress),
    /// `isBlacklisted(account)`.
    IsBlacklisted(EvmAddress),
    /// `paused()`.
    Paused,
    /// `decimals()`.
    Decimals,
}

/// Call data of `transfer(to, atoms)`.
pub fn transfer(to: EvmAddress, atoms: u128) -> Vec<u8> {
    [selector::TRANSFER.as_slice(), &topic(to), &returned(atoms)].concat()
}

/// Reads call data.
pub fn parse(data: &[u8]) -> Option<Call> {
    let (selector, arguments) = data.split_first_chunk::<4>()?;
    let word = |index: usize| arguments.get(index * 32..index * 32 + 32);
    let account = |index: usize| {
        let word = word(index)?;
        word[..12].iter().all(|byte| *byte == 0).then_some(())?;
        word[12..].try_into().ok().map(EvmAddress)
    };
    let atoms = |index: usize| {
        let word = word(index)?;
        word[..16].iter().all(|byte| *byte == 0).then_some(())?;
        word[16..].try_into().ok().map(u128::from_be_bytes)
    };
    match *selector {
        selector::TRANSFER => Some(Call::Transfer(account(0)?, atoms(1)?)),
        selector::BALANCE_OF => Some(Call::BalanceOf(account(0)?)),
        selector::IS_BLACKLISTED | selector::IS_BLACK_LISTED => Some(Call::IsBlacklisted(account(0)?)),
        selector::PAUSED => Some(Call::Paused),
        selector::DECIMALS => Some(Call::Decimals),
        _ => None,
    }
}

impl Token {
    /// Executes a call for `from`; `Ok` holds the returned word.
    ///
    /// # Errors
    /// The revert reason.
    pub fn call(&mut self, issuer: &Issuer, from: EvmAddress, data: &[u8]) -> Result<u128, &'static str> {
        match parse(data).ok_or("FiatTokenProxy: unknown selector")? {
            Call::BalanceOf(account) => Ok(self.balance(account)),
            Call::IsBlacklisted(account) => Ok(u128::from(issuer.blacklist.contains(&account))),
            Call::Paused => Ok(u128::from(issuer.paused)),
            Call::Decimals => Ok(u128::from(DECIMALS)),
            Call::Transfer(to, atoms) => {
                if issuer.paused {
                    return Err("Pausable: paused");
                }
                if issuer.blacklist.contains(&from) || issuer.blacklist.contains(&to) {
                    return Err("Blacklistable: account is blacklisted");
                }
                let all = self.balance(from);
                let moved = issuer.moves(to, atoms);
                all.checked_sub(atoms).ok_or("ERC20: transfer amount exceeds balance")?;
                self.balances.insert(from, all.saturating_sub(moved));
                let has = self.balance(to);
                self.balances.insert(to, has.saturating_add(moved));
                Ok(1)
            }
        }
    }

    /// Atoms of an account.
    pub fn balance(&self, account: EvmAddress) -> u128 {
        self.balances.get(&account).copied().unwrap_or(0)
    }
}

/// A returned word as bytes.
pub fn returned(word: u128) -> Vec<u8> {
    [[0; 16], word.to_be_bytes()].concat()
}

/// Revert data `Error(string)`.
pub fn reverted(reason: &str) -> Vec<u8> {
    let mut data = selector::ERROR.to_vec();
    data.extend(returned(32));
    data.extend(returned(reason.len() as u128));
    data.extend(reason.as_bytes());
    data.resize(4 + 64 + reason.len().div_ceil(32) * 32, 0);
    data
}

/// An account as a log topic.
pub fn topic(account: EvmAddress) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&account.0);
    word
}
