//! The broker of a chain of TRON. In: needs of its lanes, and orders and loans of earlier turns. Out: orders at vendors, each
//! durable before a byte leaves; loans of the pool; needs that are served once the chain shows energy, or that may burn TRX.
//!
//! One process at a time holds the lease of the house, and asks one thing after another. What it asked and did not hear is
//! doubted by the next holder, and never simply asked again (M2 for money that goes to vendors).

mod account;
mod loans;
mod look;
mod order;
mod pool;
mod requests;
mod scan;
mod source;
mod topups;

use std::collections::BTreeMap;

use sluice_core::access::Actor;
use sluice_core::alert::{Code, Raise};
use sluice_core::chain::ChainId;
use sluice_core::energy::breaker::Breaker;
use sluice_core::energy::credit::{BOUNDED, COVERED};
use sluice_core::energy::{Loan, LoanState, Need, Order, POOL, State, TRIES_TOLD, View, sign_of};
use sluice_core::event::Cause;
use sluice_core::id::{EnergyNeedId, EnergyOrderId};
use sluice_core::lane::{Fence, LEASE_MARGIN_MS, LEASE_MS};
use sluice_core::moved::Moved;
use sluice_core::port::market::VendorId;
use sluice_core::port::store::{Change, Outcome};
use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports, Supply};
use sluice_core::time::Timestamp;

use super::{Hand, fence};
use crate::told::Told;
use crate::{Done, StageError};

/// Time between two looks while anything is open, milliseconds.
const BUSY_MS: u64 = 500;
/// Time between two looks otherwise, milliseconds.
const IDLE_MS: u64 = 5_000;
/// Orders of so long count against the spending of an hour, milliseconds.
const HOUR_MS: i64 = 3_600_000;

/// Vendor, account and chain have said what an order cost so long after they can, milliseconds; else a person has to.
const EXPLAINED_MS: i64 = 180_000;

/// What this hand tells people.
const TOLD: [Code; 3] = [Code::EnergyUnresolved, Code::EnergyCreditLow, Code::EnergyTopupUnknown];

/// The broker of one chain, and what it remembers. Losing it costs a look at each vendor, and a trial at one whose breaker
/// was open; what keeps a vendor closed for a wallet is stored.
pub(super) struct Energy {
    chain: ChainId,
    supply: Supply,
    breakers: BTreeMap<VendorId, Breaker>,
    looked: BTreeMap<EnergyOrderId, Timestamp>,
    accounts: BTreeMap<VendorId, Timestamp>,
    apart: BTreeMap<VendorId, account::Apart>,
    tried: BTreeMap<EnergyNeedId, Timestamp>,
    named: BTreeMap<[u8; 32], EnergyOrderId>,
    claimed: BTreeMap<EnergyOrderId, look::Claim>,
    seen: scan::Seen,
    paid_in: Option<Timestamp>,
    told: Told,
}

impl Energy {
    pub(super) fn new(chain: ChainId, supply: Supply) -> Self {
        Self {
            chain,
            supply,
            breakers: BTreeMap::new(),
            looked: BTreeMap::new(),
            accounts: BTreeMap::new(),
            apart: BTreeMap::new(),
            tried: BTreeMap::new(),
            named: BTreeMap::new(),
            claimed: BTreeMap::new(),
            seen: scan::Seen::default(),
            paid_in: None,
            told: Told::default(),
        }
    }

    async fn look(&mut self, ports: &Ports, owner: &str) -> Result<bool, StageError> {
        let held = hold(ports, owner).await?;
        let mut broker = Broker { ports, owner, held, view: View::default(), lent: Vec::new() };
        broker.read(self.chain).await?;
        self.forget(&broker.view);
        self.doubt_orphans(&mut broker).await?;
        self.book_openings(&mut broker).await?;
        self.scan(&mut broker).await?;
        self.follow_orders(&mut broker).await?;
        self.follow_loans(&mut broker).await?;
        self.read_topups(&mut broker).await?;
        self.expire_requests(&mut broker).await?;
        self.meet_needs(&mut broker).await?;
        self.tell(&broker).await?;
        let open = |order: &Order| !order.is_ended() && !matches!(order.state, State::Unresolved { .. });
        let moves = |loan: &Loan| loan.waits_for().is_some();
        let view = &broker.view;
        Ok(!view.needs.is_empty() || view.orders.iter().any(open) || view.loans.iter().any(moves))
    }

    /// Nothing is remembered of what is not open any more.
    fn forget(&mut self, view: &View) {
        self.looked.retain(|id, _| view.orders.iter().any(|order| order.id == *id));
        self.apart.retain(|_, apart| view.orders.iter().any(|it| it.id == apart.order && !it.is_ended()));
        self.tried.retain(|id, _| view.needs.iter().any(|need| need.id == *id));
        self.named.retain(|_, id| view.orders.iter().any(|order| order.id == *id));
        self.claimed.retain(|id, _| view.orders.iter().any(|order| order.id == *id));
    }

    /// What an earlier turn, or a process that is gone, was about to ask or had asked.
    async fn doubt_orphans(&mut self, broker: &mut Broker<'_>) -> Result<(), StageError> {
        for order in broker.view.orders.clone() {
            let step = match &order.state {
                State::Planned => order.drop_unasked()?,
                State::Asked(_) => order.doubt()?,
                _ => continue,
            };
            self.step(broker, step, "orphaned").await?;
        }
        Ok(())
    }

    fn breaker(&self, vendor: &VendorId) -> Breaker {
        self.breakers.get(vendor).copied().unwrap_or_default()
    }

    /// Commits a step of an order, and tells the breaker what it says of the vendor. False: it had moved on.
    async fn step(
        &mut self,
        broker: &mut Broker<'_>,
        step: Moved<Order>,
        reason: &str,
    ) -> Result<bool, StageError> {
        let (vendor, sign) = (step.after().vendor.clone(), sign_of(&step));
        let applied = broker
            .apply(
                self.chain,
                Change { orders: vec![step], cause: Some(broker.cause(reason)), ..Change::default() },
            )
            .await?;
        if let Some(sign) = sign.filter(|_| applied) {
            let heard = self.breaker(&vendor).heard(sign, broker.now());
            self.breakers.insert(vendor, heard);
        }
        Ok(applied)
    }

    /// Commits the end of a need, and wakes its lane.
    async fn end(&mut self, broker: &mut Broker<'_>, step: Moved<Need>) -> Result<(), StageError> {
        let wallet = step.after().wallet;
        let reason = step.after().state.as_str();
        let change = Change { needs: vec![step], cause: Some(broker.cause(reason)), ..Change::default() };
        broker.apply(self.chain, change).await?;
        broker.ports.wake.signal(Topic::Lane(wallet));
        Ok(())
    }

    /// Money that is not accounted for is a person's business.
    async fn tell(&mut self, broker: &Broker<'_>) -> Result<(), StageError> {
        let fence = &broker.held.fence;
        let chain = format!("{} ", self.chain);
        self.told.read(broker.ports, fence.epoch(), &TOLD, |subject| subject.starts_with(&chain)).await?;
        let mut found: BTreeMap<&VendorId, (u32, u128)> = BTreeMap::new();
        let now = broker.now();
        for order in broker.view.orders.iter().filter(|it| is_owed(it, now)) {
            let ((count, sun), money) = (found.entry(&order.vendor).or_default(), order.money());
            *count += 1;
            *sun = sun.saturating_add(money.unresolved_sun.0).saturating_add(money.at_risk_sun.0);
        }
        // An account that does not add up keeps its vendor closed too, also where all energy came.
        for vendor in self.apart.keys() {
            found.entry(vendor).or_default();
        }
        let raise = |(vendor, (count, sun)): (&VendorId, (u32, u128))| {
            let owes = format!("{vendor} owes energy or an account of {sun} sun, for {count} orders");
            let owes = Some(owes).filter(|_| count > 0);
            let apart = self.apart.get(vendor).map(|apart| apart.told(vendor));
            Raise {
                code: Code::EnergyUnresolved,
                subject: format!("{chain}{vendor}"),
                partner: None,
                detail: owes.into_iter().chain(apart).collect::<Vec<_>>().join("; "),
            }
        };
        let stuck = |loan: &&Loan| matches!(loan.state, LoanState::Free { tries, .. } if tries >= TRIES_TOLD);
        let stuck = broker.view.loans.iter().filter(stuck).map(|loan| Raise {
            code: Code::EnergyUnresolved,
            subject: format!("{chain}{POOL} {}", loan.need),
            partner: None,
            detail: format!(
                "{} sun of the pool's stake could not be taken back from {}",
                loan.stake_sun, loan.receiver
            ),
        });
        let credit = self.credit_alerts(&broker.view);
        let found = found.into_iter().map(raise).chain(stuck).chain(credit).collect();
        let news = self.told.hold(found, true, 0, broker.now());
        if news.is_empty() {
            return Ok(());
        }
        let change = Change {
            raise: news.raise,
            close: news.close,
            cause: Some(broker.cause("told")),
            ..Change::default()
        };
        let outcomes = broker.ports.store.apply(Some(fence.clone()), vec![change]).await;
        if !matches!(outcomes.as_deref(), Ok([Outcome::Applied])) {
            self.told.forget();
        }
        outcomes?;
        Ok(())
    }
}

/// The vendor owes energy, or an account of what it took for what came.
fn is_owed(order: &Order, now: Timestamp) -> bool {
    match order.state {
        State::Unresolved { .. } | State::Failed(_) => true,
        State::Delivered { .. } | State::Short { .. } => {
            let long_ago = order.settles_at().is_some_and(|at| now.since_ms(at) >= EXPLAINED_MS);
            long_ago && !order.is_ended()
        }
        State::Planned
        | State::Dropped
        | State::Asked(_)
        | State::Refused { .. }
        | State::Unknown { .. }
        | State::Accepted(_)
        | State::Refunded { .. }
        | State::Absent(_)
        | State::Lost { .. } => false,
    }
}

impl Hand for Energy {
    fn wakes(&self) -> (Topic, &'static str) {
        (Topic::Energy, "energy")
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports, owner: &'a str) -> Fut<'a, Result<Done, StageError>> {
        Box::pin(async move {
            let busy = self.look(ports, owner).await?;
            Ok(Done::Idle(if busy { BUSY_MS } else { IDLE_MS }))
        })
    }
}

/// The lease of the house, and how long this process may rely on it by its own clock.
struct Held {
    fence: Fence,
    asked_at: Timestamp,
}

async fn hold(ports: &Ports, owner: &str) -> Result<Held, StageError> {
    let asked_at = ports.clock.now();
    Ok(Held { fence: fence(ports, owner).await?, asked_at })
}

/// A turn of the broker.
struct Broker<'a> {
    ports: &'a Ports,
    owner: &'a str,
    held: Held,
    view: View,
    /// Transactions whose orders the view names.
    lent: Vec<[u8; 32]>,
}

impl Broker<'_> {
    fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    fn cause(&self, reason: &str) -> Cause {
        Cause { actor: Actor::System("energy"), reason: reason.into(), at: self.now() }
    }

    async fn read(&mut self, chain: ChainId) -> Result<(), StageError> {
        let since = self.now().plus_ms(-HOUR_MS);
        self.view = self.ports.store.energy(chain, since, &self.lent).await?;
        Ok(())
    }

    /// Takes the lease anew and reads what stands under it: after a question to a stranger, another process may have held it
    /// and ordered.
    async fn renew(&mut self, chain: ChainId) -> Result<(), StageError> {
        self.held = hold(self.ports, self.owner).await?;
        self.read(chain).await
    }

    /// Whether this process may still hand something to a stranger: what was committed under a lease that ran out since may
    /// be doubted by another process already.
    fn may_send(&self) -> bool {
        let age_ms = self.now().since_ms(self.held.asked_at);
        (0..=LEASE_MS - LEASE_MARGIN_MS).contains(&age_ms)
    }

    /// Commits a change and reads again. False: something in it had moved on. What a vendor answered is stored also under a
    /// lease that had to be taken anew: every step names the version that it read.
    async fn apply(&mut self, chain: ChainId, change: Change) -> Result<bool, StageError> {
        if !self.may_send() {
            self.held = hold(self.ports, self.owner).await?;
        }
        let outcomes = self.ports.store.apply(Some(self.held.fence.clone()), vec![change]).await?;
        let applied = match outcomes.first() {
            Some(Outcome::Applied) => true,
            Some(Outcome::Fenced) => return Err(StageError::LeaseLost),
            Some(Outcome::Refused(rule)) if rule == COVERED || rule == BOUNDED => {
                tracing::info!(
                    rule,
                    "A credit does not cover a loan of energy any more: somebody was faster"
                );
                false
            }
            Some(Outcome::Refused(rule)) => {
                tracing::error!(rule, "The store refused a change of the energy broker");
                false
            }
            Some(Outcome::Moved) | None => false,
        };
        self.read(chain).await?;
        self.ports.wake.signal(Topic::Events);
        Ok(applied)
    }
}
