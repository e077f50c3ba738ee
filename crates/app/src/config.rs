//! Configuration: one TOML file, one struct per section, wrong combinations refused at start with the key's name.
//! `config/sluice.example.toml` shows every key.

mod alerts;
mod asset;
mod energy;
mod profile;
mod server;
mod treasury;
mod wrong;

use std::path::{Path, PathBuf};

pub use alerts::{Alerts, Language};
pub use asset::AssetEntry;
#[cfg(feature = "dev")]
pub use energy::{Bills, Hq};
pub use energy::{Energy, Vendor, Wire};
pub use profile::ProfileOverrides;
pub use server::Server;
pub use treasury::Treasury;
pub use wrong::{Both, ConfigError};

use serde::{Deserialize, Serialize};

/// Everything a process is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The REST server.
    #[serde(default)]
    pub server: Server,
    /// Where durable state lives.
    pub database: Database,
    /// Where keys live.
    pub signer: Signer,
    /// Chains this installation pays on.
    #[serde(default)]
    pub chains: Vec<Chain>,
    /// Assets it pays.
    #[serde(default)]
    pub assets: Vec<AssetEntry>,
    /// Who is told of alerts.
    #[serde(default)]
    pub alerts: Alerts,
    /// How treasuries are planned.
    #[serde(default)]
    pub treasury: Treasury,
}

/// Where durable state lives.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite:///var/lib/sluice/sluice.db` or `postgres://user@host/name`.
    pub url: String,
}

/// Where keys live.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// Unix socket of `sluice signer`.
    pub socket: Option<PathBuf>,
    /// The installation that signer belongs to; goes with `socket`.
    pub deployment: Option<String>,
    /// In the same process: `sluice dev` alone may (M17).
    pub in_process: Option<Keys>,
}

/// Keys and journal of a signer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Names the installation; kept here, with the signer (M1).
    pub deployment: String,
    /// The journal.
    pub journal: PathBuf,
    /// Folder of keystore v3 files, one per wallet.
    pub keystore: PathBuf,
    /// File with the password of the keystores.
    pub password_file: PathBuf,
}

/// A chain and its nodes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// CAIP-2 id.
    pub id: String,
    /// Independent operators that must agree; default 2, or 1 when one operator is configured.
    pub quorum: Option<usize>,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// TRON: where its energy comes from; TRX is burned when left out.
    pub energy: Option<Energy>,
    /// Figures that differ from the shipped profile.
    #[serde(default)]
    pub profile: ProfileOverrides,
}

/// A node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// JSON-RPC URL; on TRON that of the HTTP API, without `/wallet`.
    pub url: String,
    /// Who runs it: quorum counts operators, not URLs (M4).
    pub operator: String,
    /// TRON: where `/walletsolidity` is, if elsewhere.
    #[serde(default)]
    pub solid_url: Option<String>,
    /// TRON: file with the key of TronGrid and those who took over its header.
    #[serde(default)]
    pub api_key_file: Option<PathBuf>,
}

impl Node {
    /// A node at a URL, and nothing else about it.
    #[cfg(feature = "dev")]
    pub fn of(operator: &str, url: String) -> Self {
        Self { url, operator: operator.to_owned(), solid_url: None, api_key_file: None }
    }
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`]: one sentence with the key.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { path: shown.clone(), why: error.to_string() })?;
        let config = Self::parse(&text)
            .map_err(|error| ConfigError::Malformed { path: shown, why: one_line(&error.to_string()) })?;
        config.check()?;
        Ok(config)
    }

    /// Reads TOML without checking how keys fit together.
    ///
    /// # Errors
    /// What TOML says.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Checks how keys fit together.
    ///
    /// # Errors
    /// [`ConfigError::Value`]: the first key that does not fit.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, en: &str, ko: &str| {
            Err(ConfigError::Value { key: key.into(), why: Both::new(en, ko) })
        };
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| self.database.url.starts_with(scheme))
        {
            return wrong(
                "database.url",
                "it begins with sqlite:// or postgres://",
                "sqlite:// 또는 postgres://로 시작해야 합니다",
            );
        }
        if self.signer.socket.is_some() == self.signer.in_process.is_some() {
            return wrong(
                "signer",
                "set either socket or in_process",
                "socket과 in_process 중 하나만 설정하세요",
            );
        }
        if self.signer.socket.is_some() != self.signer.deployment.is_some() {
            return wrong(
                "signer.deployment",
                "name the deployment the signer belongs to, beside socket",
                "socket과 함께 서명 서버가 속한 deployment 이름을 적으세요",
            );
        }
        self.server.http()?;
        self.treasury()?;
        for chain in &self.chains {
            self.profile(chain)?;
            if let Some(energy) = &chain.energy {
                energy.check(&chain.id, self.profile(chain)?.tron().is_some())?;
            }
            if chain.nodes.is_empty() {
                return wrong(
                    &format!("chains.{}.nodes", chain.id),
                    "name at least one node",
                    "노드를 하나 이상 적으세요",
                );
            }
            if quorum(chain) > operators(chain) || quorum(chain) == 0 {
                return wrong(
                    &format!("chains.{}.quorum", chain.id),
                    "it is at least 1 and at most the number of different operators",
                    "1 이상, 서로 다른 운영사 수 이하여야 합니다",
                );
            }
        }
        for asset in &self.assets {
            let asset = asset.asset()?;
            if !asset.is_held() {
                return wrong(
                    &format!("assets.{}", asset.id),
                    "what the house does with stakes is allowed at the signer, and is no asset",
                    "스테이킹과 자원 대여는 서명 서버에서 허용하며, 자산으로 설정할 수 없습니다",
                );
            }
            if !self.chains.iter().any(|chain| chain.id == asset.id.chain.to_string()) {
                return wrong(
                    &format!("assets.{}", asset.id),
                    "its chain is not configured",
                    "이 자산의 체인이 설정되어 있지 않습니다",
                );
            }
        }
        Ok(())
    }
}

/// Operators that must agree.
pub fn quorum(chain: &Chain) -> usize {
    chain.quorum.unwrap_or_else(|| operators(chain).min(2))
}

fn operators(chain: &Chain) -> usize {
    chain.nodes.iter().map(|node| node.operator.as_str()).collect::<std::collections::BTreeSet<_>>().len()
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Config {
        Config::parse(include_str!("../../../config/sluice.example.toml")).unwrap()
    }

    #[test]
    fn the_example_is_a_good_configuration() {
        assert_eq!(example().check(), Ok(()));
    }

    #[test]
    fn a_wrong_key_is_named() {
        let error = Config::parse("[database]\nurl = 'sqlite::memory:'\nurll = 1\n[signer]\n")
            .unwrap_err()
            .to_string();
        assert!(error.contains("urll"), "{error}");
    }

    #[test]
    fn what_does_not_fit_together_is_refused_by_name() {
        let refused = |change: fn(&mut Config)| {
            let mut config = example();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(refused(|it| it.database.url = "mysql://x".into()).starts_with("database.url"));
        assert!(refused(|it| it.signer.socket = None).starts_with("signer"));
        assert!(refused(|it| it.chains[0].quorum = Some(9)).contains("quorum"));
        assert!(refused(|it| it.chains[0].id = "eip155:9999".into()).contains("no profile"));
        assert!(refused(|it| it.assets[0].precision = 12).contains("precision"));
        assert!(refused(|it| it.chains.clear()).contains("not configured"));
    }

    #[test]
    fn trx_is_counted_in_sun() {
        let entry = |id: &str, digits: u8| AssetEntry {
            id: id.into(),
            symbol: "TRX".into(),
            precision: digits,
            decimals: digits,
            freezable: false,
        };
        assert!(entry("tron:3448148188/slip44:195", 6).asset().unwrap().pays_out());
        assert!(entry("tron:3448148188/slip44:195", 9).asset().is_err());
        assert!(entry("tron:3448148188/slip44:60", 6).asset().is_err());
    }

    #[test]
    fn two_urls_of_one_operator_are_one_voice() {
        let mut chain = example().chains[0].clone();
        chain.quorum = None;
        for node in &mut chain.nodes {
            node.operator = "same".into();
        }
        assert_eq!(quorum(&chain), 1);
    }
}
