//! The demo against a play engine and a play chain: an honest one, and ones that lie.

mod chain;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sluice_api::problem::{Code, Lang};
use sluice_api::status::Status;

use self::chain::WALLET;
use super::*;
use crate::cli::tests::{Asked, KEY, Paper, Server, block_on, page, problem, withdrawal};

const CONTRACT: &str = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

/// What the play engine does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    None,
    /// It pays one order twice.
    PaysTwice,
    /// It says completed, and never sent anything for one order.
    SentNothing,
    /// It shows the payment of one order for another one too.
    SharesAProof,
    /// No lie: one transaction pays two orders, as a vault's batch does.
    Batch,
    /// It loses the first answer to each creation.
    LosesAnswers,
    /// It refuses one order.
    RefusesOne,
}

#[derive(Default)]
struct Play {
    made: Vec<Value>,
    tries: BTreeMap<String, u32>,
    events: Vec<Value>,
}

impl Play {
    fn create(&mut self, asked: &Asked, lie: Lie) -> (u16, Value) {
        let external_id = asked.body["external_id"].as_str().unwrap().to_owned();
        let tries = self.tries.entry(external_id.clone()).or_default();
        *tries += 1;
        let lost = lie == Lie::LosesAnswers && *tries == 1;
        if lie == Lie::RefusesOne && external_id.ends_with("-02") {
            return problem(Code::AddressIsOwnWallet);
        }
        let found = self.made.iter().find(|made| made["external_id"] == external_id.as_str()).cloned();
        let made = found.unwrap_or_else(|| {
            let number = self.made.len();
            let mut made = serde_json::to_value(withdrawal(&external_id, Status::Queued)).unwrap();
            made["id"] = json!(format!("wd_{number}"));
            for field in ["asset", "amount", "address"] {
                made[field] = asked.body[field].clone();
            }
            self.happened(number, "created");
            self.made.push(made.clone());
            made
        });
        if lost { problem(Code::Overloaded) } else { (201, made) }
    }

    fn happened(&mut self, number: usize, kind: &str) {
        let event = json!({
            "id": "ev_1", "object": "event", "feed_id": "fd_1", "number": self.events.len() + 1, "type": format!("withdrawal.{kind}"),
            "partner_id": "pt_1", "withdrawal_id": format!("wd_{number}"), "created_at": "2026-11-21T00:00:00Z",
            "actor": { "kind": "system", "id": "x" }, "reason": "r", "data": {}
        });
        self.events.push(event);
    }

    /// One look at the feed is one block: everything that waits is paid in it.
    fn feed(&mut self, after: usize, lie: Lie) -> (u16, Value) {
        for number in 0..self.made.len() {
            if self.made[number]["status"] == "queued" && after > 0 {
                let shown =
                    if matches!(lie, Lie::SharesAProof | Lie::Batch) && number == 1 { 0 } else { number };
                self.made[number]["status"] = json!("completed");
                self.made[number]["transactions"] = json!([{
                    "txid": format!("0x{shown:064x}"), "chain": "eip155:31337", "sender": WALLET,
                    "nonce": chain::nonce(shown, lie), "kind": "pay", "status": "final", "block": { "number": shown + 10, "hash": format!("0x{:064x}", shown + 10) },
                    "fee": "0.000021"
                }]);
                self.happened(number, "completed");
            }
        }
        page(self.events.iter().skip(after).take(100).cloned().collect())
    }

    /// What the play chain says.
    fn chain(&self, asked: &Asked, lie: Lie) -> Value {
        if let Some(answer) = self.audited(asked, lie) {
            return answer;
        }
        let units = |made: &Value| decimal_units(made["amount"].as_str().unwrap());
        let padded = |made: &Value| format!("{:0>64}", made["address"].as_str().unwrap()[2..].to_lowercase());
        match asked.body["method"].as_str().unwrap() {
            "eth_getTransactionReceipt" => {
                let txid = asked.body["params"][0].as_str().unwrap();
                let number = usize::from_str_radix(txid.trim_start_matches("0x"), 16).unwrap();
                if lie == Lie::SentNothing && number == 2 {
                    return Value::Null;
                }
                let made = &self.made[number];
                let mut to = vec![made];
                if lie == Lie::Batch && number == 0 {
                    to.push(&self.made[1]);
                }
                let log = |(at, made): (usize, &&Value)| {
                    json!({
                        "address": CONTRACT, "data": format!("0x{:064x}", units(made)), "logIndex": format!("0x{at:x}"),
                        "blockNumber": format!("0x{:x}", number + 10), "transactionHash": txid,
                        "topics": [prove_topic(), format!("0x{:064x}", 1), format!("0x{}", padded(made))]
                    })
                };
                json!({
                    "status": "0x1", "blockNumber": format!("0x{:x}", number + 10),
                    "blockHash": format!("0x{:064x}", number + 10), "transactionHash": txid,
                    "gasUsed": "0x5208", "effectiveGasPrice": "0x3b9aca00",
                    "logs": to.iter().enumerate().map(log).collect::<Vec<_>>()
                })
            }
            "eth_call" => {
                let data = asked.body["params"][0]["data"].as_str().unwrap();
                let made = self.made.iter().find(|made| data.ends_with(&padded(made))).unwrap();
                let twice = lie == Lie::PaysTwice && made["id"] == "wd_1";
                json!(format!("0x{:064x}", if twice { 2 * units(made) } else { units(made) }))
            }
            other => panic!("{other}"),
        }
    }
}

fn prove_topic() -> &'static str {
    "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
}

fn decimal_units(amount: &str) -> u64 {
    crate::cli::decimal::scaled(amount, 6).unwrap().to_string().parse().unwrap()
}

struct Devnet {
    _api: Server,
    session: Session,
    _node: Server,
    _folder: tempfile::TempDir,
    play: Arc<Mutex<Play>>,
}

fn devnet(lie: Lie) -> Devnet {
    let play = Arc::new(Mutex::new(Play::default()));
    let engine = Arc::clone(&play);
    // An event from before the demo, so that the feed has a beginning.
    play.lock().unwrap().happened(999, "completed");
    let api = Server::answering(move |asked| {
        let mut play = engine.lock().unwrap();
        match asked.target.as_str() {
            "/health" => (
                200,
                json!({ "object": "health", "status": "ok", "version": "0", "started_at": "2026-11-21T00:00:00Z" }),
            ),
            "/v1/withdrawals" => play.create(asked, lie),
            target if target.starts_with("/v1/withdrawals/wd_") => {
                let number: usize = target["/v1/withdrawals/wd_".len()..].parse().unwrap();
                (200, play.made[number].clone())
            }
            target if target.starts_with("/v1/events?") => {
                let after = target["/v1/events?after=".len()..].split('&').next().unwrap().parse().unwrap();
                play.feed(after, lie)
            }
            target if target.starts_with("/v1/withdrawals?") => page(play.made.clone()),
            "/v1/me" => (200, crate::cli::tests::me(false)),
            target if target.starts_with("/v1/wallets") => page(vec![json!({
                "id": "wa_1", "object": "wallet", "partner_id": "pt_1", "chain": "eip155:31337", "address": WALLET,
                "role": "hot", "state": "active", "reason": null, "balances": [], "created_at": "2026-11-21T00:00:00Z",
                "version": 1
            })]),
            target if target.starts_with("/v1/") => page(vec![]),
            _ => problem(Code::NotFound),
        }
    });
    let chain = Arc::clone(&play);
    let node = Server::answering(move |asked| {
        let play = chain.lock().unwrap();
        let one = |body: &Value| {
            let asked = Asked { body: body.clone(), ..asked.clone() };
            json!({ "jsonrpc": "2.0", "id": body["id"], "result": play.chain(&asked, lie) })
        };
        (200, asked.body.as_array().map_or_else(|| one(&asked.body), |all| all.iter().map(one).collect()))
    });
    let folder = tempfile::tempdir().unwrap();
    let mut session = crate::cli::tests::session(&api.url);
    session.dev = Some(Dev {
        api_url: api.url.clone(),
        api_key: KEY.into(),
        assets: vec![DevAsset {
            id: format!("eip155:31337/erc20:{CONTRACT}"),
            chain: "eip155:31337".into(),
            contract: Some(CONTRACT.into()),
            decimals: 6,
            rpc_url: node.url.clone(),
        }],
        file: folder.path().join("dev.json"),
        ..Dev::default()
    });
    Devnet { _api: api, session, _node: node, _folder: folder, play }
}

fn args(count: u32) -> Args {
    Args { count, asset: None, timeout: 30_000, resume: None }
}

/// Runs it for JSON; gives the exit code, the object, and the list's path.
fn ran(devnet: &Devnet, args: Args) -> (Exit, Value) {
    let paper = Paper::new(true);
    let exit = block_on(run(&devnet.session, &paper.screen, args)).unwrap();
    let said = serde_json::from_str(&paper.out()).unwrap_or_else(|error| panic!("{error}: {}", paper.out()));
    (exit, said)
}

#[test]
fn an_honest_engine_is_proven_payment_by_payment() {
    let devnet = devnet(Lie::None);
    let (exit, said) = ran(&devnet, args(5));
    assert_eq!(
        (exit, &said["proven"], &said["totals"]["completed"]),
        (Exit::Done, &json!(5), &json!(5)),
        "{said}"
    );
    assert_eq!((&said["assets"][0]["fee"], &said["assets"][0]["proven"]), (&json!("0.000105"), &json!(5)));
    assert_eq!(
        (&said["audits"][0]["verdict"], &said["audits"][0]["counts"]["proven"]),
        (&json!("proven"), &json!(5)),
        "{said}"
    );
    let list = order::read(Path::new(said["list"].as_str().unwrap())).unwrap();
    for (order, line) in list.iter().zip(said["withdrawals"].as_array().unwrap()) {
        assert_eq!(
            (line["external_id"].as_str(), line["amount"].as_str()),
            (Some(order.external_id.as_str()), Some(order.amount.as_str()))
        );
        assert_eq!((&line["proven"], line["txid"].as_str().map(str::len)), (&json!(true), Some(66)));
    }
}

#[test]
fn people_get_a_table_and_the_verdict() {
    let devnet = devnet(Lie::None);
    let paper = Paper::new(false);
    assert_eq!(block_on(run(&devnet.session, &paper.screen, args(3))).unwrap(), Exit::Done);
    assert!(paper.out().trim_end().ends_with("3 of 3 proven on chain"), "{}", paper.out());
    assert_eq!(paper.out().lines().filter(|line| line.starts_with("demo-")).count(), 3);
    assert!(paper.err().contains("The list of payments: "), "{}", paper.err());
}

#[test]
fn every_lie_of_the_engine_is_found_and_ends_with_1() {
    for lie in [Lie::PaysTwice, Lie::SentNothing, Lie::SharesAProof, Lie::RefusesOne] {
        let (exit, said) = ran(&devnet(lie), args(4));
        assert_eq!((exit, &said["proven"]), (Exit::Refused, &json!(3)), "{lie:?}: {said}");
        let found: Vec<_> =
            said["audits"][0]["findings"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
        let expected = match lie {
            Lie::SentNothing => vec!["not_paid", "nonce_unknown"],
            Lie::SharesAProof => vec!["not_paid"],
            // The recipient holds too much, and no wallet of ours has paid it; and what was refused is on no list.
            _ => vec![],
        };
        assert_eq!(found, expected, "{lie:?}: {said}");
    }
}

#[test]
fn a_demo_without_a_verdict_of_the_auditor_is_not_proven() {
    let devnet = devnet(Lie::None);
    let (_, first) = ran(&devnet, args(3));
    let list = std::path::PathBuf::from(first["list"].as_str().unwrap());
    std::fs::remove_file(list.with_extension("eip155-31337.opening.json")).unwrap();
    let (exit, said) = ran(&devnet, Args { resume: Some(list), ..args(20) });
    assert_eq!(
        (exit, &said["proven"], &said["audits"][0]["verdict"]),
        (Exit::Refused, &json!(3), &Value::Null),
        "{said}"
    );
    assert!(said["audits"][0]["why"].as_str().unwrap().contains("not written down"), "{said}");
}

#[test]
fn one_transaction_may_pay_two_orders_with_a_transfer_each() {
    let (exit, said) = ran(&devnet(Lie::Batch), args(3));
    assert_eq!((exit, &said["proven"]), (Exit::Done, &json!(3)), "{said}");
}

#[test]
fn lost_answers_and_a_second_run_of_the_same_list_pay_nothing_twice() {
    let devnet = devnet(Lie::LosesAnswers);
    let (exit, first) = ran(&devnet, args(4));
    assert_eq!(exit, Exit::Done, "{first}");
    let again = Args { resume: Some(first["list"].as_str().unwrap().into()), ..args(20) };
    let (exit, second) = ran(&devnet, again);
    assert_eq!((exit, &second["proven"]), (Exit::Done, &json!(4)), "{second}");
    assert_eq!(devnet.play.lock().unwrap().made.len(), 4);
}

#[test]
fn the_list_is_on_disk_before_the_first_call() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let listed = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&listed);
    let api = Server::answering(move |_| {
        let lists = std::fs::read_dir(&path).unwrap().filter_map(Result::ok);
        seen.lock()
            .unwrap()
            .push(lists.filter(|it| order::read(&it.path()).is_ok_and(|list| list.len() == 2)).count());
        problem(Code::Internal)
    });
    let mut session = crate::cli::tests::session(&api.url);
    session.dev =
        devnet(Lie::None).session.dev.map(|dev| Dev { file: folder.path().join("dev.json"), ..dev });
    assert!(block_on(run(&session, &Paper::new(true).screen, args(2))).is_err());
    assert!(!listed.lock().unwrap().is_empty() && listed.lock().unwrap().iter().all(|&lists| lists == 1));
}

#[test]
fn the_demo_pays_nowhere_but_on_the_devnet() {
    let api = Server::answering(|_| problem(Code::Internal));
    let session = crate::cli::tests::session(&api.url);
    let fail = block_on(run(&session, &Paper::new(false).screen, args(1))).unwrap_err();
    assert_eq!(fail.exit(), Exit::Usage);
    assert!(fail.lines(Lang::Ko).join(" ").contains("demo_needs_devnet"));
    assert!(api.asked().is_empty(), "nothing was asked of it");
}
