//! Needs of lanes: the cheapest source that delivers in time within its caps, or burning.

use futures_util::future::{join, join_all};
use sluice_core::energy::choice::{self, Caps, Choice, Offer, Passed};
use sluice_core::energy::closed::may_ask;
use sluice_core::energy::price::Heard;
use sluice_core::energy::{Burning, LoanState, Need, NeedState, Order, Plan, State};
use sluice_core::id::EnergyOrderId;
use sluice_core::port::market::{Quote, QuoteRequest, VendorFacts};
use sluice_core::port::store::Change;
use sluice_core::{amount::Cost, time::Timestamp};

use super::pool::{Asked, Stake};
use super::{Broker, Energy};
use crate::StageError;

/// Time between two looks for a source of one need, milliseconds.
const TRY_MS: i64 = 5_000;

/// A price, and whose it is.
pub(super) struct Source {
    pub(super) facts: VendorFacts,
    pub(super) quote: Quote,
    /// What would be lent, where it is the pool.
    pub(super) own: Option<Stake>,
}

impl Energy {
    /// Meets every open need by one step at most.
    pub(super) async fn meet_needs(&mut self, broker: &mut Broker<'_>) -> Result<(), StageError> {
        for need in broker.view.needs.clone() {
            debug_assert!(matches!(need.state, NeedState::Open), "the view holds open needs");
            self.meet(broker, need).await?;
        }
        Ok(())
    }

    async fn meet(&mut self, broker: &mut Broker<'_>, need: Need) -> Result<(), StageError> {
        let now = broker.now();
        match in_hand(broker, &need) {
            InHand::Nothing => {}
            InHand::Served => {
                let step = need.serve(now)?;
                return self.end(broker, step).await;
            }
            InHand::UnderWay => return Ok(()),
        }
        if now >= need.deadline {
            let step = need.burn(Burning::NoSource, now)?;
            return self.end(broker, step).await;
        }
        if self.tried.get(&need.id).is_some_and(|at| now.since_ms(*at) < TRY_MS) {
            return Ok(());
        }
        self.tried.insert(need.id, now);
        self.look_for_source(broker, need).await
    }

    async fn look_for_source(&mut self, broker: &mut Broker<'_>, need: Need) -> Result<(), StageError> {
        let request = QuoteRequest {
            receiver: need.receiver,
            energy: self.portion(&need),
            duration_s: self.supply.policy.rent_s,
        };
        let (quotes, lender) = join(self.quotes(&request), self.lender(broker)).await;
        let (quotes, lender) = (quotes, lender?);
        // Asking took time: what is asked for must still be wanted, and nobody else may have ordered it.
        broker.renew(self.chain).await?;
        self.note_prices(broker, &quotes).await?;
        let Some(need) = broker.view.needs.iter().find(|it| it.id == need.id).cloned() else { return Ok(()) };
        if !matches!(in_hand(broker, &need), InHand::Nothing) {
            return Ok(());
        }
        let now = broker.now();
        // Of two that cost the same our own comes first.
        let own = match &lender {
            Asked::Lends(lender) => self.own_source(broker, lender, &need, request.energy, now),
            Asked::Nobody | Asked::Silent => None,
        };
        let silent = self.supply.market.vendors().len() > quotes.len() || matches!(lender, Asked::Silent);
        let sources: Vec<Source> = own.into_iter().chain(quotes).collect();
        let choice = self.choose(broker, &need, &sources, now);
        let Some(place) = choice.chosen else {
            return match hopeless(&choice, silent) {
                Some(why) => {
                    let step = need.burn(why, now)?;
                    self.end(broker, step).await
                }
                None => Ok(()),
            };
        };
        let Some(Source { facts, quote, own }) = sources.get(place) else { return Ok(()) };
        if let Some(stake) = own {
            return self.lend(broker, &need, stake, quote.total_sun, quote.energy).await;
        }
        let Some(breaker) = self.breaker(&facts.id).passed(now) else { return Ok(()) };
        let deliver_ms = i64::try_from(self.supply.policy.deliver_ms).unwrap_or(i64::MAX);
        let plan = Plan {
            id: EnergyOrderId::new(broker.ports.entropy.ulid(now)),
            need: need.id,
            wallet: need.wallet,
            receiver: need.receiver,
            deadline: now.plus_ms(deliver_ms),
        };
        match Order::plan(plan, facts, quote, now) {
            Ok(planned) => {
                let asked = planned.then(|order| order.ask(now))?;
                self.breakers.insert(facts.id.clone(), breaker);
                self.put(broker, asked, "ordered").await
            }
            Err(why) => {
                tracing::info!(need = %need.id, %why, "A quote for energy is not taken");
                Ok(())
            }
        }
    }

    /// Keeps what was asked, whatever comes of it.
    async fn note_prices(&self, broker: &mut Broker<'_>, quotes: &[Source]) -> Result<(), StageError> {
        let now = broker.now();
        let heard: Vec<Heard> =
            quotes.iter().filter_map(|source| Heard::of(self.chain, &source.quote, now)).collect();
        if !heard.is_empty() {
            let cause = Some(broker.cause("prices"));
            broker.apply(self.chain, Change { heard, cause, ..Change::default() }).await?;
        }
        Ok(())
    }

    /// What is bought at once: as much as every vendor sells in one order, so that totals compare. What is then still missing
    /// the lane asks for again.
    fn portion(&self, need: &Need) -> u64 {
        let most = self.supply.market.vendors().iter().map(|facts| facts.energy_max).min();
        need.energy.min(most.unwrap_or(need.energy)).max(1)
    }

    /// Asks every vendor at once; who gives no usable answer is not among them.
    async fn quotes(&self, request: &QuoteRequest) -> Vec<Source> {
        let market = &self.supply.market;
        let asked = market.vendors().iter().map(|facts| async move {
            let request = QuoteRequest {
                energy: request.energy.max(facts.energy_min),
                duration_s: facts.durations.at_least(request.duration_s).unwrap_or(request.duration_s),
                ..request.clone()
            };
            match market.quote(&facts.id, &request).await {
                Ok(quote) => Some(Source { facts: facts.clone(), quote, own: None }),
                Err(error) => {
                    tracing::info!(%error, "An energy vendor names no price");
                    None
                }
            }
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    fn choose(&self, broker: &Broker<'_>, need: &Need, sources: &[Source], now: Timestamp) -> Choice {
        let policy = &self.supply.policy;
        let booked = |facts: &VendorFacts| broker.view.accounts.iter().any(|it| it.vendor == facts.id);
        let offers: Vec<Offer<'_>> = sources
            .iter()
            .map(|Source { facts, quote, own }| Offer {
                facts,
                quote,
                closed: may_ask(&facts.id, need.wallet, need.id, &broker.view.orders).err(),
                // What an account held before the first order must be known before that order.
                passes: own.is_some() || (self.breaker(&facts.id).passes(now) && booked(facts)),
                own: own.is_some(),
            })
            .collect();
        let energy = self.portion(need);
        let share = need.burning_sun.0.saturating_mul(u128::from(energy)) / u128::from(need.energy.max(1));
        let left_sun = Cost(policy.hour_max_sun.0.saturating_sub(broker.view.spent_sun.0));
        let caps = Caps {
            order_max_sun: policy.order_max_sun,
            energy_max_micro_sun: policy.energy_max_micro_sun,
            left_sun,
            burning_sun: Some(Cost(share)),
        };
        let wanted = choice::Demand { energy, duration_s: policy.rent_s, deadline: need.deadline };
        let choice = choice::choose(&wanted, &offers, &caps, now);
        for (place, passed) in &choice.passed {
            if let Some(Source { facts, .. }) = sources.get(*place) {
                tracing::debug!(need = %need.id, source = %facts.id, passed = passed.as_str(), "Passed over");
            }
        }
        choice
    }
}

/// What was done for a need already.
enum InHand {
    Nothing,
    /// One source at a time: what is under way is waited for, until its own deadline.
    UnderWay,
    /// Its energy came.
    Served,
}

fn in_hand(broker: &Broker<'_>, need: &Need) -> InHand {
    let mut found = InHand::Nothing;
    if let Some(loan) = broker.view.loans.iter().find(|it| it.need == need.id) {
        match loan.state {
            LoanState::Asked => found = InHand::UnderWay,
            LoanState::Lent { .. } => return InHand::Served,
            // It comes too late, or its time was over before the need ended: it is no source of it any more.
            LoanState::Late
            | LoanState::Ending { .. }
            | LoanState::Free { .. }
            | LoanState::Returning { .. }
            | LoanState::Returned
            | LoanState::Absent => {}
        }
    }
    for order in broker.view.orders.iter().filter(|it| it.need == need.id) {
        match order.state {
            State::Delivered { .. } => return InHand::Served,
            State::Planned | State::Asked(_) | State::Unknown { .. } | State::Accepted(_) => {
                found = InHand::UnderWay;
            }
            State::Dropped
            | State::Refused { .. }
            | State::Short { .. }
            | State::Failed(_)
            | State::Refunded { .. }
            | State::Unresolved { .. }
            | State::Absent(_)
            | State::Lost { .. } => {}
        }
    }
    found
}

/// Why waiting for a source is in vain; `None` while one that was silent may answer, close its breaker, or be in time yet.
fn hopeless(choice: &Choice, silent: bool) -> Option<Burning> {
    let (mut cheaper, mut may_change) = (false, silent);
    for (_, passed) in &choice.passed {
        match passed {
            Passed::Burning => cheaper = true,
            Passed::Breaker | Passed::Stale => may_change = true,
            Passed::Closed(_)
            | Passed::TooLittle
            | Passed::Late
            | Passed::OrderCap
            | Passed::PriceCap
            | Passed::SpendCap
            | Passed::Dearer => {}
        }
    }
    match (cheaper, may_change) {
        (true, _) => Some(Burning::Cheaper),
        (false, true) => None,
        (false, false) => Some(Burning::NoSource),
    }
}
