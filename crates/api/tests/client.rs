//! The client against a server of a few lines: what it sends, what it signs, when it tries again, what it believes.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use sluice_api::client::{Client, ClientError, Credentials, Retry, Surroundings, TRIES_MAX};
use sluice_api::command::Because;
use sluice_api::problem::{Code, Lang, Refusal};
use sluice_api::query::WithdrawalQuery;
use sluice_api::sign::{Presented, VerifyingSecret, parse_headers};
use sluice_api::withdrawal::{CreateWithdrawal, Withdrawal};

const TOKEN: &str = "key_01JD2Q8XK5T7M3N9P4R6S8V0WA.sk_test_0123456789abcdef";
const NOW_MS: u64 = 1_795_226_523_000;

/// A request as it arrived.
#[derive(Clone, Debug)]
struct Seen {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Seen {
    fn is_signed(&self) -> bool {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let Ok(Presented::Signed(signed)) = parse_headers(headers) else { return false };
        let key = VerifyingSecret::hmac("sk_test_0123456789abcdef");
        signed.in_window(NOW_MS).is_ok()
            && signed.verify(&key, &self.method, &self.target, &self.body).is_ok()
    }
}

/// What the server answers, one after the other. `Hang up` is an empty answer.
#[derive(Clone, Debug)]
struct Script(u16, &'static str, String);

fn ok(body: impl Into<String>) -> Script {
    Script(200, "", body.into())
}

fn problem(code: Code) -> Script {
    let problem = Refusal::new(code).problem(Lang::En);
    Script(problem.status, "Retry-After: 2\r\n", serde_json::to_string(&problem).expect("serialises"))
}

fn hang_up() -> Script {
    Script(0, "", String::new())
}

struct Server {
    url: String,
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn playing(script: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (seen, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, ended) = (Arc::clone(&seen), Arc::clone(&over));
        let play = move || {
            for script in script {
                let (stream, _) = listener.accept().expect("a caller");
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let mut reader = BufReader::new(stream);
                // Logged before it is answered: a test looks as soon as it has the answer.
                log.lock().expect("not poisoned").push(read_request(&mut reader));
                answer(reader.into_inner(), &script);
            }
        };
        let thread = std::thread::Builder::new().name("script".into()).spawn(play).expect("a thread");
        Self { url: format!("http://{address}"), address, seen, over, thread: Some(thread) }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread if it still waits for a caller; refused when the script is played to its end.
        drop(TcpStream::connect(self.address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn answer(mut stream: TcpStream, Script(status, headers, body): &Script) {
    if *status == 0 {
        return;
    }
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n");
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body.as_bytes()))
        .expect("the caller listens");
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Seen {
    let mut line = String::new();
    reader.read_line(&mut line).expect("a request line");
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().expect("a method"), words.next().expect("a target"));
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |text| text.parse().expect("a number"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    Seen { method, target, headers, body }
}

fn surroundings() -> Surroundings {
    let count = AtomicU64::new(0);
    Surroundings::new(|| NOW_MS, move || format!("nonce-{:016}", count.fetch_add(1, Ordering::Relaxed)))
}

fn client(server: &Server) -> Client {
    let credentials = Credentials::signed(TOKEN).expect("a token");
    Client::new(&server.url, credentials, surroundings()).expect("a client").speaking(Lang::Ko)
}

/// A client that tries up to `tries` times without waiting, and what it was told between the tries.
fn patient(server: &Server, tries: u32) -> (Client, Arc<Mutex<Vec<Retry>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let surroundings = surroundings().trying_again(move |retry| {
        log.lock().expect("not poisoned").push(retry);
        (retry.tried < tries).then(|| Box::pin(async {}) as _)
    });
    let credentials = Credentials::signed(TOKEN).expect("a token");
    (Client::new(&server.url, credentials, surroundings).expect("a client"), told)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

fn creation() -> CreateWithdrawal {
    serde_json::from_str(
        r#"{"external_id":"p 1&x","user_id":"u","asset":"a","amount":"1.50","address":"0x1"}"#,
    )
    .expect("right")
}

fn withdrawal(external_id: &str) -> String {
    serde_json::json!({
        "object": "withdrawal", "id": "wd_1", "external_id": external_id, "user_id": "u", "partner_id": "pt_1",
        "status": "pending", "waiting_for": null, "type": "regular", "asset": "a", "amount": "1.5", "fee": "0",
        "total_debit": "1.5", "address": "0x1", "memo": null, "metadata": {}, "attempt_no": 1, "cancel_requested": false,
        "reason": null, "transactions": [], "created_at": "2026-11-21T00:00:00Z", "due_at": "2026-11-21T02:00:00Z",
        "scheduled_for": null, "updated_at": "2026-11-21T00:00:00Z", "completed_at": null, "version": 1
    })
    .to_string()
}

fn page(ids: &[&str], next: Option<&str>) -> Script {
    let data: Vec<serde_json::Value> =
        ids.iter().map(|id| serde_json::from_str(&withdrawal(id)).expect("right")).collect();
    ok(serde_json::json!({"object":"list","data":data,"has_more":next.is_some(),"next_cursor":next})
        .to_string())
}

#[test]
fn a_creation_is_signed_as_sent_and_carries_its_key_and_language() {
    let server = Server::playing(vec![Script(201, "", withdrawal("p 1&x"))]);
    let made = block_on(client(&server).create_withdrawal(&creation(), Some("idem-1"))).expect("created");
    assert_eq!(made.external_id, "p 1&x");
    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/v1/withdrawals"));
    assert!(seen.is_signed(), "{seen:?}");
    assert_eq!(seen.headers["idempotency-key"], "idem-1");
    assert_eq!(seen.headers["accept-language"], "ko");
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(serde_json::from_slice::<CreateWithdrawal>(&seen.body).ok(), Some(creation()));
}

#[test]
fn a_lost_answer_of_a_creation_is_asked_for_again_with_a_fresh_nonce() {
    let server = Server::playing(vec![hang_up(), problem(Code::Overloaded), ok(withdrawal("p 1&x"))]);
    let (client, told) = patient(&server, 5);
    block_on(client.create_withdrawal(&creation(), Some("idem-1"))).expect("created at last");
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|one| one.is_signed() && one.body == seen[0].body));
    assert!(seen.iter().all(|one| one.headers["idempotency-key"] == "idem-1"));
    assert_ne!(seen[0].headers["sluice-nonce"], seen[1].headers["sluice-nonce"]);
    let told = told.lock().expect("not poisoned");
    assert_eq!(told[0], Retry { tried: 1, retry_after: None });
    assert_eq!(told[1], Retry { tried: 2, retry_after: Some(Duration::from_secs(2)) });
}

#[test]
fn a_command_is_never_repeated_by_itself() {
    let server = Server::playing(vec![hang_up(), ok("{}")]);
    let (client, told) = patient(&server, 5);
    let error = block_on(client.pause_lane("wa_1", &Because::of("drill"))).expect_err("no answer");
    assert!(matches!(error, ClientError::Transport(_)), "{error}");
    assert!(error.may_have_happened());
    assert_eq!(server.seen().len(), 1);
    assert_eq!(server.seen()[0].target, "/v1/lanes/wa_1/pause");
    assert!(told.lock().expect("not poisoned").is_empty());
}

#[test]
fn a_final_refusal_is_not_tried_again() {
    let server = Server::playing(vec![problem(Code::ExternalIdConflict)]);
    let (client, told) = patient(&server, 5);
    let error = block_on(client.create_withdrawal(&creation(), None)).expect_err("refused");
    assert_eq!(error.code(), Some(Code::ExternalIdConflict));
    assert!(!error.may_have_happened() && !error.is_retryable());
    assert!(told.lock().expect("not poisoned").is_empty());
}

#[test]
fn trying_again_ends_where_the_caller_says_and_at_the_latest_at_the_bound() {
    let always = || vec![problem(Code::StoreUnavailable); 20];
    let server = Server::playing(always());
    let error = block_on(patient(&server, 3).0.withdrawal("wd_1")).expect_err("down");
    assert_eq!(error.code(), Some(Code::StoreUnavailable));
    assert_eq!(server.seen().len(), 3);
    let server = Server::playing(always());
    block_on(patient(&server, u32::MAX).0.withdrawal("wd_1")).expect_err("down");
    assert_eq!(u32::try_from(server.seen().len()), Ok(TRIES_MAX));
    let server = Server::playing(always());
    block_on(client(&server).withdrawal("wd_1")).expect_err("down, and nobody waits");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_list_is_walked_to_its_end_with_the_same_filters() {
    let server = Server::playing(vec![page(&["a", "b"], Some("c/1=")), page(&["c"], None)]);
    let client = client(&server);
    let query = WithdrawalQuery { user_id: Some("사용자 1".into()), ..WithdrawalQuery::default() };
    let items: Vec<Withdrawal> = block_on(client.withdrawals(query).take(100)).expect("walked");
    assert_eq!(items.iter().map(|one| one.external_id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let seen = server.seen();
    assert_eq!(seen[0].target, "/v1/withdrawals?user_id=%EC%82%AC%EC%9A%A9%EC%9E%90%201");
    assert_eq!(seen[1].target, format!("{}&cursor=c%2F1%3D", seen[0].target));
    assert!(seen.iter().all(Seen::is_signed), "escapes are signed as they are sent");
}

#[test]
fn a_server_that_repeats_its_cursor_does_not_keep_us() {
    let server = Server::playing(vec![page(&["a"], Some("x")), page(&["b"], Some("x"))]);
    let error =
        block_on(client(&server).withdrawals(WithdrawalQuery::default()).take(100)).expect_err("confused");
    assert!(matches!(error, ClientError::NotUnderstood { .. }), "{error}");
}

#[test]
fn an_external_id_is_looked_up_and_another_withdrawal_is_not_believed() {
    let server = Server::playing(vec![page(&["mine"], None), page(&["other"], None), page(&[], None)]);
    let client = client(&server);
    let found = block_on(client.withdrawal_by_external_id("mine")).expect("asked");
    assert_eq!(found.map(|one| one.external_id).as_deref(), Some("mine"));
    assert_eq!(block_on(client.withdrawal_by_external_id("mine")).expect("asked"), None);
    assert_eq!(block_on(client.withdrawal_by_external_id("mine")).expect("asked"), None);
    assert_eq!(server.seen()[0].target, "/v1/withdrawals?external_id=mine");
}

#[test]
fn an_answer_that_is_not_understood_is_not_a_result() {
    for (script, happened) in [
        (ok("not json"), true),
        (ok("{}"), true),
        (Script(302, "Location: http://127.0.0.1:1/\r\n", String::new()), true),
        (Script(502, "", "<html>bad gateway</html>".into()), true),
        (Script(404, "", "<html>not found</html>".into()), false),
    ] {
        let server = Server::playing(vec![script.clone()]);
        let error =
            block_on(client(&server).create_withdrawal(&creation(), None)).expect_err("not a withdrawal");
        assert!(matches!(error, ClientError::NotUnderstood { .. }), "{script:?}: {error}");
        assert_eq!(error.may_have_happened(), happened, "{script:?}");
    }
}

#[test]
fn a_process_that_is_not_ready_says_so() {
    let body = r#"{"object":"readiness","ready":false,"checks":[{"name":"store","status":"down","detail":"x",
        "since":"2026-11-21T00:00:00Z"}]}"#;
    let server = Server::playing(vec![Script(503, "", body.into()), problem(Code::Overloaded)]);
    let client = client(&server);
    assert!(!block_on(client.readiness()).expect("it answers").ready);
    assert_eq!(block_on(client.readiness()).expect_err("a problem is one").code(), Some(Code::Overloaded));
}

#[test]
fn bearer_keys_and_nobody_send_no_signature() {
    let health = r#"{"object":"health","status":"ok","version":"0.1.0","started_at":"2026-11-21T00:00:00Z"}"#;
    let server = Server::playing(vec![ok(health), ok(health)]);
    for credentials in [Credentials::bearer(TOKEN).expect("a token"), Credentials::Nobody] {
        let client = Client::new(&server.url, credentials, surroundings()).expect("a client");
        block_on(client.health()).expect("well");
    }
    let seen = server.seen();
    assert_eq!(seen[0].headers["authorization"], format!("Bearer {TOKEN}"));
    assert!(!seen[0].headers.contains_key("sluice-signature"));
    assert!(!seen[1].headers.contains_key("authorization"));
}

#[test]
fn an_ed25519_key_signs_as_well() {
    let server = Server::playing(vec![page(&[], None)]);
    let secret = sluice_api::sign::SigningSecret::ed25519(&[7; 32]);
    let public = secret.public_key().expect("has one");
    let credentials = Credentials::Signed { key_id: "key_1".into(), secret };
    let client = Client::new(&server.url, credentials, surroundings()).expect("a client");
    block_on(client.withdrawals(WithdrawalQuery::default()).take(1)).expect("answered");
    let seen = &server.seen()[0];
    let headers = seen.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let Ok(Presented::Signed(signed)) = parse_headers(headers) else { panic!("signed") };
    let key = VerifyingSecret::Ed25519(public);
    assert_eq!(signed.verify(&key, "GET", "/v1/withdrawals", b""), Ok(()));
}

#[test]
fn nonsense_is_refused_before_anything_is_sent() {
    for url in [
        "",
        "127.0.0.1:8080",
        "ftp://h",
        "http://h/v1",
        "http://h/?x",
        "http://u:p@h",
        "http://h/#f",
        "file:///x",
    ] {
        let made = Client::new(url, Credentials::Nobody, surroundings());
        assert!(matches!(made, Err(ClientError::BaseUrl(_))), "{url}");
    }
    let server = Server::playing(vec![]);
    let client = client(&server);
    for id in ["", "..", "a/b", "a?b", "wd_1\n"] {
        let error = block_on(client.withdrawal(id)).expect_err(id);
        assert!(matches!(error, ClientError::Id(_)) && !error.may_have_happened(), "{id:?}");
    }
    let careless = Surroundings::new(|| NOW_MS, || "short".into());
    let careless =
        Client::new(&server.url, Credentials::signed(TOKEN).expect("a token"), careless).expect("a client");
    assert!(matches!(block_on(careless.withdrawal("wd_1")), Err(ClientError::Unsignable(_))));
    assert!(Credentials::signed("no-dot").is_err() && Credentials::bearer("").is_err());
    assert!(server.seen().is_empty());
}

#[test]
fn nobody_there_is_an_error_that_changed_nothing() {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let url = format!("http://127.0.0.1:{port}");
    let client = Client::new(&url, Credentials::Nobody, surroundings()).expect("a client");
    let error = block_on(client.health()).expect_err("nobody listens");
    assert!(matches!(error, ClientError::Transport(_)) && !error.may_have_happened(), "{error:?}");
}

#[test]
fn credentials_are_never_printed() {
    let server = Server::playing(vec![]);
    let bearer = Credentials::bearer(TOKEN).expect("a token");
    assert!(!format!("{:?} {bearer:?}", client(&server)).contains("0123456789abcdef"));
}

#[test]
fn https_needs_no_provider_of_the_process() {
    // Roots are the system's: where there are none, that is what is said.
    match Client::new("https://127.0.0.1:1", Credentials::Nobody, surroundings()) {
        Ok(client) => assert!(block_on(client.health()).is_err(), "nobody listens"),
        Err(error) => assert!(matches!(error, ClientError::Tls(_)), "{error:?}"),
    }
}
