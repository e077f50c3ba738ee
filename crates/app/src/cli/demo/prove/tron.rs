//! By a node of TRON: only by what is solid there, so by nothing that could still be replaced.

use ruint::aliases::U256;
use serde_json::{Value, json};

use super::{Doubt, Evidence, Node, TRX_DIGITS, Verdict, Wanted, bare, word};
use crate::cli::devnet::DevAsset;

const INFO: &str = "walletsolidity/gettransactioninfobyid";
const BLOCK: &str = "walletsolidity/getblockbynum";
const CALL: &str = "walletsolidity/triggerconstantcontract";

pub(super) async fn check(node: &Node, wanted: &Wanted<'_>, asset: &DevAsset) -> Verdict {
    let txid = bare(&wanted.paid.txid).to_ascii_lowercase();
    let info = node.post(INFO, &json!({ "value": txid })).await.map_err(Doubt::Node)?;
    let evidence = judge(&info, wanted)?;
    let block = node.post(BLOCK, &json!({ "num": info["blockNumber"] })).await.map_err(Doubt::Node)?;
    holds_it(&block, wanted)?;
    // 41 stands before each account there.
    let account = |digits: &str| format!("41{digits}");
    let call = json!({
        "owner_address": account(&wanted.recipient), "contract_address": account(&wanted.contract),
        "function_selector": "balanceOf(address)", "parameter": wanted.word(),
    });
    let said = node.post(CALL, &call).await.map_err(Doubt::Node)?;
    let held = word(&said["constant_result"][0]).ok_or_else(|| Doubt::Node(CALL.to_owned()))?;
    wanted.holds(held, asset)?;
    Ok(evidence)
}

/// Reads what became of the transaction: the one log that is this payment, and what it burned.
pub(super) fn judge(info: &Value, wanted: &Wanted<'_>) -> Verdict {
    let txid = bare(&wanted.paid.txid).to_ascii_lowercase();
    if info["id"].as_str() != Some(&txid) {
        return Err(Doubt::NoReceipt);
    }
    // A transaction that failed says so in both.
    if info["receipt"]["result"] != "SUCCESS" || !info["result"].is_null() {
        return Err(Doubt::Reverted);
    }
    if wanted.paid.block.as_ref().map(|block| block.number) != info["blockNumber"].as_u64() {
        return Err(Doubt::OtherBlock);
    }
    let (log_index, _) = wanted.one_of(&info["log"])?;
    // Nothing is left out, and so is the fee of what a stake paid for.
    let sun = |value: &Value| match value {
        Value::Null => Some(U256::ZERO),
        sun => sun.as_u64().map(U256::from),
    };
    let (fee, for_energy) = sun(&info["fee"])
        .zip(sun(&info["receipt"]["energy_fee"]))
        .ok_or_else(|| Doubt::Node(INFO.to_owned()))?;
    let log_index = u64::try_from(log_index).map_err(|_| Doubt::Logs(0))?;
    Ok(Evidence { txid, log_index, fee, for_energy, digits: TRX_DIGITS })
}

/// Whether a block is the one the engine named, and has the transaction as a successful one.
pub(super) fn holds_it(block: &Value, wanted: &Wanted<'_>) -> Result<(), Doubt> {
    let named = wanted.paid.block.as_ref().map(|block| bare(&block.hash));
    let id = block["blockID"].as_str();
    if !named.zip(id).is_some_and(|(named, id)| named.eq_ignore_ascii_case(id)) {
        return Err(Doubt::OtherBlock);
    }
    let txid = bare(&wanted.paid.txid);
    let all = block["transactions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_it = |it: &&Value| it["txID"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(txid));
    match all.iter().find(is_it) {
        None => Err(Doubt::OtherBlock),
        Some(it) if it["ret"][0]["contractRet"] == "SUCCESS" => Ok(()),
        Some(_) => Err(Doubt::Reverted),
    }
}
