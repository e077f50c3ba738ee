//! TronSave, version 2 (<https://docs.tronsave.io>): a key in a header and JSON bodies. An order carries no id of ours:
//! placing it again buys again.
//!
//! A price is for a day, also of a rental that lasts minutes. An order names its price and is taken whole or not at all, so
//! that it costs what it may cost.

pub(super) mod errors;

use reqwest::Method;
use reqwest::header::HeaderName;
use serde_json::{Value, json};
use sluice_core::amount::Cost;
use sluice_core::port::Fut;
use sluice_core::port::market::{
    Ask, Durations, Found, Placed, ProviderId, QuoteRequest, Recovery, Rejection, VendorFacts, VendorId,
};
use sluice_core::time::Timestamp;

use super::{Desk, Line, Silence, json as read};
use crate::Secret;

/// The least we buy there: what its own examples buy. It refuses what is too little.
const ENERGY_MIN: u64 = 32_000;
/// The most we buy there at once.
const ENERGY_MAX: u64 = 20_000_000;
/// The shortest and the longest rental we buy, in seconds.
const DURATION_MIN_S: u64 = 900;
const DURATION_MAX_S: u64 = 86_400;
/// A price is for so many seconds at least.
const DAY_S: u64 = 86_400;

pub(super) struct Tronsave {
    facts: VendorFacts,
    line: Line,
    key: Secret,
}

impl Tronsave {
    pub(super) fn new(id: VendorId, line: Line, key: Secret, delivers_ms: u64) -> Self {
        let facts = VendorFacts {
            id,
            recovery: Recovery::None,
            caps_price: true,
            energy_min: ENERGY_MIN,
            energy_max: ENERGY_MAX,
            durations: Durations::Between { min_s: DURATION_MIN_S, max_s: DURATION_MAX_S },
            delivers_ms,
        };
        Self { facts, line, key }
    }

    async fn ask(&self, method: Method, target: &str, body: Option<Value>) -> Result<Value, Silence> {
        let url = self.line.url(target)?;
        let headers = [(HeaderName::from_static("apikey"), self.key.clone())];
        let body = body.map(|body| body.to_string().into_bytes());
        let reply = self.line.client.exchange(method, &url, body, &headers).await?;
        errors::data(&reply)
    }
}

impl Desk for Tronsave {
    fn facts(&self) -> &VendorFacts {
        &self.facts
    }

    fn quote<'a>(&'a self, request: &'a QuoteRequest) -> Fut<'a, Result<(Cost, Timestamp), Silence>> {
        Box::pin(async move {
            let now = self.line.clock.now();
            let body = json!({
                "resourceType": "ENERGY",
                "receiver": request.receiver.to_string(),
                "durationSec": request.duration_s,
                "resourceAmount": request.energy,
                "unitPrice": "MEDIUM",
                "options": { "allowPartialFill": false },
            });
            let data = self.ask(Method::POST, "/v2/estimate-buy-resource", Some(body)).await?;
            let sun = read::sun(&data, "estimateTrx").filter(|sun| *sun > Cost::ZERO);
            match (sun, read::figure(&data, "availableResource")) {
                (Some(_), Some(filled)) if filled < request.energy => {
                    Err(Silence::Refused(Rejection::NoSupply))
                }
                (Some(sun), Some(_)) => Ok((sun, now)),
                _ => Err(Silence::Unclear("an estimate without its figures".to_owned())),
            }
        })
    }

    fn place<'a>(&'a self, ask: &'a Ask) -> Fut<'a, Placed> {
        Box::pin(async move {
            let Some(unit_price) = unit_price(ask) else { return Placed::Rejected(Rejection::Price) };
            let body = json!({
                "resourceType": "ENERGY",
                "receiver": ask.receiver.to_string(),
                "durationSec": ask.duration_s,
                "resourceAmount": ask.energy,
                "unitPrice": unit_price,
                "options": {
                    "allowPartialFill": false,
                    "onlyCreateWhenFulfilled": true,
                    "preventDuplicateIncompleteOrders": true,
                },
            });
            match self.ask(Method::POST, "/v2/buy-resource", Some(body)).await {
                Ok(data) => errors::placed(&data),
                Err(silence) => silence.placed(),
            }
        })
    }

    fn lookup<'a>(&'a self, ask: &'a Ask, provider_id: &'a ProviderId) -> Fut<'a, Found> {
        Box::pin(async move {
            match self.ask(Method::GET, &format!("/v2/order/{provider_id}"), None).await {
                Ok(order) => errors::found(&order, ask, provider_id),
                // Published for an id that is none of its orders: to this question, and no other, it is an answer.
                Err(Silence::Refused(Rejection::Malformed)) => Found::NotFound,
                Err(silence) => silence.found(),
            }
        })
    }

    fn balance(&self) -> Fut<'_, Result<Cost, Silence>> {
        Box::pin(async move {
            let account = self.ask(Method::GET, "/v2/user-info", None).await?;
            read::sun(&account, "balance")
                .ok_or_else(|| Silence::Unclear("an account without balance".to_owned()))
        })
    }
}

/// The highest price in whole sun, for each energy and day, at which the order costs no more than it may; `None` below 1.
fn unit_price(ask: &Ask) -> Option<u64> {
    let most = ask.max_total_sun.0.checked_mul(u128::from(DAY_S))?;
    let each = u128::from(ask.energy).checked_mul(u128::from(ask.duration_s.max(DAY_S)))?;
    u64::try_from(most.checked_div(each)?).ok().filter(|price| *price > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::address::TronAddress;
    use sluice_core::id::{EnergyOrderId, Ulid};

    #[test]
    fn an_order_never_names_a_price_at_which_it_would_cost_more_than_it_may() {
        let ask = |max_total_sun, energy, duration_s| Ask {
            order: EnergyOrderId::new(Ulid::new(Timestamp::from_micros(0), 1)),
            vendor: VendorId::parse("it").unwrap(),
            receiver: TronAddress([1; 20]),
            energy,
            duration_s,
            max_total_sun: Cost(max_total_sun),
        };
        // The published examples: 64 sun for three days, 65 sun for a quarter of an hour.
        assert_eq!(unit_price(&ask(6_144_000, 32_000, 259_200)), Some(64));
        assert_eq!(unit_price(&ask(4_333_290, 66_666, 900)), Some(65));
        assert_eq!(unit_price(&ask(4_333_289, 66_666, 900)), Some(64));
        assert_eq!(unit_price(&ask(66_665, 66_666, 900)), None);
        assert_eq!(unit_price(&ask(1, 0, 900)), None);
        assert_eq!(unit_price(&ask(u128::MAX, 66_666, 900)), None);
    }
}
