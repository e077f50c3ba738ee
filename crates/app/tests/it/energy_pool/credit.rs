//! Another partner's lane: the pool lends it what has been paid ahead. What comes to the pool's wallet is credited once, whatever dies
//! on the way, and a loan costs what the books say. One more pays on account, and is lent up to its bound.

use serde_json::{Value, json};
use sluice_api::command::Because;
use sluice_api::energy::{AssignTopUp, EnergyBilling, EnergyCredit, EnergyCreditEntryType};
use sluice_api::query::{EnergyCreditQuery, EnergyQuery, EnergyTopUpQuery};
use sluice_api::reconciliation::ReconciliationOutcome;
use sluice_api::signature::ShowKey;
use sluice_api::wallet::{AdoptWallet, RegisterWallet, WalletCustody, WalletRole};
use sluice_devnet::tron::Account;

use super::{COINS, FUNDS, Lending, STAY, SUN};
use crate::harness::{Caller, Engine, Order, PATIENCE, until};
use crate::on_both;
use crate::signature_requests::vault::person;
use crate::wallets::{adopting, signer_key_on};

const CHAIN: &str = "tron:31337";
/// What each energy costs the other partner, millionths of a sun: a payout to a new holder is 2.6 TRX.
const PRICE: &str = "20000000";
/// What the partner on account may owe, sun: one payout to a new holder, and not two.
const OWED_MAX_SUN: i64 = 4 * SUN;
/// Where the engine is killed, each time while a top-up comes in.
pub const POINTS: [&str; 4] =
    ["chain.paid_in:before", "chain.paid_in:after", "store.apply/topup:before", "store.apply/topup:after"];
/// Fee of a top-up at most, sun.
const FEE_SUN: i64 = 10_000_000;

/// Another partner with a lane of its own, and a wallet that somebody else's program signs for.
struct Neighbour {
    partner: String,
    tokens: [String; 2],
    lane: String,
    purse: Account,
}

impl Neighbour {
    /// Makes the partner, two persons of it, its lane, and registers its purse, an account of the network.
    async fn join(lending: &Lending, engine: &Engine, name: &str, purse: usize) -> Self {
        let platform = engine.platform().client;
        let made = json!({ "name": name, "mode": "test", "reason": "a test" });
        let partner = platform.create_partner(&body(made)).await.expect("a partner").id;
        let limit = json!({ "partner_id": partner, "asset": engine.tron_caller().asset, "per_transaction": "100",
            "daily": "100000", "reason": "a test" });
        platform.set_limit(&body(limit)).await.expect("a limit");
        let mut tokens = [String::new(), String::new()];
        // Two persons whose keys have no maker in common.
        let makers = [platform, engine.caller_with(&engine.dev.second_platform_api_key).client];
        for (number, (token, maker)) in tokens.iter_mut().zip(makers).enumerate() {
            let scopes = ["withdrawals:create", "withdrawals:read", "wallets:manage", "wallets:read"];
            let key = json!({ "name": format!("person {number}"), "partner_id": partner, "scopes": scopes,
                "reason": "a test" });
            let made = maker.create_key(&body(key)).await.expect("a key");
            *token = format!("{}.{}", made.key.id, made.secret.expect("a secret"));
        }
        let (_, lane) = signer_key_on(CHAIN, &lending.signer.config, &partner, &["create"]);
        let purse = lending.control.accounts()[purse].clone();
        let it = Self { partner, tokens, lane, purse };
        let units = u128::from(FUNDS) * 1_000_000;
        lending.control.faucet(it.lane.parse().expect("an address"), COINS, units);
        let client = it.caller(engine).client;
        let adopt = AdoptWallet { chain: CHAIN.into(), ..adopting(&it.lane) };
        until("the wallet may be adopted", async || {
            client.check_wallet(&adopt).await.is_ok_and(|found| found.ready)
        })
        .await;
        client.adopt_wallet(&adopt).await.expect("adopted");
        let purse = RegisterWallet {
            partner_id: None,
            chain: CHAIN.into(),
            address: it.purse.address().to_string(),
            role: WalletRole::Warm,
            label: "purse".into(),
            reason: "a test".into(),
        };
        for token in &it.tokens {
            engine.caller_with(token).client.register_wallet(&purse).await.expect("registered");
        }
        it.shows_its_key(engine).await;
        it
    }

    /// What the purse sends counts by itself once its key has signed for it.
    async fn shows_its_key(&self, engine: &Engine) {
        let client = self.caller(engine).client;
        let wallets = client.wallets().take(9).await.expect("wallets");
        let purse =
            wallets.iter().find(|wallet| wallet.custody == WalletCustody::External).expect("the purse");
        let key = self.purse.secret_hex();
        until("the key is shown", async || {
            let told = client.key_statement(&purse.id).await.expect("a statement");
            let signed = person(json!({"do": "show", "text": told.text, "key": key})).await;
            let signature = signed["signature"].as_str().expect("a signature").to_owned();
            let shown = ShowKey { at: told.at, signature, reason: "a test".into() };
            client.show_key(&purse.id, &shown).await.is_ok_and(|it| it.desk.is_some())
        })
        .await;
    }

    fn caller(&self, engine: &Engine) -> Caller {
        let mut caller = engine.caller_with(&self.tokens[0]);
        caller.asset = engine.tron_caller().asset;
        caller
    }

    /// What it has with the pool.
    async fn credit(&self, engine: &Engine) -> EnergyCredit {
        self.caller(engine).client.energy_credit(&EnergyQuery::default()).await.expect("a credit")
    }

    /// Its balance with the pool, in TRX.
    async fn balance(&self, engine: &Engine) -> String {
        self.credit(engine).await.balance.as_str().to_owned()
    }

    async fn order(&self, lending: &Lending, engine: &Engine, count: u64) -> Vec<Order> {
        let fresh = Order::fresh_on_tron("neighbour", count);
        let caller = self.caller(engine);
        caller.insist_on(&fresh).await;
        caller.all_completed(&fresh).await;
        for order in &fresh {
            let held = lending.control.usdt_units(order.address.parse().expect("an address"));
            assert_eq!(held, u128::from(order.atoms), "{}", order.external_id);
        }
        fresh
    }

    /// Who pays on account has paid nothing ahead: it is lent for one payout, not for another beyond its bound, and pays what it owes.
    async fn owes_and_pays(&self, lending: &Lending, engine: &Engine) {
        let caller = self.caller(engine);
        let before = self.credit(engine).await;
        let terms = (before.billing, before.owed.as_str(), before.owed_max.as_ref().map(|it| it.as_str()));
        assert_eq!(terms, (EnergyBilling::OnAccount, "0", Some("4")), "{before:?}");
        self.order(lending, engine, 1).await;
        let asked = caller.told("energy.loan_asked").await;
        assert!(asked.len() == 1 && caller.told("energy.burning").await.is_empty(), "{asked:?}");
        self.order(lending, engine, 1).await;
        assert_eq!(caller.told("energy.loan_asked").await.len(), 1, "not beyond the bound");
        assert!(!caller.told("energy.burning").await.is_empty(), "the next source");
        let query = EnergyCreditQuery::default();
        let lines = caller.client.energy_credit_entries(query).take(9).await.expect("lines");
        let charges: Vec<_> = lines.iter().map(|it| (it.kind, it.need.as_deref())).collect();
        assert_eq!(charges, [(EnergyCreditEntryType::Charge, asked[0].data["need"].as_str())]);
        let owes = self.credit(engine).await;
        let price: u64 = asked[0].data["price_sun"].as_str().expect("a price").parse().expect("a figure");
        assert_eq!(
            (sun(owes.owed.as_str()), owes.balance.as_str()),
            (price, format!("-{}", owes.owed).as_str())
        );
        pay_in(lending, &self.purse, OWED_MAX_SUN);
        until("what is owed is paid", async || self.credit(engine).await.owed.as_str() == "0").await;
        assert_eq!(sun(&self.balance(engine).await), u64::try_from(OWED_MAX_SUN).expect("a figure") - price);
    }
}

fn body<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("a body")
}

/// TRX that goes to the pool's wallet from an account of the network.
fn pay_in(lending: &Lending, from: &Account, sun: i64) -> String {
    let transfer = json!({ "owner_address": from.address().to_string(), "to_address": lending.pool.to_string(),
        "amount": sun });
    let txid = lending.control.send(from, "TransferContract", &transfer, FEE_SUN).expect("it is taken");
    hex::encode(txid)
}

on_both! {
    /// Refused without credit, topped up, lent; killed before and after the chain is read for it and the commit that credits. And lent on account, refused beyond the
    /// bound, and paid by a top-up.
    async fn what_is_paid_ahead_is_credited_once_and_lends(database: Database) {
        let lending = Lending::begin(database, STAY).await;
        let mut engine = lending.engine_with(&["--energy-price", PRICE]).await;
        let neighbour = Neighbour::join(&lending, &engine, "neighbour", 0).await;
        let debtor = Neighbour::join(&lending, &engine, "debtor", 2).await;
        let may_owe = format!("{}={OWED_MAX_SUN}", debtor.partner);
        let priced = ["--energy-price", PRICE, "--energy-on-account", &may_owe];
        // Nothing is paid ahead: the pool lends nothing, and TRX burns.
        neighbour.order(&lending, &engine, 2).await;
        let caller = neighbour.caller(&engine);
        assert!(!caller.told("energy.burning").await.is_empty());
        assert!(caller.told("energy.loan_asked").await.is_empty());
        assert_eq!(neighbour.balance(&engine).await, "0");
        // The first look lies behind what the wallet was sent before.
        let credit = caller.client.energy_credit(&EnergyQuery::default()).await.expect("a credit");
        assert!(credit.read_below.is_some() && credit.low_below.is_none(), "{credit:?}");
        assert_eq!((credit.price.as_str(), credit.address), ("20", lending.pool.to_string()));
        let mut paid_in = 0;
        for point in POINTS {
            engine.point.arm(&format!("{point}:1:kill"));
            pay_in(&lending, &neighbour.purse, 20 * SUN);
            paid_in += 20;
            let signal = tokio::time::timeout(PATIENCE, engine.gone()).await;
            assert_eq!(signal.expect("it is reached"), Some(9), "{point}\n{}", lending.world.tail(40));
            engine = lending.engine_with(&priced).await;
            until("it is credited", async || neighbour.balance(&engine).await == paid_in.to_string()).await;
        }
        // From an account that nobody has shown to be its own: a person of the platform says whose it is, once.
        let stranger = lending.control.accounts()[1].clone();
        let txid = pay_in(&lending, &stranger, 20 * SUN);
        let platform = engine.platform().client;
        let unknown = async || {
            let listed = platform.energy_topups(EnergyTopUpQuery::default()).take(9).await;
            listed.expect("a list").into_iter().map(|it| it.txid).collect::<Vec<_>>()
        };
        until("it is listed", async || !unknown().await.is_empty()).await;
        let listed = unknown().await.remove(0);
        assert!(listed.trim_start_matches("0x") == txid.trim_start_matches("0x"), "{listed} {txid}");
        let to = AssignTopUp { partner_id: neighbour.partner.clone(), reason: "said so".into() };
        platform.assign_energy_topup(&listed, &to).await.expect("it is given");
        let again = platform.assign_energy_topup(&listed, &to).await.expect_err("it is somebody's");
        assert_eq!(again.code().map(|it| it.as_str()), Some("state_conflict"), "{again:?}");
        assert_eq!((neighbour.balance(&engine).await.as_str(), unknown().await.len()), ("100", 0));
        // Now the pool lends, for what the books say.
        let (paid, ()) =
            tokio::join!(neighbour.order(&lending, &engine, 3), debtor.owes_and_pays(&lending, &engine));
        let caller = neighbour.caller(&engine);
        until("every loan is back", async || {
            let over = caller.told("energy.loan_returned").await.len();
            over > 0 && over == caller.told("energy.loan_asked").await.len()
        })
        .await;
        for order in &paid {
            let receipt = caller.look(order).await.expect("it is told").receipt.expect("a receipt");
            assert!(receipt.energy_cost.is_some_and(|cost| cost.as_str() != "0"), "the loan has its price");
        }
        let query = EnergyCreditQuery::default();
        let lines = caller.client.energy_credit_entries(query).take(99).await.expect("lines");
        let topped: Vec<&str> = lines.iter().rev().filter(|it| it.kind == EnergyCreditEntryType::TopUp)
            .map(|it| it.amount.as_str()).collect();
        assert_eq!(topped, ["20"; 5], "each once");
        assert_eq!(caller.told("energy.topped_up").await.len(), topped.len());
        let asked = caller.told("energy.loan_asked").await;
        let charges = lines.iter().filter(|it| it.kind == EnergyCreditEntryType::Charge).count();
        assert!(charges > 0 && charges == asked.len(), "{lines:?}");
        let credit = neighbour.credit(&engine).await;
        let price: u64 = asked.iter().map(|it| it.data["energy"].as_str().expect("energy").parse::<u64>().expect("a figure") * 20).sum();
        assert_eq!(sun(credit.charged.as_str()), price);
        assert_eq!(sun(credit.balance.as_str()), 100_000_000 - price);
        // The owner of the stake has paid nothing, and pays nothing.
        let owner = engine.caller().client.energy_credit(&EnergyQuery::default()).await.expect("a credit");
        assert_eq!((owner.balance.as_str(), owner.price.as_str()), ("0", "0"));
        // What came in is in the books of the pool's wallet too.
        let caller = engine.caller().client;
        let wallets = caller.wallets().take(9).await.expect("wallets");
        let pool = wallets.iter().find(|it| it.address == lending.pool.to_string()).expect("the pool");
        until("books and chain agree", async || {
            let asked = caller.reconcile_wallet(&pool.id, &Because::of("a test")).await;
            asked.is_ok_and(|run| run.outcome == ReconciliationOutcome::Equal)
        })
        .await;
    }
}

/// TRX as sun.
fn sun(trx: &str) -> u64 {
    let (whole, rest) = trx.split_once('.').unwrap_or((trx, ""));
    whole.parse::<u64>().expect("a figure") * 1_000_000
        + format!("{rest:0<6}").parse::<u64>().expect("a figure")
}
