//! The test dollar: what Tether's contract on TRON does, call by call, without a virtual machine.
//!
//! As on the main network, `transfer` succeeds and returns false: the contract's own function has no return
//! statement. A sender on the blacklist, a pause and a short balance revert; a recipient on the blacklist does not.

mod energy;

use alloy_primitives::{U256, keccak256};
use alloy_sol_types::{SolCall, SolEvent, sol};

use super::{address::Address, view::View};
pub(super) use energy::Work;

sol! {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    function name() external view returns (string);
    function symbol() external view returns (string);
    function decimals() external view returns (uint256);
    function totalSupply() external view returns (uint256);
    function owner() external view returns (address);
    function paused() external view returns (bool);
    function deprecated() external view returns (bool);
    function basisPointsRate() external view returns (uint256);
    function maximumFee() external view returns (uint256);
    function balanceOf(address who) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
    function isBlackListed(address who) external view returns (bool);
    function getBlackListStatus(address who) external view returns (bool);
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
    function approve(address spender, uint256 value) external returns (bool);
    function pause() external;
    function unpause() external;
    function addBlackList(address who) external;
    function removeBlackList(address who) external;
    function issue(uint256 amount) external;
}

/// The token's decimals.
pub(super) const DECIMALS: u8 = 6;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Log {
    pub(super) address: Address,
    pub(super) topics: Vec<[u8; 32]>,
    pub(super) data: Vec<u8>,
}

/// A change of the token's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Write {
    Units(Address, u128),
    Allowance(Address, Address, [u8; 32]),
    Blacklisted(Address, bool),
    Paused(bool),
    Supply(u128),
}

/// What a call would do, given enough energy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// `Err` reverts.
    pub(super) returned: Result<Vec<u8>, Vec<u8>>,
    pub(super) work: Work,
    pub(super) writes: Vec<Write>,
    pub(super) logs: Vec<Log>,
}

impl Call {
    fn reverts(work: Work) -> Self {
        Self { returned: Err(Vec::new()), work, writes: Vec::new(), logs: Vec::new() }
    }

    fn returns(value: Vec<u8>) -> Self {
        Self { returned: Ok(value), work: Work::view(), writes: Vec::new(), logs: Vec::new() }
    }
}

/// Calls the token.
pub(super) fn call(view: &View<'_>, token: Address, caller: Address, value_sun: i64, data: &[u8]) -> Call {
    let selector: Option<[u8; 4]> = data.get(..4).and_then(|four| four.try_into().ok());
    // No function takes TRX, and there is no fallback.
    let (Some(selector), 0) = (selector, value_sun) else { return Call::reverts(Work::refused_early()) };
    let words = Words(data.get(4..).unwrap_or(&[]));
    let tether = view.globals().tether;
    let number = |value: u128| Call::returns(U256::from(value).to_be_bytes::<32>().to_vec());
    let flag = |value: bool| number(u128::from(value));
    let address = |value: Option<Address>| Call::returns(value.map_or([0; 32], |it| it.word()).to_vec());
    match selector {
        nameCall::SELECTOR => Call::returns(nameCall::abi_encode_returns(&"Tether USD".to_owned())),
        symbolCall::SELECTOR => Call::returns(symbolCall::abi_encode_returns(&"USDT".to_owned())),
        decimalsCall::SELECTOR => number(u128::from(DECIMALS)),
        totalSupplyCall::SELECTOR => number(tether.supply),
        ownerCall::SELECTOR => address(tether.owner),
        pausedCall::SELECTOR => flag(tether.paused),
        deprecatedCall::SELECTOR | basisPointsRateCall::SELECTOR | maximumFeeCall::SELECTOR => number(0),
        balanceOfCall::SELECTOR => number(view.units(&words.address(0))),
        allowanceCall::SELECTOR => Call::returns(view.allowance(words.address(0), words.address(1)).to_vec()),
        isBlackListedCall::SELECTOR | getBlackListStatusCall::SELECTOR => {
            flag(view.is_blacklisted(&words.address(0)))
        }
        transferCall::SELECTOR => transfer(view, token, caller, words.address(0), words.number(1)),
        transferFromCall::SELECTOR => {
            transfer_from(view, token, caller, words.address(0), words.address(1), words.number(2))
        }
        approveCall::SELECTOR => approve(view, token, caller, words.address(0), words.word(1)),
        _ if tether.owner != Some(caller) => Call::reverts(Work::refused_early()),
        pauseCall::SELECTOR => owners(!tether.paused, vec![Write::Paused(true)]),
        unpauseCall::SELECTOR => owners(tether.paused, vec![Write::Paused(false)]),
        addBlackListCall::SELECTOR => owners(true, vec![Write::Blacklisted(words.address(0), true)]),
        removeBlackListCall::SELECTOR => owners(true, vec![Write::Blacklisted(words.address(0), false)]),
        issueCall::SELECTOR => issue(view, caller, words.number(0)),
        _ => Call::reverts(Work::refused_early()),
    }
}

fn transfer(view: &View<'_>, token: Address, from: Address, to: Address, value: U256) -> Call {
    if view.globals().tether.paused || view.is_blacklisted(&from) {
        return Call::reverts(Work::refused_early());
    }
    // `transfer` has no return statement.
    moved(view, token, from, to, value, Work::transfer(), false)
}

fn transfer_from(
    view: &View<'_>,
    token: Address,
    spender: Address,
    from: Address,
    to: Address,
    value: U256,
) -> Call {
    if view.globals().tether.paused || view.is_blacklisted(&from) {
        return Call::reverts(Work::refused_early());
    }
    let allowed = U256::from_be_bytes(view.allowance(from, spender));
    let Some(left) = allowed.checked_sub(value) else { return Call::reverts(Work::refused_late()) };
    let unlimited = allowed == U256::MAX;
    let mut call = moved(view, token, from, to, value, Work::transfer_from(!unlimited), true);
    if call.returned.is_ok() && !unlimited {
        call.writes.push(Write::Allowance(from, spender, left.to_be_bytes()));
    }
    call
}

/// Moves units, or reverts for a zero address or a short balance.
fn moved(
    view: &View<'_>,
    token: Address,
    from: Address,
    to: Address,
    value: U256,
    mut work: Work,
    returned: bool,
) -> Call {
    let had = view.units(&from);
    let amount = u128::try_from(value).ok().filter(|amount| *amount <= had);
    let (Some(amount), true) = (amount, to.bytes() != &[0; 20]) else {
        return Call::reverts(Work::refused_late());
    };
    let left = had.saturating_sub(amount);
    let there = if from == to { left } else { view.units(&to) };
    // Filling an empty slot is four times as dear as changing one, also for a holder that was emptied before.
    work.store(there == 0 && amount > 0);
    let topics = vec![Transfer::SIGNATURE_HASH.0, from.word(), to.word()];
    let log = Log { address: token, topics, data: value.to_be_bytes::<32>().to_vec() };
    Call {
        returned: Ok(U256::from(u8::from(returned)).to_be_bytes::<32>().to_vec()),
        work,
        writes: vec![Write::Units(from, left), Write::Units(to, there.saturating_add(amount))],
        logs: vec![log],
    }
}

fn approve(view: &View<'_>, token: Address, owner: Address, spender: Address, value: [u8; 32]) -> Call {
    let had = view.allowance(owner, spender);
    // Tether's rule against a race: from one allowance to another only by way of zero.
    if view.globals().tether.paused || (value != [0; 32] && had != [0; 32]) {
        return Call::reverts(Work::refused_early());
    }
    let mut work = Work::approve();
    work.store(had == [0; 32] && value != [0; 32]);
    let topics = vec![Approval::SIGNATURE_HASH.0, owner.word(), spender.word()];
    Call {
        returned: Ok(U256::from(1).to_be_bytes::<32>().to_vec()),
        work,
        writes: vec![Write::Allowance(owner, spender, value)],
        logs: vec![Log { address: token, topics, data: value.to_vec() }],
    }
}

fn issue(view: &View<'_>, owner: Address, value: U256) -> Call {
    let tether = view.globals().tether;
    let raised = u128::try_from(value).ok().and_then(|amount| {
        Some((tether.supply.checked_add(amount)?, view.units(&owner).checked_add(amount)?))
    });
    let Some((supply, units)) = raised else { return Call::reverts(Work::refused_late()) };
    owners(true, vec![Write::Supply(supply), Write::Units(owner, units)])
}

/// A command of the owner.
fn owners(allowed: bool, writes: Vec<Write>) -> Call {
    if !allowed {
        return Call::reverts(Work::refused_early());
    }
    let mut work = Work::view();
    work.store(true);
    Call { returned: Ok(Vec::new()), work, writes, logs: Vec::new() }
}

/// The first four bytes of a function's hash, and its parameters behind them.
pub(super) fn call_data(selector: &str, parameters: &[u8]) -> Vec<u8> {
    let mut data = keccak256(selector.as_bytes()).get(..4).unwrap_or(&[]).to_vec();
    data.extend_from_slice(parameters);
    data
}

/// Arguments; what is missing at the end is zero, as the contract reads it.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn word(&self, index: usize) -> [u8; 32] {
        let mut word = [0; 32];
        let there = self.0.get(index.saturating_mul(32)..).unwrap_or(&[]);
        for (to, from) in word.iter_mut().zip(there) {
            *to = *from;
        }
        word
    }

    fn address(&self, index: usize) -> Address {
        Address::from_word(&self.word(index))
    }

    fn number(&self, index: usize) -> U256 {
        U256::from_be_bytes(self.word(index))
    }
}

#[cfg(test)]
mod tests;
