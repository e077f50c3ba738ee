//! `sluice devnet market`: two vendors of energy, on which things go wrong.

use std::net::Ipv4Addr;
use std::sync::Arc;

use clap::Args;
use sluice_api::problem::Lang;
use sluice_devnet::market::{
    Books, Desk, Keys, Market, MarketConfig, MarketError, Recorder, Rule, RuleError, VendorName, names,
};

use crate::cli::Global;
use crate::config::Both;
use crate::error::StartError;
use crate::roles::run::interrupted;

pub(super) const HELP: &str = "\
Both vendors stand behind one address: CatFee's paths begin with /v1, TronSave's with /v2. What they deliver is noted,
and goes to no chain.

A RULE is a fault's name, then what differs: NAME[:KEY=VALUE[,KEY=VALUE..]]
  permille=1..1000                  of how many of a thousand calls; all of them when left out
  count=1..1000000                  at most so often; without end when left out
  call=quote|place|lookup|balance   on this call (the first four faults; place when left out)
  ms=1..86400000                    how late (late, refund_late)
  part=1..999                       how many thousandths come (short)
  sun=1..1000000000                 how wrong (balance_wrong)
  by=1..9000                        how many thousandths dearer (price_jump)

Faults: lose_request lose_reply error_before error_after late short twice other_address never fail
        refund_late forget balance_wrong price_jump

  sluice devnet market --seed 7 --catfee-fault lose_reply:permille=100 --tronsave-fault forget:count=1

The same seed and the same calls meet the same faults. docs/energy-vendors.md says what each of them does.";

/// Where the vendors stand.
#[derive(Args, Debug)]
pub(crate) struct MarketArguments {
    /// Where clients find them on this machine; 0 takes a free one
    #[arg(long, default_value_t = 8547)]
    port: u16,
    /// What chance is made of
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What each account was paid in advance, in sun
    #[arg(long, value_name = "SUN", default_value_t = 1_000_000_000)]
    deposit_sun: u64,
    /// A fault of CatFee; may be repeated
    #[arg(long, value_name = "RULE")]
    catfee_fault: Vec<String>,
    /// A fault of TronSave; may be repeated
    #[arg(long, value_name = "RULE")]
    tronsave_fault: Vec<String>,
}

/// Stands until interrupted, then tells what was sold.
pub(super) async fn run(arguments: MarketArguments, global: &Global) -> Result<(), StartError> {
    let stop = interrupted();
    let config = MarketConfig {
        listen: (Ipv4Addr::LOCALHOST, arguments.port).into(),
        deposit_sun: arguments.deposit_sun,
        ..MarketConfig::machine(arguments.seed)
    };
    let keys = config.keys.clone();
    let rules = [
        (VendorName::Catfee, rules(&arguments.catfee_fault)?),
        (VendorName::Tronsave, rules(&arguments.tronsave_fault)?),
    ];
    let market = Market::start(config, Arc::new(Recorder::default())).await.map_err(not_started)?;
    for (name, rules) in rules {
        for rule in rules {
            market.desk(name).add(rule).map_err(|error| wrong_rule(&error))?;
        }
    }
    announce(&market, &keys, arguments.seed, global);
    stop.await;
    for name in VendorName::ALL {
        tell(name, &market.desk(name), global);
    }
    Ok(())
}

fn rules(texts: &[String]) -> Result<Vec<Rule>, StartError> {
    texts.iter().map(|text| text.parse().map_err(|error| wrong_rule(&error))).collect()
}

fn announce(market: &Market, keys: &Keys, seed: u64, global: &Global) {
    let url = market.url();
    let Keys { catfee_key, catfee_secret, tronsave_key } = keys;
    match (global.json, global.lang()) {
        (true, _) => println!(
            "{}",
            serde_json::json!({
                "url": url, "seed": seed, "catfee_key": catfee_key, "catfee_secret": catfee_secret,
                "tronsave_key": tronsave_key,
            })
        ),
        (false, Lang::En) => println!(
            "Selling at {url}, seed {seed}. CatFee: key {catfee_key}, secret {catfee_secret}. TronSave: key {tronsave_key}.\n\
             Ctrl-C ends it and tells what was sold."
        ),
        (false, Lang::Ko) => println!(
            "{url}에서 판매합니다. 시드는 {seed}입니다. CatFee 키 {catfee_key}, 시크릿 {catfee_secret}. TronSave 키 {tronsave_key}.\n\
             Ctrl-C를 누르면 끝내고 판매 내역을 보여 줍니다."
        ),
    }
}

fn tell(name: VendorName, desk: &Desk<'_>, global: &Global) {
    let Books { spent_sun, refunded_sun, balance_sun, .. } = desk.books();
    let (name, orders) = (name.name(), desk.orders().len());
    if global.json {
        let struck: Vec<_> = desk
            .counts()
            .iter()
            .map(|(fault, call, count)| serde_json::json!({ "fault": fault, "call": call.name(), "count": count }))
            .collect();
        let told = serde_json::json!({
            "vendor": name, "orders": orders, "spent_sun": spent_sun, "refunded_sun": refunded_sun,
            "balance_sun": balance_sun, "drawn": struck,
        });
        println!("{told}");
        return;
    }
    match global.lang() {
        Lang::En => println!(
            "{name}: {orders} orders, {spent_sun} sun taken, {refunded_sun} given back, {balance_sun} left"
        ),
        Lang::Ko => println!(
            "{name}: 주문 {orders}건, 받은 금액 {spent_sun} sun, 돌려준 금액 {refunded_sun} sun, 잔액 {balance_sun} sun"
        ),
    }
    for (fault, call, count) in desk.counts().iter() {
        println!("{count:>8}  {fault:<22}  {}", call.name());
    }
}

fn not_started(error: MarketError) -> StartError {
    match &error {
        MarketError::Listen { address, source } => {
            StartError::Listen { address: address.to_string(), why: source.to_string() }
        }
        MarketError::NotLoopback { address } => {
            let ko = format!("{address}은(는) 다른 컴퓨터에서도 닿는 주소입니다. 127.0.0.1을 쓰세요");
            StartError::Said(Both::new(error.to_string(), ko))
        }
    }
}

fn wrong_rule(error: &RuleError) -> StartError {
    let ko = match error {
        RuleError::Fault { name } => format!("{name:?}라는 장애는 없습니다. 쓸 수 있는 이름: {}", names()),
        RuleError::Key { fault, key } => format!(
            "{fault}에는 {key:?} 항목이 없습니다. 모든 규칙에 permille, count, call=quote|place|lookup|balance를, late와 refund_late에 \
             ms를, short에 part를, balance_wrong에 sun을, price_jump에 by를 쓸 수 있습니다"
        ),
        RuleError::Figure { pair } => format!("{pair:?}의 `=` 뒤에는 정수가 와야 합니다"),
        RuleError::OutOfBounds { key, value, least, most } => {
            format!("{key} 값은 {least}에서 {most} 사이여야 하는데 {value}입니다")
        }
        RuleError::Call { fault, call } => format!("{fault}을(를) {call} 호출에는 쓸 수 없습니다"),
        RuleError::TooMany { most } => format!("규칙은 {most}개까지 쓸 수 있습니다"),
    };
    StartError::Said(Both::new(error.to_string(), ko))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_devnet::market::Fault;

    #[test]
    fn the_help_names_every_fault() {
        for fault in Fault::ALL {
            assert!(HELP.contains(fault.name()), "{fault}");
        }
    }

    #[test]
    fn a_wrong_rule_is_said_in_both_languages() {
        for text in ["lies", "never:ms=1", "lose_reply:permille=x", "short:part=0", "never:call=balance"] {
            let error = rules(&[text.to_owned()]).expect_err(text);
            let (en, ko) = (error.said(Lang::En), error.said(Lang::Ko));
            assert!(ko.chars().any(|it| ('가'..='힣').contains(&it)) && !en.contains('\n'), "{en} {ko}");
            assert!(!en.chars().any(|it| ('가'..='힣').contains(&it)), "{en}");
        }
    }
}
