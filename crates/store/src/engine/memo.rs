//! Open transfers as this process read them last, so that a look at a lane reads only what has moved since.
//!
//! A lane is looked at many times between two steps of one of its transfers. Every step, and with it every new attempt
//! and signature, moves the row's version (`apply` refuses an attempt without the step of its transfer), and no two steps
//! of a row carry the same version and time. So a row of the same id, version and time is the row that was read, with
//! items and attempts; which rows there are is asked every time. Losing the memo costs a reading, never a decision. What
//! is joined from the asset, and may change while others run, is its symbol and whether it freezes: a transfer shows
//! these as they were at its last step. Its decimals never change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sluice_core::id::{TransferId, WalletId};
use sluice_core::port::store::WithAttempts;

/// What names one state of a row: its version, and when it was written, in microseconds.
pub(super) type Stamp = (i64, i64);

/// Transfers of one lane.
type OfLane = Arc<BTreeMap<TransferId, Arc<WithAttempts>>>;

/// What the last look at each lane found. Bounded by the lanes there are and what one look takes.
#[derive(Clone, Default)]
pub(crate) struct Memo(Arc<Mutex<Read>>);

/// By lane; with the place in the journal it was read at.
type Read = BTreeMap<WalletId, (u64, OfLane)>;

impl Memo {
    /// What the last look at this lane found. Nothing where the database's place in the journal has fallen since: another
    /// one, older or a copy, was put in its place (M17).
    pub(super) fn of(&self, wallet: WalletId, journal_seq: u64) -> OfLane {
        let found = self.locked().get(&wallet).cloned();
        found.filter(|(seq, _)| *seq <= journal_seq).map(|(_, of_lane)| of_lane).unwrap_or_default()
    }

    /// What this look has found; everything else of the lane is forgotten.
    pub(super) fn keep(&self, wallet: WalletId, journal_seq: u64, found: &[Arc<WithAttempts>]) {
        let found: OfLane = Arc::new(found.iter().map(|it| (it.0.id, Arc::clone(it))).collect());
        let mut lanes = self.locked();
        if found.is_empty() {
            lanes.remove(&wallet);
        } else {
            lanes.insert(wallet, (journal_seq, found));
        }
    }

    /// Forgets everything: the rows were changed by something else than a step.
    pub(crate) fn clear(&self) {
        self.locked().clear();
    }

    fn locked(&self) -> MutexGuard<'_, Read> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The transfer that was read, where the row has not moved since.
pub(super) fn unmoved(known: &OfLane, id: TransferId, stamp: Stamp) -> Option<Arc<WithAttempts>> {
    let found = known.get(&id)?;
    ((found.0.version, found.0.changed_at.micros()) == stamp).then(|| Arc::clone(found))
}
