//! What wallets hold at the last solid block. A node tells it of no other block, so the block is read before and after: what
//! was said in between is of that block if it stood still.

use std::collections::{BTreeMap, BTreeSet};

use ruint::aliases::U256;
use serde_json::{Value, json};

use crate::chain::{Address, Chain};
use crate::node::{Node, NodeError};
use crate::stand::{Block, Held, Stand};

use super::base58::PREFIX;

const ACCOUNT: &str = "getaccount";
const CALL: &str = "triggerconstantcontract";

/// What these wallets hold; which block it is of is for the caller to say.
pub(crate) async fn stand(
    node: &Node,
    chain: Chain,
    block: Block,
    wallets: &BTreeSet<Address>,
    tokens: &BTreeSet<Address>,
) -> Result<Stand, NodeError> {
    let mut held = BTreeMap::new();
    for wallet in wallets {
        let account = node.solid(ACCOUNT, json!({ "address": wire(*wallet) })).await?;
        let coin =
            coin(&account).ok_or_else(|| node.not_understood(ACCOUNT, format!("what {wallet} has")))?;
        let mut of_tokens = BTreeMap::new();
        for token in tokens {
            let parameter = wallet.word();
            let units =
                call(node, *wallet, *token, "balanceOf(address)", parameter.trim_start_matches("0x")).await?;
            of_tokens.insert(*token, units);
        }
        held.insert(*wallet, Held { nonce: 0, coin, tokens: of_tokens });
    }
    Ok(Stand { chain, block, wallets: held })
}

/// How many decimals each token has.
pub(super) async fn decimals(
    node: &Node,
    tokens: &BTreeSet<Address>,
) -> Result<BTreeMap<Address, u8>, NodeError> {
    let mut decimals = BTreeMap::new();
    for token in tokens {
        let word = call(node, *token, *token, "decimals()", "").await?;
        let read = u8::try_from(word);
        let why = |_| node.not_understood(CALL, format!("{token} tells no decimals; is it a TRC-20 token?"));
        decimals.insert(*token, read.map_err(why)?);
    }
    Ok(decimals)
}

async fn call(
    node: &Node,
    owner: Address,
    contract: Address,
    function: &str,
    parameter: &str,
) -> Result<U256, NodeError> {
    let question = json!({
        "owner_address": wire(owner), "contract_address": wire(contract),
        "function_selector": function, "parameter": parameter,
    });
    let answer = node.solid(CALL, question).await?;
    let result = answer["constant_result"][0].as_str().and_then(|text| hex::decode(text).ok());
    let word = result.filter(|bytes| bytes.len() == 32 && answer["result"]["result"] == json!(true));
    let word = word.and_then(|bytes| U256::try_from_be_slice(&bytes));
    word.ok_or_else(|| node.not_understood(CALL, format!("{contract} tells no {function}")))
}

/// Everything of an account that is its TRX: what lies there, what is staked, what is lent, and what is on its way back. A
/// stake that is made, lent or ended moves it from one of them to another.
fn coin(account: &Value) -> Option<U256> {
    let resource = &account["account_resource"];
    let plain = [
        &account["balance"],
        &account["delegated_frozen_balance_for_bandwidth"],
        &account["delegated_frozenV2_balance_for_bandwidth"],
        &account["tron_power"]["frozen_balance"],
        &resource["frozen_balance_for_energy"]["frozen_balance"],
        &resource["delegated_frozen_balance_for_energy"],
        &resource["delegated_frozenV2_balance_for_energy"],
    ];
    let mut sum = U256::ZERO;
    let rows = [("frozen", "frozen_balance"), ("frozenV2", "amount"), ("unfrozenV2", "unfreeze_amount")];
    let rows = rows.into_iter().map(|(list, field)| match &account[list] {
        Value::Null => Some(Vec::new()),
        Value::Array(all) => Some(all.iter().map(|row| &row[field]).collect()),
        _ => None,
    });
    let rows: Vec<Vec<&Value>> = rows.collect::<Option<_>>()?;
    for sun in plain.into_iter().chain(rows.into_iter().flatten()) {
        let sun = match sun {
            Value::Null => 0,
            sun => sun.as_u64()?,
        };
        sum = sum.checked_add(U256::from(sun))?;
    }
    Some(sum)
}

/// As nodes write an address unless they are asked for base58.
fn wire(address: Address) -> String {
    format!("{PREFIX:x}{}", hex::encode(address.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stake_is_still_the_wallets_coin_wherever_it_lies() {
        let whole = json!({
            "address": "41..", "balance": 1, "frozen": [{ "frozen_balance": 2, "expire_time": 9 }],
            "delegated_frozen_balance_for_bandwidth": 4, "delegated_frozenV2_balance_for_bandwidth": 8,
            "tron_power": { "frozen_balance": 16 },
            "account_resource": {
                "frozen_balance_for_energy": { "frozen_balance": 32, "expire_time": 9 },
                "delegated_frozen_balance_for_energy": 64, "delegated_frozenV2_balance_for_energy": 128,
                // Lent to it by others: theirs.
                "acquired_delegated_frozenV2_balance_for_energy": 1_000_000,
            },
            "frozenV2": [{ "amount": 256 }, { "type": "ENERGY", "amount": 512 }, { "type": "TRON_POWER" }],
            "unfrozenV2": [{ "unfreeze_amount": 1024, "unfreeze_expire_time": 9 }],
        });
        assert_eq!(coin(&whole), Some(U256::from(2047)));
        assert_eq!(coin(&json!({})), Some(U256::ZERO), "an account that is not there has nothing");
        assert_eq!(coin(&json!({ "balance": -1 })), None);
        assert_eq!(coin(&json!({ "balance": "1" })), None);
        assert_eq!(coin(&json!({ "frozenV2": 1 })), None);
    }
}
