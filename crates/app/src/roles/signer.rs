//! `sluice signer`: keys, journal and caps on a Unix socket, in a process that does nothing else.

pub mod copy;
pub mod key;
pub mod stop;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sluice_codec::scale::to_chain;
use sluice_core::amount::Cost;
use sluice_core::asset::Asset;
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_signer::server::{Server, Unserved};
use sluice_signer::{AssetCaps, Caps, KeyRing, SigningService};

#[cfg(feature = "dev")]
use crate::config::Config;
use crate::config::{AssetEntry, ConfigError, Keys};
use crate::error::StartError;
use crate::roles::run::interrupted;
use crate::{signer_link, telemetry};

/// The signer's own configuration: its bounds are its own, and the engine cannot raise them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignerConfig {
    /// Unix socket to listen on; only the engine's user may reach it.
    pub socket: PathBuf,
    /// Unix socket for `sluice signer stop`, `lift` and `stops`; `.console` beside the journal when left out. Keep the
    /// engine away from it: what is stopped here, only this lifts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<PathBuf>,
    /// How far above a wallet's highest signed nonce another may be; as many as a lane has open when left out. Raise it
    /// where a wallet was used elsewhere for longer than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce_ahead_max: Option<u64>,
    /// How long a wallet must not have signed before its key is barred, seconds; an hour when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bar_after_s: Option<u32>,
    /// Keys and journal.
    pub keys: Keys,
    /// CAIP-2 ids of the chains it signs for.
    pub chains: Vec<String>,
    /// Most that a wallet's slots of an hour can cost the network, in coins, by chain: `"eip155:137" = "300"`. 256 times
    /// the dearest attempt when left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gas_hourly_max: BTreeMap<String, String>,
    /// Assets it signs for, with decimals believed here and nowhere else.
    pub assets: Vec<SignerAsset>,
}

/// An asset and how much of it may be signed away.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignerAsset {
    /// The asset.
    #[serde(flatten)]
    pub asset: AssetEntry,
    /// Most in one payment, decimal text.
    pub payment_max: String,
    /// Most in an hour for one partner, decimal text.
    pub hourly_max: String,
}

impl SignerConfig {
    /// What a development installation signs: plenty, of a test dollar.
    #[cfg(feature = "dev")]
    pub fn for_dev(socket: PathBuf, keys: Keys, config: &Config) -> Self {
        let chains: Vec<_> = config.chains.iter().map(|chain| chain.id.clone()).collect();
        // What is paid, and what the house may do with stakes.
        let profiles = chains.iter().filter_map(|chain| ChainProfile::known(ChainId::parse(chain).ok()?));
        let tron = profiles.filter(|profile| profile.tron().is_some());
        let errands: Vec<_> = tron.flat_map(|profile| Asset::errands(&profile)).collect();
        let assets = config.assets.iter().cloned().chain(errands.iter().map(AssetEntry::of));
        let assets = assets.map(|asset| SignerAsset {
            asset,
            payment_max: "1000000".into(),
            hourly_max: "10000000".into(),
        });
        let gas_hourly_max = chains.iter().map(|chain| (chain.clone(), "100000".to_owned())).collect();
        Self {
            socket,
            console: None,
            nonce_ahead_max: None,
            // Wallets of a test installation come and go within minutes.
            bar_after_s: Some(0),
            keys,
            chains,
            gas_hourly_max,
            assets: assets.collect(),
        }
    }

    /// Where people on this machine reach it.
    pub fn console(&self) -> PathBuf {
        self.console.clone().unwrap_or_else(|| self.keys.journal.with_extension("console"))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { path: shown.clone(), why: error.to_string() })?;
        toml::from_str(&text)
            .map_err(|error| ConfigError::Malformed { path: shown, why: error.message().to_owned() })
    }

    /// The caps it asks for.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for an unknown chain or a malformed amount.
    pub fn caps(&self) -> Result<Caps, ConfigError> {
        let value = |key: String, why: String| ConfigError::Value { key, why: why.into() };
        let mut profiles = Vec::new();
        for chain in &self.chains {
            let known = ChainId::parse(chain).ok().and_then(ChainProfile::known);
            profiles.push(
                known.ok_or_else(|| value("chains".into(), format!("{chain} has no shipped profile")))?,
            );
        }
        // Voids and gas are native: the coin itself is never paid out unless it is listed as an asset.
        let mut assets = Vec::new();
        for entry in &self.assets {
            let asset: Asset = entry.asset.asset()?;
            let amount = |text: &str| {
                asset.amount(text).map_err(|error| value(format!("assets.{}", asset.id), error.to_string()))
            };
            let (payment_max, hourly_max) = (amount(&entry.payment_max)?, amount(&entry.hourly_max)?);
            assets.push(AssetCaps::without_people(asset, payment_max, hourly_max));
        }
        let mut caps = Caps::of(&profiles, assets);
        for (chain, coins) in &self.gas_hourly_max {
            let key = || format!("gas_hourly_max.{chain}");
            let at = profiles.iter().position(|profile| profile.id.to_string() == *chain);
            let at = at.ok_or_else(|| value(key(), "this signer does not sign for this chain".into()))?;
            let coin = Asset::native(&profiles[at]);
            let most = coin.amount(coins).map_err(|error| value(key(), error.to_string()))?;
            let most = to_chain(most, &coin).and_then(|wei| u128::try_from(wei).ok());
            caps.chains[at].cost_hourly_max = Cost(most.ok_or_else(|| value(key(), "too much".into()))?);
        }
        if let Some(most) = self.nonce_ahead_max {
            caps.chains.iter_mut().for_each(|chain| chain.nonce_ahead_max = most);
        }
        if let Some(seconds) = self.bar_after_s {
            caps.bar_after_ms = i64::from(seconds) * 1_000;
        }
        Ok(caps)
    }
}

/// Serves until interrupted. `keys` may put something around each key.
///
/// # Errors
/// [`StartError`]: one sentence.
pub async fn run(path: &Path, keys: impl FnOnce(KeyRing) -> KeyRing) -> Result<(), StartError> {
    telemetry::start("info");
    let config = SignerConfig::read(path)?;
    let stop = interrupted();
    let serving = signer_link::serve(&config, keys)?;
    let (socket, console) = (config.socket.display(), config.console());
    tracing::info!(%socket, console = %console.display(), "The signer is running");
    tokio::select! {
        () = stop => {}
        () = look_for_keys(Arc::clone(&serving.service), &config.keys) => {}
        () = say_unserved("engine", &serving.engine) => {}
        () = say_unserved("console", &serving.console) => {}
    }
    serving.engine.stop();
    serving.console.stop();
    Ok(())
}

/// How often the folder of keys is looked at.
const KEYS_LOOK: Duration = Duration::from_secs(1);

/// How often it is looked whether callers were not served: as often as an error may be said.
const UNSERVED_LOOK: Duration = Duration::from_secs(10);

/// Says how many callers of a door were not served. They know it too: an engine raises `signer_down`.
async fn say_unserved(door: &str, server: &Server) {
    let mut said = Unserved::default();
    loop {
        tokio::time::sleep(UNSERVED_LOOK).await;
        let Unserved { failed, turned_away } = server.unserved();
        if failed > said.failed {
            let since = failed.saturating_sub(said.failed);
            tracing::error!(door, since, failed, "Connections cannot be taken: are file descriptors left?");
        }
        if turned_away > said.turned_away {
            let since = turned_away.saturating_sub(said.turned_away);
            tracing::error!(door, since, turned_away, "Connections were closed: every place is taken");
        }
        said = Unserved { failed, turned_away };
    }
}

/// Enrols keys that are put into the folder while the signer runs. The names tell whether there is anything to read.
async fn look_for_keys(service: Arc<SigningService>, keys: &Keys) {
    let mut seen = names(keys);
    loop {
        tokio::time::sleep(KEYS_LOOK).await;
        let now = names(keys);
        if now == seen {
            continue;
        }
        let (service, keys) = (Arc::clone(&service), keys.clone());
        let looked = tokio::task::spawn_blocking(move || signer_link::enrol_new(&service, &keys)).await;
        match looked {
            // Only then: what could not be enrolled now is tried again.
            Ok(Ok(())) => seen = now,
            Ok(Err(error)) => tracing::error!(%error, "The folder of keys cannot be read"),
            Err(error) => tracing::error!(%error, "Looking for keys failed"),
        }
    }
}

fn names(keys: &Keys) -> BTreeSet<OsString> {
    // A folder that cannot be read now looks empty, and is read when it is there again.
    let entries = std::fs::read_dir(&keys.keystore).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_good_configuration() {
        let example = include_str!("../../../../config/signer.example.toml");
        let config: SignerConfig = toml::from_str(example).unwrap();
        assert!(config.caps().is_ok());
        let engine = include_str!("../../../../config/sluice.example.toml");
        assert!(engine.contains(&format!("deployment = {:?}", config.keys.deployment)), "one installation");
        assert!(engine.contains(&format!("socket = {:?}", config.socket)), "one socket");
    }
}
