//! What a human may order: the same transitions the engine makes, with a person's name and reason on them.

mod adopt;
mod adopt_held;
mod assign;
mod cancel;
mod energy;
mod energy_request;
mod explain;
mod hand_out;
mod lane;
mod lost;
mod movement;
pub(crate) mod persons;
mod reconcile;
mod refill;
mod register;
mod resolve;
mod retire;
mod show_key;
mod speed_up;
mod stake;
mod stop;
mod submit;
mod sweep;
mod together;

pub use adopt::{AdoptError, Adoption, Check, Rule, adopt};
pub use adopt_held::{Wanted, adopt_held, examine_held};
pub use assign::assign;
pub use cancel::{Cancelled, cancel};
pub use energy::{EnergyError, TOP_UP_VERSION, book_top_up, resolve_energy};
pub use energy_request::{Ahead, AheadError, AheadStored, cancel_energy_request, request_energy};
pub use explain::{ExplainError, explain};
pub use hand_out::{HandOutError, HandedOut, hand_out, meaning};
pub use lane::{LaneCommand, command};
pub use movement::{Allowed, Movement, MovementError};
pub use persons::{Given, Ordered, withdraw};
pub use reconcile::reconcile;
pub use refill::{allow_refill, refill};
pub use register::{Register, register};
pub use resolve::{doubtful, give_up, redrive, resolve_paid_by};
pub use show_key::{FRESH_MS, show_key, statement};
pub use sluice_codec::tron::{Difference, ReturnedError};
pub use stake::{StakeError, WantedStake, allow_stake, stake};
pub use stop::{CANNOT_RECALL_MAX, STOP_VERSION, Stopped, lift, stop, stop_name, stop_named};
pub use submit::{Returned, SubmitError, Submitted, submit};
pub use sweep::{allow_sweep, sweep};

use sluice_core::command::{Command, Objection};
use sluice_core::event::Cause;
use sluice_core::moved::Refusal;
use sluice_core::port::Ports;
use sluice_core::port::chain::ChainError;
use sluice_core::port::signer::SignerError;
use sluice_core::port::store::{Change, Outcome, StoreError};
use sluice_core::port::world::Topic;

/// Why an order was not carried out. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// No such thing for this tenant.
    #[error("not found")]
    NotFound,
    /// The state it is in does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The thing is not what the decision was made on.
    #[error("it has version {actual}, and the decision was made on {expected}")]
    Version {
        /// Version the decision was made on.
        expected: i64,
        /// Version it has.
        actual: i64,
    },
    /// It takes two persons, and whoever gave it is not known as one.
    #[error("it takes two persons, each with a key of their own")]
    NoPerson,
    /// It waits for its second person, and this is not one.
    #[error("{objection}")]
    Person {
        /// Why not.
        objection: Objection,
        /// What waits.
        open: Box<Command>,
    },
    /// A person of the platform gave it, and only another one takes it back.
    #[error("a person of the platform gave it; only the platform takes it back")]
    PlatformsWord,
    /// It kept moving while the order was carried out; ask again.
    #[error("it changed meanwhile; look at it and ask again")]
    Moved,
    /// The evidence on chain does not show what was claimed.
    #[error("the chain does not show it: {0}")]
    Evidence(String),
    /// The wallet still holds something, or its lane does.
    #[error("the wallet is not empty: {0}")]
    NotEmpty(String),
    /// What the wallet did is not explained yet.
    #[error("{} transactions of the wallet are not explained, the first in block {block}", txids.len())]
    Unexplained {
        /// The transactions, lowest block first.
        txids: Vec<[u8; 32]>,
        /// Block of the first.
        block: u64,
    },
    /// No transaction of the lane is outside that a dearer one could replace.
    #[error("nothing of this lane is outside and waits for a block")]
    NothingOutside,
    /// Caps, or the bound the person set, leave no room for a dearer attempt.
    #[error("a replacement needs {needed_wei} wei per gas and may offer {cap_wei}")]
    FeeAtCap {
        /// Fee per gas that a replacement must offer, wei.
        needed_wei: u128,
        /// What is allowed, wei.
        cap_wei: u128,
    },
    /// The signer signs nothing that offers so much, and no order here raises its cap.
    #[error("the signer signs for at most {cap_wei} wei per gas, and {wanted_wei} was asked for")]
    AboveSigner {
        /// What was asked for, wei.
        wanted_wei: u128,
        /// The signer's cap, wei.
        cap_wei: u128,
    },
    /// A stop is in force: no payment is raised (M12).
    #[error("a stop is in force")]
    Stopped,
    /// The store and the signer's journal are not of the same time: nothing opens (M17).
    #[error("the store and the signer's journal are not of the same time")]
    JournalApart,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The signer.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The wallet's chain is not configured here.
    #[error("chain {0} is not configured in this process")]
    NotConfigured(String),
}

/// Times an order is tried again when what it is about moved between reading and writing.
const TRIES_MAX: u32 = 8;

async fn commit(ports: &Ports, mut change: Change, cause: Cause) -> Result<bool, OrderError> {
    change.cause = Some(cause);
    let outcomes = ports.store.apply(None, vec![change]).await?;
    match outcomes.first() {
        Some(Outcome::Applied) => {
            for topic in [Topic::Lanes, Topic::Events, Topic::Alerts] {
                ports.wake.signal(topic);
            }
            Ok(true)
        }
        Some(Outcome::Moved | Outcome::Fenced) | None => Ok(false),
        Some(Outcome::Refused(rule)) => Err(OrderError::Evidence(rule.clone())),
    }
}
