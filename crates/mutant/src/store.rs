//! Stores with a rule off.

use sluice_core::alert::Code;
use sluice_core::id::WalletId;
use sluice_core::intent::DeploymentId;
use sluice_core::lane::Fence;
use sluice_core::policy::Decision;
use sluice_core::port::around::store::{Answer, Around};
use sluice_core::port::store::{Accepted, Change, Intake, LaneView, Outcome, Pause, Store};
use sluice_core::stop::Stop;
use sluice_core::wallet::LaneState;
use sluice_core::withdrawal::{Record, Withdrawal};

use super::Mutant;

/// Which rule of a store is off.
pub struct Off(pub Mutant);

/// Asks under a made-up external id, and answers under the real one: nothing is ever recognised again.
fn unrecognised(intake: &mut Intake) -> String {
    let asked = intake.withdrawal.after().clone();
    let mut request = asked.request.clone();
    let real = request.external_id.clone();
    request.external_id = asked.id.to_string();
    let deployment = DeploymentId("forgets".into());
    intake.withdrawal =
        Withdrawal::request(asked.id, asked.partner, &deployment, request, false, asked.accepted_at);
    intake.idempotency_key = None;
    real
}

impl Around for Off {
    fn accept<'a>(&'a self, inner: &'a dyn Store, mut intake: Intake) -> Answer<'a, Accepted> {
        match self.0 {
            Mutant::NoLimit => {
                if let Decision::Pass { draws, .. } = &mut intake.decision {
                    draws.clear();
                }
                inner.accept(intake)
            }
            Mutant::NoIdentity => Box::pin(async move {
                let real = unrecognised(&mut intake);
                Ok(match inner.accept(intake).await? {
                    Accepted::New(withdrawal) => {
                        let mut record = Record::clone(&withdrawal);
                        record.request.external_id = real;
                        #[expect(clippy::disallowed_methods, reason = "what this mutant says is not so")]
                        let answer = Withdrawal::restored(record);
                        Accepted::New(Box::new(answer))
                    }
                    other => other,
                })
            }),
            _ => inner.accept(intake),
        }
    }

    fn apply<'a>(
        &'a self,
        inner: &'a dyn Store,
        fence: Option<Fence>,
        mut changes: Vec<Change>,
    ) -> Answer<'a, Vec<Outcome>> {
        if self.0 == Mutant::NoFreeze {
            for change in &mut changes {
                let freezes =
                    change.wallets.iter().any(|step| matches!(step.after().state, LaneState::Frozen { .. }));
                if freezes || !change.sighted.is_empty() {
                    change.sighted.clear();
                    change.wallets.retain(|step| !matches!(step.after().state, LaneState::Frozen { .. }));
                    change.raise.retain(|raise| raise.code != Code::LaneFrozen);
                }
            }
        }
        if self.0 == Mutant::NoPause {
            for learned in changes.iter_mut().filter_map(|change| change.chain.as_mut()) {
                if matches!(learned.pause, Pause::Until(_)) {
                    learned.pause = Pause::Unchanged;
                }
            }
        }
        let fence = if self.0 == Mutant::NoFence { None } else { fence };
        inner.apply(fence, changes)
    }

    fn lane<'a>(&'a self, inner: &'a dyn Store, wallet: WalletId) -> Answer<'a, Option<LaneView>> {
        Box::pin(async move {
            let mut lane = inner.lane(wallet).await?;
            if let Some(lane) = &mut lane
                && self.0 == Mutant::NoStop
            {
                lane.stops.clear();
            }
            Ok(lane)
        })
    }

    fn stops<'a>(&'a self, inner: &'a dyn Store) -> Answer<'a, Vec<Stop>> {
        if self.0 == Mutant::NoStop {
            return Box::pin(std::future::ready(Ok(vec![])));
        }
        inner.stops()
    }
}
