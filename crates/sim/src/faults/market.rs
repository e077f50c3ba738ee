//! Vendors of energy as a process sees them: with faults, and with a judge of every sale.

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use sluice_core::amount::Cost;
use sluice_core::attempt::Durable;
use sluice_core::port::Fut;
use sluice_core::port::market::{
    Ask, Found, Market, NoAnswer, Placed, ProviderId, Quote, QuoteRequest, VendorFacts, VendorId,
};
use sluice_core::time::Timestamp;
use sluice_store::Db;

use super::Site;
use crate::model::market::Stall;
use crate::model::node::SharedChain;
use crate::oracle::Witness;
use crate::oracle::energy::sold;

/// How long a price is taken for one, milliseconds.
const QUOTED_MS: i64 = 20_000;

/// The vendors behind faults.
pub struct ChaosMarket {
    /// What is known of each.
    pub facts: Vec<VendorFacts>,
    /// The model's.
    pub stall: Arc<Stall>,
    /// Where calls come from.
    pub site: Site,
    /// Sees what is sold, beside our store and the chain.
    pub judge: Judge,
}

/// Looks at every sale.
#[derive(Clone)]
pub struct Judge {
    /// Our store.
    pub db: Arc<Db>,
    /// The chain.
    pub chain: SharedChain,
    /// Who is told.
    pub witness: Witness,
}

fn down(vendor: &VendorId) -> NoAnswer {
    NoAnswer::Unclear { vendor: vendor.clone(), why: "a fault was injected".into() }
}

impl ChaosMarket {
    fn now_us(&self) -> i64 {
        self.site.sim.now_us()
    }

    /// An answer that can be lost in two ways, and each looks the same.
    async fn ask<T: Send>(
        &self,
        method: &'static str,
        vendor: &VendorId,
        answer: impl Fn() -> Result<T, NoAnswer> + Send + Sync,
    ) -> Result<T, NoAnswer> {
        let make = || -> Fut<'_, _> { Box::pin(ready(answer().map_err(|_| String::new()))) };
        let said = self.site.ask(method, make, |why| why, |why| why).await;
        said.map_err(|_| down(vendor))
    }

    fn place_once(&self, ask: &Ask) -> Placed {
        let now_us = self.now_us();
        let (placed, sale) = self.stall.place(ask, now_us);
        self.site.sim.note(self.site.process, || {
            format!("{} at {}: {placed:?}, sale {sale:?}", ask.order, ask.vendor)
        });
        if let Some(sale) = sale
            && let Err(violation) = sold(&self.judge, &self.stall, sale)
        {
            self.judge.witness.accuse(violation);
        }
        placed
    }
}

impl Market for ChaosMarket {
    fn vendors(&self) -> &[VendorFacts] {
        &self.facts
    }

    fn quote<'a>(
        &'a self,
        vendor: &'a VendorId,
        request: &'a QuoteRequest,
    ) -> Fut<'a, Result<Quote, NoAnswer>> {
        let until = Timestamp::from_micros(self.site.sim.clock_us(self.site.process)).plus_ms(QUOTED_MS);
        let answer = move || self.stall.quote(vendor, request, self.now_us(), until);
        Box::pin(async move { self.ask("market.quote", vendor, answer).await })
    }

    fn place<'a>(&'a self, ask: &'a Durable<Ask>) -> Fut<'a, Placed> {
        // A proxy that repeats a request of its own accord, to a vendor that takes no id of ours, is not defended against:
        // what arrives twice is answered once.
        let said: Arc<Mutex<Option<Placed>>> = Arc::default();
        let make = move || -> Fut<'a, Placed> {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            Box::pin(ready(said.get_or_insert_with(|| self.place_once(ask.get())).clone()))
        };
        let unclear = || Placed::Unknown("a fault was injected".into());
        Box::pin(self.site.tell("market.place", make, unclear))
    }

    fn lookup<'a>(&'a self, ask: &'a Ask, provider_id: &'a ProviderId) -> Fut<'a, Found> {
        let make =
            move || -> Fut<'a, Found> { Box::pin(ready(self.stall.lookup(ask, provider_id, self.now_us()))) };
        Box::pin(self.site.tell("market.lookup", make, || Found::Unknown("a fault was injected".into())))
    }

    fn balance<'a>(&'a self, vendor: &'a VendorId) -> Fut<'a, Result<Cost, NoAnswer>> {
        let answer = move || self.stall.balance(vendor, self.now_us());
        Box::pin(async move { self.ask("market.balance", vendor, answer).await })
    }
}
