//! Judges by the chain alone. Its own reading of logs: it shares no decoder with the engine.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sluice_devnet::rpc::Rpc;

use super::Order;

/// `keccak256("Transfer(address,address,uint256)")`.
const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

/// Reads the token's logs.
pub struct Judge {
    rpc: Rpc,
    token: String,
}

/// One payment found on chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who paid.
    pub from: String,
    /// How much, atoms.
    pub atoms: u64,
    /// In which transaction.
    pub txid: String,
}

impl Judge {
    pub(super) fn new(rpc: Rpc, token: impl ToString) -> Self {
        Self { rpc, token: token.to_string().to_lowercase() }
    }

    /// Every payment of the token since the chain began, by recipient.
    pub async fn payments(&self) -> BTreeMap<String, Vec<Found>> {
        let filter =
            json!([{ "fromBlock": "0x0", "toBlock": "latest", "address": self.token, "topics": [TRANSFER] }]);
        let logs: Vec<Value> = self.rpc.call("eth_getLogs", filter).await.expect("the chain answers");
        let mut found: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        for log in logs {
            let word =
                |value: &Value| value.as_str().unwrap_or_default().trim_start_matches("0x").to_lowercase();
            let account = |topic: usize| format!("0x{}", &word(&log["topics"][topic])[24..]);
            let atoms = u64::from_str_radix(word(&log["data"]).trim_start_matches('0'), 16).unwrap_or(0);
            let payment = Found {
                from: account(1),
                atoms,
                txid: log["transactionHash"].as_str().unwrap_or_default().into(),
            };
            found.entry(account(2)).or_default().push(payment);
        }
        found
    }

    /// Each order was paid exactly once, with exactly its amount.
    pub async fn each_paid_once(&self, orders: &[Order]) {
        let payments = self.payments().await;
        for order in orders {
            let paid = payments.get(&order.address.to_lowercase()).cloned().unwrap_or_default();
            let amounts: Vec<u64> = paid.iter().map(|it| it.atoms).collect();
            assert_eq!(amounts, [order.atoms], "{}: {paid:?}", order.external_id);
        }
    }

    /// None of these orders was paid more than once, nor with another amount; how many were paid.
    pub async fn none_paid_twice(&self, orders: &[Order]) -> usize {
        let payments = self.payments().await;
        let mut count = 0;
        for order in orders {
            let paid = payments.get(&order.address.to_lowercase()).cloned().unwrap_or_default();
            let amounts: Vec<u64> = paid.iter().map(|it| it.atoms).collect();
            assert!(amounts.is_empty() || amounts == [order.atoms], "{}: {paid:?}", order.external_id);
            count += amounts.len();
        }
        count
    }

    /// No more than this was paid for all of these orders together.
    pub async fn no_more_than(&self, atoms: u64, orders: &[Order]) {
        let payments = self.payments().await;
        let found = orders.iter().filter_map(|order| payments.get(&order.address.to_lowercase())).flatten();
        let paid: u64 = found.map(|it| it.atoms).sum();
        assert!(paid <= atoms, "{paid} were paid, and {atoms} may be");
    }

    /// None of these orders was paid at all.
    pub async fn none_paid(&self, orders: &[Order]) {
        let payments = self.payments().await;
        for order in orders {
            assert_eq!(payments.get(&order.address.to_lowercase()), None, "{}", order.external_id);
        }
    }

    /// Nothing but these orders left the wallets that paid them.
    pub async fn nothing_else_left(&self, orders: &[Order]) {
        let payments = self.payments().await;
        let ours: Vec<&str> = orders.iter().map(|it| it.address.as_str()).collect();
        let payers: Vec<String> = payments
            .iter()
            .filter(|(to, _)| ours.iter().any(|it| it.eq_ignore_ascii_case(to)))
            .flat_map(|(_, paid)| paid.iter().map(|it| it.from.clone()))
            .collect();
        for (to, paid) in &payments {
            let known = ours.iter().any(|it| it.eq_ignore_ascii_case(to));
            assert!(
                known || !paid.iter().any(|it| payers.contains(&it.from)),
                "{to} was paid and nobody ordered it"
            );
        }
    }
}
