//! Stops (M12).

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod lift;
pub(crate) mod list;

use std::collections::BTreeSet;

use sluice_api::stop::CannotRecall;
use sluice_core::id::WalletId;
use sluice_core::stop::{Scope, Stop};
use sluice_core::transfer::Transfer;
use sluice_flow::operator::CANNOT_RECALL_MAX;

use crate::call::Call;
use crate::problem::Reject;
use crate::wire;
use crate::wire::stop::Out;

/// Stops in force that concern the caller: the platform sees all, a partner its own and those of everybody.
async fn visible(call: &Call) -> Result<Vec<Stop>, Reject> {
    let mut seen = Vec::new();
    for stop in call.ports().store.stops().await? {
        let concerns = match stop.scope {
            Scope::All | Scope::Chain(_) | Scope::Asset(_) => true,
            Scope::Partner(partner) => call.caller.acts_for(partner),
            Scope::Wallet(wallet) => owns(call, wallet).await?,
        };
        if concerns {
            seen.push(stop);
        }
    }
    Ok(seen)
}

/// The stop in the path.
async fn find(call: &Call) -> Result<Stop, Reject> {
    let id = call.id.as_deref().unwrap_or_default();
    let found = visible(call).await?.into_iter().find(|stop| stop.id().to_string() == id);
    found.ok_or_else(Reject::not_found)
}

async fn owns(call: &Call, wallet: WalletId) -> Result<bool, Reject> {
    Ok(call.reader().wallet(call.caller.sees(), wallet).await?.is_some())
}

/// Who has not confirmed a stop: processes that have not looked at it, and the signer while it has not put it in force.
async fn unconfirmed(call: &Call, stop: &Stop, signer_has_it: bool) -> Result<Vec<String>, Reject> {
    let mut holders = call.reader().holders(stop.scope).await?;
    holders.retain(|holder| wire::stop::has_not_looked(holder, stop.at, call.ports().clock.now()));
    let signer = (!signer_has_it).then(|| "signer".to_owned());
    let names: BTreeSet<_> = holders.into_iter().map(|holder| holder.owner).chain(signer).collect();
    Ok(names.into_iter().collect())
}

/// What a stop cannot recall: the caller's own payments, or everybody's for the platform.
async fn irrevocable(call: &Call, scope: Scope) -> Result<Out, Reject> {
    let (transfers, more) = call.reader().irrevocable(call.caller.sees(), scope, CANNOT_RECALL_MAX).await?;
    Ok(Out { listed: told(call, transfers).await?, more })
}

/// Puts transfers that cannot be recalled into words, with their transactions.
async fn told(call: &Call, transfers: Vec<Transfer>) -> Result<Vec<CannotRecall>, Reject> {
    let ids: Vec<_> = transfers.iter().map(|transfer| transfer.id).collect();
    let with_attempts = call.ports().store.transfers(&ids).await?;
    Ok(with_attempts
        .iter()
        .flat_map(|(transfer, attempts)| wire::stop::cannot_recall(transfer, attempts))
        .collect())
}
