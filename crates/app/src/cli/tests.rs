//! The command line as it is typed, against a server of a few lines: what is sent, what is printed, how it ends.

mod assets;
mod server;

use std::io::Write;
use std::sync::{Arc, Mutex};

use clap::Parser as _;
use serde_json::{Value, json};
use sluice_api::problem::{Code, Fault, Lang, Refusal};
use sluice_api::status::{Status, WaitKind};
use sluice_api::withdrawal::{WaitingFor, Withdrawal};

pub(super) use self::server::{Asked, Server, me};

use super::*;

pub(super) const KEY: &str = "key_1.sk_test_0123456789abcdef";
pub(super) const ID: &str = "wd_01JD2Q8XK5T7M3N9P4R6S8V0WA";

/// Streams that a test can read.
#[derive(Clone, Default)]
struct Ink(Arc<Mutex<Vec<u8>>>);

impl Write for Ink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A screen whose output can be read.
pub(super) struct Paper {
    pub(super) screen: Screen,
    out: Ink,
    err: Ink,
}

impl Paper {
    pub(super) fn new(json: bool) -> Self {
        Self::speaking(json, Lang::En)
    }

    pub(super) fn speaking(json: bool, lang: Lang) -> Self {
        let (out, err) = (Ink::default(), Ink::default());
        let screen = Screen::to(Box::new(out.clone()), Box::new(err.clone()), json, lang);
        Self { screen, out, err }
    }

    pub(super) fn out(&self) -> String {
        String::from_utf8(self.out.0.lock().unwrap().clone()).unwrap()
    }

    pub(super) fn err(&self) -> String {
        String::from_utf8(self.err.0.lock().unwrap().clone()).unwrap()
    }
}

/// A withdrawal as the server tells it.
pub(super) fn withdrawal(external_id: &str, status: Status) -> Withdrawal {
    serde_json::from_value(json!({
        "object": "withdrawal", "id": ID, "external_id": external_id, "user_id": "u", "partner_id": "pt_1",
        "status": status, "waiting_for": null, "type": "regular", "asset": "eip155:31337/erc20:0x1",
        "amount": "1.5", "fee": "0", "total_debit": "1.5", "address": "0x1", "memo": null, "metadata": {},
        "attempt_no": 1, "cancel_requested": false, "reason": null, "transactions": [],
        "created_at": "2026-11-21T00:00:00Z", "due_at": "2026-11-21T02:00:00Z", "scheduled_for": null,
        "updated_at": "2026-11-21T00:00:00Z", "completed_at": null, "version": 1
    }))
    .unwrap()
}

pub(super) fn page(items: Vec<Value>) -> (u16, Value) {
    (200, json!({ "object": "list", "data": items, "has_more": false, "next_cursor": null }))
}

pub(super) fn problem(code: Code) -> (u16, Value) {
    let problem = Refusal::new(code).problem(Lang::En);
    (problem.status, serde_json::to_value(problem).unwrap())
}

fn asset() -> Value {
    json!({
        "id": "eip155:31337/erc20:0x1", "object": "asset", "symbol": "tUSD", "chain": "eip155:31337", "contract": "0x1",
        "precision": 6, "decimals": 6, "state": "active", "reason": null, "amount_min": "0.000001", "amount_max": null,
        "fee": "0"
    })
}

#[derive(Debug, clap::Parser)]
struct Sluice {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Types a command; gives its exit code and what it printed.
pub(super) fn typed(server: &Server, line: &str) -> (Exit, Paper) {
    let words = shell_words(line);
    let words = ["sluice", "--url", &server.url, "--key", KEY, "--lang", "en"]
        .into_iter()
        .map(str::to_owned)
        .chain(words);
    let Sluice { global, command } = Sluice::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
    let paper = Paper::new(global.json);
    let exit = block_on(start(command, &global, &paper.screen)).unwrap_or_else(|fail| {
        paper.screen.fail(&fail);
        fail.exit()
    });
    (exit, paper)
}

/// Splits at spaces; `'a b'` is one word.
fn shell_words(line: &str) -> Vec<String> {
    let quoted = line.split('\'').enumerate();
    quoted
        .flat_map(|(at, part)| match at % 2 {
            1 => vec![part.to_owned()],
            _ => part.split_whitespace().map(str::to_owned).collect(),
        })
        .collect()
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Answers what every command may ask beside its own business.
fn besides(asked: &Asked) -> (u16, Value) {
    match asked.target.as_str() {
        target if target.starts_with("/v1/assets") => page(vec![asset()]),
        target if target.starts_with("/v1/events") => page(vec![]),
        _ => problem(Code::NotFound),
    }
}

#[test]
fn the_tree_of_commands_is_sound() {
    use clap::CommandFactory as _;
    Sluice::command().debug_assert();
}

#[test]
fn a_withdrawal_is_asked_for_as_it_was_typed_and_its_made_up_id_is_told_first() {
    let server = Server::answering(|asked| match asked.method.as_str() {
        "POST" => {
            let mut made = serde_json::to_value(withdrawal("x", Status::Queued)).unwrap();
            made["external_id"] = asked.body["external_id"].clone();
            (201, made)
        }
        _ => besides(asked),
    });
    let (exit, paper) = typed(
        &server,
        "withdraw --asset tusd --amount 1.50 --to 0x1 --memo 'for you' --at 2030-01-01T00:00:00Z --metadata order=A=1",
    );
    assert_eq!(exit, Exit::Done, "{}", paper.err());
    let asked = server.asked();
    let sent = asked.iter().find(|asked| asked.method == "POST").unwrap();
    assert!(asked.iter().all(|asked| asked.signed));
    let id = sent.body["external_id"].as_str().unwrap();
    assert!(id.starts_with("cli-") && id.len() == 30);
    assert!(paper.err().starts_with(&format!("external id: {id}")), "{}", paper.err());
    assert_eq!(
        sent.body,
        json!({
            "external_id": id, "user_id": "cli", "asset": "eip155:31337/erc20:0x1", "amount": "1.50", "address": "0x1",
            "type": "scheduled", "memo": "for you", "scheduled_for": "2030-01-01T00:00:00.000000Z",
            "metadata": { "order": "A=1" }
        })
    );
    assert!(paper.out().contains("1.5 tUSD") && paper.out().contains("Queued"), "{}", paper.out());
}

#[test]
fn a_refusal_says_field_rule_and_remedy_and_ends_with_1() {
    let server = Server::answering(|_| {
        let problem = Refusal::from(Fault::new(Code::AddressChecksum, "/address")).problem(Lang::En);
        (problem.status, serde_json::to_value(problem).unwrap())
    });
    let (exit, paper) = typed(&server, "withdraw --asset a:b --amount 1 --to 0x1 --external-id p-1");
    assert_eq!(exit, Exit::Refused);
    for part in ["Field: address", "→ ", "(address_checksum, HTTP 422)"] {
        assert!(paper.err().contains(part), "{part}: {}", paper.err());
    }
    let (exit, paper) = typed(&server, "--json withdraw --asset a:b --amount 1 --to 0x1 --external-id p-1");
    let said: Value = serde_json::from_str(&paper.err()).unwrap();
    assert_eq!(
        (exit, said["code"].as_str(), paper.out().as_str()),
        (Exit::Refused, Some("address_checksum"), "")
    );
}

#[test]
fn a_server_that_is_not_there_ends_with_3_and_one_that_is_unknown_with_2() {
    let server = Server::answering(besides);
    let url = server.url.clone();
    drop(server);
    let run = |words: &[&str]| {
        let Sluice { global, command } = Sluice::try_parse_from(words).unwrap();
        let paper = Paper::new(false);
        let fail = block_on(start(command, &global, &paper.screen)).unwrap_err();
        (fail.exit(), fail.lines(Lang::En).join("\n"))
    };
    let (exit, text) = run(&["sluice", "--url", &url, "--key", KEY, "limits"]);
    assert_eq!(exit, Exit::Unreachable);
    assert!(text.contains(&url) && text.contains("refused"), "{text}");
    assert_eq!(run(&["sluice", "--url", "ftp://x", "--key", KEY, "limits"]).0, Exit::Usage);
    assert_eq!(run(&["sluice", "--url", &url, "--key", "nonsense", "limits"]).0, Exit::Usage);
    assert_eq!(run(&["sluice", "--url", &url, "--key", "", "limits"]).0, Exit::Usage, "no key");
}

#[test]
fn get_finds_by_our_id_and_by_the_partners() {
    let server = Server::answering(|asked| match asked.target.as_str() {
        target if target == format!("/v1/withdrawals/{ID}") => {
            (200, serde_json::to_value(withdrawal("p-1", Status::Completed)).unwrap())
        }
        "/v1/withdrawals?external_id=p-1" => {
            page(vec![serde_json::to_value(withdrawal("p-1", Status::Completed)).unwrap()])
        }
        target if target.starts_with("/v1/withdrawals?") => page(vec![]),
        _ => besides(asked),
    });
    for line in [format!("--json get {ID}"), "--json get p-1".to_owned()] {
        let (exit, paper) = typed(&server, &line);
        assert_eq!(exit, Exit::Done);
        assert_eq!(serde_json::from_str::<Withdrawal>(&paper.out()).unwrap().id, ID);
    }
    let (exit, paper) = typed(&server, "get p-2");
    assert_eq!(exit, Exit::Refused);
    assert!(paper.err().contains("p-2") && paper.err().contains("(not_found)"), "{}", paper.err());
}

#[test]
fn a_list_sends_its_filters_and_says_that_there_is_more() {
    let server = Server::answering(|asked| match asked.target.as_str() {
        target if target.starts_with("/v1/withdrawals") => {
            let item = serde_json::to_value(withdrawal("p-1", Status::Queued)).unwrap();
            page(vec![item; 3])
        }
        _ => besides(asked),
    });
    let (exit, paper) = typed(
        &server,
        "list --status queued --type regular --user u --from 2026-11-21 --to 2026-11-21T10:00 --address 0x1 --limit 2",
    );
    assert_eq!(exit, Exit::Done);
    let asked = server.asked();
    let target = &asked.iter().find(|asked| asked.target.starts_with("/v1/withdrawals")).unwrap().target;
    let expected = "/v1/withdrawals?status=queued&type=regular&user_id=u&from=2026-11-21T00%3A00%3A00.000000Z\
                    &to=2026-11-21T10%3A00%3A00.000000Z&address=0x1&limit=2";
    assert_eq!(target, expected);
    assert_eq!(paper.out().lines().count(), 3, "{}", paper.out());
    assert!(paper.err().contains("more than 2"), "{}", paper.err());
    let (_, paper) = typed(&server, "--json list --limit 2");
    assert!(paper.out().lines().all(|line| serde_json::from_str::<Withdrawal>(line).is_ok()));
}

#[test]
fn a_fee_cap_is_sent_in_wei_without_losing_a_digit() {
    let command = json!({
        "id": "cmd_1", "object": "command", "command": "lane.cap", "subject": "wa_1", "says": {}, "facts": {},
        "state": "awaiting_second_person", "requested_by": { "kind": "key", "id": "key_1" }, "reason": "spike",
        "requested_at": "2026-11-21T00:00:00Z", "expires_at": "2026-11-21T01:00:00Z", "ended_by": null,
        "ended_reason": null, "ended_at": null, "version": null
    });
    let server = Server::answering(move |_| (202, command.clone()));
    let (exit, paper) = typed(
        &server,
        "lane cap wa_1 --max-fee-gwei 123456789.000000001 --for 30m --reason spike --expect 7",
    );
    assert_eq!(exit, Exit::Done, "{}", paper.err());
    let asked = &server.asked()[0];
    assert_eq!(asked.target, "/v1/lanes/wa_1/cap");
    assert_eq!(asked.body["max_fee_wei"], "123456789000000001");
    assert_eq!((&asked.body["reason"], &asked.body["version"]), (&json!("spike"), &json!(7)));
    assert!(paper.out().contains("second person"), "{}", paper.out());
}

#[test]
fn a_stop_tells_what_cannot_be_recalled() {
    let server = Server::answering(|asked| {
        let looked = asked.method == "GET";
        let stop = json!({
            "id": "st_1", "object": "stop", "scope": "all", "subject": null, "partner_id": "pt_1", "reason": "drill",
            "stopped_by": { "kind": "key", "id": "key_1" }, "since": "2026-11-21T00:00:00Z", "stopped": looked,
            "cannot_recall_more": 0, "cannot_recall": [{ "withdrawal_id": ID, "txid": "0xabc", "why": "broadcast", "until": null }],
            "unconfirmed": if looked { vec![] } else { vec!["host-2"] }
        });
        (201, stop)
    });
    let (exit, paper) = typed(&server, "stop --scope all --reason drill");
    assert_eq!(exit, Exit::Done);
    for part in ["is stopped", "1 cannot be recalled", ID, "0xabc"] {
        assert!(paper.out().contains(part), "{part}: {}", paper.out());
    }
    assert_eq!(server.asked().len(), 2, "it is in force once every process has looked");
    assert_eq!(typed(&server, "stop --scope chain --reason drill").0, Exit::Usage, "which chain?");
    assert_eq!(server.asked().len(), 2, "nothing was sent for half a command");
}

#[test]
fn watching_tells_each_step_once_and_ends_with_the_withdrawal() {
    let looks = Mutex::new(0);
    let event = |number: u64, kind: &str| {
        json!({
            "id": format!("ev_{number}"), "object": "event", "feed_id": "fd_1", "number": number, "type": format!("withdrawal.{kind}"),
            "partner_id": "pt_1", "withdrawal_id": ID, "created_at": format!("2026-11-21T00:00:0{number}Z"),
            "actor": { "kind": "system", "id": "x" }, "reason": "r", "data": {}
        })
    };
    let server = Server::answering(move |asked| {
        let mut looks = looks.lock().unwrap();
        let done = *looks > 4;
        let known = if done { 3 } else { 1 };
        let kinds = ["created", "queued", "completed"];
        let events = |after: u64| {
            (after + 1..=known)
                .map(|number| event(number, kinds[usize::try_from(number).unwrap() - 1]))
                .collect()
        };
        match asked.target.as_str() {
            target if target.starts_with("/v1/events?after=") => {
                *looks += 1;
                let after = target["/v1/events?after=".len()..].split('&').next().unwrap().parse().unwrap();
                page(events(after))
            }
            target if target.ends_with("/events") => page(events(0)),
            target if target.starts_with("/v1/withdrawals/") => {
                let status = if done { Status::Completed } else { Status::Pending };
                (200, serde_json::to_value(withdrawal("p-1", status)).unwrap())
            }
            _ => besides(asked),
        }
    });
    let (exit, paper) = typed(&server, &format!("watch {ID}"));
    assert_eq!(exit, Exit::Done, "{}", paper.err());
    let out = paper.out();
    let steps: Vec<&str> = out.lines().take(3).collect();
    assert_eq!(steps, ["00:00:01  Received", "00:00:02  Queued  +1.0 s", "00:00:03  Completed  +1.0 s"]);
    assert!(out.contains("p-1"), "{out}");
}

#[test]
fn watching_says_once_what_it_waits_for() {
    let looks = Mutex::new(0);
    let server = Server::answering(move |asked| match asked.target.as_str() {
        target if target.starts_with("/v1/events?after=") || target.ends_with("/events") => page(vec![]),
        target if target.starts_with("/v1/withdrawals/") => {
            let mut looks = looks.lock().unwrap();
            *looks += 1;
            let status = if *looks > 3 { Status::Completed } else { Status::Approved };
            let mut told = withdrawal("p-1", status);
            let since = "2026-11-20T00:00:00Z".into();
            told.waiting_for = (*looks <= 3).then(|| WaitingFor::new(WaitKind::Stop, since, None, Lang::En));
            (200, serde_json::to_value(told).unwrap())
        }
        _ => besides(asked),
    });
    let (exit, paper) = typed(&server, &format!("watch {ID}"));
    assert_eq!(exit, Exit::Done, "{}", paper.err());
    assert_eq!(paper.err().matches("sluice stops").count(), 1, "{}", paper.err());
}

#[test]
fn a_server_that_is_not_ready_says_so_without_a_key() {
    let server = Server::answering(|asked| match asked.target.as_str() {
        "/health" => (
            200,
            json!({ "object": "health", "status": "ok", "version": "0.1.0", "started_at": "2026-11-21T00:00:00Z" }),
        ),
        _ => {
            let check =
                json!({ "name": "store", "status": "down", "detail": "x", "since": "2026-11-21T00:00:00Z" });
            (503, json!({ "object": "readiness", "ready": false, "checks": [check] }))
        }
    });
    let words = ["sluice", "--url", &server.url, "--lang", "ko", "health"];
    let Sluice { global, command } = Sluice::try_parse_from(words).unwrap();
    let paper = Paper::speaking(false, Lang::Ko);
    assert_eq!(block_on(start(command, &global, &paper.screen)).unwrap(), Exit::Refused);
    assert!(paper.out().contains("준비되지 않음") && paper.out().contains("중단"), "{}", paper.out());
}

/// A session with a server, outside any devnet.
pub(super) fn session(url: &str) -> Session {
    let words = ["sluice", "--url", url, "--key", KEY, "--lang", "en", "limits"];
    Session::open(&Sluice::try_parse_from(words).unwrap().global, As::First).unwrap()
}
