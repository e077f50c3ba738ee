//! A signature comes back for what was handed out. It is compared with the stored bytes and with the wallet's key, recorded, and
//! the wallet's lane sends it. What its signer has sent himself is the same transaction, and goes on as it is.

use sluice_codec::tron::{ReturnedError, returned};
use sluice_core::attempt::Signed;
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, TransferId, WithdrawalId};
use sluice_core::port::Ports;
use sluice_core::port::store::{Change, WithAttempts};
use sluice_core::port::world::Topic;
use sluice_core::withdrawal::{State, Withdrawal};

use super::hand_out::{HandOutError, errand};
use super::{OrderError, TRIES_MAX, commit};

/// What somebody's wallet gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The bytes that it says it signed (`raw_data_hex`), where it says so.
    pub raw: Option<Vec<u8>>,
    /// The signature, 65 bytes.
    pub signature: Vec<u8>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its id on chain.
    pub txid: [u8; 32],
    /// It was recorded now; otherwise a signature of these bytes was recorded before.
    pub new: bool,
}

/// Why it is not taken. Nothing was stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// Nothing of it is in hand.
    #[error("nothing of it was handed out")]
    NotHandedOut,
    /// It is not what was handed out, or not signed by the wallet's key.
    #[error(transparent)]
    Returned(#[from] ReturnedError),
    /// Its time is over: no block takes it any more.
    #[error("the time of what was handed out is over")]
    Expired,
    /// Everything else.
    #[error(transparent)]
    HandOut(#[from] HandOutError),
}

impl From<OrderError> for SubmitError {
    fn from(error: OrderError) -> Self {
        Self::HandOut(error.into())
    }
}

/// Records a signature. Twice is once.
///
/// # Errors
/// [`SubmitError`].
pub async fn submit(
    ports: &Ports,
    partner: PartnerId,
    id: WithdrawalId,
    given: &Returned,
    cause: Cause,
) -> Result<Submitted, SubmitError> {
    for _ in 0..TRIES_MAX {
        let (withdrawal, view) = errand(ports, partner, id).await?;
        let Some(owner) = view.wallet.address.tron() else { return Err(SubmitError::NotHandedOut) };
        let Some((transfer, attempts)) = carried(ports, &withdrawal).await? else {
            return Err(SubmitError::NotHandedOut);
        };
        let Some(attempt) = attempts.first() else { return Err(SubmitError::NotHandedOut) };
        let unsigned = attempt.get().unsigned().clone();
        // Nobody was told of what is not in flight.
        let out = transfer.handed_out() == Some(unsigned.id) || attempt.get().signed().is_some();
        if !out {
            return Err(SubmitError::NotHandedOut);
        }
        let raw = returned(&unsigned.bytes, owner, given.raw.as_deref(), &given.signature)?;
        let txid = unsigned.digest;
        if attempt.get().signed().is_some() {
            return Ok(Submitted { txid, new: false });
        }
        let now = ports.clock.now();
        // Where the chain shows it already, its signature belongs to the record whatever the time.
        let late = unsigned.terms.tron().is_none_or(|terms| terms.expires_at_ms <= now.millis());
        if late && transfer.included().is_none() {
            return Err(SubmitError::Expired);
        }
        // No journal of ours holds it.
        let signed = Signed { unsigned, raw, txid, journal_seq: 0, signed_at: now };
        let step = transfer.signed(&signed, view.height, now).map_err(OrderError::from)?;
        let change = Change { transfers: vec![step], signatures: vec![signed], ..Change::default() };
        if commit(ports, change, cause.clone()).await? {
            ports.wake.signal(Topic::Lane(view.wallet.id));
            return Ok(Submitted { txid, new: true });
        }
    }
    Err(OrderError::Moved.into())
}

/// The transfer that carries it, or that has ended it.
async fn carried(ports: &Ports, withdrawal: &Withdrawal) -> Result<Option<WithAttempts>, OrderError> {
    let transfer: Option<TransferId> = match &withdrawal.state {
        State::Assigned(assigned) => Some(assigned.transfer),
        State::Paid(paid) => paid.by.map(|(transfer, _)| transfer),
        State::NeedsAttention(attention) => attention.last.map(|(transfer, _)| transfer),
        State::Requested
        | State::Held(_)
        | State::Approved(_)
        | State::Queued(_)
        | State::Rejected(_)
        | State::Cancelled(_)
        | State::Failed(_) => None,
    };
    let Some(transfer) = transfer else { return Ok(None) };
    Ok(ports.store.transfers(&[transfer]).await?.pop())
}
