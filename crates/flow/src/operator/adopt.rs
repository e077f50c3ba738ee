//! Taking a wallet into service: by procedure, because somebody else's signed transactions may still be out there.

use sluice_core::address::EvmAddress;
use sluice_core::asset::Asset;
use sluice_core::chain::ChainId;
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::Ports;
use sluice_core::port::store::Change;
use sluice_core::wallet::{Balance, Wallet};

use super::{OrderError, commit};

/// What is to be adopted. The caller has shown that the signer holds the key.
#[derive(Clone, Debug)]
pub struct Adoption {
    /// Name it gets; the signer knows the key by it.
    pub wallet: WalletId,
    /// Owner.
    pub partner: PartnerId,
    /// Chain.
    pub chain: ChainId,
    /// Account.
    pub address: EvmAddress,
    /// For people.
    pub label: String,
}

/// Why a wallet is not taken into service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdoptError {
    /// Transactions of this account are pending: the old system must finish first.
    #[error(
        "{pending} transactions of this account are counted and {latest} are mined: wait until they are equal"
    )]
    NotQuiet {
        /// Nonce with the pool.
        pending: u64,
        /// Nonce at the latest block.
        latest: u64,
    },
    /// The account carries code or an EIP-7702 delegation: its pool holds one transaction at a time, and others may act
    /// for it.
    #[error("the account carries code or a delegation; use a plain account")]
    HasCode,
    /// The address is managed already, by this or another partner.
    #[error("the address is managed already")]
    Managed,
    /// Everything else.
    #[error(transparent)]
    Order(#[from] OrderError),
}

/// Checks the account on chain, books its opening balances and takes it into service.
///
/// # Errors
/// [`AdoptError`].
pub async fn adopt(ports: &Ports, adoption: Adoption, cause: Cause) -> Result<Wallet, AdoptError> {
    let chain = ports
        .chains
        .get(&adoption.chain)
        .ok_or_else(|| OrderError::NotConfigured(adoption.chain.to_string()))?;
    if chain.has_code(adoption.address).await.map_err(OrderError::from)? {
        return Err(AdoptError::HasCode);
    }
    let nonces = chain.nonces(adoption.address).await.map_err(OrderError::from)?;
    if nonces.pending != nonces.latest {
        return Err(AdoptError::NotQuiet { pending: nonces.pending, latest: nonces.latest });
    }
    let mut assets = ports.store.assets(Some(adoption.chain)).await.map_err(OrderError::from)?;
    let native = Asset::native(chain.profile());
    if !assets.iter().any(|asset| asset.id == native.id) {
        assets.push(native);
    }
    let (block, balances) = chain.balances(adoption.address, &assets).await.map_err(OrderError::from)?;
    let step = Wallet::adopt(
        adoption.wallet,
        adoption.partner,
        adoption.chain,
        adoption.address,
        adoption.label,
        nonces.latest,
        cause.reason.clone(),
        cause.at,
    );
    let wallet = step.after().clone();
    let mut change = Change { wallets: vec![step], ..Change::default() };
    for (asset, units) in assets.iter().zip(balances) {
        change.balances.push(Balance { wallet: wallet.id, asset: asset.id, units, block, at: cause.at });
        let atoms = sluice_codec::scale::from_chain(units, asset).floor.atoms();
        if atoms != 0 {
            let line = |account, atoms| Posting {
                partner: wallet.partner,
                wallet: wallet.id,
                asset: asset.id,
                account,
                atoms,
            };
            change.postings.push(line(Account::Available, atoms));
            change.postings.push(line(Account::Adjustment, atoms.saturating_neg()));
        }
    }
    match commit(ports, change, cause).await {
        Ok(true) => Ok(wallet),
        Ok(false) => Err(AdoptError::Order(OrderError::Moved)),
        Err(OrderError::Evidence(_)) => Err(AdoptError::Managed),
        Err(other) => Err(other.into()),
    }
}
