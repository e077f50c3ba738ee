//! What transfers of a token take, as nodes have estimated it.
//!
//! An estimate searches for the least gas that passes and runs the call many times; a call with a bound runs it once. So
//! a transfer is tried within the most that one of its token has needed lately, and is estimated only where it does not
//! pass: the first of a token every ten minutes, and the first recipient that needs more.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sluice_core::address::EvmAddress;
use sluice_core::time::Timestamp;

use super::node::{At, Call, Called, Node, NodeError};
use super::preflight::called;
use crate::crew::exactly;

/// How long an estimate is believed, milliseconds. Transfers reserve what it says: one recipient that needs much, or a
/// node that lies, must not make all of them reserve it for ever.
const BELIEVED_MS: i64 = 10 * 60 * 1_000;

/// By token, as many as are configured: the most that was needed, and since when it is believed.
#[derive(Default)]
pub(super) struct Known(Mutex<BTreeMap<EvmAddress, (u64, Timestamp)>>);

impl Known {
    /// The most that was needed lately, by token.
    pub(super) fn lately(&self, now: Timestamp) -> BTreeMap<EvmAddress, u64> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, since)| (0..BELIEVED_MS).contains(&now.since_ms(*since)));
        known.iter().map(|(token, (gas, _))| (*token, *gas)).collect()
    }

    /// Remembers an estimate, unless it is above what a transfer may take.
    pub(super) fn learn(&self, token: EvmAddress, gas: u64, most: u64, now: Timestamp) {
        if gas <= most {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (known, _) = known.entry(token).or_insert((gas, now));
            *known = gas.max(*known);
        }
    }
}

/// Calls a slice at once. What does not pass within its bound is called again without one, and loses it.
pub(super) async fn within(
    node: &dyn Node,
    calls: &mut [Call],
    at: At,
    passes: impl Fn(&[u8]) -> bool,
) -> Result<Vec<Option<Called>>, NodeError> {
    if calls.iter().all(|call| call.gas.is_none()) {
        return called(node, calls, at).await;
    }
    let mut answers = match node.calls(calls, at).await {
        Ok(answers) => exactly(calls.len(), answers, "calls")?.into_iter().map(Some).collect::<Vec<_>>(),
        // Nodes differ in how they say that a call ran out of gas.
        Err(NodeError::Rpc { .. }) => {
            calls.iter_mut().for_each(|call| call.gas = None);
            return called(node, calls, at).await;
        }
        Err(error) => return Err(error),
    };
    let mut again = Vec::new();
    for (call, answer) in calls.iter_mut().zip(&mut answers).filter(|(call, _)| call.gas.is_some()) {
        if !matches!(answer, Some(Called::Returned(data)) if passes(data)) {
            call.gas = None;
            again.push((call.clone(), answer));
        }
    }
    let (unbound, places): (Vec<Call>, Vec<_>) = again.into_iter().unzip();
    for (place, answer) in places.into_iter().zip(called(node, &unbound, at).await?) {
        *place = answer;
    }
    Ok(answers)
}
