//! The play chain as an auditor looks at it: blocks that stand on each other, and one wallet that pays with one transaction
//! in each of them. The demo began at block 9.

use ruint::aliases::U256;
use serde_json::{Value, json};

use super::{CONTRACT, Lie, Play, decimal_units, prove_topic};
use crate::cli::tests::Asked;

pub(super) const WALLET: &str = "0x0000000000000000000000000000000000000001";
/// The first payment is in the block above.
const BEGAN: usize = 9;
const HELD: u64 = 1_000_000_000_000;
/// What the wallet has of the chain's coin, and what each transaction of it costs.
const COIN: u64 = 1_000_000_000_000_000_000;
const FEE: u64 = 21_000 * 1_000_000_000;

/// The nonce of the transaction that was meant for one withdrawal.
pub(super) fn nonce(shown: usize, lie: Lie) -> usize {
    match lie {
        // The second one shares the first one's.
        Lie::SharesAProof | Lie::Batch => shown.saturating_sub(1),
        _ => shown,
    }
}

impl Play {
    /// Which withdrawals each transaction pays, by its number.
    fn sent(&self, lie: Lie) -> Vec<(usize, Vec<&Value>)> {
        let paid = self.made.iter().enumerate().filter(|(_, made)| made["status"] == "completed");
        let mut sent: Vec<(usize, Vec<&Value>)> = Vec::new();
        for (number, made) in paid {
            match (lie, number) {
                (Lie::SentNothing, 2) | (Lie::SharesAProof, 1) => {}
                (Lie::Batch, 1) => sent[0].1.push(made),
                _ => sent.push((number, vec![made])),
            }
        }
        sent
    }

    fn block(&self, number: usize, lie: Lie) -> Value {
        let sent = self.sent(lie);
        let mined = sent.iter().filter(|(at, _)| at + BEGAN + 1 == number);
        let transactions = mined.map(|(at, _)| {
            let nonce = nonce(*at, lie);
            json!({ "hash": format!("0x{at:064x}"), "from": WALLET, "to": CONTRACT, "nonce": format!("0x{nonce:x}"),
                    "value": "0x0", "input": "0x" })
        });
        json!({
            "number": format!("0x{number:x}"), "hash": format!("0x{number:064x}"),
            "parentHash": format!("0x{:064x}", number - 1), "transactions": transactions.collect::<Vec<_>>(),
        })
    }

    fn logs(&self, lie: Lie) -> Vec<Value> {
        let mut logs = Vec::new();
        for (at, paid) in self.sent(lie) {
            for (index, made) in paid.into_iter().enumerate() {
                logs.push(json!({
                    "address": CONTRACT, "data": format!("0x{:064x}", decimal_units(made["amount"].as_str().unwrap())),
                    "topics": [
                        prove_topic(), format!("0x{:064x}", 1),
                        format!("0x{:0>64}", made["address"].as_str().unwrap()[2..].to_lowercase())
                    ],
                    "blockNumber": format!("0x{:x}", at + BEGAN + 1), "transactionHash": format!("0x{at:064x}"),
                    "logIndex": format!("0x{index:x}"),
                }));
            }
        }
        logs
    }

    /// Answers what only an auditor asks.
    pub(super) fn audited(&self, asked: &Asked, lie: Lie) -> Option<Value> {
        let params = &asked.body["params"];
        let last = BEGAN + self.sent(lie).last().map_or(0, |(at, _)| at + 1);
        // Before the demo, and after it.
        let began = params[1]["blockHash"] == format!("0x{BEGAN:064x}").as_str();
        Some(match asked.body["method"].as_str()? {
            "eth_chainId" => json!("0x7a69"),
            "eth_getBlockByNumber" => match params[0].as_str()? {
                "latest" | "finalized" => self.block(last, lie),
                number => self.block(usize::from_str_radix(number.strip_prefix("0x")?, 16).ok()?, lie),
            },
            "eth_getTransactionCount" if began => json!("0x0"),
            "eth_getTransactionCount" => {
                json!(format!("0x{:x}", self.sent(lie).last().map_or(0, |(at, _)| nonce(*at, lie) + 1)))
            }
            "eth_getBalance" => {
                let sent = if began { 0 } else { self.sent(lie).len() as u64 };
                json!(format!("0x{:x}", COIN - sent * FEE))
            }
            "eth_getLogs" if params[0]["topics"][1].is_null() => json!([]),
            "eth_getLogs" => json!(self.logs(lie)),
            "eth_call" => match params[0]["data"].as_str()? {
                "0x313ce567" => json!(format!("0x{:064x}", 6)),
                data if data.ends_with(&WALLET[2..]) => {
                    let paid = self.sent(lie).into_iter().flat_map(|(_, paid)| paid);
                    let left: u64 = paid.map(|made| decimal_units(made["amount"].as_str().unwrap())).sum();
                    json!(format!("0x{:064x}", U256::from(if began { HELD } else { HELD - left })))
                }
                _ => return None,
            },
            _ => return None,
        })
    }
}
