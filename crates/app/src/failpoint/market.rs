//! Vendors of energy, each call a failpoint.

use std::sync::Arc;

use sluice_core::amount::Cost;
use sluice_core::attempt::Durable;
use sluice_core::port::Fut;
use sluice_core::port::market::{
    Ask, Found, Market, NoAnswer, Placed, ProviderId, Quote, QuoteRequest, VendorFacts, VendorId,
};

use super::Failpoint;

/// Every call of a vendor that something is around.
pub const CALLS: [&str; 4] = ["market.quote", "market.place", "market.lookup", "market.balance"];

struct Wrapped {
    inner: Arc<dyn Market>,
    point: Arc<Failpoint>,
}

pub(super) fn wrap(inner: Arc<dyn Market>, point: &Arc<Failpoint>) -> Arc<dyn Market> {
    Arc::new(Wrapped { inner, point: Arc::clone(point) })
}

macro_rules! ask {
    ($self:ident, $call:literal, $work:expr) => {
        Box::pin($self.point.around($call, vec![], $work))
    };
}

impl Market for Wrapped {
    fn vendors(&self) -> &[VendorFacts] {
        self.inner.vendors()
    }

    fn quote<'a>(
        &'a self,
        vendor: &'a VendorId,
        request: &'a QuoteRequest,
    ) -> Fut<'a, Result<Quote, NoAnswer>> {
        ask!(self, "market.quote", self.inner.quote(vendor, request))
    }

    fn place<'a>(&'a self, ask: &'a Durable<Ask>) -> Fut<'a, Placed> {
        ask!(self, "market.place", self.inner.place(ask))
    }

    fn lookup<'a>(&'a self, ask: &'a Ask, provider_id: &'a ProviderId) -> Fut<'a, Found> {
        ask!(self, "market.lookup", self.inner.lookup(ask, provider_id))
    }

    fn balance<'a>(&'a self, vendor: &'a VendorId) -> Fut<'a, Result<Cost, NoAnswer>> {
        ask!(self, "market.balance", self.inner.balance(vendor))
    }
}
