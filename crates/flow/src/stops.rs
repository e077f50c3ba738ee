//! In: the stops of the store, and those the signer says are in force there. Out: the signer has every stop of the store,
//! and none that the store has lifted (M12). Level-triggered: it compares what is with what should be, so a lost call, a
//! dead process or a restarted signer costs a turn. A stop that somebody set at the signer itself is left alone.

use futures_util::future::{Either, select};
use sluice_core::port::Ports;
use sluice_core::port::signer::SignerError;
use sluice_core::port::world::Topic;
use sluice_core::stop::{Scope, Stop};
use sluice_core::time::Timestamp;

use crate::StageError;

/// Longest a person's order waits for the signer, milliseconds. The store's stop holds meanwhile.
const PATIENCE_MS: u64 = 2_000;

/// Makes the signer's stops those of the store.
///
/// # Errors
/// [`StageError`]: the signer has not confirmed, and is asked again.
pub async fn agree(ports: &Ports) -> Result<(), StageError> {
    // The signer first: a stop that it has and the store, read later, has not was lifted in between or before.
    let there = ports.signer.hello(None).await?.stops;
    let wanted = ports.store.stops().await?;
    for stop in &wanted {
        if !there.iter().any(|(scope, _)| *scope == stop.scope) {
            ports.signer.stop(&stop.scope, &marked(&stop.reason)).await?;
        }
    }
    let lifted = |scope: &Scope| !wanted.iter().any(|stop| stop.scope == *scope);
    let mut took_any = false;
    for (scope, reason) in there.iter().filter(|(scope, reason)| is_ours(reason) && lifted(scope)) {
        ports.signer.lift(scope, reason).await?;
        took_any = true;
    }
    // Somebody may have stopped again what was being lifted.
    if took_any {
        for stop in ports.store.stops().await? {
            ports.signer.stop(&stop.scope, &marked(&stop.reason)).await?;
        }
    }
    Ok(())
}

/// Like [`agree`], for a person who waits: it gives up soon, and the house goes on. Whether the signer has confirmed.
pub async fn agree_soon(ports: &Ports) -> bool {
    match soon(ports, agree(ports)).await {
        Some(Ok(())) => true,
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
        stops.iter().map(|stop| stop.scope).filter(|scope| !there.iter().any(|(it, _)| it == scope));
    missing.collect()
}

pub(crate) async fn soon<T>(ports: &Ports, question: impl Future<Output = T>) -> Option<T> {
    let patience = ports.wake.wait(Topic::Backoff("signer".into()), PATIENCE_MS);
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

/// How the reason of a stop that the store set begins at the signer: only such a stop is lifted from here.
const MARK: &str = "store: ";

fn marked(reason: &str) -> String {
    format!("{MARK}{reason}")
}

fn is_ours(reason: &str) -> bool {
    reason.starts_with(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stop_of_the_store_is_lifted_from_here() {
        assert!(is_ours(&marked("drill")));
        assert!(!is_ours("set at the signer's console"));
    }
}
