//! `held` and `show`: which wallets have a key here, and the proof of it. What is signed is a statement made here, from the
//! journal's own facts; the caller chooses a challenge and nothing else (M10).

use std::sync::Arc;

use sluice_codec::Possession;
use sluice_core::id::WalletId;
use sluice_core::port::signer::{Held, Shown, SignerError, SignerRefusal};
use sluice_core::time::Timestamp;

use super::{Enrolled, SigningService, answer, broken};
use crate::guard::{No, Sitting};
use crate::journal::{Fact, Tx, read};
use crate::key::{Raw, sign_checked};
use crate::refusal::Code;

impl SigningService {
    /// Wallets whose keys are here, in order of their ids.
    ///
    /// # Errors
    /// [`SignerError::Journal`].
    pub fn held(&self) -> Result<Vec<Held>, SignerError> {
        let ring = self.ring().clone();
        let journal = self.journal()?;
        let mut held = Vec::new();
        for enrolled in ring.wallets() {
            let row = read::wallet(journal.conn(), &enrolled.wallet.to_string()).map_err(broken)?;
            held.push(Held {
                wallet: enrolled.wallet,
                partner: enrolled.partner,
                chain: enrolled.chain,
                address: enrolled.address(),
                barred: row.is_some_and(|row| row.barred_by.is_some()),
            });
        }
        Ok(held)
    }

    /// Answers a challenge with a wallet's key. The same challenge gets the same answer.
    ///
    /// # Errors
    /// [`SignerError::Journal`]: nothing was shown.
    pub fn show(
        &self,
        wallet: WalletId,
        challenge: [u8; 32],
        now: Timestamp,
    ) -> Result<Result<Shown, SignerRefusal>, SignerError> {
        let Some(enrolled) = self.ring().get(wallet).cloned() else {
            return Ok(Err(Code::WalletUnknown.refuse(format!("no key of {wallet} here"))));
        };
        // A keystore takes a second; a failure shows again when the key is used.
        let _shown_again_at_use = enrolled.key.unlock();
        let statement = Possession {
            deployment: self.deployment(),
            wallet,
            partner: enrolled.partner,
            chain: enrolled.chain,
            address: enrolled.address(),
            challenge,
        };
        let digest = statement.digest();
        let mut journal = self.journal()?;
        let mut tx = journal.begin(now).map_err(broken)?;
        let asked = self.ask_to_show(&mut tx, &statement, digest, now);
        let asked = answer(asked).map_err(broken)?;
        tx.commit().map_err(broken)?;
        if let Err(refusal) = asked {
            return Ok(Err(refusal));
        }
        let raw = match use_key(&enrolled, &digest) {
            Ok(raw) => raw,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut tx = journal.begin(now).map_err(broken)?;
        let shown = answer(record(&mut tx, &statement, &digest, raw)).map_err(broken)?;
        tx.commit().map_err(broken)?;
        Ok(shown)
    }

    fn ask_to_show(
        &self,
        tx: &mut Tx<'_>,
        statement: &Possession<'_>,
        digest: [u8; 32],
        now: Timestamp,
    ) -> Result<(), No> {
        let wallet = statement.wallet.to_string();
        if read::shown(tx.conn(), &wallet, &statement.challenge)?.is_some() {
            let barred = read::wallet(tx.conn(), &wallet)?.is_some_and(|row| row.barred_by.is_some());
            return match barred {
                true => Err(Code::WalletBarred.refuse(format!("the key of {wallet} is barred")).into()),
                false => Ok(()),
            };
        }
        Sitting::new(tx, &self.caps, now)?.guard(tx).shows(statement.wallet)?;
        tx.append(&Fact::Show {
            wallet,
            challenge: hex::encode(statement.challenge),
            digest: hex::encode(digest),
        })?;
        Ok(())
    }
}

fn use_key(enrolled: &Enrolled, digest: &[u8; 32]) -> Result<Raw, SignerRefusal> {
    let key = Arc::clone(&enrolled.key);
    sign_checked(key.as_ref(), key.address(), digest)
        .map_err(|error| Code::KeyUnavailable.refuse(error.to_string()))
}

/// As with a payment: a key that repeats `r` gives itself away, so the second one never leaves.
fn record(tx: &mut Tx<'_>, statement: &Possession<'_>, digest: &[u8; 32], raw: Raw) -> Result<Shown, No> {
    if read::r_is_reused(tx.conn(), &raw.r, digest)? {
        let why = "the key repeats its nonces: take it out of service";
        return Err(Code::KeyUnavailable.refuse(why).into());
    }
    let wallet = statement.wallet.to_string();
    if read::shown(tx.conn(), &wallet, &statement.challenge)? == Some(false) {
        let challenge = hex::encode(statement.challenge);
        tx.append(&Fact::Shown { wallet, challenge, r: hex::encode(raw.r) })?;
    }
    Ok(Shown { r: raw.r, s: raw.s, y_parity: raw.y_parity })
}
