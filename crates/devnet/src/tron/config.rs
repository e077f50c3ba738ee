//! How a simulated network is set up.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use super::{
    address::Address,
    chain::{ClockKind, Setup},
    journal::StateError,
    key::Account,
    network::wall_ms,
};

/// Tether's contract on the main network: `TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t`. The simulated one has the same
/// address.
pub const MAINNET_USDT: Address = Address::new([
    0xa6, 0x14, 0xf8, 0x03, 0xb6, 0xfd, 0x78, 0x09, 0x86, 0xa4, 0x2c, 0x78, 0xec, 0x9c, 0x7f, 0x77, 0xe6,
    0xde, 0xd1, 0x3c,
]);
/// The letters `TSIM`.
const CHAIN_ID: u32 = 0x5453_494d;
/// All that is staked for energy and for bandwidth on the main network, in TRX, about as in early 2026.
const ENERGY_WEIGHT_TRX: i64 = 19_000_000_000;
const BANDWIDTH_WEIGHT_TRX: i64 = 27_000_000_000;
/// More than the threshold: the penalty stays where it is.
const TRAFFIC: i64 = 50_000_000_000;
/// When a chain with a clock of its own begins: 2026-01-01, at a whole slot.
const FROZEN_START_MS: i64 = 1_767_225_600_000;
/// Nodes of one network.
const NODES_MAX: usize = 16;
/// Accounts of one network.
const ACCOUNTS_MAX: u32 = 1_000;

/// When blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
    /// Every three seconds of the simulator's time.
    OnTime,
    /// One so often by the machine's clock, in milliseconds. Where the simulator's clock stands still, its time moves three
    /// seconds with each. Where it is the machine's, a block is of the moment in which it is made, and several may share a
    /// slot of three seconds: no network does that, and nothing that counts time notices.
    EveryMs(u64),
    /// When they are ordered.
    OnDemand,
}

/// A simulated network. [`TronConfig::default`] is one for a person; [`TronConfig::test`] one for a test.
#[derive(Debug, Clone)]
pub struct TronConfig {
    /// Where the first node listens: on loopback. Port 0 takes a free one. Further nodes have the ports after it, or
    /// free ones.
    pub listen: SocketAddr,
    /// How many nodes know the chain: 1 to 16.
    pub nodes: usize,
    /// What chance, keys and witnesses are made of.
    pub seed: u64,
    /// What `eth_chainId` says: the last four bytes of the genesis block's id.
    pub chain_id: u32,
    /// When blocks are made.
    pub blocks: Blocks,
    /// What moves time.
    pub clock: ClockKind,
    /// How many blocks the solid one is behind the head. 18 on the main network.
    pub solid_lag: u64,
    /// Accounts whose keys everybody may know, each with 100,000,000 TRX: 1 to 1,000.
    pub accounts: u32,
    /// Test dollars of each of them, in units of 0.000001.
    pub usdt_units_each: u128,
    /// The token's contract.
    pub usdt: Address,
    /// The penalty on the token's energy, in ten-thousandths.
    pub factor: i64,
    /// Transactions that may wait. A node of the network has room for 2,000.
    pub pool_max: usize,
    /// What a block has room for, in bytes. 2,000,000 on the main network.
    pub block_bytes_max: i64,
    /// Blocks whose content is kept; older solid ones are forgotten, as a lite node does.
    pub blocks_max: usize,
    /// Transactions that are kept in them.
    pub transactions_max: usize,
    /// What was offered once is called a duplicate, even if it was refused: a node with `node.rpc.trxCacheEnable`.
    pub remembers_offers: bool,
    /// The file that the chain is kept in; it goes on from there. Nowhere unless told. Opening plays all blocks again,
    /// and takes this thread until it has.
    pub state: Option<PathBuf>,
}

impl Default for TronConfig {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            nodes: 1,
            seed: 1,
            chain_id: CHAIN_ID,
            blocks: Blocks::OnTime,
            clock: ClockKind::Real,
            solid_lag: 18,
            accounts: 10,
            usdt_units_each: 100_000_000_000_000,
            usdt: MAINNET_USDT,
            factor: 34_000,
            pool_max: 2_000,
            block_bytes_max: 2_000_000,
            blocks_max: 200_000,
            transactions_max: 500_000,
            remembers_offers: false,
            state: None,
        }
    }
}

/// Why there is no simulated network.
#[derive(Debug, thiserror::Error)]
pub enum TronError {
    /// Open to the network.
    #[error(
        "{address} is not on loopback; listen on 127.0.0.1, for anybody who reaches the simulator commands it"
    )]
    NotLoopback {
        /// What was asked for.
        address: SocketAddr,
    },
    /// The port.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file that the chain is kept in.
    #[error(transparent)]
    State(#[from] StateError),
    /// A figure of the configuration.
    #[error("{key} must be from {least} to {most}, and is {value}")]
    OutOfBounds {
        /// Its name.
        key: &'static str,
        /// What was asked for.
        value: u64,
        /// The least it may be.
        least: u64,
        /// The most it may be.
        most: u64,
    },
}

impl TronConfig {
    /// A network whose blocks and time are ordered, final two blocks later, with a big pool.
    pub fn test(seed: u64) -> Self {
        Self {
            seed,
            blocks: Blocks::OnDemand,
            clock: ClockKind::Frozen,
            solid_lag: 2,
            pool_max: 20_000,
            ..Self::default()
        }
    }

    pub(super) fn check(&self) -> Result<(), TronError> {
        let within = |key, value: u64, least, most| match (least..=most).contains(&value) {
            true => Ok(()),
            false => Err(TronError::OutOfBounds { key, value, least, most }),
        };
        let wide = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        within("nodes", wide(self.nodes), 1, wide(NODES_MAX))?;
        within("accounts", u64::from(self.accounts), 1, u64::from(ACCOUNTS_MAX))?;
        within("solid_lag", self.solid_lag, 0, super::chain::UNSOLID_MAX / 2)?;
        within("pool_max", wide(self.pool_max), 1, 1_000_000)?;
        within("block_bytes_max", u64::try_from(self.block_bytes_max).unwrap_or(0), 1, 1_000_000_000)?;
        within("blocks_max", wide(self.blocks_max), 1_000, 10_000_000)?;
        within("transactions_max", wide(self.transactions_max), 1_000, 10_000_000)?;
        if let Blocks::EveryMs(ms) = self.blocks {
            within("blocks (ms)", ms, 1, 3_600_000)?;
        }
        if !self.listen.ip().is_loopback() {
            return Err(TronError::NotLoopback { address: self.listen });
        }
        Ok(())
    }

    pub(super) fn known_accounts(&self) -> Vec<Account> {
        (0..self.accounts).map(|index| Account::of_seed(self.seed, index)).collect()
    }

    pub(super) fn setup(&self, accounts: &[Account], bank: Address) -> Setup {
        let wall_ms = wall_ms();
        let genesis_ms = match self.clock {
            ClockKind::Real => {
                let lag = i64::try_from(self.solid_lag).unwrap_or(0).saturating_add(2);
                let start_ms = wall_ms.saturating_sub(lag.saturating_mul(super::chain::BLOCK_MS));
                start_ms - start_ms % super::chain::BLOCK_MS
            }
            ClockKind::Frozen => FROZEN_START_MS,
        };
        Setup {
            chain_id: self.chain_id,
            seed: self.seed,
            accounts: accounts.iter().map(Account::address).collect(),
            bank,
            token: self.usdt,
            token_owner: Account::derived("token owner", self.seed, 0).address(),
            factor: self.factor,
            traffic: TRAFFIC,
            energy_weight_trx: ENERGY_WEIGHT_TRX,
            bandwidth_weight_trx: BANDWIDTH_WEIGHT_TRX,
            units_each: self.usdt_units_each,
            solid_lag: self.solid_lag,
            pool_max: self.pool_max,
            block_bytes_max: self.block_bytes_max,
            blocks_max: self.blocks_max,
            transactions_max: self.transactions_max,
            clock: self.clock,
            between_slots: matches!(self.blocks, Blocks::EveryMs(_)) && self.clock == ClockKind::Real,
            genesis_ms,
            remembers_offers: self.remembers_offers,
        }
    }
}
