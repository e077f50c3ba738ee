//! A buyer of energy with a rule off.

use std::sync::Arc;

use sluice_core::amount::Cost;
use sluice_core::attempt::Durable;
use sluice_core::port::Fut;
use sluice_core::port::market::{
    Ask, Found, Market, NoAnswer, Placed, ProviderId, Quote, QuoteRequest, VendorFacts, VendorId,
};

/// Puts an order without a clear answer to its vendor once more: whatever that one knows orders by, and whatever our account
/// there shows.
pub struct AsksAgain(pub Arc<dyn Market>);

impl Market for AsksAgain {
    fn vendors(&self) -> &[VendorFacts] {
        self.0.vendors()
    }

    fn quote<'a>(
        &'a self,
        vendor: &'a VendorId,
        request: &'a QuoteRequest,
    ) -> Fut<'a, Result<Quote, NoAnswer>> {
        self.0.quote(vendor, request)
    }

    fn place<'a>(&'a self, ask: &'a Durable<Ask>) -> Fut<'a, Placed> {
        Box::pin(async move {
            match self.0.place(ask).await {
                Placed::Unknown(_) => self.0.place(ask).await,
                heard => heard,
            }
        })
    }

    fn lookup<'a>(&'a self, ask: &'a Ask, provider_id: &'a ProviderId) -> Fut<'a, Found> {
        self.0.lookup(ask, provider_id)
    }

    fn balance<'a>(&'a self, vendor: &'a VendorId) -> Fut<'a, Result<Cost, NoAnswer>> {
        self.0.balance(vendor)
    }
}
