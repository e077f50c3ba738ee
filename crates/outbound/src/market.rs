//! Energy vendors: all configured ones as one [`Market`].
//!
//! To add a vendor: a folder here with its wire and its `errors.rs`, an arm of [`Wire`], the faults of its simulator in
//! `devnet::market`, and the conformance tests in `tests/it/market`. An answer that `errors.rs` does not list stays unclear.

mod catfee;
#[cfg(test)]
mod fuzz;
mod json;
mod tronsave;

use std::sync::Arc;

use reqwest::Url;
use sluice_core::amount::Cost;
use sluice_core::attempt::Durable;
use sluice_core::energy::VENDORS_MAX;
use sluice_core::port::Fut;
use sluice_core::port::market::{
    Ask, Found, Market, NoAnswer, Placed, ProviderId, Quote, QuoteRequest, Rejection, VendorFacts, VendorId,
};
use sluice_core::port::world::Clock;
use sluice_core::time::Timestamp;

use crate::Secret;
use crate::client::{Client, ClientError, Limits};
use crate::guard::Reach;

/// How long a price is taken for the price, in milliseconds. Vendors name no time of their own.
const QUOTE_VALID_MS: i64 = 15_000;

/// How a vendor is talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    /// CatFee: signed requests, orders under our id.
    Catfee {
        /// Public half of the key.
        key: Secret,
        /// Secret half.
        secret: Secret,
    },
    /// TronSave, version 2: a key in a header.
    Tronsave {
        /// The key.
        key: Secret,
    },
}

/// One vendor as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorSettings {
    /// What we call it.
    pub id: VendorId,
    /// How it is talked to.
    pub wire: Wire,
    /// Scheme, host and port; the paths are the vendor's own.
    pub base_url: String,
    /// It runs on this machine or in a private network, as a simulator does.
    pub allow_private: bool,
    /// What an exchange may take.
    pub limits: Limits,
    /// From an order to its energy on chain, in milliseconds, as the operator expects it.
    pub delivers_ms: u64,
}

/// The vendors cannot be set up as configured.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// More than [`VENDORS_MAX`].
    #[error("at most {VENDORS_MAX} energy vendors are configured")]
    TooMany,
    /// Two of one name.
    #[error("two energy vendors are called {vendor}")]
    Twice {
        /// The name.
        vendor: VendorId,
    },
    /// The address.
    #[error("the address of the energy vendor {vendor} cannot be used")]
    Address {
        /// Whose.
        vendor: VendorId,
        /// Why.
        #[source]
        source: ClientError,
    },
}

/// All configured vendors.
pub struct Vendors {
    facts: Vec<VendorFacts>,
    desks: Vec<Box<dyn Desk>>,
}

impl Vendors {
    /// Sets every vendor up; connects to nothing yet.
    ///
    /// # Errors
    /// [`Unusable`]: the first vendor whose settings make no sense.
    pub fn open(settings: Vec<VendorSettings>, clock: Arc<dyn Clock>) -> Result<Self, Unusable> {
        if settings.len() > VENDORS_MAX {
            return Err(Unusable::TooMany);
        }
        let mut vendors = Self { facts: Vec::new(), desks: Vec::new() };
        for settings in settings {
            let VendorSettings { id, wire, base_url, allow_private, limits, delivers_ms } = settings;
            if vendors.facts.iter().any(|facts| facts.id == id) {
                return Err(Unusable::Twice { vendor: id });
            }
            let reach = if allow_private { Reach::Private } else { Reach::Public };
            let line = Line::open(reach, limits, &base_url, Arc::clone(&clock));
            let line = line.map_err(|source| Unusable::Address { vendor: id.clone(), source })?;
            let desk: Box<dyn Desk> = match wire {
                Wire::Catfee { key, secret } => {
                    Box::new(catfee::Catfee::new(id, line, key, secret, delivers_ms))
                }
                Wire::Tronsave { key } => Box::new(tronsave::Tronsave::new(id, line, key, delivers_ms)),
            };
            vendors.facts.push(desk.facts().clone());
            vendors.desks.push(desk);
        }
        Ok(vendors)
    }

    fn desk(&self, vendor: &VendorId) -> Result<&dyn Desk, NoAnswer> {
        let desk = self.desks.iter().find(|desk| desk.facts().id == *vendor);
        desk.map(AsRef::as_ref).ok_or_else(|| NoAnswer::NoVendor { vendor: vendor.clone() })
    }
}

impl Market for Vendors {
    fn vendors(&self) -> &[VendorFacts] {
        &self.facts
    }

    fn quote<'a>(
        &'a self,
        vendor: &'a VendorId,
        request: &'a QuoteRequest,
    ) -> Fut<'a, Result<Quote, NoAnswer>> {
        Box::pin(async move {
            let desk = self.desk(vendor)?;
            let facts = desk.facts();
            let refused = |why| NoAnswer::Refused { vendor: vendor.clone(), why };
            let energy = request.energy.max(facts.energy_min);
            if energy > facts.energy_max {
                return Err(refused(Rejection::TooMuch));
            }
            let duration_s = facts.durations.at_least(request.duration_s);
            let duration_s = duration_s.ok_or_else(|| refused(Rejection::Malformed))?;
            let request = QuoteRequest { receiver: request.receiver, energy, duration_s };
            let (total_sun, at) = desk.quote(&request).await.map_err(|silence| silence.of(vendor))?;
            let valid_until = at.plus_ms(QUOTE_VALID_MS);
            Ok(Quote { vendor: vendor.clone(), energy, duration_s, total_sun, valid_until })
        })
    }

    fn place<'a>(&'a self, ask: &'a Durable<Ask>) -> Fut<'a, Placed> {
        Box::pin(async move {
            match self.desk(&ask.get().vendor) {
                Ok(desk) => desk.place(ask.get()).await,
                // It was asked of nobody.
                Err(_) => Placed::Rejected(Rejection::NotSent),
            }
        })
    }

    fn lookup<'a>(&'a self, ask: &'a Ask, provider_id: &'a ProviderId) -> Fut<'a, Found> {
        Box::pin(async move {
            match self.desk(&ask.vendor) {
                Ok(desk) => desk.lookup(ask, provider_id).await,
                Err(error) => Found::Unknown(error.to_string()),
            }
        })
    }

    fn balance<'a>(&'a self, vendor: &'a VendorId) -> Fut<'a, Result<Cost, NoAnswer>> {
        Box::pin(async move { self.desk(vendor)?.balance().await.map_err(|silence| silence.of(vendor)) })
    }
}

/// One vendor.
trait Desk: Send + Sync {
    fn facts(&self) -> &VendorFacts;
    /// What it costs, and when that was asked.
    fn quote<'a>(&'a self, request: &'a QuoteRequest) -> Fut<'a, Result<(Cost, Timestamp), Silence>>;
    fn place<'a>(&'a self, ask: &'a Ask) -> Fut<'a, Placed>;
    fn lookup<'a>(&'a self, ask: &'a Ask, provider_id: &'a ProviderId) -> Fut<'a, Found>;
    fn balance(&self) -> Fut<'_, Result<Cost, Silence>>;
}

/// No usable answer of one vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Silence {
    /// It certainly did nothing.
    Refused(Rejection),
    /// Anything else, in our words.
    Unclear(String),
}

impl Silence {
    fn of(self, vendor: &VendorId) -> NoAnswer {
        let vendor = vendor.clone();
        match self {
            Self::Refused(why) => NoAnswer::Refused { vendor, why },
            Self::Unclear(why) => NoAnswer::Unclear { vendor, why },
        }
    }

    /// As the answer to an order.
    fn placed(self) -> Placed {
        match self {
            Self::Refused(why) => Placed::Rejected(why),
            Self::Unclear(why) => Placed::Unknown(why),
        }
    }

    /// As the answer to a question about an order.
    fn found(self) -> Found {
        match self {
            Self::Refused(why) => Found::Unknown(why.as_str().to_owned()),
            Self::Unclear(why) => Found::Unknown(why),
        }
    }
}

impl From<ClientError> for Silence {
    fn from(error: ClientError) -> Self {
        match error.nothing_left() {
            true => Self::Refused(Rejection::NotSent),
            false => Self::Unclear(error.to_string()),
        }
    }
}

/// The way to one vendor.
struct Line {
    client: Client,
    base: Url,
    clock: Arc<dyn Clock>,
}

impl Line {
    fn open(reach: Reach, limits: Limits, base: &str, clock: Arc<dyn Clock>) -> Result<Self, ClientError> {
        let client = Client::new(reach, limits)?;
        let base = client.url(base)?;
        if base.path() != "/" || base.query().is_some() || base.fragment().is_some() {
            return Err(ClientError::Url {
                why: "has a path: the vendor's own paths follow scheme, host and port",
            });
        }
        Ok(Self { client, base, clock })
    }

    /// The address of a path with its query, exactly as they are given.
    fn url(&self, target: &str) -> Result<Url, ClientError> {
        let url = self.base.join(target).map_err(|_| ClientError::Url { why: "is malformed" })?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        match format!("{}{query}", url.path()) == target && url.host_str() == self.base.host_str() {
            true => Ok(url),
            false => Err(ClientError::Url { why: "would be written in another way" }),
        }
    }
}
