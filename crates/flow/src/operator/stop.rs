//! Stop and its lifting (M12). The answer says what cannot be recalled.

use sluice_core::canonical::Canonical;
use sluice_core::command::{Kind, Order};
use sluice_core::event::Cause;
use sluice_core::id::PartnerId;
use sluice_core::port::Ports;
use sluice_core::port::reader::Reader;
use sluice_core::port::registry::{Lifted, Registry};
use sluice_core::port::store::Change;
use sluice_core::port::world::Topic;
use sluice_core::stop::{Scope, Stop};
use sluice_core::transfer::Transfer;

use super::persons::{Given, Ordered, Warrant, carry_out, warrant};
use super::{OrderError, TRIES_MAX};
use crate::stops::{agree_soon, put_soon};

/// Most transfers listed as irrevocable; how many more there are is said beside them.
pub const CANNOT_RECALL_MAX: usize = 1_000;

/// What a stop did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Its holder had none in force before.
    pub new: bool,
    /// Bytes of these may have left; the chain decides about them. Oldest first.
    pub cannot_recall: Vec<Transfer>,
    /// How many more there are.
    pub more: u64,
    /// The signer has put it in force too: not even an engine that ignores the store gets a payment signed.
    pub confirmed_by_signer: bool,
}

/// Puts a stop in force. `sees` is whose transfers are listed. When this returns, no payment in its scope is signed,
/// bumped or sent for the first time by any process that reads this store: every one of them reads the stops again
/// between the last commit and each signature or send.
///
/// # Errors
/// [`OrderError::Store`].
pub async fn stop(
    ports: &Ports,
    registry: &dyn Registry,
    reader: &dyn Reader,
    (scope, holder, sees): (Scope, PartnerId, Option<PartnerId>),
    cause: Cause,
) -> Result<Stopped, OrderError> {
    let stop = Stop { scope, holder, actor: cause.actor, reason: cause.reason.clone(), at: cause.at };
    let new = registry.stop(stop).await?;
    ports.wake.signal(Topic::Lanes);
    ports.wake.signal(Topic::Events);
    let confirmed_by_signer = put_soon(ports, &scope, &cause.reason).await;
    let (cannot_recall, more) = reader.irrevocable(sees, scope, CANNOT_RECALL_MAX).await?;
    Ok(Stopped { new, cannot_recall, more, confirmed_by_signer })
}

/// Lifts a holder's stop, once two persons of the holder's or of the platform want it. `None` when there is none. What
/// another holder has stopped stays stopped.
///
/// # Errors
/// [`OrderError`]: not by this person, or the store.
pub async fn lift(
    ports: &Ports,
    registry: &dyn Registry,
    scope: Scope,
    holder: PartnerId,
    given: impl Into<Given>,
) -> Result<Option<Ordered<()>>, OrderError> {
    let given = given.into();
    for _ in 0..TRIES_MAX {
        let mut stops = ports.store.stops().await?.into_iter();
        let Some(stop) = stops.find(|stop| stop.scope == scope && stop.holder == holder) else {
            return Ok(None);
        };
        given.expects(STOP_VERSION)?;
        let since = Canonical::map([("since", Some(Canonical::text(stop.at)))]);
        let order = Order::new(Kind::StopLift, stop_name(&scope, holder), &Canonical::map([]), &since);
        match warrant(ports, &given, order, holder, false).await? {
            Warrant::Second(step) => {
                let word = Box::new(step.after().clone());
                match registry.lift(scope, holder, *step, given.cause.clone()).await? {
                    Lifted::Now => {
                        // After the store: what it has not lifted stays stopped there. The house goes on where this fails.
                        let _asked_again_by_the_house = agree_soon(ports).await;
                        ports.wake.signal(Topic::Lanes);
                        ports.wake.signal(Topic::Events);
                        return Ok(Some(Ordered::Done((), Some(word))));
                    }
                    Lifted::None => return Ok(None),
                    Lifted::Moved => {}
                }
            }
            other => {
                let asked = carry_out(ports, Change::default(), (), other, &given.cause).await?;
                if asked.is_some() {
                    return Ok(asked);
                }
            }
        }
    }
    Err(OrderError::Moved)
}

/// A stop never changes: it stands or it does not.
pub const STOP_VERSION: i64 = 1;

/// A stop as the subject of a command.
pub fn stop_name(scope: &Scope, holder: PartnerId) -> String {
    let (kind, subject) = scope.parts();
    format!("{holder} {kind} {subject}").trim_end().to_owned()
}

/// Reads [`stop_name`].
pub fn stop_named(name: &str) -> Option<(Scope, PartnerId)> {
    let (holder, scope) = name.split_once(' ')?;
    let (kind, subject) = scope.split_once(' ').unwrap_or((scope, ""));
    Some((Scope::from_parts(kind, subject)?, PartnerId::parse(holder).ok()?))
}
