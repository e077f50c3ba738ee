//! A registered wallet becomes a desk: whoever holds its key shows it (ADR 0027), and what the account holds is quiet and booked.

use sluice_codec::Possession;
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::intent::DeploymentId;
use sluice_core::port::Ports;
use sluice_core::port::store::Change;
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;

use super::adopt::{AdoptError, Rule, examine};
use super::together::together_at_last;
use super::{OrderError, TRIES_MAX, commit};
use crate::journal;

/// How far the time that is signed may lie from ours, milliseconds. An old signature shows nothing.
pub const FRESH_MS: i64 = 10 * 60_000;

/// What is signed: a text for people, never a transaction. The time of it is its challenge.
pub fn statement<'d>(deployment: &'d DeploymentId, wallet: &Wallet, at: Timestamp) -> Possession<'d> {
    let mut challenge = [0; 32];
    challenge[24..].copy_from_slice(&at.millis().to_be_bytes());
    Possession {
        deployment,
        wallet: wallet.id,
        partner: wallet.partner,
        chain: wallet.chain,
        address: wallet.address,
        challenge,
    }
}

/// Makes a registered wallet a desk.
///
/// # Errors
/// [`AdoptError`]: the signature is not by this account over this statement, the statement is not of now, the account is moving, or
/// the wallet is none that becomes a desk.
pub async fn show_key(
    ports: &Ports,
    deployment: &DeploymentId,
    (partner, wallet): (PartnerId, WalletId),
    (at, signature): (Timestamp, &[u8]),
    cause: Cause,
) -> Result<Wallet, AdoptError> {
    if at.since_ms(ports.clock.now()).saturating_abs() > FRESH_MS {
        return Err(AdoptError::NotShown("its time is not within ten minutes of ours".into()));
    }
    // A lost life may have made a desk of it before, and handed out what can still be included (M17).
    together_at_last(ports).await?;
    for _ in 0..TRIES_MAX {
        let quiet_until = journal::quiet_until(ports).await.map_err(OrderError::from)?;
        let wallets = ports.store.wallets(None).await.map_err(OrderError::from)?;
        let found = wallets.into_iter().find(|it| it.id == wallet && it.partner == partner);
        let found = found.ok_or(OrderError::NotFound)?;
        if !statement(deployment, &found, at).is_shown_on_tron(signature) {
            return Err(AdoptError::NotShown(
                "the signature is not by this account over this statement".into(),
            ));
        }
        let mut step = found.clone().show_key(&cause.reason, cause.at).map_err(OrderError::from)?;
        if let Some(until) = quiet_until {
            step = step.then(|shown| shown.keep_quiet(until)).map_err(OrderError::from)?;
        }
        let looked = examine(ports, found.chain, found.address).await?;
        if let Some(unmet) = looked.unmet_of(&[Rule::Plain, Rule::NonceSettled, Rule::BalanceSettled]) {
            return Err(unmet.clone());
        }
        let after = step.after().clone();
        let change = Change { wallets: vec![step], ..Change::default() };
        if commit(ports, change, cause.clone()).await? {
            return Ok(after);
        }
    }
    Err(OrderError::Moved.into())
}
