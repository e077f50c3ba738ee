//! `sluice tron-sim`: simulated TRON nodes on this machine.

pub(super) mod state;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use sluice_api::problem::Lang;
use sluice_devnet::tron::{Blocks, ClockKind, Resumed, Tron, TronConfig, TronError};

use crate::cli::Global;
use crate::config::Both;
use crate::error::StartError;
use crate::roles::run::interrupted;

/// Shown after the options.
pub const HELP: &str = "\
  sluice tron-sim --port 8090
  curl -s http://127.0.0.1:8090/wallet/getnowblock
  curl -s http://127.0.0.1:8090/sim/faucet -d '{\"address\":\"T...\",\"sun\":1000000000,\"usdt\":5000000}'
  curl -s http://127.0.0.1:8090/sim/mine -d '{\"blocks\":20}'

Anybody on this machine who reaches the port commands the simulator. docs/tron-sim.md lists questions, orders and faults.";

/// How the simulator stands.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Port of the first node on 127.0.0.1; further nodes have the ports after it. 0 takes free ones
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// How many nodes know the chain, 1 to 16
    #[arg(long, default_value_t = 1)]
    nodes: usize,
    /// What keys, witnesses and chance are made of
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The last four bytes of the genesis block, as 0x and digits or as a number
    #[arg(long, value_name = "ID", value_parser = chain_id)]
    chain_id: Option<u32>,
    /// Make a block so often by this machine's clock; the simulator's time moves 3 seconds with each
    #[arg(long, value_name = "MS", conflicts_with = "on_demand")]
    block_ms: Option<u64>,
    /// Make blocks only at /sim/mine
    #[arg(long)]
    on_demand: bool,
    /// Time moves with blocks and orders alone, from the same moment at each start
    #[arg(long)]
    frozen_clock: bool,
    /// How many blocks the solid one is behind the head
    #[arg(long, value_name = "BLOCKS", default_value_t = 18)]
    solid_lag: u64,
    /// Accounts with known keys, TRX and test dollars, 1 to 1,000
    #[arg(long, default_value_t = 10)]
    accounts: u32,
    /// Transactions that may wait
    #[arg(long, value_name = "COUNT", default_value_t = 2_000)]
    pool: usize,
    /// What a block has room for
    #[arg(long, value_name = "BYTES", default_value_t = 2_000_000)]
    block_bytes: i64,
    /// Call a retry of whatever was offered once a duplicate, even if it was refused, as some nodes do
    #[arg(long)]
    remembers_offers: bool,
    /// Keep the chain in this file, and go on with the chain that is in it
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

fn chain_id(text: &str) -> Result<u32, String> {
    let read = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    read.map_err(|_| {
        "four bytes: 0x and up to eight hexadecimal digits, or a number below 4294967296".to_owned()
    })
}

impl Arguments {
    fn config(&self) -> TronConfig {
        let usual = TronConfig::default();
        let blocks = match (self.on_demand, self.block_ms) {
            (true, _) => Blocks::OnDemand,
            (false, Some(ms)) => Blocks::EveryMs(ms),
            (false, None) => Blocks::OnTime,
        };
        // Blocks that come faster than time would run away from it.
        let frozen = self.frozen_clock || self.block_ms.is_some();
        TronConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
            nodes: self.nodes,
            seed: self.seed,
            chain_id: self.chain_id.unwrap_or(usual.chain_id),
            blocks,
            clock: if frozen { ClockKind::Frozen } else { ClockKind::Real },
            solid_lag: self.solid_lag,
            accounts: self.accounts,
            pool_max: self.pool,
            block_bytes_max: self.block_bytes,
            remembers_offers: self.remembers_offers,
            state: self.state.clone(),
            ..usual
        }
    }
}

/// Stands until interrupted.
///
/// # Errors
/// [`StartError`]: one sentence.
pub async fn run(arguments: Arguments, global: &Global) -> Result<(), StartError> {
    let config = arguments.config();
    if config.clock == ClockKind::Frozen && config.blocks == Blocks::OnTime {
        return Err(StartError::Said(Both::new(
            "with --frozen-clock no block is ever due: add --on-demand, or --block-ms with how often one is made",
            "--frozen-clock에서는 시간이 스스로 흐르지 않아 블록이 만들어지지 않습니다. --on-demand나 --block-ms를 함께 쓰세요",
        )));
    }
    let stop = interrupted();
    let tron = Tron::start(config).await.map_err(not_started)?;
    if let Some(resumed) = tron.resumed()
        && resumed.cut_bytes > 0
    {
        eprintln!("{}", state::line(state::cut_off(resumed.cut_bytes), global.lang()));
    }
    announce(&tron, global);
    tokio::select! {
        () = stop => Ok(()),
        why = tron.failed() => Err(StartError::Outside(state::unwritten(&why))),
    }
}

fn announce(tron: &Tron, global: &Global) {
    let control = tron.control();
    let urls: Vec<String> = (0..tron.nodes()).map(|node| tron.node_url(node)).collect();
    let chain_id = format!("0x{:x}", tron.chain_id());
    if global.json {
        let accounts = control.accounts().iter().map(|account| {
            serde_json::json!({ "address": account.address().to_string(), "private_key": account.secret_hex() })
        });
        let accounts: Vec<_> = accounts.collect();
        let usdt = tron.usdt().to_string();
        let mut said =
            serde_json::json!({ "urls": urls, "chain_id": chain_id, "usdt": usdt, "accounts": accounts });
        if let Some(Resumed { blocks, transactions, cut_bytes }) = tron.resumed() {
            said["resumed"] =
                serde_json::json!({ "blocks": blocks, "transactions": transactions, "cut_bytes": cut_bytes });
        }
        println!("{said}");
        return;
    }
    let (nodes, usdt) = (urls.join(", "), tron.usdt());
    match global.lang() {
        Lang::En => {
            println!("TRON nodes on {nodes}, chain {chain_id}, USDT {usdt}. Ctrl-C ends it.");
            println!(
                "Accounts that began with 100,000,000 TRX and 100,000,000 USDT each, and their keys, which everybody knows:"
            );
        }
        Lang::Ko => {
            println!("TRON 노드 {nodes}, 체인 {chain_id}, USDT {usdt}. Ctrl-C를 누르면 끝냅니다.");
            println!("계정마다 1억 TRX와 1억 USDT로 시작했습니다. 키는 누구나 아는 시험용입니다.");
        }
    }
    for account in control.accounts() {
        println!("  {}  {}", account.address(), account.secret_hex());
    }
    if let Some(resumed) = tron.resumed().filter(|resumed| resumed.blocks > 0) {
        println!("{}", state::line(state::goes_on(&resumed, control.head().number), global.lang()));
    }
}

pub(super) fn not_started(error: TronError) -> StartError {
    let ko = match &error {
        TronError::State(refused) => return state::refused(refused),
        TronError::NotLoopback { address } => {
            format!("{address}은(는) 다른 컴퓨터에서도 닿는 주소입니다. 127.0.0.1을 쓰세요")
        }
        TronError::Listen { address, source } => {
            return StartError::Listen { address: address.to_string(), why: source.to_string() };
        }
        TronError::OutOfBounds { key, value, least, most } => {
            format!("{key} 값은 {least}에서 {most} 사이여야 하는데 {value}입니다")
        }
    };
    StartError::Said(Both::new(error.to_string(), ko))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_id_is_four_bytes() {
        assert_eq!(chain_id("0x2b6653dc"), Ok(0x2b66_53dc));
        assert_eq!(chain_id("728126428"), Ok(728_126_428));
        for text in ["", "0x", "0x1ffffffff", "-1", "mainnet"] {
            assert!(chain_id(text).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn figures_out_of_bounds_are_said_in_both_languages() {
        let config = TronConfig { nodes: 99, ..TronConfig::test(1) };
        let error = not_started(Tron::start(config).await.expect_err("too many nodes"));
        let (en, ko) = (error.said(Lang::En), error.said(Lang::Ko));
        assert!(en.contains("nodes") && ko.chars().any(|it| ('가'..='힣').contains(&it)), "{en} {ko}");
    }
}
