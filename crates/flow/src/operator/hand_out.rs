//! Asking for the bytes of an errand of a desk, to sign them (ADR 0027). The wish is stored; the wallet's own lane makes the bytes,
//! counts them as in flight and has the signer's journal know of it, and only then are they told here: always the same ones.

use sluice_codec::tron::{decode_raw, facts};
use sluice_core::attempt::Unsigned;
use sluice_core::event::Cause;
use sluice_core::hand_out::{HandOut, Holder, Life, State, Wish};
use sluice_core::id::{HandOutId, PartnerId, WithdrawalId};
use sluice_core::port::Ports;
use sluice_core::port::store::{Change, LaneView};
use sluice_core::port::world::Topic;
use sluice_core::stop::stopped;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::{State as WithdrawalState, Withdrawal};

use super::{OrderError, TRIES_MAX, commit};

/// What became of the wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandedOut {
    /// The lane is about to make the bytes, or to have the journal know of them: ask again.
    Waiting(Box<HandOut>),
    /// The bytes, and who has them in hand until when.
    Bytes(Box<HandOut>, Box<Unsigned>),
}

/// Why no bytes are handed out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandOutError {
    /// A part of the engine asked: bytes go to somebody who answers for them.
    #[error("bytes are handed out to a named person or key alone")]
    Nobody,
    /// It is no errand of a desk.
    #[error("nothing of it is handed out")]
    NoDesk,
    /// It has ended, was called off, or waits for something else first.
    #[error("it is {0}, and nothing of it is handed out")]
    NotDue(&'static str),
    /// Somebody else has it in hand.
    #[error("{holder} has it in hand until {until}")]
    Held {
        /// Who.
        holder: Holder,
        /// Until when.
        until: Timestamp,
    },
    /// The time of what was handed out is over; it is made anew once the chain has shown that it can never be included.
    #[error("the time of what was handed out is over, and the chain has yet to show that it was not used")]
    Expired,
    /// The wallet is paused, frozen, or kept quiet after its store went back in time.
    #[error("the wallet hands nothing out now")]
    Shut,
    /// Everything else.
    #[error(transparent)]
    Order(#[from] OrderError),
}

/// Asks for the bytes of an errand.
///
/// # Errors
/// [`HandOutError`].
pub async fn hand_out(
    ports: &Ports,
    partner: PartnerId,
    id: WithdrawalId,
    life: Life,
    cause: Cause,
) -> Result<HandedOut, HandOutError> {
    let holder = Holder::of(&cause.actor).ok_or(HandOutError::Nobody)?;
    for _ in 0..TRIES_MAX {
        let (withdrawal, view) = errand(ports, partner, id).await?;
        let now = ports.clock.now();
        if withdrawal.cancel_requested.is_some() {
            return Err(HandOutError::NotDue("called off"));
        }
        if stopped(&view.stops, partner, withdrawal.request.asset.id, Some(view.wallet.id)) {
            return Err(OrderError::Stopped.into());
        }
        if !view.wallet.hands_out(now) {
            return Err(HandOutError::Shut);
        }
        let known = view.hand_outs.iter().filter(|it| it.withdrawal == id).max_by_key(|it| it.id).cloned();
        let mut change = Change::default();
        if let Some(it) = &known {
            if it.is_held_from(&holder, now) {
                let until = it.state.made().map_or(it.wish_until, |made| made.lease_until);
                return Err(HandOutError::Held { holder: it.holder.clone(), until });
            }
            match &it.state {
                State::Wished if it.stands(now) => return Ok(HandedOut::Waiting(Box::new(it.clone()))),
                State::Lapsed { .. } => {}
                State::Wished => {
                    change.hand_outs.push(it.clone().lapse("not_in_time").map_err(OrderError::from)?);
                }
                State::Made(made) | State::Told(made) if made.expires_at_ms <= now.millis() => {
                    return Err(HandOutError::Expired);
                }
                State::Made(_) => return Ok(HandedOut::Waiting(Box::new(it.clone()))),
                State::Told(_) if it.holder == holder => return told(&view, it.clone()),
                State::Told(_) => {
                    let step = it.clone().pass_on(holder.clone(), now).map_err(OrderError::from)?;
                    let after = step.after().clone();
                    let change = Change { hand_outs: vec![step], ..Change::default() };
                    if commit(ports, change, cause.clone()).await? {
                        return told(&view, after);
                    }
                    continue;
                }
            }
        }
        if !matches!(withdrawal.state, WithdrawalState::Approved(_) | WithdrawalState::Queued(_)) {
            return Err(HandOutError::NotDue(withdrawal.state.as_str()));
        }
        let wish = Wish {
            id: HandOutId::new(ports.entropy.ulid(now)),
            withdrawal: id,
            partner,
            wallet: view.wallet.id,
            chain: view.wallet.chain,
            holder: holder.clone(),
            life,
        };
        let step = HandOut::wish(wish, now);
        let wished = Box::new(step.after().clone());
        change.hand_outs.push(step);
        match commit(ports, change, cause.clone()).await {
            Ok(true) => {
                ports.wake.signal(Topic::Lane(view.wallet.id));
                return Ok(HandedOut::Waiting(wished));
            }
            // Somebody else wished in the same moment (`m1_one_wish`): read who.
            Ok(false) | Err(OrderError::Evidence(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(OrderError::Moved.into())
}

/// An errand of this partner, and the desk that it is pinned to.
pub(super) async fn errand(
    ports: &Ports,
    partner: PartnerId,
    id: WithdrawalId,
) -> Result<(Withdrawal, LaneView), HandOutError> {
    let found = ports.store.withdrawals(&[id]).await.map_err(OrderError::from)?;
    let withdrawal = found.into_iter().find(|it| it.partner == partner).ok_or(OrderError::NotFound)?;
    let wallet = withdrawal.request.pinned_to.ok_or(HandOutError::NoDesk)?;
    let view = ports.store.lane(wallet).await.map_err(OrderError::from)?;
    let view = view.filter(|view| view.wallet.is_desk()).ok_or(HandOutError::NoDesk)?;
    Ok((withdrawal, view))
}

/// What bytes that were handed out say, field by field. Together the fields are all of it; `None` of what is no transaction.
pub fn meaning(bytes: &[u8]) -> Option<Vec<(&'static str, String)>> {
    decode_raw(bytes).ok().map(|it| facts(&it))
}

fn told(view: &LaneView, it: HandOut) -> Result<HandedOut, HandOutError> {
    let attempt = it.state.made().and_then(|made| {
        let mut attempts = view.attempts(made.transfer).iter();
        attempts.find(|attempt| attempt.get().unsigned().id == made.attempt)
    });
    let attempt = attempt.ok_or(HandOutError::Order(OrderError::Moved))?;
    Ok(HandedOut::Bytes(Box::new(it), Box::new(attempt.get().unsigned().clone())))
}
