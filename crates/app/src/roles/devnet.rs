//! `sluice devnet`: parts of the devnet by themselves. `chaos` puts a proxy with faults before any node, `market` sells
//! energy as two vendors do.

mod market;

use std::net::SocketAddr;

use clap::{Args, Subcommand, ValueEnum};
use sluice_api::problem::Lang;
use sluice_devnet::chaos::{
    Chaos, ChaosConfig, ChaosError, Counts, Fault, PoolRules, Rule, RuleError, names,
};

use crate::cli::Global;
use crate::config::Both;
use crate::error::StartError;
use crate::roles::run::interrupted;

/// Parts of the devnet.
#[derive(Debug, Subcommand)]
pub enum DevnetCommand {
    /// Put a proxy with faults before a node, until Ctrl-C · 노드 앞에 장애를 일으키는 프록시를 둡니다
    #[command(after_help = CHAOS_HELP)]
    Chaos(ChaosArguments),
    /// Sell energy as two vendors do, with faults, until Ctrl-C · 장애를 일으키는 에너지 판매처 두 곳을 흉내 냅니다
    #[command(after_help = market::HELP)]
    Market(market::MarketArguments),
}

const CHAOS_HELP: &str = "\
A RULE is a fault's name, then what differs: NAME[:KEY=VALUE[,KEY=VALUE..]]
  permille=1..1000  of how many of a thousand calls; all of them when left out
  count=1..1000000  at most so often; without end when left out
  method=NAME       on this method alone; may be repeated
  ms=1..60000       how late (delay_request, delay_reply)
  blocks=1..100000  how far behind (stale_head)
  by=N              how wrong, also negative (wrong_nonce)

Accidents: lose_request lose_reply delay_request delay_reply duplicate_request duplicate_reply
           reorder_requests reorder_replies half_close silence
Lies:      fake_receipt false_revert missing_receipt stale_head wrong_nonce wrong_chain_id
           wrong_final_hash swallow_sent false_known false_nonce_low

  sluice devnet chaos --seed 7 --accidents 20 --fault stale_head:blocks=64 --pool bor
  curl http://127.0.0.1:8546/     what has struck so far, as JSON

The same seed and the same calls meet the same faults. docs/chaos.md says what each of them does.";

/// How the proxy stands.
#[derive(Args, Debug)]
pub struct ChaosArguments {
    /// The node, as http://host:port
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    upstream: String,
    /// Where clients find the proxy: an address of this machine alone
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8546")]
    listen: SocketAddr,
    /// What chance is made of
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Every accident (see below) on so many of a thousand calls, 1 to 1,000
    #[arg(long, value_name = "PERMILLE", value_parser = clap::value_parser!(u64).range(1..=1_000))]
    accidents: Option<u64>,
    /// A fault; may be repeated
    #[arg(long = "fault", value_name = "RULE")]
    faults: Vec<String>,
    /// Take transactions by the rules of this client: slots per sender, replacements, tip floor
    #[arg(long)]
    pool: Option<PoolOf>,
}

/// Whose pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PoolOf {
    Geth,
    Bor,
}

/// Stands until interrupted, then tells what has struck.
///
/// # Errors
/// [`StartError`]: one sentence.
pub async fn run(command: DevnetCommand, global: &Global) -> Result<(), StartError> {
    match command {
        DevnetCommand::Chaos(arguments) => chaos(arguments, global).await,
        DevnetCommand::Market(arguments) => market::run(arguments, global).await,
    }
}

async fn chaos(arguments: ChaosArguments, global: &Global) -> Result<(), StartError> {
    let stop = interrupted();
    let rules = rules(&arguments)?;
    let config = ChaosConfig {
        upstream: arguments.upstream.clone(),
        listen: arguments.listen,
        seed: arguments.seed,
        pool: arguments.pool.map(|pool| match pool {
            PoolOf::Geth => PoolRules::geth(),
            PoolOf::Bor => PoolRules::bor(),
        }),
    };
    let chaos = Chaos::start(config).await.map_err(not_started)?;
    for rule in rules {
        chaos.add(rule).map_err(wrong_rule)?;
    }
    announce(&chaos, arguments.seed, global);
    stop.await;
    tell(&chaos.counts(), global);
    Ok(())
}

fn rules(arguments: &ChaosArguments) -> Result<Vec<Rule>, StartError> {
    let accidents = arguments
        .accidents
        .into_iter()
        .flat_map(|permille| Fault::accidents().map(move |fault| Rule::every(fault).permille(permille)));
    let named = arguments.faults.iter().map(|text| text.parse().map_err(wrong_rule));
    accidents.map(Ok).chain(named).collect()
}

fn announce(chaos: &Chaos, seed: u64, global: &Global) {
    let url = chaos.url();
    match (global.json, global.lang()) {
        (true, _) => println!("{}", serde_json::json!({ "url": url, "seed": seed })),
        (false, Lang::En) => {
            println!("Listening on {url}, seed {seed}. Ctrl-C ends it and tells what has struck.")
        }
        (false, Lang::Ko) => {
            println!(
                "{url}에서 받습니다. 시드는 {seed}입니다. Ctrl-C를 누르면 끝내고 일어난 장애를 보여 줍니다."
            );
        }
    }
}

fn tell(counts: &Counts, global: &Global) {
    if global.json {
        println!("{}", serde_json::json!({ "struck": counts.json() }));
        return;
    }
    if counts.iter().next().is_none() {
        let nothing = match global.lang() {
            Lang::En => "Nothing has struck.",
            Lang::Ko => "일어난 장애가 없습니다.",
        };
        println!("{nothing}");
    }
    for (fault, method, count) in counts.iter() {
        println!("{count:>8}  {fault:<22}  {method}");
    }
}

fn not_started(error: ChaosError) -> StartError {
    let ko = match &error {
        ChaosError::Upstream => "노드 주소는 http://host:port 형식이어야 합니다. https 노드라면 이 컴퓨터에 중계 프로그램을 두고 그 주소를 \
                                 주세요"
            .to_owned(),
        ChaosError::NotLoopback { address } => {
            format!("{address}은(는) 다른 컴퓨터에서도 닿는 주소입니다. 127.0.0.1을 쓰세요")
        }
        ChaosError::Listen { address, source } => {
            return StartError::Listen { address: address.to_string(), why: source.to_string() };
        }
    };
    StartError::Said(Both::new(error.to_string(), ko))
}

fn wrong_rule(error: RuleError) -> StartError {
    let ko = match &error {
        RuleError::Fault { name } => format!("{name:?}라는 장애는 없습니다. 쓸 수 있는 이름: {}", names()),
        RuleError::Key { fault, key } => format!(
            "{fault}에는 {key:?} 항목이 없습니다. 모든 규칙에 permille, count, method를, delay_*에 ms를, stale_head에 blocks를, \
             wrong_nonce에 by를 쓸 수 있습니다"
        ),
        RuleError::Figure { pair } => format!("{pair:?}의 `=` 뒤에는 정수가 와야 합니다"),
        RuleError::OutOfBounds { key, value, least, most } => {
            format!("{key} 값은 {least}에서 {most} 사이여야 하는데 {value}입니다")
        }
        RuleError::Method { fault, method, about: [] } => {
            format!("{fault}을(를) 메서드 {method:?}에 쓸 수 없습니다. 메서드 이름은 1~64바이트입니다")
        }
        RuleError::Method { fault, method, about } => {
            format!(
                "{fault}을(를) 메서드 {method:?}에 쓸 수 없습니다. 쓸 수 있는 메서드: {}",
                about.join(", ")
            )
        }
        RuleError::Methods { most } => {
            format!("규칙 하나에 메서드는 {most}개까지 쓸 수 있습니다. 모든 메서드라면 method를 빼세요")
        }
        RuleError::TooMany { most } => format!("규칙은 {most}개까지 쓸 수 있습니다"),
    };
    StartError::Said(Both::new(error.to_string(), ko))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(accidents: Option<u64>, faults: &[&str]) -> ChaosArguments {
        ChaosArguments {
            upstream: "http://127.0.0.1:1".to_owned(),
            listen: "127.0.0.1:0".parse().expect("an address"),
            seed: 1,
            accidents,
            faults: faults.iter().map(|text| (*text).to_owned()).collect(),
            pool: None,
        }
    }

    #[test]
    fn the_help_names_every_fault() {
        for fault in Fault::ALL {
            assert!(CHAOS_HELP.contains(fault.name()), "{fault}");
        }
        assert_eq!(rules(&arguments(Some(20), &["stale_head"])).expect("rules").len(), 11);
    }

    #[test]
    fn a_wrong_rule_is_said_in_both_languages() {
        for text in [
            "lies",
            "lose_reply:ms=1",
            "lose_reply:permille=x",
            "lose_reply:permille=0",
            "wrong_nonce:method=eth_call",
        ] {
            let error = rules(&arguments(None, &[text])).expect_err(text);
            let (en, ko) = (error.said(Lang::En), error.said(Lang::Ko));
            assert!(ko.chars().any(|it| ('가'..='힣').contains(&it)) && !en.contains('\n'), "{en} {ko}");
            assert!(!en.chars().any(|it| ('가'..='힣').contains(&it)), "{en}");
        }
    }
}
