//! What the server is given: the ports, and its bounds.

use std::num::NonZeroU32;
use std::sync::Arc;

use sluice_core::chain::ChainId;
use sluice_core::intent::DeploymentId;
use sluice_core::port::Ports;
use sluice_core::port::reader::Reader;
use sluice_core::port::registry::Registry;
use sluice_core::treasury::Settings;

use crate::network::Networks;
use crate::secret::SecretBox;

/// Everything the server needs. Made once by the program.
#[derive(Clone)]
pub struct Api {
    /// The engine's ports.
    pub ports: Ports,
    /// Reading for people and partners.
    pub reader: Arc<dyn Reader>,
    /// Partners, keys, stops, acknowledgements.
    pub registry: Arc<dyn Registry>,
    /// Which installation this is: part of every payment's identity (M1).
    pub deployment: DeploymentId,
    /// Bounds and switches.
    pub config: HttpConfig,
    /// How treasuries are planned.
    pub treasury: Settings,
    /// Seals the secrets of keys.
    pub secrets: Arc<dyn SecretBox>,
    /// The text of `/metrics`.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// What the configuration says of a chain.
    pub chain_facts: Arc<dyn Fn(ChainId) -> ChainFacts + Send + Sync>,
}

/// What is configured of a chain.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChainFacts {
    /// How many independent operators must agree.
    pub quorum: u32,
    /// How many independent operators are configured.
    pub operators: u32,
}

/// Bounds and switches of the server. [`HttpConfig::default`] is right for production behind nothing.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// This installation moves play money only: plain bearer keys of test partners are accepted.
    pub test_mode: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Networks,
    /// Where `/metrics` may be read from.
    pub metrics_from: Networks,
    /// Longest body, bytes.
    pub body_bytes_max: usize,
    /// Longest time a request may take, milliseconds; event streams are not bounded by it.
    pub timeout_ms: u64,
    /// Requests worked on at once; one more is shed with 503.
    pub in_flight_max: usize,
    /// Connections held at once; one more waits in the kernel's queue.
    pub connections_max: usize,
    /// Event streams at once.
    pub streams_max: usize,
    /// Event streams at once of one key.
    pub streams_per_key_max: usize,
    /// Requests a key may make per second, in the long run.
    pub rate_per_s: NonZeroU32,
    /// Requests a key may make at once after a rest.
    pub rate_burst: NonZeroU32,
    /// Requests that all keys of a partner together may make per second, in the long run.
    pub partner_rate_per_s: NonZeroU32,
    /// Requests that all keys of a partner together may make at once after a rest.
    pub partner_rate_burst: NonZeroU32,
    /// Where problems are explained; the code is appended.
    pub problem_docs: Option<String>,
    /// Where `docs/runbooks.md` is published; the alert's code is added as the fragment.
    pub runbooks: String,
    /// Version of the program, told by `/health`.
    pub version: String,
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            test_mode: false,
            trusted_proxies: Networks::none(),
            metrics_from: Networks::private(),
            body_bytes_max: sluice_api::body::BODY_BYTES_MAX,
            timeout_ms: 15_000,
            in_flight_max: 512,
            connections_max: 2_048,
            streams_max: 512,
            streams_per_key_max: 16,
            rate_per_s: at_least_one(500),
            rate_burst: at_least_one(1_000),
            partner_rate_per_s: at_least_one(10_000),
            partner_rate_burst: at_least_one(20_000),
            problem_docs: None,
            runbooks: "docs/runbooks.md".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
