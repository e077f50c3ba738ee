//! Loans of the pool that are open. In: what became of their errands, and what lanes have let go. Out: needs that are served,
//! loans that are taken back. What is done is read off the chain's proof of the errand, never assumed.

use sluice_core::energy::{Loan, LoanState, NeedState};
use sluice_core::errand::{Errand, Resource};
use sluice_core::id::WithdrawalId;
use sluice_core::moved::Moved;
use sluice_core::port::store::Change;
use sluice_core::port::world::Topic;
use sluice_core::withdrawal::Withdrawal;

use super::{Broker, Energy};
use crate::StageError;
use crate::operator::{OrderError, cancel};

impl Energy {
    /// Follows every open loan by one step at most.
    pub(super) async fn follow_loans(&mut self, broker: &mut Broker<'_>) -> Result<(), StageError> {
        let loans: Vec<Loan> = broker.view.loans.iter().filter(|it| !it.state.is_ended()).cloned().collect();
        if loans.is_empty() {
            return Ok(());
        }
        let ids: Vec<WithdrawalId> = loans.iter().filter_map(Loan::waits_for).collect();
        let errands = if ids.is_empty() { vec![] } else { broker.ports.store.withdrawals(&ids).await? };
        for loan in loans {
            let errand = loan.waits_for().and_then(|id| errands.iter().find(|it| it.id == id));
            match errand {
                Some(errand) => self.hear_errand(broker, loan, errand).await?,
                None => self.let_go(broker, loan).await?,
            }
        }
        Ok(())
    }

    /// What became of the errand that a loan waits for. With the loan its need is served; that of a late loan is called off, which
    /// it is at once while nothing was signed, and otherwise by the chain's word.
    async fn hear_errand(
        &mut self,
        broker: &mut Broker<'_>,
        loan: Loan,
        errand: &Withdrawal,
    ) -> Result<(), StageError> {
        let now = broker.now();
        let elsewhere = broker.view.elsewhere.contains(&loan.need);
        if let Some(step) = loan.clone().hear(errand, elsewhere, now)? {
            return self.move_loan(broker, step).await;
        }
        if loan.state == LoanState::Asked {
            return match loan.expire(now)? {
                Some(step) => self.move_loan(broker, step).await,
                None => Ok(()),
            };
        }
        if loan.state != LoanState::Late || errand.cancel_requested.is_some() {
            return Ok(());
        }
        let cause = broker.cause("its energy is not there in time");
        match cancel(broker.ports, errand.partner, errand.id, cause).await {
            Ok(_) => Ok(()),
            Err(OrderError::Store(error)) => Err(error.into()),
            // A person has it, or it has just ended: it is looked at again.
            Err(error) => {
                tracing::info!(need = %loan.need, %error, "A late loan of energy is not called off");
                Ok(())
            }
        }
    }

    /// Commits a step of a loan, and serves its need with energy that came.
    async fn move_loan(&self, broker: &mut Broker<'_>, step: Moved<Loan>) -> Result<(), StageError> {
        let (loan, now) = (step.after(), broker.now());
        let (need, wallet, reason) = (loan.need, loan.wallet, loan.state.as_str());
        let came = matches!(loan.state, LoanState::Lent { .. });
        let need = broker.view.needs.iter().find(|it| came && it.id == need && it.state == NeedState::Open);
        let needs = need.cloned().map(|need| need.serve(now)).transpose()?.into_iter().collect();
        let cause = Some(broker.cause(reason));
        broker.apply(self.chain, Change { loans: vec![step], needs, cause, ..Change::default() }).await?;
        broker.ports.wake.signal(Topic::Lane(wallet));
        Ok(())
    }

    /// What waits for no errand: a lane lets it go, and it is taken back. Where the lane has left service nobody counts on it.
    async fn let_go(&mut self, broker: &mut Broker<'_>, loan: Loan) -> Result<(), StageError> {
        let now = broker.now();
        match &loan.state {
            LoanState::Free { not_before, .. } if now >= *not_before => self.take_back(broker, loan).await,
            LoanState::Lent { until, .. } if now >= *until && self.is_unworked(broker, &loan).await? => {
                let step = loan.end(vec![], now)?;
                self.move_loan(broker, step).await
            }
            LoanState::Ending { .. } if self.is_unworked(broker, &loan).await? => {
                match loan.free(&[], now)? {
                    Some(step) => self.move_loan(broker, step).await,
                    None => Ok(()),
                }
            }
            LoanState::Asked
            | LoanState::Late
            | LoanState::Absent
            | LoanState::Lent { .. }
            | LoanState::Ending { .. }
            | LoanState::Free { .. }
            | LoanState::Returning { .. }
            | LoanState::Returned => Ok(()),
        }
    }

    /// A wallet leaves service only once everything of it is final.
    async fn is_unworked(&self, broker: &Broker<'_>, loan: &Loan) -> Result<bool, StageError> {
        let wallets = broker.ports.store.wallets(Some(self.chain)).await?;
        Ok(!wallets.iter().any(|it| it.id == loan.wallet && it.is_lane()))
    }

    /// Commits that it is taken back, and the errand that does.
    async fn take_back(&self, broker: &mut Broker<'_>, loan: Loan) -> Result<(), StageError> {
        let LoanState::Free { tries, .. } = loan.state else { return Ok(()) };
        let wallets = broker.ports.store.wallets(Some(self.chain)).await?;
        let Some(lender) = wallets.into_iter().find(|it| it.id == loan.lender) else {
            tracing::error!(need = %loan.need, "The wallet that lends energy has left service");
            return Ok(());
        };
        let errand = Errand::Reclaim { resource: Resource::Energy, from: loan.receiver.into() };
        let name = loan.returns_as(tries.saturating_add(1));
        let Some(intake) = self.intake(broker, &lender, name, errand, loan.stake_sun)? else {
            return Ok(());
        };
        if !broker.may_send() {
            return Ok(());
        }
        let step = loan.take_back(intake.withdrawal.after().id, broker.now())?;
        let cause = Some(broker.cause("taken back"));
        let change = Change { loans: vec![step], errands: vec![intake], cause, ..Change::default() };
        broker.apply(self.chain, change).await?;
        broker.ports.wake.signal(Topic::Lane(lender.id));
        Ok(())
    }
}
