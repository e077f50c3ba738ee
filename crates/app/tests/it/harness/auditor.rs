//! The second judge: `sluice-audit`, which shares nothing with the engine and nothing with the first one. It takes the
//! test's own orders, what the API told of every withdrawal, and the chain from before the first order on.

use std::fmt::Write as _;

use serde_json::json;
use sluice_api::query::WithdrawalQuery;
use sluice_api::status::Status;
use sluice_api::withdrawal::{TransactionKind, TransactionStatus, Withdrawal};
use sluice_audit::evm::{self, Address};
use sluice_audit::list::{self, List};
use sluice_audit::stand::Stand;
use sluice_audit::{Audit, Report};

use super::{Caller, Order, World};

/// More withdrawals than a test asks for.
const WITHDRAWALS_MAX: usize = 100_000;

/// An auditor who saw where the wallets stood before anything was asked for.
pub struct Auditor {
    url: String,
    asset: String,
    chain: u64,
    token: Address,
    opening: Stand,
}

impl World {
    /// An auditor of this world's wallets, from this moment on.
    pub async fn auditor(&self, caller: &Caller) -> Auditor {
        let (url, asset) = (self.anvil.url(), self.asset());
        let (chain, token) = evm::asset(&asset).expect("an asset that can be audited");
        let wallets = caller.client.wallets().take(100).await.expect("the wallets");
        let wallets: Vec<Address> =
            wallets.iter().map(|it| Address::parse(&it.address).expect("an address")).collect();
        assert!(!wallets.is_empty(), "nothing to audit");
        let audit = Audit::of(chain, &[&url], List::default()).expect("a node").with(wallets, [token]);
        let opening = audit.stand().await.unwrap_or_else(|error| panic!("no opening: {error}"));
        Auditor { url, asset, chain, token, opening }
    }
}

impl Auditor {
    /// What the chain proves of a list, against these orders.
    pub async fn judges(&self, list: List, orders: &[Order]) -> Report {
        let mut ordered = String::new();
        for order in orders {
            let line = json!({
                "external_id": order.external_id, "asset": self.asset, "address": order.address, "amount": order.amount(),
            });
            writeln!(ordered, "{line}").expect("memory");
        }
        let ordered = list::orders("orders", ordered.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let audit = Audit::of(self.chain, &[&self.url], list).expect("a node");
        let audit = audit.with(self.opening.wallets.keys().copied(), [self.token]);
        let report = audit.against(ordered).standing(self.opening.clone()).run().await;
        report.unwrap_or_else(|error| panic!("{}: {error}", error.code()))
    }

    /// What the chain proves of everything that the API tells, against these orders.
    pub async fn judges_the_api(&self, caller: &Caller, orders: &[Order]) -> Report {
        let told = caller.client.withdrawals(WithdrawalQuery::default()).take(WITHDRAWALS_MAX).await;
        let told: String = told.expect("the withdrawals").iter().map(line).collect();
        self.judges(List::of(&told).unwrap_or_else(|error| panic!("{error}")), orders).await
    }

    /// Each of these orders was paid exactly once, nothing else left the wallets, every nonce is known, and it adds up.
    pub async fn proves(&self, caller: &Caller, orders: &[Order]) {
        let report = self.judges_the_api(caller, orders).await;
        eprintln!("{}", report.text(false));
        assert_eq!((report.exit_code(), report.counts.proven), (0, orders.len()), "{:#?}", report.findings);
    }
}

/// What the auditor reads of a withdrawal.
fn line(it: &Withdrawal) -> String {
    let paid = it
        .transactions
        .iter()
        .find(|it| it.kind == TransactionKind::Pay && it.status == TransactionStatus::Final)
        .filter(|_| it.status == Status::Completed);
    let line = json!({
        "external_id": it.external_id, "asset": it.asset, "address": it.address, "amount": it.amount,
        "status": it.status, "txid": paid.map(|paid| &paid.txid), "transactions": it.transactions,
    });
    format!("{line}\n")
}
