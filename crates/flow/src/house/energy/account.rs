//! Accounts at vendors: what they held when they were first asked, and what they explain of orders.

use sluice_core::amount::Cost;
use sluice_core::energy::{Account, Accounts, Credit, NotShown, Order, Origin, Settlement, Uncharged};
use sluice_core::id::EnergyOrderId;
use sluice_core::port::market::{Recovery, VendorId};
use sluice_core::port::store::Change;

use super::{Broker, Energy};
use crate::StageError;

/// Time between two questions for an account, milliseconds.
const READ_MS: i64 = 15_000;

/// What an account showed that explains nothing, when it was last asked.
pub(super) struct Apart {
    /// Which order it was to explain.
    pub(super) order: EnergyOrderId,
    expected_sun: Cost,
    told_sun: Cost,
}

impl Apart {
    /// For people.
    pub(super) fn told(&self, vendor: &VendorId) -> String {
        let Self { order, expected_sun, told_sun } = self;
        format!(
            "our account at {vendor} should hold {expected_sun} sun without {order}, and shows {told_sun}: book what was paid in, or resolve the order"
        )
    }
}

impl Energy {
    /// The first word of an account, before anything was ordered there, is its opening balance.
    pub(super) async fn book_openings(&mut self, broker: &mut Broker<'_>) -> Result<(), StageError> {
        let vendors: Vec<VendorId> =
            self.supply.market.vendors().iter().map(|facts| facts.id.clone()).collect();
        for vendor in vendors {
            if broker.view.accounts.iter().any(|it| it.vendor == vendor) {
                continue;
            }
            let Some(sun) = self.read_account(broker, &vendor).await else { continue };
            let credits = vec![Credit { vendor, sun, origin: Origin::Opening }];
            let cause = Some(broker.cause("what the account held when it was first asked"));
            broker.apply(self.chain, Change { credits, cause, ..Change::default() }).await?;
        }
        Ok(())
    }

    /// What a vendor says that our account holds; not more often than now and then.
    async fn read_account(&mut self, broker: &Broker<'_>, vendor: &VendorId) -> Option<Cost> {
        let now = broker.now();
        if self.accounts.get(vendor).is_some_and(|at| now.since_ms(*at) < READ_MS) {
            return None;
        }
        self.accounts.insert(vendor.clone(), now);
        match self.supply.market.balance(vendor).await {
            Ok(sun) => Some(sun),
            Err(error) => {
                tracing::warn!(%vendor, %error, "An energy vendor does not tell what our account holds");
                None
            }
        }
    }

    /// The account as a judge needs it: by our books without the order, and by the vendor's word. The books are read after
    /// the vendor was asked, which took time.
    async fn accounts(
        &mut self,
        broker: &mut Broker<'_>,
        order: &Order,
    ) -> Result<Option<Accounts>, StageError> {
        let Some(told_sun) = self.read_account(broker, &order.vendor).await else { return Ok(None) };
        let read_at = broker.now();
        broker.renew(self.chain).await?;
        let booked = broker.view.account(&order.vendor, Some(order));
        Ok(booked.map(|Account { expected_sun, unexplained, said_sun }| Accounts {
            expected_sun,
            told_sun,
            read_at,
            unexplained,
            said_sun,
        }))
    }

    /// Asks for the very same order again, where the vendor knows it by our id and the account shows that nothing was taken.
    pub(super) async fn ask_again(
        &mut self,
        broker: &mut Broker<'_>,
        order: Order,
    ) -> Result<(), StageError> {
        if order.recovery == Recovery::None || broker.now() >= order.deadline {
            return Ok(());
        }
        let Some(accounts) = self.accounts(broker, &order).await? else { return Ok(()) };
        let uncharged = match Uncharged::judge(&order, &accounts) {
            Ok(uncharged) => uncharged,
            Err(why) => {
                tracing::info!(order = %order.id, %why, "An energy order is not asked for again");
                return Ok(());
            }
        };
        match order.repeat(&uncharged, broker.now()) {
            Ok(step) => self.put(broker, step, "asked again").await,
            Err(why) => {
                tracing::info!(%why, "An energy order is not asked for again");
                Ok(())
            }
        }
    }

    /// Remembers whether an account added up when it was to explain an order.
    fn note(&mut self, order: &Order, accounts: &Accounts, why: Option<&NotShown>) {
        if why == Some(&NotShown::DoesNotAddUp) {
            let Accounts { expected_sun, told_sun, .. } = *accounts;
            let apart = Apart { order: order.id, expected_sun, told_sun };
            self.apart.insert(order.vendor.clone(), apart);
        } else {
            self.apart.remove(&order.vendor);
        }
    }

    /// What an order cost, where account and chain show it.
    pub(super) async fn settle(&mut self, broker: &mut Broker<'_>, order: Order) -> Result<(), StageError> {
        let Some(accounts) = self.accounts(broker, &order).await? else { return Ok(()) };
        let Some(watched) = self.watched(&broker.view, &order) else { return Ok(()) };
        let judged = Settlement::judge(&order, &accounts, &watched);
        self.note(&order, &accounts, judged.as_ref().err());
        match judged {
            Ok(settlement) => match order.reconcile(&settlement)? {
                Some(step) => self.step(broker, step, "account and chain").await.map(|_| ()),
                None => Ok(()),
            },
            Err(why) => {
                tracing::info!(order = %order.id, %why, "Account and chain do not explain an energy order yet");
                Ok(())
            }
        }
    }
}
