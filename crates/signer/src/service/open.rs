//! Opening a signer, and enrolling wallets.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sluice_core::address::Address;
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::intent::DeploymentId;
use sluice_core::time::Timestamp;

use super::SigningService;
use crate::caps::Caps;
use crate::journal::{Fact, Journal, JournalAt, JournalError, Tx, WalletRow, read};
use crate::key::{Key, KeyRing};

/// A wallet and its key. One key, one wallet, one partner, one chain.
#[derive(Clone)]
pub struct Enrolled {
    /// Wallet.
    pub wallet: WalletId,
    /// Its owner: only this partner's payments are signed with its key.
    pub partner: PartnerId,
    /// Its chain.
    pub chain: ChainId,
    /// Its key.
    pub key: Arc<dyn Key>,
}

impl Enrolled {
    /// The account its key signs for, as its chain writes it.
    pub fn address(&self) -> Address {
        Address::of(self.chain.family, self.key.address().0)
    }
}

/// Why a wallet cannot be enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The journal binds this wallet to another account, chain or partner.
    #[error("wallet {0} is bound to another account, chain or partner in the journal")]
    Contradicts(WalletId),
    /// The account belongs to another wallet.
    #[error("the account of wallet {0} belongs to another wallet in the journal")]
    Taken(WalletId),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Why a signer cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal belongs to another installation (M1).
    #[error("the journal belongs to deployment {found:?}")]
    OtherDeployment {
        /// The one it belongs to.
        found: String,
    },
    /// A wallet of the key ring cannot be enrolled.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl From<rusqlite::Error> for EnrolError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Journal(error.into())
    }
}

impl SigningService {
    /// Opens the journal, or makes it for this deployment, and enrols every wallet of the ring.
    ///
    /// # Errors
    /// [`OpenError`]: another deployment's journal, a ring that contradicts it, or a journal that cannot be used.
    pub fn open(
        at: &JournalAt,
        deployment: &DeploymentId,
        caps: Caps,
        ring: KeyRing,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        let mut journal = Journal::open(at)?;
        let mut tx = journal.begin(now)?;
        match read::deployment(tx.conn())? {
            None => {
                tx.append(&Fact::Genesis { deployment: deployment.0.clone(), v: 1 })?;
            }
            Some(found) if found == deployment.0 => {}
            Some(found) => return Err(OpenError::OtherDeployment { found }),
        }
        for enrolled in ring.wallets() {
            bind(&mut tx, enrolled)?;
        }
        tx.commit()?;
        Ok(Self {
            deployment: deployment.clone(),
            caps,
            ring: RwLock::new(ring),
            journal: Mutex::new(journal),
        })
    }

    /// Adds a wallet while running. Repeating it with the same account does nothing.
    ///
    /// # Errors
    /// [`EnrolError`]: nothing was changed.
    pub fn enrol(&self, enrolled: Enrolled, now: Timestamp) -> Result<(), EnrolError> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tx = journal.begin(now)?;
        bind(&mut tx, &enrolled)?;
        tx.commit()?;
        self.ring.write().unwrap_or_else(PoisonError::into_inner).insert(enrolled);
        Ok(())
    }
}

fn bind(tx: &mut Tx<'_>, enrolled: &Enrolled) -> Result<(), EnrolError> {
    let fact = Fact::Enrol {
        wallet: enrolled.wallet.to_string(),
        partner: enrolled.partner.to_string(),
        chain: enrolled.chain.to_string(),
        address: enrolled.address().key(),
    };
    let Fact::Enrol { wallet, partner, chain, address } = &fact else { return Ok(()) };
    match read::wallet(tx.conn(), wallet)? {
        Some(WalletRow { partner: p, chain: c, address: a, .. }) => {
            let same = p == *partner && c == *chain && a == *address;
            return same.then_some(()).ok_or(EnrolError::Contradicts(enrolled.wallet));
        }
        None if read::account_is_taken(tx.conn(), chain, address)? => {
            return Err(EnrolError::Taken(enrolled.wallet));
        }
        None => {}
    }
    tx.append(&fact)?;
    Ok(())
}
