//! Taking a wallet into service: by procedure, because somebody else's signed transactions may still be out there.
//!
//! The signer shows that it holds the key. The account is plain, and its nonce is the same in the pool, at the latest and
//! at the final block. What it holds is the same at the latest and at the final block, and is booked at the latter, as a
//! quorum reads it. The watcher has read the chain up to there, so that nothing old is taken for a stranger's.
//!
//! A wallet may have been in service in a life that the store has lost. Its lane then begins above every nonce for
//! which the signer's journal holds something: the signer signs nothing else there. The nonces below are given out and
//! belong to no transfer, so the lane fills each by a void, or the chain shows what was signed for it (M17).

use sluice_core::address::Address;
use sluice_core::asset::Asset;
use sluice_core::chain::{BlockRef, ChainId};
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::ledger::Posting;
use sluice_core::port::Ports;
use sluice_core::port::chain::{Chain, Nonces, Standing};
use sluice_core::port::store::Change;
use sluice_core::proof::Final;
use sluice_core::slot::Slot;
use sluice_core::wallet::{Balance, Custody, Registration, Tier, Unfit, Wallet};

use super::together::together_at_last;
use super::{OrderError, commit};
use crate::lane::LOOK_MAX;

/// What is to be adopted.
#[derive(Clone, Debug)]
pub struct Adoption {
    /// Name it gets; the signer knows the key by it.
    pub wallet: WalletId,
    /// Owner.
    pub partner: PartnerId,
    /// Chain.
    pub chain: ChainId,
    /// Account.
    pub address: Address,
    /// For people.
    pub label: String,
    /// What it is for. What is not hot is no lane: it is looked at, reconciled, and never gets a slot.
    pub tier: Tier,
}

/// Why a wallet is not taken into service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdoptError {
    /// The signer holds no key of this account for this partner.
    #[error("the signer holds no key of this account")]
    NotHeld,
    /// Its key is barred: it left service before.
    #[error("the key of this account is barred at the signer")]
    Barred,
    /// The signer did not show that it holds the key.
    #[error("the signer did not show that it holds the key: {0}")]
    NotShown(String),
    /// Transactions of this account are pending, or not final: the old system must finish first.
    #[error(
        "nonces differ: {pending} with the pool, {latest} at the latest block, {finalized} at the final one"
    )]
    NotQuiet {
        /// Nonce with the pool.
        pending: u64,
        /// Nonce at the latest block.
        latest: u64,
        /// Nonce at the final block.
        finalized: u64,
    },
    /// What it holds is changing: something is on its way to it or from it.
    #[error("its balance of {0} at the latest block is not final yet")]
    Moving(String),
    /// The account carries code or an EIP-7702 delegation: its pool holds one transaction at a time, and others may act
    /// for it.
    #[error("the account carries code or a delegation; use a plain account")]
    HasCode,
    /// The watcher has not read the chain up to the final block: old transactions of this account would look strange.
    #[error("the chain is followed up to block {followed}, and {finalized} is final")]
    NotFollowed {
        /// Highest block read.
        followed: u64,
        /// The final one.
        finalized: u64,
    },
    /// The address is managed already, by this or another partner.
    #[error("the address is managed already")]
    Managed,
    /// A wallet of this tier is not taken into service this way.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Everything else.
    #[error(transparent)]
    Order(#[from] OrderError),
}

/// What is asked of a wallet before it is adopted, in the order it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The signer holds its key, and has not barred it.
    KeyHeld,
    /// The signer has shown it.
    KeyShown,
    /// It is no managed wallet yet.
    Free,
    /// No code, no delegation.
    Plain,
    /// One nonce everywhere.
    NonceSettled,
    /// What it holds is final.
    BalanceSettled,
    /// The chain is followed up to its final block.
    ChainFollowed,
}

impl Rule {
    /// Stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyHeld => "key_held",
            Self::KeyShown => "key_shown",
            Self::Free => "free",
            Self::Plain => "plain",
            Self::NonceSettled => "nonce_settled",
            Self::BalanceSettled => "balance_settled",
            Self::ChainFollowed => "chain_followed",
        }
    }
}

/// A rule, and why it is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub rule: Rule,
    /// `None` when it is met.
    pub unmet: Option<AdoptError>,
}

/// What was found of an account.
pub struct Examination {
    /// Every rule that was looked at.
    pub checks: Vec<Check>,
    assets: Vec<Asset>,
    standing: Final<Standing>,
}

impl Examination {
    /// The first rule that is not met.
    pub fn unmet(&self) -> Option<&AdoptError> {
        self.checks.iter().find_map(|check| check.unmet.as_ref())
    }

    /// The block that everything is booked at.
    pub fn block(&self) -> BlockRef {
        self.standing.head()
    }

    /// Why one of these rules is not met.
    pub(super) fn unmet_of(&self, rules: &[Rule]) -> Option<&AdoptError> {
        let asked = self.checks.iter().filter(|check| rules.contains(&check.rule));
        asked.into_iter().find_map(|check| check.unmet.as_ref())
    }

    /// Its nonce at that block.
    pub(super) fn nonce(&self) -> u64 {
        self.standing.reading().nonce
    }

    /// Adds what the wallet holds there, as its opening balances.
    pub(super) fn open(&self, wallet: &Wallet, cause: &Cause, change: &mut Change) {
        for (asset, units) in self.assets.iter().zip(&self.standing.reading().units) {
            let (block, at) = (self.block(), cause.at);
            change.balances.push(Balance { wallet: wallet.id, asset: asset.id, units: *units, block, at });
            let atoms = sluice_codec::scale::from_chain(*units, asset).floor.atoms();
            if atoms != 0 {
                change.postings.extend(Posting::brought(wallet, asset.id, atoms));
            }
        }
    }
}

/// Looks at an account, at the chain and at the store. Changes nothing.
///
/// # Errors
/// [`OrderError`]: it could not look.
pub async fn examine(ports: &Ports, id: ChainId, address: Address) -> Result<Examination, OrderError> {
    let chain = ports.chains.get(&id).ok_or_else(|| OrderError::NotConfigured(id.to_string()))?;
    let managed = ports.store.wallets(Some(id)).await?.iter().any(|wallet| wallet.address == address);
    let has_code = chain.has_code(address).await?;
    let assets = ports.store.assets(Some(id)).await?;
    let assets = Asset::with_coin(assets, chain.profile());
    // The final block first: whatever happens meanwhile makes the later readings differ from it.
    let standing = chain.standing(address, &assets).await?;
    let nonces = chain.nonces(address).await?;
    let moving = moving(chain.as_ref(), address, &assets, standing.reading()).await?;
    let followed = followed(ports, chain.as_ref(), &standing).await?;
    let check = |rule, unmet| Check { rule, unmet };
    let checks = vec![
        check(Rule::Free, managed.then_some(AdoptError::Managed)),
        check(Rule::Plain, has_code.then_some(AdoptError::HasCode)),
        check(Rule::NonceSettled, unsettled(nonces, standing.reading().nonce)),
        check(Rule::BalanceSettled, moving.map(AdoptError::Moving)),
        check(Rule::ChainFollowed, followed),
    ];
    Ok(Examination { checks, assets, standing })
}

fn unsettled(nonces: Nonces, finalized: u64) -> Option<AdoptError> {
    let Nonces { pending, latest } = nonces;
    let settled = pending == latest && latest == finalized;
    (!settled).then_some(AdoptError::NotQuiet { pending, latest, finalized })
}

/// The first asset that it holds another amount of at the latest block.
async fn moving(
    chain: &dyn Chain,
    address: Address,
    assets: &[Asset],
    standing: &Standing,
) -> Result<Option<String>, OrderError> {
    let (_, latest) = chain.balances(address, assets).await?;
    let differs = assets.iter().zip(latest.iter().zip(&standing.units)).find(|(_, (now, then))| now != then);
    Ok(differs.map(|(asset, _)| asset.symbol.clone()))
}

/// An account that never sent anything has no old transaction, and a chain that was never followed begins at its end.
async fn followed(
    ports: &Ports,
    chain: &dyn Chain,
    standing: &Final<Standing>,
) -> Result<Option<AdoptError>, OrderError> {
    let profile = chain.profile();
    let cursor = ports.store.cursor(profile.id, profile.settled_watch_blocks).await?;
    let finalized = standing.head().number;
    let behind = cursor.blocks.first().map(|top| top.number).filter(|top| *top < finalized);
    let behind = behind.filter(|_| standing.reading().nonce > 0);
    Ok(behind.map(|followed| AdoptError::NotFollowed { followed, finalized }))
}

/// Examines the account, books its opening balances and takes it into service. Whoever calls has shown that the signer
/// holds the key ([`super::adopt_held`] does).
///
/// # Errors
/// [`AdoptError`]: the first rule that is not met.
pub async fn adopt(ports: &Ports, adoption: Adoption, cause: Cause) -> Result<Wallet, AdoptError> {
    // What a restored store has lost of this wallet is imported before a nonce is chosen.
    together_at_last(ports).await?;
    let found = examine(ports, adoption.chain, adoption.address).await?;
    if let Some(unmet) = found.unmet() {
        return Err(unmet.clone());
    }
    let standing = found.standing.reading();
    let step = match adoption.tier {
        Tier::Hot => {
            let next_nonce = next_nonce(ports, &adoption, standing.nonce).await?;
            let Adoption { wallet, partner, chain, address, label, tier: _ } = adoption;
            let (reason, at) = (cause.reason.clone(), cause.at);
            Wallet::adopt(wallet, partner, chain, address, label, next_nonce, reason, at)
        }
        tier @ (Tier::Warm | Tier::Cold | Tier::Safe) => {
            let wanted = Registration {
                id: adoption.wallet,
                partner: adoption.partner,
                chain: adoption.chain,
                address: adoption.address,
                label: adoption.label,
                tier,
                custody: Custody::Managed,
                nonce: standing.nonce,
                // It has shown its key: whoever could exchange it could as well exchange the signer's.
                trusted_from: cause.at,
            };
            Wallet::register(wanted, cause.reason.clone(), cause.at)?
        }
    };
    let wallet = step.after().clone();
    let mut change = Change { wallets: vec![step], ..Change::default() };
    found.open(&wallet, &cause, &mut change);
    match commit(ports, change, cause).await {
        Ok(true) => Ok(wallet),
        Ok(false) => Err(AdoptError::Order(OrderError::Moved)),
        Err(OrderError::Evidence(_)) => Err(AdoptError::Managed),
        Err(other) => Err(other.into()),
    }
}

/// The nonce that its lane begins at: the chain's, or the one above the highest that the signer's journal holds something
/// for. As far up as the lane looks back to fill what is below: nothing above a hole is ever included, so no life of this
/// store has signed further ahead of the chain than a lane's window.
async fn next_nonce(ports: &Ports, adoption: &Adoption, settled: u64) -> Result<u64, OrderError> {
    let (chain, sender) = (adoption.chain, adoption.address);
    let nonces = settled..settled.saturating_add(LOOK_MAX);
    let slots: Vec<_> = nonces.filter_map(|nonce| Slot::of_nonce(chain, sender, nonce)).collect();
    let holes = ports.store.unheld(&slots).await?;
    let taken = holes.iter().filter(|hole| hole.taken).filter_map(|hole| hole.slot.nonce()).max();
    Ok(taken.map_or(settled, |highest| highest.saturating_add(1)))
}
