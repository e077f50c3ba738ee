//! Orders to a lane: pause, resume, drain, raise its fee cap for a time, speed up, unfreeze, retire.

use sluice_core::alert::Code;
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::port::Ports;
use sluice_core::port::store::Change;
use sluice_core::wallet::{RaisedCap, SpeedUp, Wallet};

use super::{OrderError, TRIES_MAX, commit, retire, speed_up};

/// An order to a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneCommand {
    /// Nothing new is built or signed.
    Pause,
    /// Takes work again; an open breaker closes.
    Resume,
    /// Nothing new is taken; what it has is finished.
    Drain,
    /// Allows a higher fee per gas until a time; `None` goes back to the chain's own cap. Never above the signer's cap.
    Cap(Option<RaisedCap>),
    /// Offers more for the oldest slot that is outside, at the next turn; at most this much per gas, wei, and never above
    /// the caps.
    SpeedUp(Option<u128>),
    /// What froze it is explained. The nonce goes on from what the chain's pool shows.
    Unfreeze,
    /// Out of service for ever, its key barred at the signer. Refused while it holds work or value.
    Retire,
}

/// Carries out an order; the wallet as it stands then.
///
/// # Errors
/// [`OrderError`]: not found for this tenant, not from this state, or the chain shows that it is not empty.
pub async fn command(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WalletId,
    order: &LaneCommand,
    cause: Cause,
) -> Result<Wallet, OrderError> {
    for _ in 0..TRIES_MAX {
        let view = ports
            .store
            .lane(id)
            .await?
            .filter(|it| partner.is_none_or(|partner| it.wallet.partner == partner));
        let view = view.ok_or(OrderError::NotFound)?;
        let wallet = view.wallet.clone();
        let reason = cause.reason.as_str();
        let mut change = Change::default();
        let step = match order {
            LaneCommand::Pause => wallet.pause(reason)?,
            LaneCommand::Resume => wallet.resume(reason)?,
            LaneCommand::Drain => wallet.drain(reason)?,
            LaneCommand::Cap(cap) => wallet.raise_cap(*cap, reason)?,
            LaneCommand::SpeedUp(max_fee_wei) => {
                // The state first: a lane that raises nothing says so before it speaks of fees.
                let order = SpeedUp { nonce: 0, max_fee_wei: *max_fee_wei, at: cause.at };
                let _raises = wallet.clone().speed_up(order)?;
                wallet.speed_up(speed_up::order(ports, &view, *max_fee_wei, cause.at).await?)?
            }
            LaneCommand::Unfreeze => {
                let pending = nonce_after_freeze(ports, &wallet).await?;
                change.close.push((Code::LaneFrozen, id.to_string()));
                wallet.unfreeze(pending, reason)?
            }
            LaneCommand::Retire => retire::retire(ports, &view, reason, &mut change).await?,
        };
        let after = step.after().clone();
        change.wallets.push(step);
        if commit(ports, change, cause.clone()).await? {
            return Ok(after);
        }
    }
    Err(OrderError::Moved)
}

/// Where the nonce goes on: what is mined. A stranger's pending transaction may never be; a slot that loses to it is read
/// as such, while a nonce skipped for it would hold up every later one.
async fn nonce_after_freeze(ports: &Ports, wallet: &Wallet) -> Result<u64, OrderError> {
    let chain =
        ports.chains.get(&wallet.chain).ok_or_else(|| OrderError::NotConfigured(wallet.chain.to_string()))?;
    Ok(chain.nonces(wallet.address).await?.latest)
}
