//! What the house itself has done on chain: stakes, loans of energy and bandwidth, TRX for a wallet that is short of it,
//! refills of one wallet from another, and sweeps of what a lane has too much (ADR 0023, 0027, 0029). Each is a withdrawal of
//! an internal kind, pinned to the wallet that must do it, under an external id of its own.
//!
//! Its content is said in the words of any payment. The asset says what is done (`tron:<id>/delegation:energy`), the amount is
//! the stake in sun, the recipient is whom it is lent to or taken back from, and the wallet itself for a stake of its own.
//! The lock of a loan stands where a payment has its memo, so that people approve it and the signer signs it; an errand
//! carries no text.

use std::fmt;

use crate::address::Address;
use crate::amount::Amount;
use crate::asset::{Asset, AssetId, AssetKind};
use crate::chain::{ChainProfile, Family};
use crate::wallet::Wallet;

/// What a stake of TRX yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Bytes of transactions.
    Bandwidth,
    /// Computation of contracts.
    Energy,
}

/// What is done with a stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// TRX is staked for a resource.
    Stake,
    /// A stake that is not lent is given up; the chain holds its TRX back for days.
    Unstake,
    /// The yield of a stake is lent to an account.
    Delegation,
    /// It is taken back.
    Reclaim,
    /// What is due of stakes that were given up is paid out to the account: all of it, for whichever resource they were.
    Collect,
}

impl Resource {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Bandwidth, Self::Energy];

    /// The name in ids.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bandwidth => "bandwidth",
            Self::Energy => "energy",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resource| resource.as_str() == text)
    }
}

impl Deed {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Stake, Self::Unstake, Self::Delegation, Self::Reclaim, Self::Collect];

    /// The name in ids.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stake => "stake",
            Self::Unstake => "unstake",
            Self::Delegation => "delegation",
            Self::Reclaim => "reclaim",
            Self::Collect => "collect",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == text)
    }

    /// Whether it is between an account and itself; the others are between two.
    pub const fn is_own(self) -> bool {
        match self {
            Self::Stake | Self::Unstake | Self::Collect => true,
            Self::Delegation | Self::Reclaim => false,
        }
    }
}

/// Blocks of 3 s for which a loan cannot be taken back. The chain has a bound of its own, which votes move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockBlocks(u32);

/// Longest lock that can be said: a year of blocks. The chain allows a month or so.
const LOCK_BLOCKS_MAX: u32 = 10_512_000;
const LOCK: &str = "lock_blocks:";

impl LockBlocks {
    /// A lock; `None` for no time, or for longer than a year.
    pub const fn new(blocks: u32) -> Option<Self> {
        if blocks == 0 || blocks > LOCK_BLOCKS_MAX { None } else { Some(Self(blocks)) }
    }

    /// Blocks.
    pub const fn blocks(self) -> u32 {
        self.0
    }

    /// Reads the one text that `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let lock = Self::new(text.strip_prefix(LOCK)?.parse().ok()?)?;
        (lock.to_string() == text).then_some(lock)
    }
}

impl fmt::Display for LockBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{LOCK}{}", self.0)
    }
}

/// What a wallet is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Stake of its own TRX.
    Stake(Resource),
    /// Give up of its own stake.
    Unstake(Resource),
    /// Be paid what is due of stakes that it gave up. The amount is what is expected, and the chain pays out all that is due;
    /// what came is what the receipt says.
    Collect(Resource),
    /// Lend the yield of its stake.
    Delegation {
        /// Which.
        resource: Resource,
        /// To whom.
        to: Address,
        /// Locked for so long; not locked when absent.
        lock: Option<LockBlocks>,
    },
    /// Take back what it lends.
    Reclaim {
        /// Which.
        resource: Resource,
        /// From whom.
        from: Address,
    },
    /// Pay TRX to a wallet that is short of it.
    TopUp {
        /// Which.
        to: Address,
    },
}

/// Why an errand is not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrandError {
    /// Stakes and loans, and coins that are paid out, exist on TRON alone.
    #[error("the wallet is none on TRON")]
    NotTron,
    /// The receiver is no account of that chain, or the wallet itself.
    #[error("the other account is the wallet itself, or none on TRON")]
    Account,
    /// The chain takes stakes and loans from 1 TRX on, and payments above nothing.
    #[error("a stake or a loan is 1 TRX at least, and a payment more than nothing")]
    Amount,
    /// A refill or a sweep moves a token of the wallet's own chain; coins are a top-up.
    #[error("what is moved is no token of the chain that the wallet is on")]
    Token,
    /// Empty, too long, or anything but visible ASCII.
    #[error("its external id is not 1 to 128 visible ASCII characters")]
    ExternalId,
}

/// Least that is staked or lent, sun.
const STAKE_MIN: i64 = 1_000_000;

impl Errand {
    /// What is asked of the chain; `None` for a payment.
    pub const fn deed(&self) -> Option<Deed> {
        match self {
            Self::Stake(_) => Some(Deed::Stake),
            Self::Unstake(_) => Some(Deed::Unstake),
            Self::Collect(_) => Some(Deed::Collect),
            Self::Delegation { .. } => Some(Deed::Delegation),
            Self::Reclaim { .. } => Some(Deed::Reclaim),
            Self::TopUp { .. } => None,
        }
    }

    /// Which kind of withdrawal it is, for people.
    pub const fn kind(&self) -> &'static str {
        match self.deed() {
            Some(deed) => deed.as_str(),
            None => TOP_UP,
        }
    }

    /// What it is in the words of a payment: asset, recipient, terms.
    ///
    /// # Errors
    /// [`ErrandError`]: what does not fit the wallet.
    pub fn payment(
        &self,
        wallet: &Wallet,
        profile: &ChainProfile,
        amount: Amount,
    ) -> Result<(Asset, Address, Option<String>), ErrandError> {
        if profile.id != wallet.chain || profile.id.family != Family::Tron {
            return Err(ErrandError::NotTron);
        }
        let of = |deed, resource| Asset::errand(profile, deed, resource);
        let (asset, to, terms) = match self {
            Self::Stake(resource) => (of(Deed::Stake, *resource), wallet.address, None),
            Self::Unstake(resource) => (of(Deed::Unstake, *resource), wallet.address, None),
            Self::Collect(resource) => (of(Deed::Collect, *resource), wallet.address, None),
            Self::Delegation { resource, to, lock } => {
                (of(Deed::Delegation, *resource), *to, lock.map(|lock| lock.to_string()))
            }
            Self::Reclaim { resource, from } => (of(Deed::Reclaim, *resource), *from, None),
            Self::TopUp { to } => (Asset::native(profile), *to, None),
        };
        if to.tron().is_none() || (to == wallet.address) != self.deed().is_some_and(Deed::is_own) {
            return Err(ErrandError::Account);
        }
        let least = if matches!(self, Self::TopUp { .. }) { 1 } else { STAKE_MIN };
        if amount.atoms() < least { Err(ErrandError::Amount) } else { Ok((asset, to, terms)) }
    }
}

/// The kind of an errand that is a payment of TRX.
const TOP_UP: &str = "top_up";
/// The kind of an errand that is a payment of a token from a desk to another wallet of its partner: a person signs it.
pub const REFILL: &str = "refill";
/// The kind of an errand that is a payment of a token from a lane to another wallet of its partner: the signer signs it.
pub const SWEEP: &str = "sweep";

/// Checks that a wallet may be asked to send so much of a token to another account. Whether that account is a wallet of the same
/// partner, and trusted, is for whoever orders it to see: it may change until the bytes are made.
///
/// # Errors
/// [`ErrandError`]: what does not fit the wallet.
pub fn refill(wallet: &Wallet, asset: &Asset, to: Address, amount: Amount) -> Result<(), ErrandError> {
    if wallet.chain.family != Family::Tron {
        return Err(ErrandError::NotTron);
    }
    sweep(wallet, asset, to, amount)
}

/// The same of a lane, on whatever chain.
///
/// # Errors
/// [`ErrandError`]: what does not fit the wallet.
pub fn sweep(wallet: &Wallet, asset: &Asset, to: Address, amount: Amount) -> Result<(), ErrandError> {
    let token = matches!(asset.id.kind, AssetKind::Trc20(_) | AssetKind::Erc20(_));
    if asset.id.chain != wallet.chain || !token {
        return Err(ErrandError::Token);
    }
    if to.family() != wallet.chain.family || to == wallet.address || asset.contract() == Some(to) {
        return Err(ErrandError::Account);
    }
    if amount == Amount::ZERO { Err(ErrandError::Amount) } else { Ok(()) }
}

/// The kind of a withdrawal that is `pinned` to a wallet, by its asset; `None` for one that a partner asked for. A sweep is
/// told from a refill by its type, see [`crate::withdrawal::Request::errand_kind`].
pub const fn kind_of(asset: &AssetId, pinned: bool) -> Option<&'static str> {
    match asset.kind {
        AssetKind::Errand(deed, _) => Some(deed.as_str()),
        AssetKind::Native(_) if pinned => Some(TOP_UP),
        AssetKind::Trc20(_) | AssetKind::Erc20(_) if pinned => Some(REFILL),
        AssetKind::Native(_) | AssetKind::Trc20(_) | AssetKind::Erc20(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{EvmAddress, TronAddress};
    use crate::id::{PartnerId, Ulid, WalletId};
    use crate::time::Timestamp;

    const US: TronAddress = TronAddress([1; 20]);
    const THEM: TronAddress = TronAddress([2; 20]);

    fn wallet(profile: &ChainProfile, address: Address) -> Wallet {
        let at = Timestamp::default();
        let (id, partner) = (WalletId::new(Ulid::new(at, 1)), PartnerId::new(Ulid::new(at, 2)));
        Wallet::adopt(id, partner, profile.id, address, "pool".into(), 0, "r".into(), at).into_after()
    }

    fn trx(whole: i64) -> Amount {
        Amount::from_atoms(whole * 1_000_000).unwrap()
    }

    #[test]
    fn an_errand_is_said_in_the_words_of_a_payment() {
        let profile = ChainProfile::nile();
        let wallet = wallet(&profile, US.into());
        let said = |errand: Errand| errand.payment(&wallet, &profile, trx(5));
        let lock = LockBlocks::new(28_800);
        let (asset, to, terms) =
            said(Errand::Delegation { resource: Resource::Energy, to: THEM.into(), lock }).unwrap();
        assert_eq!(asset.id.to_string(), "tron:3448148188/delegation:energy");
        assert_eq!((asset.precision, asset.decimals), (6, 6));
        assert_eq!((to, terms.as_deref()), (THEM.into(), Some("lock_blocks:28800")));
        assert!(!asset.pays_out(), "nobody orders that");
        let (asset, to, terms) = said(Errand::Stake(Resource::Bandwidth)).unwrap();
        assert_eq!((asset.id.to_string().as_str(), to), ("tron:3448148188/stake:bandwidth", US.into()));
        assert_eq!(terms, None);
        assert_eq!(said(Errand::TopUp { to: THEM.into() }).unwrap().0, Asset::native(&profile));
    }

    #[test]
    fn what_does_not_fit_the_wallet_is_no_errand() {
        let (profile, evm) = (ChainProfile::nile(), ChainProfile::polygon());
        let ours = wallet(&profile, US.into());
        let said = |errand: Errand, amount| errand.payment(&ours, &profile, amount);
        let lend = |to: Address| Errand::Delegation { resource: Resource::Energy, to, lock: None };
        assert_eq!(said(lend(US.into()), trx(1)), Err(ErrandError::Account));
        assert_eq!(said(lend(EvmAddress([2; 20]).into()), trx(1)), Err(ErrandError::Account));
        let less = Amount::from_atoms(999_999).unwrap();
        assert_eq!(said(lend(THEM.into()), less), Err(ErrandError::Amount));
        assert!(said(Errand::TopUp { to: THEM.into() }, less).is_ok());
        assert_eq!(said(Errand::TopUp { to: THEM.into() }, Amount::ZERO), Err(ErrandError::Amount));
        let other = wallet(&evm, EvmAddress([1; 20]).into());
        let stake = Errand::Stake(Resource::Energy);
        assert_eq!(stake.payment(&other, &evm, trx(1)), Err(ErrandError::NotTron));
    }

    #[test]
    fn a_refill_moves_a_token_of_the_same_chain_to_another_account() {
        let profile = ChainProfile::nile();
        let ours = wallet(&profile, US.into());
        let token = TronAddress([7; 20]);
        let usdt = Asset { id: AssetId::trc20(profile.id, token), ..Asset::native(&profile) };
        assert_eq!(refill(&ours, &usdt, THEM.into(), trx(5)), Ok(()));
        assert_eq!(kind_of(&usdt.id, true), Some("refill"));
        assert_eq!(refill(&ours, &usdt, THEM.into(), Amount::ZERO), Err(ErrandError::Amount));
        for to in [US.into(), token.into(), EvmAddress([2; 20]).into()] {
            assert_eq!(refill(&ours, &usdt, to, trx(5)), Err(ErrandError::Account), "{to}");
        }
        let elsewhere = Asset { id: AssetId::trc20(ChainProfile::tron_mainnet().id, token), ..usdt.clone() };
        for asset in [Asset::native(&profile), elsewhere] {
            assert_eq!(refill(&ours, &asset, THEM.into(), trx(5)), Err(ErrandError::Token), "{}", asset.id);
        }
        let evm = wallet(&ChainProfile::polygon(), EvmAddress([1; 20]).into());
        assert_eq!(refill(&evm, &usdt, THEM.into(), trx(5)), Err(ErrandError::NotTron));
    }

    #[test]
    fn a_sweep_moves_a_token_on_either_family_and_never_to_the_other() {
        let (polygon, nile) = (ChainProfile::polygon(), ChainProfile::nile());
        let lane = wallet(&polygon, EvmAddress([1; 20]).into());
        let token = EvmAddress([7; 20]);
        let usdc = Asset { id: AssetId::erc20(polygon.id, token), ..Asset::native(&polygon) };
        let them = EvmAddress([2; 20]).into();
        assert_eq!(sweep(&lane, &usdc, them, trx(5)), Ok(()));
        assert_eq!(sweep(&lane, &usdc, them, Amount::ZERO), Err(ErrandError::Amount));
        for to in [lane.address, token.into(), THEM.into()] {
            assert_eq!(sweep(&lane, &usdc, to, trx(5)), Err(ErrandError::Account), "{to}");
        }
        let coin = Asset::native(&polygon);
        assert_eq!(sweep(&lane, &coin, them, trx(5)), Err(ErrandError::Token));
        let usdt = Asset { id: AssetId::trc20(nile.id, TronAddress([7; 20])), ..Asset::native(&nile) };
        assert_eq!(sweep(&lane, &usdt, THEM.into(), trx(5)), Err(ErrandError::Token));
        assert_eq!(sweep(&wallet(&nile, US.into()), &usdt, THEM.into(), trx(5)), Ok(()));
    }

    #[test]
    fn a_lock_has_one_spelling() {
        let lock = LockBlocks::new(86_400).unwrap();
        assert_eq!(LockBlocks::parse(&lock.to_string()), Some(lock));
        for text in [
            "lock_blocks:0",
            "lock_blocks:+1",
            "lock_blocks:01",
            "lock_blocks:",
            "86400",
            "lock_blocks:4294967295",
        ] {
            assert_eq!(LockBlocks::parse(text), None, "{text}");
        }
    }
}
