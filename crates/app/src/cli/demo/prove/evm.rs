//! By a node of an EVM chain.

use ruint::aliases::U256;
use serde_json::{Value, json};

use super::{COIN_DIGITS, Doubt, Evidence, Node, Verdict, Wanted, word};
use crate::cli::devnet::DevAsset;

/// `balanceOf(address)`, the first four bytes of its hash.
const BALANCE_OF: &str = "0x70a08231";

pub(super) async fn check(node: &Node, wanted: &Wanted<'_>, asset: &DevAsset) -> Verdict {
    let txid = &wanted.paid.txid;
    let receipt = node.ask("eth_getTransactionReceipt", json!([txid])).await.map_err(Doubt::Node)?;
    let evidence = judge(&receipt, wanted)?;
    let call =
        json!({ "to": format!("0x{}", wanted.contract), "data": format!("{BALANCE_OF}{}", wanted.word()) });
    let held = node.ask("eth_call", json!([call, "latest"])).await.map_err(Doubt::Node)?;
    wanted.holds(word(&held).ok_or_else(|| Doubt::Node("eth_call".to_owned()))?, asset)?;
    Ok(evidence)
}

/// Reads a receipt: the one log that is this payment, and the fee.
pub(super) fn judge(receipt: &Value, wanted: &Wanted<'_>) -> Verdict {
    if receipt.is_null() {
        return Err(Doubt::NoReceipt);
    }
    if receipt["status"].as_str() != Some("0x1") {
        return Err(Doubt::Reverted);
    }
    let same_block = wanted.paid.block.as_ref().is_some_and(|block| {
        number(&receipt["blockNumber"]) == Some(U256::from(block.number))
            && receipt["blockHash"].as_str().is_some_and(|hash| hash.eq_ignore_ascii_case(&block.hash))
    });
    if !same_block {
        return Err(Doubt::OtherBlock);
    }
    let (_, log) = wanted.one_of(&receipt["logs"])?;
    let log_index =
        number(&log["logIndex"]).and_then(|index| u64::try_from(index).ok()).ok_or(Doubt::Logs(0))?;
    let paid = number(&receipt["gasUsed"]).zip(number(&receipt["effectiveGasPrice"]));
    let fee = paid.and_then(|(gas, price)| gas.checked_mul(price));
    let fee = fee.ok_or_else(|| Doubt::Node("eth_getTransactionReceipt".to_owned()))?;
    let txid = wanted.paid.txid.to_ascii_lowercase();
    Ok(Evidence { txid, log_index, fee, for_energy: U256::ZERO, digits: COIN_DIGITS })
}

/// A number as nodes write it: `0x1f`.
fn number(value: &Value) -> Option<U256> {
    U256::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}
