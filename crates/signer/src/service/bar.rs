//! `bar`: a wallet leaves service, and its key is never used again. One way: there is no call that takes it back.

use sluice_core::id::WalletId;
use sluice_core::port::signer::{SignerError, SignerRefusal};
use sluice_core::time::Timestamp;

use super::{SigningService, broken};
use crate::journal::{Fact, read};
use crate::refusal::Code;

impl SigningService {
    /// From the moment this returns nothing is signed with the wallet's key: no payment, no void, no proof. Asked again,
    /// it gives the same place.
    ///
    /// Refused while the wallet signed within [`Caps::bar_after_ms`](crate::Caps::bar_after_ms): a bar cannot be taken
    /// back, and nobody but a caller in other hands wants one for a wallet in use. A bump or a void may still be needed
    /// then.
    ///
    /// # Errors
    /// [`SignerError::Journal`]: the key is not barred.
    pub fn bar(
        &self,
        wallet: WalletId,
        reason: &str,
        now: Timestamp,
    ) -> Result<Result<u64, SignerRefusal>, SignerError> {
        let mut journal = self.journal()?;
        let mut tx = journal.begin(now).map_err(broken)?;
        let id = wallet.to_string();
        let place = match read::wallet(tx.conn(), &id).map_err(broken)? {
            None => return Ok(Err(Code::WalletUnknown.refuse(format!("no wallet {id} here")))),
            Some(row) => match row.barred_by {
                Some(place) => place,
                None => {
                    let signed_at = read::reach(tx.conn(), &id).map_err(broken)?.map(|reach| reach.signed_at);
                    if signed_at.is_some_and(|at| now.since_ms(at) < self.caps.bar_after_ms) {
                        let minutes = self.caps.bar_after_ms / 60_000;
                        let detail =
                            format!("{id} signed within the last {minutes} minutes; ask again later");
                        return Ok(Err(Code::WalletBusy.refuse(detail)));
                    }
                    tx.append(&Fact::Bar { wallet: id, reason: reason.into() }).map_err(broken)?
                }
            },
        };
        tx.commit().map_err(broken)?;
        Ok(Ok(place))
    }
}
