//! The store, each call a failpoint; a commit also by the states its transfers are brought to.

use std::fmt::Debug;
use std::sync::Arc;

use sluice_core::energy::{LoanState, RequestState};
use sluice_core::hand_out::State as HandOutState;
use sluice_core::lane::Fence;
use sluice_core::port::around::store::{Answer, Around, Wrapped};
use sluice_core::port::store::{Change, Outcome, Store};
use sluice_core::transfer::{Phase, Transfer};

use super::{EachCall, Failpoint};

pub(super) fn wrap(inner: Arc<dyn Store>, point: &Arc<Failpoint>) -> Arc<dyn Store> {
    Arc::new(Wrapped { inner, by: EachCall(point.clone()) })
}

/// States a commit brings a transfer to, or a loan of energy, or what is handed out; one that finds a top-up; and what a request for
/// energy becomes.
pub const STATES: [&str; 26] = [
    "planned",
    "funded",
    "fuelling",
    "fuelled",
    "built",
    "signing",
    "signed",
    "seen",
    "final",
    "dropped",
    "loan_asked",
    "loan_late",
    "loan_absent",
    "loan_lent",
    "loan_ending",
    "loan_free",
    "loan_returning",
    "loan_returned",
    "topup",
    "hand_out_wished",
    "hand_out_made",
    "hand_out_told",
    "hand_out_lapsed",
    "ahead_open",
    "ahead_asked",
    "ahead_ended",
];

/// What the transfers and loans in a commit become; `signing` once the signer is about to be asked.
fn reached(changes: &[Change]) -> Vec<&'static str> {
    let phase = |transfer: &Transfer| transfer.state.phase();
    changes
        .iter()
        .flat_map(|change| &change.transfers)
        .filter(|step| step.before().map(phase) != Some(phase(step.after())))
        .map(|step| match step.after().state.phase() {
            Phase::Signing => "signing",
            Phase::Planned
            | Phase::Funded
            | Phase::Fuelling
            | Phase::Fuelled
            | Phase::Built
            | Phase::Signed
            | Phase::Seen
            | Phase::Final
            | Phase::Dropped => step.after().state.as_str(),
        })
        .chain(changes.iter().flat_map(|change| &change.loans).map(|step| loan(&step.after().state)))
        .chain(changes.iter().flat_map(|change| &change.requests).map(|step| ahead(&step.after().state)))
        .chain(changes.iter().filter(|change| topped_up(change)).map(|_| "topup"))
        .chain(changes.iter().flat_map(|change| &change.hand_outs).map(|step| hand_out(&step.after().state)))
        .collect()
}

fn topped_up(change: &Change) -> bool {
    change.topups.as_ref().is_some_and(|look| !look.came().is_empty())
}

const fn hand_out(state: &HandOutState) -> &'static str {
    match state {
        HandOutState::Wished => "hand_out_wished",
        HandOutState::Made(_) => "hand_out_made",
        HandOutState::Told(_) => "hand_out_told",
        HandOutState::Lapsed { .. } => "hand_out_lapsed",
    }
}

const fn ahead(state: &RequestState) -> &'static str {
    match state {
        RequestState::Open => "ahead_open",
        RequestState::Asked { .. } => "ahead_asked",
        RequestState::Served
        | RequestState::Burning(_)
        | RequestState::Dropped
        | RequestState::Expired
        | RequestState::Cancelled => "ahead_ended",
    }
}

const fn loan(state: &LoanState) -> &'static str {
    match state {
        LoanState::Asked => "loan_asked",
        LoanState::Late => "loan_late",
        LoanState::Absent => "loan_absent",
        LoanState::Lent { .. } => "loan_lent",
        LoanState::Ending { .. } => "loan_ending",
        LoanState::Free { .. } => "loan_free",
        LoanState::Returning { .. } => "loan_returning",
        LoanState::Returned => "loan_returned",
    }
}

impl Around for EachCall {
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(self.0.around(call, vec![], make()))
    }

    fn apply<'a>(
        &'a self,
        inner: &'a dyn Store,
        fence: Option<Fence>,
        changes: Vec<Change>,
    ) -> Answer<'a, Vec<Outcome>> {
        Box::pin(self.0.around("store.apply", reached(&changes), inner.apply(fence, changes)))
    }
}
