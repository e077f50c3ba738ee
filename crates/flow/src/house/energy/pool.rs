//! The pool: the platform's own stake beside the vendors. In: a need that it is the cheapest source of. Out: a loan and the errand
//! that lends it, in one commit (ADR 0023, ADR 0025).

use std::sync::Arc;

use sluice_core::amount::{Amount, Cost};
use sluice_core::energy::credit::Billing;
use sluice_core::energy::{Lendable, Loan, Need, POOL, Pool, Terms};
use sluice_core::errand::{Errand, Resource};
use sluice_core::port::market::{Durations, Quote, Recovery, VendorFacts, VendorId};
use sluice_core::port::store::Change;
use sluice_core::port::world::Topic;
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;

use super::source::Source;
use super::{Broker, Energy};
use crate::StageError;
use crate::errand;

/// What asking for the pool came to.
pub(super) enum Asked {
    /// There is none, or its wallet is no lane that takes work.
    Nobody,
    /// No node tells what it could lend.
    Silent,
    /// It could lend.
    Lends(Box<Lender>),
}

/// What the pool's wallet could lend.
pub(super) struct Lender {
    pool: Arc<Pool>,
    wallet: Wallet,
    lendable: Lendable,
}

/// What would be lent.
pub(super) struct Stake {
    wallet: Wallet,
    stake_sun: u64,
    stay_s: u64,
    billing: Billing,
}

impl Energy {
    /// Asks the chain what the pool could lend.
    pub(super) async fn lender(&self, broker: &Broker<'_>) -> Result<Asked, StageError> {
        let Some(pool) = &self.supply.pool else { return Ok(Asked::Nobody) };
        let Some(chain) = broker.ports.chains.get(&self.chain) else { return Ok(Asked::Nobody) };
        let wallets = broker.ports.store.wallets(Some(self.chain)).await?;
        let found = wallets.into_iter().find(|it| it.address == pool.wallet.into());
        let Some(wallet) = found.filter(|it| it.is_lane() && it.takes_work()) else {
            tracing::warn!(wallet = %pool.wallet, "The wallet of the energy pool is no lane that takes work");
            return Ok(Asked::Nobody);
        };
        match chain.lendable(wallet.address).await {
            Ok(lendable) => Ok(Asked::Lends(Box::new(Lender { pool: Arc::clone(pool), wallet, lendable }))),
            Err(error) => {
                tracing::info!(%error, "The chain does not tell what the energy pool could lend");
                Ok(Asked::Silent)
            }
        }
    }

    /// The pool as one source of many; `None` where it lends nothing for this need: it did once, has too little,
    /// or its partner would owe more than it may.
    pub(super) fn own_source(
        &self,
        broker: &Broker<'_>,
        lender: &Lender,
        need: &Need,
        energy: u64,
        now: Timestamp,
    ) -> Option<Source> {
        let Lender { pool, wallet, lendable } = lender;
        if wallet.id == need.wallet || broker.view.loans.iter().any(|loan| loan.need == need.id) {
            return None;
        }
        let stake_sun = lendable.stake_for(energy)?;
        if stake_sun > pool.room(lendable, &broker.view, need.partner) {
            tracing::debug!(need = %need.id, stake_sun, "The energy pool has no room for a need");
            return None;
        }
        let id = VendorId::parse(POOL).ok()?;
        let total_sun = pool.price(energy, need.partner, wallet.partner);
        let balance_sun = broker.view.to_lend_on_sun(wallet.id, need.partner);
        let billing = pool.billing_of(need.partner);
        if !billing.covers(balance_sun, total_sun) {
            let billing = billing.as_str();
            tracing::debug!(need = %need.id, balance_sun, billing, "A credit with the pool does not cover a need for energy");
            return None;
        }
        let facts = VendorFacts {
            id: id.clone(),
            recovery: Recovery::Repeat,
            caps_price: true,
            energy_min: 1,
            energy_max: energy,
            durations: Durations::Of(vec![pool.stay_s]),
            delivers_ms: pool.delivers_ms,
        };
        let quote = Quote { vendor: id, energy, duration_s: pool.stay_s, total_sun, valid_until: now };
        let stake = Stake { wallet: wallet.clone(), stake_sun, stay_s: pool.stay_s, billing };
        Some(Source { facts, quote, own: Some(stake) })
    }

    /// Commits a loan and the errand that lends it. A crash before leaves nothing; afterwards both are there, and a need is lent
    /// to once.
    pub(super) async fn lend(
        &self,
        broker: &mut Broker<'_>,
        need: &Need,
        stake: &Stake,
        price_sun: Cost,
        energy: u64,
    ) -> Result<(), StageError> {
        let errand = Errand::Delegation { resource: Resource::Energy, to: need.receiver.into(), lock: None };
        let Some(intake) =
            self.intake(broker, &stake.wallet, Loan::lends_as(need.id), errand, stake.stake_sun)?
        else {
            return Ok(());
        };
        if !broker.may_send() {
            return Ok(());
        }
        let now = broker.now();
        let deliver_ms = i64::try_from(self.supply.policy.deliver_ms).unwrap_or(i64::MAX);
        let terms = Terms {
            lender: stake.wallet.id,
            energy,
            stake_sun: stake.stake_sun,
            price_sun,
            billing: stake.billing,
            stay_s: stake.stay_s,
            deadline: now.plus_ms(deliver_ms),
            errand: intake.withdrawal.after().id,
        };
        let loans = vec![Loan::ask(need, terms, now)];
        let cause = Some(broker.cause("lent"));
        let change = Change { loans, errands: vec![intake], cause, ..Change::default() };
        broker.apply(self.chain, change).await?;
        broker.ports.wake.signal(Topic::Lane(stake.wallet.id));
        Ok(())
    }

    /// An errand of the pool's wallet; `None` where it cannot be said, which is logged.
    pub(super) fn intake(
        &self,
        broker: &Broker<'_>,
        wallet: &Wallet,
        external_id: String,
        errand: Errand,
        stake_sun: u64,
    ) -> Result<Option<sluice_core::port::store::Intake>, StageError> {
        let Some(pool) = &self.supply.pool else { return Ok(None) };
        let chain = broker.ports.chains.get(&self.chain);
        let chain = chain.ok_or_else(|| StageError::NotConfigured(format!("chain {}", self.chain)))?;
        let amount = i64::try_from(stake_sun).ok().and_then(Amount::from_atoms);
        let Some(amount) = amount else { return Ok(None) };
        let wanted = errand::Wanted { external_id, errand, amount };
        let cause = broker.cause("energy of the pool");
        match errand::intake(broker.ports, &pool.deployment, (wallet, chain.profile()), wanted, cause) {
            Ok(intake) => Ok(Some(intake)),
            Err(error) => {
                tracing::error!(%error, "An errand of the energy pool cannot be asked for");
                Ok(None)
            }
        }
    }
}
