//! Whether the chain shows one payment, exactly as it was ordered: a successful receipt in the block the engine named, one
//! Transfer log of the token with this recipient and these units, and a recipient that holds exactly that. Its addresses
//! are new, so holding more would mean being paid twice.

use std::collections::BTreeSet;

use ruint::aliases::U256;
use serde_json::{Value, json};
use sluice_api::problem::Lang;
use sluice_api::status::Status;
use sluice_api::withdrawal::{Transaction, Withdrawal};

use super::node::Node;
use super::order::Order;
use crate::cli::decimal;
use crate::cli::devnet::DevAsset;
use crate::cli::export::payment;
use crate::cli::words::{pick, say, status};

/// `Transfer(address,address,uint256)`, hashed.
const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/// `balanceOf(address)`, the first four bytes of its hash.
const BALANCE_OF: &str = "0x70a08231";

/// What was found for one payment.
pub(super) type Verdict = Result<Evidence, Doubt>;

/// Where the chain shows the payment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Evidence {
    /// The transaction.
    pub(super) txid: String,
    /// Which log of its block.
    pub(super) log_index: u64,
}

/// Why a payment is not proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The engine did not take the order: the code of its refusal.
    NotTaken(String),
    /// It did not end as paid.
    NotCompleted(Status),
    /// The engine holds another order under this external id.
    OtherOrder,
    /// The engine names no final transaction for it.
    NoTransaction,
    /// The asset is not one of the devnet's tokens.
    AssetUnknown,
    /// The node does not answer.
    Node(String),
    /// The chain does not know the transaction.
    NoReceipt,
    /// The transaction failed.
    Reverted,
    /// It is in another block than the engine says.
    OtherBlock,
    /// So many logs of it are this payment; it should be one.
    Logs(usize),
    /// The recipient holds something else, in units of the asset.
    Balance(String),
    /// The same log is shown for another payment too.
    Shared,
}

impl Doubt {
    /// For a person.
    pub(super) fn text(&self, lang: Lang) -> String {
        match self {
            Self::NotTaken(code) => say!(lang, "not accepted ({code})", "접수되지 않음({code})"),
            Self::NotCompleted(at) => {
                let at = status(lang, *at);
                say!(lang, "not completed ({at})", "완료되지 않음({at})")
            }
            Self::OtherOrder => pick(lang, "not what was ordered", "주문한 내용과 다름").to_owned(),
            Self::NoTransaction => pick(lang, "no transaction named", "트랜잭션 없음").to_owned(),
            Self::AssetUnknown => {
                pick(lang, "not a token of the devnet", "개발용 체인의 토큰이 아님").to_owned()
            }
            Self::Node(why) => say!(lang, "the node does not answer: {why}", "노드가 응답하지 않음: {why}"),
            Self::NoReceipt => pick(lang, "no receipt on chain", "체인에 영수증 없음").to_owned(),
            Self::Reverted => pick(lang, "reverted on chain", "체인에서 실패함").to_owned(),
            Self::OtherBlock => {
                pick(lang, "in another block than told", "알려 준 것과 다른 블록에 있음").to_owned()
            }
            Self::Logs(0) => pick(lang, "no such transfer in it", "해당 전송 기록이 없음").to_owned(),
            Self::Logs(count) => {
                say!(lang, "{count} such transfers in it", "같은 전송 기록이 {count}개 있음")
            }
            Self::Balance(held) => say!(lang, "the recipient holds {held}", "수취 주소의 잔액이 {held}"),
            Self::Shared => {
                pick(lang, "the same transfer is shown twice", "같은 전송이 두 건에 쓰임").to_owned()
            }
        }
    }
}

/// Asks the chain about one payment.
pub(super) async fn check(node: &Node, asset: &DevAsset, order: &Order, told: &Withdrawal) -> Verdict {
    if told.status != Status::Completed {
        return Err(Doubt::NotCompleted(told.status));
    }
    let units = decimal::scaled(&order.amount, asset.decimals).ok_or(Doubt::OtherOrder)?;
    let same_amount = decimal::scaled(told.amount.as_str(), asset.decimals) == Some(units);
    if told.external_id != order.external_id
        || !told.address.eq_ignore_ascii_case(&order.address)
        || !same_amount
    {
        return Err(Doubt::OtherOrder);
    }
    let contract = asset.contract.as_deref().ok_or(Doubt::AssetUnknown)?.to_ascii_lowercase();
    let recipient = padded(&order.address).ok_or(Doubt::OtherOrder)?;
    let paid = payment(told).ok_or(Doubt::NoTransaction)?;
    let receipt = node.ask("eth_getTransactionReceipt", json!([paid.txid])).await.map_err(Doubt::Node)?;
    let log_index = judge(&receipt, paid, &contract, &recipient, units)?;
    let call = json!({ "to": contract, "data": format!("{BALANCE_OF}{recipient}") });
    let held = node.ask("eth_call", json!([call, "latest"])).await.map_err(Doubt::Node)?;
    let held = word(&held).ok_or_else(|| Doubt::Node("eth_call".to_owned()))?;
    if held != units {
        return Err(Doubt::Balance(decimal::text(held, asset.decimals)));
    }
    Ok(Evidence { txid: paid.txid.to_ascii_lowercase(), log_index })
}

/// Reads a receipt: the index of the one log that is this payment.
fn judge(
    receipt: &Value,
    paid: &Transaction,
    contract: &str,
    recipient: &str,
    units: U256,
) -> Result<u64, Doubt> {
    if receipt.is_null() {
        return Err(Doubt::NoReceipt);
    }
    if receipt["status"].as_str() != Some("0x1") {
        return Err(Doubt::Reverted);
    }
    let same_block = paid.block.as_ref().is_some_and(|block| {
        number(&receipt["blockNumber"]) == Some(block.number)
            && receipt["blockHash"].as_str().is_some_and(|hash| hash.eq_ignore_ascii_case(&block.hash))
    });
    if !same_block {
        return Err(Doubt::OtherBlock);
    }
    let logs = receipt["logs"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ours: Vec<&Value> = logs.iter().filter(|log| is_payment(log, contract, recipient, units)).collect();
    match ours.as_slice() {
        [log] => number(&log["logIndex"]).ok_or(Doubt::Logs(0)),
        others => Err(Doubt::Logs(others.len())),
    }
}

fn is_payment(log: &Value, contract: &str, recipient: &str, units: U256) -> bool {
    let topic = |at: usize| log["topics"][at].as_str().map(str::to_ascii_lowercase);
    let three = log["topics"].as_array().is_some_and(|topics| topics.len() == 3);
    three
        && log["address"].as_str().is_some_and(|address| address.eq_ignore_ascii_case(contract))
        && topic(0).as_deref() == Some(TRANSFER)
        && topic(2).is_some_and(|to| to.strip_prefix("0x") == Some(recipient))
        && word(&log["data"]) == Some(units)
}

/// An address as one 32-byte word in hex.
fn padded(address: &str) -> Option<String> {
    let digits = address.strip_prefix("0x")?.to_ascii_lowercase();
    let right = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    right.then(|| format!("{digits:0>64}"))
}

/// Exactly one 32-byte word.
fn word(value: &Value) -> Option<U256> {
    let digits = value.as_str()?.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
    U256::from_str_radix(digits, 16).ok()
}

/// A number as nodes write it: `0x1f`.
fn number(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}

/// One log is one payment: evidence that is shown twice proves neither.
pub(super) fn each_its_own(verdicts: Vec<Verdict>) -> Vec<Verdict> {
    let (mut once, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for evidence in verdicts.iter().flatten() {
        if !once.insert(evidence.clone()) {
            twice.insert(evidence.clone());
        }
    }
    let judge = |verdict: Verdict| {
        verdict.and_then(|it| if twice.contains(&it) { Err(Doubt::Shared) } else { Ok(it) })
    };
    verdicts.into_iter().map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
    const TO: &str = "0x52908400098527886E0F7030069857D2E4169EE7";

    fn paid() -> Transaction {
        serde_json::from_value(json!({
            "txid": "0xab", "chain": "eip155:31337", "nonce": 1, "kind": "pay", "status": "final",
            "block": { "number": 31, "hash": "0xBB" }, "fee": "0.001"
        }))
        .unwrap()
    }

    fn receipt(units: u64) -> Value {
        json!({
            "status": "0x1", "blockNumber": "0x1f", "blockHash": "0xbb",
            "logs": [
                { "address": TOKEN, "topics": ["0x01"], "data": "0x", "logIndex": "0x4" },
                { "address": TOKEN, "topics": [TRANSFER, format!("0x{:064x}", 9), format!("0x{}", padded(TO).unwrap())],
                  "data": format!("0x{units:064x}"), "logIndex": "0x5" },
            ],
        })
    }

    fn judged(receipt: &Value) -> Result<u64, Doubt> {
        judge(receipt, &paid(), TOKEN, &padded(TO).unwrap(), U256::from(1_500_000))
    }

    #[test]
    fn the_one_log_of_the_payment_is_found() {
        assert_eq!(judged(&receipt(1_500_000)), Ok(5));
    }

    #[test]
    fn every_lie_is_caught() {
        let lie = |pointer: &str, value: Value| {
            let mut receipt = receipt(1_500_000);
            *receipt.pointer_mut(pointer).unwrap() = value;
            judged(&receipt)
        };
        assert_eq!(judged(&Value::Null), Err(Doubt::NoReceipt));
        assert_eq!(lie("/status", json!("0x0")), Err(Doubt::Reverted));
        assert_eq!(lie("/status", Value::Null), Err(Doubt::Reverted));
        assert_eq!(lie("/blockNumber", json!("0x20")), Err(Doubt::OtherBlock));
        assert_eq!(lie("/blockHash", json!("0xbc")), Err(Doubt::OtherBlock));
        assert_eq!(lie("/logs", json!([])), Err(Doubt::Logs(0)));
        assert_eq!(lie("/logs/1/address", json!(TO)), Err(Doubt::Logs(0)), "another token");
        assert_eq!(lie("/logs/1/topics/0", json!("0x02")), Err(Doubt::Logs(0)));
        assert_eq!(
            lie("/logs/1/topics/2", json!(format!("0x{:064x}", 7))),
            Err(Doubt::Logs(0)),
            "another recipient"
        );
        assert_eq!(judged(&receipt(1_500_001)), Err(Doubt::Logs(0)), "another amount");
        let twice = receipt(1_500_000);
        assert_eq!(lie("/logs/0", twice["logs"][1].clone()), Err(Doubt::Logs(2)));
    }

    #[test]
    fn evidence_shown_twice_proves_neither() {
        let evidence = |log_index| Ok(Evidence { txid: "0xab".into(), log_index });
        assert_eq!(
            each_its_own(vec![evidence(1), evidence(2), evidence(1), Err(Doubt::NoReceipt)]),
            [Err(Doubt::Shared), evidence(2), Err(Doubt::Shared), Err(Doubt::NoReceipt)]
        );
    }

    #[test]
    fn words_are_exactly_32_bytes() {
        assert_eq!(word(&json!(format!("0x{:064x}", 12))), Some(U256::from(12)));
        for wrong in [json!("0x"), json!("0x0c"), json!(12), json!(format!("0x{:065x}", 12)), Value::Null] {
            assert_eq!(word(&wrong), None, "{wrong}");
        }
        assert_eq!(padded("0x123"), None);
    }
}
