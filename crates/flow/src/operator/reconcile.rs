//! In: a wallet that somebody wants compared now. Out: the same comparison that the house makes, kept beside the house's.
//! It books nothing and raises nothing: the house does, at its own next look. A crash leaves nothing, or the record.

use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, ReconciliationId, WalletId};
use sluice_core::port::Ports;
use sluice_core::port::store::Change;
use sluice_core::reconciliation::{Line, Reconciliation};

use super::{OrderError, commit};
use crate::statement::{Compared, NotCompared, compare};

/// Compares the books of a wallet with the chain and keeps what was found.
///
/// # Errors
/// [`OrderError`]; the inner error says why the two cannot be compared now.
pub async fn reconcile(
    ports: &Ports,
    partner: Option<PartnerId>,
    wallet: WalletId,
    cause: Cause,
) -> Result<Result<Reconciliation, NotCompared>, OrderError> {
    let view = ports.store.lane(wallet).await?;
    let view = view.filter(|it| partner.is_none_or(|partner| it.wallet.partner == partner));
    let wallet = view.ok_or(OrderError::NotFound)?.wallet;
    let Compared { block, nonce, assets } = match compare(ports, wallet.id).await? {
        Ok(compared) => compared,
        Err(why) => return Ok(Err(why)),
    };
    let ahead = wallet.is_managed() && nonce > wallet.next_nonce;
    let line = |(asset, it): (_, &crate::statement::Beside)| Line {
        asset,
        units: it.on_chain,
        on_chain: it.on_chain_atoms,
        books: it.books,
    };
    let run = Reconciliation {
        id: ReconciliationId::new(ports.entropy.ulid(cause.at)),
        partner: wallet.partner,
        wallet: wallet.id,
        block,
        lines: assets.iter().map(|(asset, beside)| line((*asset, beside))).collect(),
        nonces: ahead.then_some((nonce, wallet.next_nonce)),
        asked_by: cause.actor.to_string(),
        at: cause.at,
    };
    let change = Change { reconciled: vec![run.clone()], ..Change::default() };
    match commit(ports, change, cause).await? {
        true => Ok(Ok(run)),
        false => Err(OrderError::Moved),
    }
}
