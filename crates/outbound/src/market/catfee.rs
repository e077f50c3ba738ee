//! CatFee (<https://docs.catfee.io/en/api-reference>). Parameters stand in the query, and each request is signed with its
//! path and query. An order carries our id: the same id again is the same order, and answers it.

pub(super) mod errors;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use reqwest::header::HeaderName;
use serde_json::Value;
use sha2::Sha256;
use sluice_core::amount::Cost;
use sluice_core::port::Fut;
use sluice_core::port::market::{
    Ask, Durations, Found, Placed, ProviderId, QuoteRequest, Recovery, VendorFacts, VendorId,
};
use sluice_core::time::Timestamp;

use super::{Desk, Line, Silence, json};
use crate::Secret;
use crate::client::ClientError;

/// The least it sells, as published.
const ENERGY_MIN: u64 = 65_000;
/// The most we buy there at once. It publishes no bound of its own, and refuses what is too much.
const ENERGY_MAX: u64 = 2_000_000;
/// The one duration it sells, in seconds.
const DURATION_S: u64 = 3_600;

pub(super) struct Catfee {
    facts: VendorFacts,
    line: Line,
    key: Secret,
    secret: Secret,
}

impl Catfee {
    pub(super) fn new(id: VendorId, line: Line, key: Secret, secret: Secret, delivers_ms: u64) -> Self {
        let facts = VendorFacts {
            id,
            recovery: Recovery::Repeat,
            caps_price: false,
            energy_min: ENERGY_MIN,
            energy_max: ENERGY_MAX,
            durations: Durations::Of(vec![DURATION_S]),
            delivers_ms,
        };
        Self { facts, line, key, secret }
    }

    /// Asks, and reads the answer's data.
    async fn ask(&self, method: Method, target: &str) -> Result<(Value, Timestamp), Silence> {
        let now = self.line.clock.now();
        let url = self.line.url(target)?;
        let timestamp = timestamp(now)?;
        let sign = sign(&self.secret, &timestamp, method.as_str(), target)?;
        let headers = [
            (HeaderName::from_static("cf-access-key"), self.key.clone()),
            (HeaderName::from_static("cf-access-sign"), sign),
            (HeaderName::from_static("cf-access-timestamp"), Secret::new(timestamp)),
        ];
        let reply = self.line.client.exchange(method, &url, None, &headers).await?;
        Ok((errors::data(&reply)?, now))
    }
}

impl Desk for Catfee {
    fn facts(&self) -> &VendorFacts {
        &self.facts
    }

    fn quote<'a>(&'a self, request: &'a QuoteRequest) -> Fut<'a, Result<(Cost, Timestamp), Silence>> {
        Box::pin(async move {
            let target = format!("/v1/estimate?quantity={}&duration=1h", request.energy);
            let (data, at) = self.ask(Method::GET, &target).await?;
            let sun = data.as_u64().filter(|sun| *sun > 0);
            let sun = sun.ok_or_else(|| Silence::Unclear("a price that is no whole number".to_owned()))?;
            Ok((Cost(u128::from(sun)), at))
        })
    }

    fn place<'a>(&'a self, ask: &'a Ask) -> Fut<'a, Placed> {
        Box::pin(async move {
            // `activate=false`: an account that is not activated is refused, and never paid for.
            let target = format!(
                "/v1/order?quantity={}&receiver={}&duration=1h&client_order_id={}&activate=false",
                ask.energy, ask.receiver, ask.order
            );
            match self.ask(Method::POST, &target).await {
                Ok((order, _)) => errors::placed(&order, ask),
                Err(silence) => silence.placed(),
            }
        })
    }

    fn lookup<'a>(&'a self, ask: &'a Ask, provider_id: &'a ProviderId) -> Fut<'a, Found> {
        Box::pin(async move {
            match self.ask(Method::GET, &format!("/v1/order/{provider_id}")).await {
                Ok((order, _)) => errors::found(&order, ask, provider_id),
                Err(silence) => silence.found(),
            }
        })
    }

    fn balance(&self) -> Fut<'_, Result<Cost, Silence>> {
        Box::pin(async move {
            let (account, _) = self.ask(Method::GET, "/v1/account").await?;
            json::sun(&account, "balance")
                .ok_or_else(|| Silence::Unclear("an account without balance".to_owned()))
        })
    }
}

/// `2008-08-08T08:08:08.888Z`, as published.
fn timestamp(now: Timestamp) -> Result<String, ClientError> {
    let at = jiff::Timestamp::from_microsecond(now.micros());
    at.map(|at| format!("{at:.3}")).map_err(|_| ClientError::Url { why: "would be signed at no time" })
}

/// `base64(HMAC-SHA256(secret, timestamp + method + path and query))`.
fn sign(secret: &Secret, timestamp: &str, method: &str, target: &str) -> Result<Secret, ClientError> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes());
    let mac = mac.map_err(|_| ClientError::Url { why: "cannot be signed" })?;
    let text = format!("{timestamp}{method}{target}");
    Ok(Secret::new(STANDARD.encode(mac.chain_update(text.as_bytes()).finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_signed_as_it_is_published() {
        // Made with Python's hmac, hashlib and base64.
        let at = Timestamp::from_micros(1_693_053_296_789_999);
        let at = timestamp(at).unwrap();
        assert_eq!(at, "2023-08-26T12:34:56.789Z");
        let target = "/v1/order?quantity=65000&receiver=TRON_ADDRESS&duration=1h";
        let signed = sign(&Secret::new("your_api_secret".to_owned()), &at, "POST", target).unwrap();
        assert_eq!(signed.expose(), "YGUEHUn06m0HfsE2rCz5SapoQwlT1SAZFSzdVCes0S8=");
    }
}
