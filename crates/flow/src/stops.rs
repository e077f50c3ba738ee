//! In: the stops of the store, and those the signer says are in force there. Out: the signer has every stop of the store,
//! and none that the store has lifted (M12). Level-triggered: it compares what is with what should be, so a lost call, a
//! dead process or a restarted signer costs a turn. A stop that somebody set at the signer itself is left alone.

use futures_util::future::{Either, select};
use sluice_core::port::Ports;
use sluice_core::port::signer::{Setter, SignerError};
use sluice_core::port::world::Topic;
use sluice_core::stop::{Scope, Stop};
use sluice_core::time::Timestamp;

use crate::StageError;

/// Longest a person's order waits for the signer, milliseconds. The store's stop holds meanwhile.
const PATIENCE_MS: u64 = 2_000;

/// Makes the engine's stops at the signer those of the store.
///
/// # Errors
/// [`StageError`]: the signer has not confirmed, and is asked again.
pub async fn agree(ports: &Ports) -> Result<(), StageError> {
    // The signer first: a stop that it has and the store, read later, has not was lifted in between or before.
    let mut there = ports.signer.hello(None).await?.stops;
    there.retain(|stop| stop.setter == Setter::Engine);
    let wanted = ports.store.stops().await?;
    for stop in &wanted {
        if !there.iter().any(|it| it.scope == stop.scope) {
            ports.signer.stop(&stop.scope, &stop.reason).await?;
        }
    }
    for stop in there.iter().filter(|it| !wanted.iter().any(|stop| stop.scope == it.scope)) {
        // By its place: whoever has stopped the same again since has told the signer, and that stop stays.
        ports.signer.lift(&stop.scope, stop.journal_seq).await?;
    }
    Ok(())
}

/// Puts one stop of the store in force at the signer, for a person who waits: it gives up soon, and the house goes on.
/// Whether the signer has confirmed. The signer is told even where it has such a stop: somebody may be lifting that one.
pub(crate) async fn put_soon(ports: &Ports, scope: &Scope, reason: &str) -> bool {
    told(soon(ports, ports.signer.stop(scope, reason)).await)
}

/// Like [`agree`], for a person who waits. Whether the signer has confirmed.
pub async fn agree_soon(ports: &Ports) -> bool {
    told(soon(ports, agree(ports)).await)
}

fn told<T, E: std::fmt::Display>(answer: Option<Result<T, E>>) -> bool {
    match answer {
        Some(Ok(_)) => true,
        Some(Err(error)) => {
            tracing::warn!(%error, "The signer has not confirmed the stops; it is asked again");
            false
        }
        None => {
            tracing::warn!("The signer has not confirmed the stops in time; it is asked again");
            false
        }
    }
}

/// Which of these stops the signer has not confirmed: all of them, where it does not answer.
pub async fn unconfirmed(ports: &Ports, stops: &[Stop]) -> Vec<Scope> {
    let there = match soon(ports, ports.signer.hello(None)).await {
        Some(Ok(hello)) => hello.stops,
        Some(Err(SignerError::Down(_) | SignerError::Journal(_))) | None => vec![],
    };
    let missing =
        stops.iter().map(|stop| stop.scope).filter(|scope| !there.iter().any(|it| it.scope == *scope));
    missing.collect()
}

pub(crate) async fn soon<T>(ports: &Ports, question: impl Future<Output = T>) -> Option<T> {
    let patience = ports.wake.wait(Topic::Time("signer".into()), PATIENCE_MS);
    match select(std::pin::pin!(question), patience).await {
        Either::Left((answer, _)) => Some(answer),
        Either::Right(_) => None,
    }
}

/// What the house remembers of the agreement. Losing it costs one question.
#[derive(Default)]
pub(crate) struct Agreement {
    on: Option<Vec<Scope>>,
    asked_at: Option<Timestamp>,
}

/// Time between two comparisons while nothing changes, milliseconds: a signer may be restarted from a copy.
const COMPARE_MS: i64 = 30_000;
/// Time between two tries while the signer has not confirmed, milliseconds.
const AGAIN_MS: i64 = 3_000;

impl Agreement {
    /// Compares again when the store's stops have changed, when the signer has not confirmed them, and now and then.
    pub(crate) async fn keep(&mut self, ports: &Ports, now: Timestamp) -> Result<(), StageError> {
        let wanted: Vec<Scope> = ports.store.stops().await?.into_iter().map(|stop| stop.scope).collect();
        let wait_ms = match &self.on {
            Some(on) if *on == wanted => COMPARE_MS,
            Some(_) => 0,
            None => AGAIN_MS,
        };
        if self.asked_at.is_some_and(|at| now.since_ms(at) < wait_ms) {
            return Ok(());
        }
        self.asked_at = Some(now);
        self.on = agree_soon(ports).await.then_some(wanted);
        Ok(())
    }
}
