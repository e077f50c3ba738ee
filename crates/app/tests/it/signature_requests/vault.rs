//! A desk on TRON and its lane, and the person who holds the key: unmodified tronweb.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use sluice_api::client::ClientError;
use sluice_api::command::CommandState;
use sluice_api::signature::{
    HandOutRequest, OrderMovement, ShowKey, SignatureRequest, SignatureStatus, SubmitSignature,
};
use sluice_api::wallet::{RegisterWallet, WalletRole};
use sluice_audit::Audit;
use sluice_audit::chain::{Address as Audited, Chain};
use sluice_audit::list::List;
use sluice_audit::stand::Stand;
use sluice_devnet::tron::{Address, Control, Tron, TronConfig};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::harness::{Caller, Engine, PATIENCE, Shape, SignerProcess, World, until};

/// The key that nobody but a person holds.
pub const KEY: &str = "4242424242424242424242424242424242424242424242424242424242424242";
/// Another one.
pub const STRANGER: &str = "4343434343434343434343434343434343434343434343434343434343434343";
const CHAIN: &str = "tron:31337";
/// What the cold wallet has: USDT in units, and TRX to burn in sun.
const UNITS: u128 = 90_000_000_000;
/// The same in whole dollars.
const HELD: &str = "90000";
const COINS: i64 = 500_000_000;
/// A refill, whole dollars and units.
pub const AMOUNT: (&str, u128) = ("5000", 5_000_000_000);

/// The person: what tronweb answers.
pub async fn person(asked: Value) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/tronweb");
    assert!(folder.join("node_modules/tronweb").is_dir(), "tronweb is not installed here; run `make tools`");
    let node = Command::new("node")
        .arg("hold.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut node = node.expect("node runs");
    let mut stdin = node.stdin.take().expect("a pipe");
    stdin.write_all(format!("{asked}\n").as_bytes()).await.expect("it reads");
    drop(stdin);
    let output =
        tokio::time::timeout(PATIENCE, node.wait_with_output()).await.expect("an end").expect("it ends");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("an answer");
    assert_eq!(answer.get("error"), None, "{asked}");
    answer
}

pub fn code<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> String {
    match answer {
        Err(ClientError::Problem(problem)) => problem.code,
        other => panic!("{other:?}"),
    }
}

pub fn handing() -> HandOutRequest {
    HandOutRequest { minutes: Some(10), reason: "the hot wallet is low".into() }
}

/// What tronweb signed, as it is handed in.
pub fn submission(signed: &Value) -> SubmitSignature {
    SubmitSignature {
        signature: signed["signature"][0].as_str().expect("a signature").into(),
        raw_data_hex: Some(signed["raw_data_hex"].as_str().expect("the bytes").into()),
        reason: "signed".into(),
    }
}

/// A lane on TRON, and a desk that refills it.
pub struct Vault {
    pub tron: Tron,
    pub control: Control,
    pub world: World,
    pub signer: SignerProcess,
    pub desk: String,
    pub cold: Address,
    pub lane: String,
    pub hot: Address,
}

impl Vault {
    pub async fn begin(database: crate::harness::Database) -> (Self, Engine) {
        let config = TronConfig { nodes: 2, chain_id: 31_337, solid_lag: 2, ..TronConfig::default() };
        let tron = Tron::start(config).await.expect("a network");
        let nodes = vec![tron.node_url(0), tron.node_url(1)];
        let world = World::beside_tron(database, Shape { lanes: 1, ..Shape::default() }, nodes).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let control = tron.control();
        let account = person(json!({"do": "account", "key": KEY})).await;
        let address = account["address"].as_str().expect("an address").to_owned();
        let cold: Address = address.parse().expect("an address");
        control.faucet(cold, COINS, UNITS);
        let (caller, second) = (engine.caller(), engine.second());
        let lanes = caller.client.lanes().take(9).await.expect("lanes");
        let lane = lanes.into_iter().find(|it| it.chain == CHAIN).expect("a lane on TRON");
        let register = RegisterWallet {
            partner_id: None,
            chain: CHAIN.into(),
            address,
            role: WalletRole::Cold,
            label: "vault".into(),
            reason: "board, 3 March".into(),
        };
        until("two persons have it looked at", async || {
            let mut states = vec![];
            for person in [&caller, &second] {
                states.push(person.client.register_wallet(&register).await.map(|it| it.state));
            }
            matches!(states[..], [_, Ok(CommandState::Done)])
        })
        .await;
        let wallets = caller.client.wallets().take(9).await.expect("wallets");
        let desk = wallets.into_iter().find(|it| it.address == register.address).expect("it is there").id;
        let hot = lane.address.parse().expect("an address");
        let vault = Self { tron, control, world, signer, desk, cold, lane: lane.id, hot };
        vault.shows_its_key(&caller).await;
        until("books and chain have what was given", async || {
            let desk = caller.client.wallet(&vault.desk).await.expect("it is told");
            let usdt = desk.balances.iter().find(|it| it.asset == vault.asset());
            usdt.is_some_and(|it| it.available.as_str() == HELD && it.on_chain.as_str() == HELD)
        })
        .await;
        (vault, engine)
    }

    /// The key is shown by tronweb; by another key it is not.
    async fn shows_its_key(&self, caller: &Caller) {
        let refused = caller.client.order_refill(&self.refill("too-early")).await;
        assert_eq!(code(refused), "wallet_no_desk");
        let shown = async |key: &str| {
            let told = caller.client.key_statement(&self.desk).await.expect("a statement");
            let signed = person(json!({"do": "show", "text": told.text, "key": key})).await;
            let signature = signed["signature"].as_str().expect("a signature").to_owned();
            caller
                .client
                .show_key(&self.desk, &ShowKey { at: told.at, signature, reason: "shown".into() })
                .await
        };
        assert_eq!(code(shown(STRANGER).await), "key_not_shown");
        until("the key is shown", async || {
            let wallet = shown(KEY).await;
            wallet.is_ok_and(|it| it.desk.is_some())
        })
        .await;
    }

    pub fn refill(&self, name: &str) -> OrderMovement {
        OrderMovement {
            external_id: name.into(),
            from_wallet_id: self.desk.clone(),
            to_wallet_id: self.lane.clone(),
            asset: self.asset(),
            amount: AMOUNT.0.into(),
            reason: "the hot wallet is low".into(),
        }
    }

    fn asset(&self) -> String {
        format!("{CHAIN}/trc20:{}", self.tron.usdt())
    }

    pub async fn engine(&self) -> Engine {
        self.world.engine_beside(&self.signer, "dev").await
    }

    /// Asks until the bytes are told.
    pub async fn bytes(&self, caller: &Caller, id: &str) -> String {
        let mut told = None;
        until("the bytes are told", async || {
            let answer = caller.client.hand_out(id, &handing()).await;
            let answer = answer.unwrap_or_else(|error| panic!("{error:?}\n{}", self.world.tail(40)));
            told = answer.hand_out.and_then(|it| it.transaction).map(|it| it.raw_data_hex);
            told.is_some()
        })
        .await;
        told.expect("they are told")
    }

    pub async fn signed(raw: &str) -> Value {
        person(json!({"do": "sign", "raw_data_hex": raw, "key": KEY})).await
    }

    pub async fn sent(&self, signed: &Value) -> Value {
        let node = self.tron.node_url(0);
        person(json!({"do": "send", "node": node, "transaction": signed})).await
    }

    pub async fn becomes(&self, caller: &Caller, id: &str, wanted: SignatureStatus) -> SignatureRequest {
        let mut last = None;
        until(&format!("it is {wanted}"), async || {
            let found = caller.client.signature_request(id).await.expect("it is told");
            let there = found.status == wanted;
            last = Some(found);
            there
        })
        .await;
        last.expect("it was looked at")
    }

    /// Orders a refill and does all that a person does for it, whatever dies at this point.
    pub async fn refills_though_killed(&self, name: &str, point: &str) {
        let mut engine = self.engine().await;
        engine.point.arm(&format!("{point}:1:kill"));
        let (mut struck, mut over) = (false, false);
        until(&format!("{point}: the refill is over"), async || {
            over = match self.step(&engine.caller(), name).await {
                Ok(over) => over,
                // It is there and says no: something moved meanwhile.
                Err(ClientError::Problem(_)) => false,
                Err(_) => {
                    if let Ok(signal) = tokio::time::timeout(PATIENCE, engine.gone()).await {
                        assert_eq!(signal, Some(9), "{point}\n{}", self.world.tail(40));
                        struck = true;
                        engine = self.engine().await;
                    }
                    false
                }
            };
            over
        })
        .await;
        assert!(over && struck, "{point} was never reached");
        engine.kill().await;
    }

    /// The next thing that a person does; whether all is done.
    async fn step(&self, caller: &Caller, name: &str) -> Result<bool, ClientError> {
        let found = caller.client.order_refill(&self.refill(name)).await?;
        match found.status {
            SignatureStatus::Completed => return Ok(true),
            SignatureStatus::Waiting | SignatureStatus::Making => {
                caller.client.hand_out(&found.id, &handing()).await?;
            }
            SignatureStatus::HandedOut => {
                let raw = found.hand_out.and_then(|it| it.transaction).expect("its holder is told");
                let signed = Self::signed(&raw.raw_data_hex).await;
                caller.client.submit_signature(&found.id, &submission(&signed)).await?;
            }
            SignatureStatus::Submitted => {}
            other => panic!("{name} is {other}\n{}", self.world.tail(40)),
        }
        Ok(false)
    }

    /// What both wallets hold of the token.
    pub fn hold(&self) -> (u128, u128) {
        (self.control.usdt_units(self.cold), self.control.usdt_units(self.hot))
    }

    /// Where both stand before anything is moved, for the auditor.
    pub async fn stands(&self) -> Stand {
        self.audit(List::default()).stand().await.expect("they stand somewhere")
    }

    fn audit(&self, list: List) -> Audit {
        let (chain, token) = Chain::of_asset(&self.asset()).expect("an asset that can be audited");
        let wallets = [self.cold, self.hot].map(|it| Audited::parse(&it.to_string()).expect("an address"));
        Audit::of(chain, &[self.tron.node_url(0)], list).expect("a node").with(wallets, [token])
    }

    /// The auditor proves all that both wallets did since, with the desk among them.
    pub async fn is_proven(&self, engine: &Engine, opening: Stand) {
        let (url, key) = (&engine.dev.api_url, &engine.dev.api_key);
        let (exit, export, said) = self.world.sluice(&["export", "--url", url, "--key", key]).await;
        assert_eq!(exit, Some(0), "{said}");
        let list = List::of(&export).expect("a list");
        let report = self.audit(list).standing(opening).run().await.expect("a verdict");
        assert_eq!(report.exit_code(), 0, "{:#?}", report.findings);
    }
}
