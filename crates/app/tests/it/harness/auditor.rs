//! The second judge: `sluice-audit`, which shares nothing with the engine and nothing with the first one. It takes the
//! test's own orders, what the API told of every withdrawal, and the chain from before the first order on.

use std::fmt::Write as _;

use ruint::aliases::U256;
use serde_json::json;
use sluice_api::query::WithdrawalQuery;
use sluice_api::status::Status;
use sluice_api::withdrawal::{TransactionKind, TransactionStatus, Withdrawal};
use sluice_audit::chain::{Address, Chain};
use sluice_audit::list::{self, List};
use sluice_audit::stand::Stand;
use sluice_audit::{Audit, Report};

use super::{Caller, Engine, Order, World, until};

/// More withdrawals than a test asks for.
const WITHDRAWALS_MAX: usize = 100_000;

/// An auditor who saw where the wallets stood before anything was asked for.
pub struct Auditor {
    url: String,
    asset: String,
    chain: Chain,
    token: Address,
    opening: Stand,
}

impl World {
    /// An auditor of this world's wallets, from this moment on.
    pub async fn auditor(&self, caller: &Caller) -> Auditor {
        Auditor::at(self.anvil.url(), self.asset(), caller).await
    }
}

impl Auditor {
    /// An auditor of all wallets on the chain of this asset, by this node, from this moment on.
    pub async fn at(url: String, asset: String, caller: &Caller) -> Self {
        let (chain, token) = Chain::of_asset(&asset).expect("an asset that can be audited");
        let wallets = caller.client.wallets().take(100).await.expect("the wallets");
        let here = wallets.iter().filter(|it| Chain::parse(&it.chain) == Some(chain));
        let wallets: Vec<Address> = here.map(|it| Address::parse(&it.address).expect("an address")).collect();
        assert!(!wallets.is_empty(), "nothing to audit");
        let audit = Audit::of(chain, &[&url], List::default()).expect("a node").with(wallets, [token]);
        let opening = audit.stand().await.unwrap_or_else(|error| panic!("no opening: {error}"));
        Self { url, asset, chain, token, opening }
    }

    /// The same once some wallet has so much of the token for good, in its smallest unit: what it was given has to be final first.
    pub async fn once_funded(url: String, caller: &Caller, units: u64) -> Self {
        let mut opening = None;
        until("the wallet's funds are final", async || {
            opening.insert(Self::at(url.clone(), caller.asset.clone(), caller).await).has_seen(units)
        })
        .await;
        opening.expect("it was waited for")
    }

    /// Whether some wallet held so much of the token then, in its smallest unit.
    fn has_seen(&self, units: u64) -> bool {
        self.opening.wallets.values().any(|held| held.tokens.get(&self.token) == Some(&U256::from(units)))
    }

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
        proven(&self.judges_the_api(caller, orders).await, orders);
    }

    /// The same of what `sluice export` writes, which explains what the house has its wallets do besides.
    pub async fn proves_the_export(&self, world: &World, engine: &Engine, orders: &[Order]) {
        let (url, key) = (&engine.dev.api_url, &engine.dev.api_key);
        let (exit, export, said) = world.sluice(&["export", "--url", url, "--key", key]).await;
        assert_eq!(exit, Some(0), "{said}");
        let list = List::of(&export).unwrap_or_else(|error| panic!("{error}"));
        proven(&self.judges(list, orders).await, orders);
    }
}

fn proven(report: &Report, orders: &[Order]) {
    eprintln!("{}", report.text(false));
    assert_eq!((report.exit_code(), report.counts.proven), (0, orders.len()), "{:#?}", report.findings);
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
