//! Orders to a lane: pause, resume, drain, raise its fee cap for a time, speed up, unfreeze, retire.

use sluice_core::canonical::Canonical;
use sluice_core::command::{Kind, Order};
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::port::Ports;
use sluice_core::port::chain::Foreign;
use sluice_core::port::store::{Change, LaneView};
use sluice_core::sighting::{Sighting, Word};
use sluice_core::wallet::{LaneState, RaisedCap, SpeedUp, Wallet};

use super::persons::{Given, Ordered, carry_out, warrant};
use super::together::together;
use super::{OrderError, TRIES_MAX, explain, retire, speed_up};
use crate::stops::soon;

/// Sightings that are looked up on the chain by one order; more than these wait in any case.
const EXPLAINED_AT_ONCE: usize = 32;

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
    /// What froze it, and everything else that was seen of its wallet, is explained. The nonce goes on from what the
    /// chain's pool shows.
    Unfreeze,
    /// Out of service for ever, its key barred at the signer. Refused while it holds work or value.
    Retire,
}

impl LaneCommand {
    /// Its name, and how many persons it takes.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Pause => Kind::LanePause,
            Self::Resume => Kind::LaneResume,
            Self::Drain => Kind::LaneDrain,
            Self::Cap(_) => Kind::LaneCap,
            Self::SpeedUp(_) => Kind::LaneSpeedUp,
            Self::Unfreeze => Kind::LaneUnfreeze,
            Self::Retire => Kind::WalletRetire,
        }
    }

    /// What two persons agree on: an order to unfreeze is about what froze the lane.
    fn order(&self, wallet: &Wallet) -> Order {
        let frozen = match (self, &wallet.state) {
            (Self::Unfreeze, LaneState::Frozen { evidence, .. }) => Some(Canonical::text(evidence)),
            _ => None,
        };
        Order::new(self.kind(), wallet.id, &Canonical::map([]), &Canonical::map([("frozen", frozen)]))
    }
}

/// Carries out an order, once it has the persons it takes; the wallet as it stands then.
///
/// # Errors
/// [`OrderError`]: not found for this tenant, not from this state, not by this person, or the chain shows that it is not
/// empty.
pub async fn command(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WalletId,
    order: &LaneCommand,
    given: impl Into<Given>,
) -> Result<Ordered<Wallet>, OrderError> {
    // Apart from its caller: wallets and changes of several tries are a lot to carry along.
    Box::pin(carried(ports, partner, id, order, given.into())).await
}

async fn carried(
    ports: &Ports,
    partner: Option<PartnerId>,
    id: WalletId,
    order: &LaneCommand,
    given: Given,
) -> Result<Ordered<Wallet>, OrderError> {
    for _ in 0..TRIES_MAX {
        let view = ports
            .store
            .lane(id)
            .await?
            .filter(|it| partner.is_none_or(|partner| it.wallet.partner == partner));
        let view = view.ok_or(OrderError::NotFound)?;
        let wallet = view.wallet.clone();
        given.expects(wallet.version)?;
        let (says, owner) = (order.order(&wallet), wallet.partner);
        let reason = given.cause.reason.as_str();
        let mut change = Change::default();
        let step = match order {
            LaneCommand::Pause => wallet.pause(reason)?,
            LaneCommand::Resume => wallet.resume(reason)?,
            LaneCommand::Drain => wallet.drain(reason)?,
            LaneCommand::Cap(cap) => {
                if let Some(cap) = cap {
                    within_the_signers(ports, &wallet, cap.max_fee_wei).await?;
                }
                wallet.raise_cap(*cap, reason)?
            }
            LaneCommand::SpeedUp(max_fee_wei) => {
                // The state first: a lane that raises nothing says so before it speaks of fees.
                let order = SpeedUp { nonce: 0, max_fee_wei: *max_fee_wei, at: given.cause.at };
                let _raises = wallet.clone().speed_up(order)?;
                wallet.speed_up(speed_up::order(ports, &view, *max_fee_wei, given.cause.at).await?)?
            }
            LaneCommand::Unfreeze => {
                // The state first: an open lane says so in its own words.
                let _frozen = wallet.clone().unfreeze(0, reason)?;
                together(ports).await?;
                change.sighted = must_be_explained(ports, &view).await?;
                let pending = nonce_after_freeze(ports, &wallet).await?;
                wallet.unfreeze(pending, reason)?
            }
            LaneCommand::Retire => retire::examine(ports, &view, reason).await?,
        };
        let warrant = warrant(ports, &given, says, owner, false).await?;
        let bars = *order == LaneCommand::Retire && view.wallet.is_managed() && warrant.acts();
        if bars {
            // Who cannot be asked to bar the key is asked before anything is written.
            let _answers = ports.signer.hello(Some(id)).await?;
        }
        let after = step.after().clone();
        change.wallets.push(step);
        if let Some(ordered) = carry_out(ports, change, after, warrant, &given.cause).await? {
            if bars {
                retire::bar(ports, id, reason).await;
            }
            return Ok(ordered);
        }
    }
    Err(OrderError::Moved)
}

/// A cap that the signer would not sign for is no cap. Where the signer does not answer, the lane holds to what it knows
/// of it.
async fn within_the_signers(ports: &Ports, wallet: &Wallet, wanted_wei: u128) -> Result<(), OrderError> {
    let Some(hello) = soon(ports, ports.signer.hello(None)).await else { return Ok(()) };
    match hello.ok().and_then(|hello| hello.fee_cap(wallet.chain)) {
        Some(cap) if wanted_wei > cap.max_fee_wei => {
            Err(OrderError::AboveSigner { wanted_wei, cap_wei: cap.max_fee_wei })
        }
        Some(_) | None => Ok(()),
    }
}

/// Everything that was seen of the wallet has been explained. What a quorum reads to be in no final block, or to have done
/// nothing to it, and what a transfer of ours has ended by, needs no explanation: those are returned as denied.
async fn must_be_explained(ports: &Ports, view: &LaneView) -> Result<Vec<Sighting>, OrderError> {
    let wallet = &view.wallet;
    if view.sightings.is_empty() {
        return Ok(vec![]);
    }
    let chain =
        ports.chains.get(&wallet.chain).ok_or_else(|| OrderError::NotConfigured(wallet.chain.to_string()))?;
    let (mut denied, mut waiting) = (Vec::new(), Vec::new());
    for sighting in view.sightings.iter().take(EXPLAINED_AT_ONCE) {
        let found = chain.foreign(wallet.address, sighting.txid).await?;
        // Above the final block, that it is not seen says nothing.
        let is_final = found.head().number >= sighting.block.number;
        let nothing = is_final && !found.reading().as_ref().is_some_and(Foreign::concerns);
        match nothing || explain::is_an_end_of_ours(ports, wallet.chain, sighting.txid).await? {
            true => denied.push(Sighting { word: Word::Denied, ..sighting.clone() }),
            false => waiting.push(sighting),
        }
    }
    waiting.extend(view.sightings.iter().skip(EXPLAINED_AT_ONCE));
    if let Some(first) = waiting.first() {
        let txids = waiting.iter().map(|it| it.txid).collect();
        return Err(OrderError::Unexplained { txids, block: first.block.number });
    }
    Ok(denied)
}

/// Where the nonce goes on: what is final by quorum. A stranger's pending transaction may never be mined, and a nonce
/// skipped for it, or on one node's word, would hold up every later one for ever. What is mined above it has to become
/// final first: a slot taken now would lose to it.
async fn nonce_after_freeze(ports: &Ports, wallet: &Wallet) -> Result<u64, OrderError> {
    let chain =
        ports.chains.get(&wallet.chain).ok_or_else(|| OrderError::NotConfigured(wallet.chain.to_string()))?;
    let latest = chain.nonces(wallet.address).await?.latest;
    let settled = chain.standing(wallet.address, &[]).await?.reading().nonce;
    if latest > settled.max(wallet.next_nonce) {
        return Err(OrderError::Evidence(format!(
            "a node counts {latest} transactions of this wallet and only {settled} are final; wait until they are, and ask again"
        )));
    }
    Ok(settled)
}
