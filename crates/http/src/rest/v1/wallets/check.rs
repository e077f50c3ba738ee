//! `POST /v1/wallets/check`: every rule of an adoption and whether it is met. Changes nothing but the signer's journal, for
//! the key is shown here too.

use sluice_api::tag;
use sluice_api::wallet::{AdoptWallet, WalletCheck, WalletCheckItem, WalletRule};
use sluice_flow::operator::{Check, Rule, examine_held};

use super::wanted::Asked;
use crate::call::{Answer, Call, ok};
use crate::problem;

pub(crate) async fn run(call: Call) -> Answer {
    let body: AdoptWallet = call.body()?;
    let asked = Asked::adopted(&call, &body)?;
    let found = examine_held(call.ports(), &asked.wanted(&call)).await;
    let found = found.map_err(|error| problem::order(error, "wallet.check", 0))?;
    let ready = found.iter().all(|check| check.unmet.is_none());
    let checks = found.into_iter().map(|check| item(&call, &body, check)).collect();
    let (chain, address) = (asked.chain.to_string(), asked.address.to_string());
    ok(&WalletCheck { object: tag::WalletCheck::Is, chain, address, ready, checks })
}

fn item(call: &Call, body: &AdoptWallet, check: Check) -> WalletCheckItem {
    let problem = check.unmet.map(|unmet| problem::adoption(unmet, body).refusal.problem(call.lang));
    WalletCheckItem {
        rule: wire(check.rule),
        met: problem.is_none(),
        code: problem.as_ref().map(|problem| problem.code.clone()),
        detail: problem.as_ref().map(|problem| problem.detail.clone()),
        remedy: problem.map(|problem| problem.remedy),
    }
}

const fn wire(rule: Rule) -> WalletRule {
    match rule {
        Rule::KeyHeld => WalletRule::KeyHeld,
        Rule::KeyShown => WalletRule::KeyShown,
        Rule::Free => WalletRule::Free,
        Rule::Plain => WalletRule::Plain,
        Rule::NonceSettled => WalletRule::NonceSettled,
        Rule::BalanceSettled => WalletRule::BalanceSettled,
        Rule::ChainFollowed => WalletRule::ChainFollowed,
    }
}
