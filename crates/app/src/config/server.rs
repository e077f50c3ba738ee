//! The REST server's part of the configuration.

use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::Deserialize;
use sluice_http::{HttpConfig, Networks};

use super::{Both, ConfigError};

/// The REST server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port to listen on.
    pub listen: String,
    /// Test partners may use plain bearer keys. Never in production.
    pub test_mode: bool,
    /// File with 32 random bytes in hex that seals API secrets at rest; made by `sluice key init`.
    pub sealing_key_file: PathBuf,
    /// Where problems are explained, if somewhere: an answer's `doc_url` is this, a slash and the problem's code.
    pub problem_docs_url: Option<String>,
    /// Proxies in front of it, addresses or CIDR ranges: what they say in `X-Forwarded-For` is believed, and a key's
    /// list of addresses is judged by it. None when left out.
    pub trusted_proxies: Vec<String>,
    /// From where `/metrics` may be read, addresses or CIDR ranges. Private networks when left out.
    pub metrics_from: Option<Vec<String>>,
    /// Requests a key may make per second, in the long run.
    pub rate_per_s: NonZeroU32,
    /// Requests a key may make at once after a rest.
    pub rate_burst: NonZeroU32,
    /// Requests all keys of a partner together may make per second, in the long run.
    pub partner_rate_per_s: NonZeroU32,
    /// Requests all keys of a partner together may make at once after a rest.
    pub partner_rate_burst: NonZeroU32,
    /// Requests worked on at once; one more is shed with 503.
    pub in_flight_max: usize,
    /// Connections held at once.
    pub connections_max: usize,
}

impl Default for Server {
    fn default() -> Self {
        let http = HttpConfig::default();
        Self {
            listen: "127.0.0.1:8080".into(),
            test_mode: http.test_mode,
            sealing_key_file: "sealing.key".into(),
            problem_docs_url: http.problem_docs,
            trusted_proxies: vec![],
            metrics_from: None,
            rate_per_s: http.rate_per_s,
            rate_burst: http.rate_burst,
            partner_rate_per_s: http.partner_rate_per_s,
            partner_rate_burst: http.partner_rate_burst,
            in_flight_max: http.in_flight_max,
            connections_max: http.connections_max,
        }
    }
}

impl Server {
    /// What the REST server is given.
    ///
    /// # Errors
    /// [`ConfigError::Value`]: the first key that does not fit.
    pub fn http(&self) -> Result<HttpConfig, ConfigError> {
        let networks = |key: &str, texts: &[String]| {
            Networks::parse(texts).map_err(|_| ConfigError::Value {
                key: format!("server.{key}"),
                why: Both::new(
                    "it holds IP addresses and CIDR ranges, such as 10.0.0.0/8",
                    "IP 주소 또는 10.0.0.0/8 같은 CIDR 범위를 적으세요",
                ),
            })
        };
        if self.in_flight_max == 0 || self.connections_max == 0 {
            let key = if self.in_flight_max == 0 { "in_flight_max" } else { "connections_max" };
            let why = Both::new("it is at least 1", "1 이상이어야 합니다");
            return Err(ConfigError::Value { key: format!("server.{key}"), why });
        }
        let standard = HttpConfig::default();
        Ok(HttpConfig {
            test_mode: self.test_mode,
            problem_docs: self.problem_docs_url.clone(),
            trusted_proxies: networks("trusted_proxies", &self.trusted_proxies)?,
            metrics_from: match &self.metrics_from {
                Some(texts) => networks("metrics_from", texts)?,
                None => standard.metrics_from,
            },
            rate_per_s: self.rate_per_s,
            rate_burst: self.rate_burst,
            partner_rate_per_s: self.partner_rate_per_s,
            partner_rate_burst: self.partner_rate_burst,
            in_flight_max: self.in_flight_max,
            connections_max: self.connections_max,
            ..standard
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_front_of_it_is_configured() {
        let text = "trusted_proxies = [\"10.0.0.0/8\", \"192.0.2.7\"]\nmetrics_from = []\nrate_per_s = 20";
        let server: Server = toml::from_str(text).unwrap();
        let http = server.http().unwrap();
        assert!(http.trusted_proxies.contains("10.1.2.3".parse().unwrap()));
        assert!(!http.trusted_proxies.contains("192.0.2.8".parse().unwrap()));
        assert!(!http.metrics_from.contains("127.0.0.1".parse().unwrap()), "nobody was named");
        assert_eq!(http.rate_per_s.get(), 20);
        assert!(HttpConfig::default().metrics_from.contains("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_wrong_range_is_refused_by_its_key() {
        for (text, key) in [
            ("trusted_proxies = [\"10.0.0.1/8\"]", "server.trusted_proxies"),
            ("metrics_from = [\"proxy.local\"]", "server.metrics_from"),
            ("connections_max = 0", "server.connections_max"),
        ] {
            let server: Server = toml::from_str(text).unwrap();
            assert!(server.http().unwrap_err().to_string().contains(key), "{text}");
        }
    }
}
