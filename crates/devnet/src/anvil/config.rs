//! How to run a chain.

use std::{path::PathBuf, time::Duration};

use super::AnvilError;

/// How to run a chain. The default is a fresh one on a free port that mines each transaction as it comes.
#[derive(Debug, Clone)]
pub struct AnvilConfig {
    /// The binary to run. None: see [`find`](super::find).
    pub binary: Option<PathBuf>,
    /// Where `npm ci` has run.
    pub tools_dir: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The chain id that transactions are signed for.
    pub chain_id: u64,
    /// When blocks are made.
    pub mining: Mining,
    /// `safe` is this many blocks behind the newest one, `finalized` twice as many. With 0 every block is final.
    pub slots_in_an_epoch: u64,
    /// How many accounts to derive from the mnemonic and give native coin.
    pub accounts: u32,
    /// The words the accounts come from. None: the well-known `test test ... junk`.
    pub mnemonic: Option<String>,
    /// The base fee of the first block, in wei for each gas. None: anvil's, 1 gwei.
    pub base_fee_wei: Option<u64>,
    /// How far back balances can be asked for, and blocks undone. Each costs memory: up to 2.5 MB on an old chain.
    pub history_blocks: u32,
    /// Where the chain is kept between runs. None: nowhere.
    pub saved_chain: Option<SavedChain>,
    /// Drops what anvil prints. Otherwise it is copied to our standard error.
    pub silent: bool,
    /// How long it may take to answer its first call.
    pub start_limit: Duration,
}

impl Default for AnvilConfig {
    fn default() -> Self {
        Self {
            binary: None,
            tools_dir: None,
            port: 0,
            chain_id: 31_337,
            mining: Mining::Auto,
            slots_in_an_epoch: 1,
            accounts: 10,
            mnemonic: None,
            base_fee_wei: None,
            history_blocks: 64,
            saved_chain: None,
            silent: true,
            // Anvil needs a tenth of a second; a laptop that compiles at the same time needs longer.
            start_limit: Duration::from_secs(20),
        }
    }
}

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mining {
    /// One for each transaction, at once.
    Auto,
    /// One every so often, transactions or not. Below a second, neighbours share a timestamp.
    Every(Duration),
    /// Only when [`Control::mine`](crate::control::Control::mine) is called.
    OnDemand,
}

/// Where a chain is kept between runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedChain {
    /// The file. It is read at start if it exists.
    pub path: PathBuf,
    /// It is written this often, and at stop.
    pub save_every: Duration,
}

impl SavedChain {
    /// Keeps the chain in this file, written every ten seconds and at stop.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), save_every: Duration::from_secs(10) }
    }
}

impl AnvilConfig {
    /// Anvil's command line.
    pub(super) fn arguments(&self) -> Result<Vec<String>, AnvilError> {
        let mut arguments = Vec::new();
        let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
        add("--host", "127.0.0.1".to_owned());
        add("--port", self.port.to_string());
        add("--chain-id", self.chain_id.to_string());
        add("--accounts", self.accounts.to_string());
        add("--slots-in-an-epoch", self.slots_in_an_epoch.to_string());
        // Without this anvil writes the whole state of every block to the home directory, without limit.
        add("--prune-history", self.history_blocks.to_string());
        // With it nothing is written, but a directory for it would still be made, and stay if anvil is killed. It
        // goes on without one where none can be made.
        add("--cache-path", "/dev/null".to_owned());
        if let Some(mnemonic) = &self.mnemonic {
            add("--mnemonic", mnemonic.clone());
        }
        if let Some(wei) = self.base_fee_wei {
            add("--base-fee", wei.to_string());
        }
        if let Mining::Every(interval) = self.mining {
            if interval.as_millis() == 0 {
                return Err(AnvilError::BlockTimeTooShort);
            }
            add("--block-time", format!("{}.{:03}", interval.as_secs(), interval.subsec_millis()));
        }
        if let Some(saved) = &self.saved_chain {
            let path =
                saved.path.to_str().ok_or_else(|| AnvilError::PathNotUtf8 { path: saved.path.clone() })?;
            add("--state", path.to_owned());
            add("--state-interval", saved.save_every.as_secs().max(1).to_string());
        }
        if self.mining == Mining::OnDemand {
            arguments.push("--no-mining".to_owned());
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_time_keeps_its_fraction() {
        let config =
            AnvilConfig { mining: Mining::Every(Duration::from_millis(1_050)), ..AnvilConfig::default() };
        let arguments = config.arguments().unwrap();
        assert!(arguments.windows(2).any(|pair| pair == ["--block-time", "1.050"]), "{arguments:?}");
    }

    #[test]
    fn a_block_time_of_nothing_is_refused() {
        let config =
            AnvilConfig { mining: Mining::Every(Duration::from_micros(10)), ..AnvilConfig::default() };
        assert!(matches!(config.arguments(), Err(AnvilError::BlockTimeTooShort)));
    }
}
