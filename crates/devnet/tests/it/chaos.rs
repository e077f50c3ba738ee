//! Accidents on the way to a real node and back.

use std::time::Duration;

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use sluice_devnet::{
    anvil::{Anvil, AnvilConfig, Mining},
    chaos::{Chaos, ChaosConfig, ChaosError, Fault, Rule},
    rpc::{Rpc, RpcError},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{config, start};

const SOMEBODY: Address = Address::with_last_byte(0xa1);
/// Longer than anything here takes by itself, shorter than a held reply.
const MOMENT: Duration = Duration::from_millis(300);

/// A node, a proxy before it, and a client of each.
pub struct Stage {
    pub anvil: Anvil,
    pub chaos: Chaos,
    pub direct: Rpc,
    pub through: Rpc,
}

impl Stage {
    pub async fn new(seed: u64) -> Self {
        let anvil = start(AnvilConfig { mining: Mining::OnDemand, ..config() }).await;
        let chaos = Chaos::start(ChaosConfig::before(anvil.url(), seed)).await.unwrap();
        let (direct, through) = (anvil.rpc().clone(), Rpc::local(chaos.port()));
        Self { anvil, chaos, direct, through }
    }

    /// Signed bytes of one of the node's own accounts.
    pub async fn signed(&self, from: Address, nonce: u64, max_fee_wei: u64, tip_wei: u64) -> String {
        let transaction = json!({
            "from": from, "to": SOMEBODY, "value": "0x1", "gas": "0x5208", "nonce": format!("{nonce:#x}"),
            "maxFeePerGas": format!("{max_fee_wei:#x}"), "maxPriorityFeePerGas": format!("{tip_wei:#x}"),
            "chainId": "0x7a69", "type": "0x2",
        });
        self.direct.call("eth_signTransaction", (transaction,)).await.unwrap()
    }

    pub async fn account(&self) -> Address {
        self.anvil.control().accounts().await.unwrap()[0]
    }

    /// How many transactions wait at the node.
    pub async fn pooled(&self) -> usize {
        let pool = self.anvil.control().txpool_content().await.unwrap();
        pool.pending.values().chain(pool.queued.values()).map(|of_sender| of_sender.len()).sum()
    }

    /// Sends a body through the proxy and reads what comes until the connection ends.
    pub async fn raw(&self, body: &Value) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.chaos.port())).await.unwrap();
        let body = body.to_string();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut said = Vec::new();
        // A reset is an end too.
        let _ended = stream.read_to_end(&mut said).await;
        String::from_utf8(said).unwrap()
    }

    /// The same for a batch; the answers in the order they came.
    pub async fn batch(&self, calls: &[(&str, Value)]) -> Vec<Value> {
        let calls: Vec<Value> = calls
            .iter()
            .enumerate()
            .map(|(id, (method, params))| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .collect();
        let said = self.raw(&Value::Array(calls)).await;
        let body = said.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or_default()
    }
}

fn ids(answers: &[Value]) -> Vec<u64> {
    answers.iter().map(|answer| answer["id"].as_u64().unwrap()).collect()
}

fn is_lost<T: std::fmt::Debug>(answer: Result<T, RpcError>) -> bool {
    matches!(answer, Err(RpcError::Unreachable { .. } | RpcError::CutOff { .. }))
}

#[tokio::test]
async fn without_rules_it_is_the_node() {
    let stage = Stage::new(1).await;
    let raw = stage.signed(stage.account().await, 0, 3_000_000_000, 1).await;
    let hash: String = stage.through.call("eth_sendRawTransaction", (raw,)).await.unwrap();
    stage.anvil.control().mine(1).await.unwrap();
    for (method, params) in [
        ("eth_chainId", json!([])),
        ("eth_getBlockByNumber", json!(["latest", true])),
        ("eth_getTransactionReceipt", json!([hash])),
    ] {
        let told: Value = stage.through.call(method, params.clone()).await.unwrap();
        assert_eq!(told, stage.direct.call::<_, Value>(method, params).await.unwrap(), "{method}");
    }
    let refused = stage.through.call::<_, Value>("no_such_method", [(); 0]).await;
    assert!(matches!(refused, Err(RpcError::Refused { code: -32_601, .. })), "{refused:?}");
    assert_eq!(
        ids(&stage.batch(&[("eth_chainId", json!([])), ("eth_blockNumber", json!([]))]).await),
        [0, 1]
    );
    assert!(stage.raw(&json!("no call at all")).await.contains("error"), "the node judges what is no call");
    assert_eq!(stage.chaos.counts().iter().count(), 0);
}

#[tokio::test]
async fn a_lost_request_never_reaches_the_node_and_a_lost_reply_was_acted_on() {
    let stage = Stage::new(1).await;
    let raw = stage.signed(stage.account().await, 0, 3_000_000_000, 1).await;
    stage.chaos.add(Rule::every(Fault::LoseRequest).on("eth_sendRawTransaction").times(1)).unwrap();
    assert!(is_lost(stage.through.call::<_, Value>("eth_sendRawTransaction", (&raw,)).await));
    assert_eq!(stage.pooled().await, 0);
    stage.chaos.add(Rule::every(Fault::LoseReply).times(1)).unwrap();
    assert!(is_lost(stage.through.call::<_, Value>("eth_sendRawTransaction", (&raw,)).await));
    assert_eq!(stage.pooled().await, 1);
    let said = stage.through.call::<_, Value>("eth_sendRawTransaction", (&raw,)).await;
    assert!(matches!(said, Err(RpcError::Refused { .. })), "both rules have ended; it is known: {said:?}");
    let counts = stage.chaos.counts();
    assert_eq!(counts.on("lose_request", "eth_sendRawTransaction"), 1);
    assert_eq!(counts.on("lose_reply", "eth_sendRawTransaction"), 1);
    assert_eq!(counts.iter().count(), 2);
}

#[tokio::test]
async fn in_a_batch_one_call_is_lost_and_the_others_are_answered() {
    let stage = Stage::new(1).await;
    let calls = [("eth_chainId", json!([])), ("eth_blockNumber", json!([])), ("eth_gasPrice", json!([]))];
    let lost = stage.chaos.add(Rule::every(Fault::LoseReply).on("eth_blockNumber")).unwrap();
    assert_eq!(ids(&stage.batch(&calls).await), [0, 2]);
    stage.chaos.lift(lost);
    stage.chaos.add(Rule::every(Fault::DuplicateReply).on("eth_blockNumber")).unwrap();
    assert_eq!(ids(&stage.batch(&calls).await), [0, 1, 1, 2]);
    stage.chaos.lift_all();
    stage.chaos.add(Rule::every(Fault::LoseRequest)).unwrap();
    assert_eq!(
        stage.raw(&json!([{ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": [] }])).await,
        ""
    );
}

#[tokio::test]
async fn a_delayed_request_acts_late_and_a_delayed_reply_is_late() {
    let stage = Stage::new(1).await;
    let (first, second) = {
        let from = stage.account().await;
        (stage.signed(from, 0, 3_000_000_000, 1).await, stage.signed(from, 1, 3_000_000_000, 1).await)
    };
    stage.chaos.add(Rule::every(Fault::DelayRequest { ms: 900 }).times(1)).unwrap();
    let late = stage.through.call::<_, Value>("eth_sendRawTransaction", (&first,));
    let (answer, waiting) = tokio::join!(late, async {
        tokio::time::sleep(MOMENT).await;
        stage.pooled().await
    });
    assert!(answer.is_ok() && waiting == 0, "{answer:?} {waiting}");
    stage.chaos.add(Rule::every(Fault::DelayReply { ms: 900 }).times(1)).unwrap();
    let late = stage.through.call::<_, Value>("eth_sendRawTransaction", (&second,));
    let (answer, waiting) = tokio::join!(late, async {
        tokio::time::sleep(MOMENT).await;
        stage.pooled().await
    });
    assert!(answer.is_ok() && waiting == 2, "{answer:?} {waiting}");
    let counts = stage.chaos.counts();
    assert_eq!((counts.named("delay_request"), counts.named("delay_reply")), (1, 1));
}

#[tokio::test]
async fn a_duplicate_reaches_the_node_twice_and_its_second_word_is_the_answer() {
    let stage = Stage::new(1).await;
    stage.chaos.add(Rule::every(Fault::DuplicateRequest)).unwrap();
    let raw = stage.signed(stage.account().await, 0, 3_000_000_000, 1).await;
    let said = stage.through.call::<_, Value>("eth_sendRawTransaction", (&raw,)).await;
    let Err(RpcError::Refused { code: -32_003, message, .. }) = said else { panic!("{said:?}") };
    assert_eq!(message, "transaction already imported");
    assert_eq!((stage.pooled().await, stage.chaos.counts().of(Fault::DuplicateRequest)), (1, 1));
}

#[tokio::test]
async fn a_request_is_overtaken_and_so_is_a_reply() {
    let stage = Stage::new(1).await;
    let set =
        |nonce: u64| stage.through.call::<_, Value>("anvil_setNonce", (SOMEBODY, format!("{nonce:#x}")));
    stage.chaos.add(Rule::every(Fault::ReorderRequests).times(1)).unwrap();
    let (first, second) = tokio::join!(set(5), async {
        tokio::time::sleep(MOMENT).await;
        set(9).await
    });
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    assert_eq!(stage.anvil.control().nonce(SOMEBODY).await.unwrap(), 5, "the first one came last");
    stage.chaos.lift_all();
    stage.chaos.add(Rule::every(Fault::ReorderReplies).times(1)).unwrap();
    let mut held = Box::pin(set(6));
    assert!(timeout(MOMENT, &mut held).await.is_err(), "it waits to be overtaken");
    assert_eq!(stage.anvil.control().nonce(SOMEBODY).await.unwrap(), 6, "the node has acted");
    set(7).await.unwrap();
    held.await.unwrap();
    let counts = stage.chaos.counts();
    assert_eq!((counts.of(Fault::ReorderRequests), counts.of(Fault::ReorderReplies)), (1, 1));
}

#[tokio::test]
async fn what_nobody_overtakes_goes_on_and_is_not_counted() {
    let stage = Stage::new(1).await;
    stage.chaos.add(Rule::every(Fault::ReorderRequests)).unwrap();
    stage.through.call::<_, Value>("eth_chainId", [(); 0]).await.unwrap();
    assert_eq!(stage.chaos.counts().of(Fault::ReorderRequests), 0);
}

#[tokio::test]
async fn a_batch_is_carried_out_and_answered_in_another_order() {
    let stage = Stage::new(5).await;
    let set = |nonce: u64| ("anvil_setNonce", json!([SOMEBODY, format!("{nonce:#x}")]));
    let calls = [set(0), set(1), set(2), set(3), set(4)];
    stage.chaos.add(Rule::every(Fault::ReorderRequests)).unwrap();
    let order = ids(&stage.batch(&calls).await);
    assert_ne!(order, [0, 1, 2, 3, 4]);
    let last = stage.anvil.control().nonce(SOMEBODY).await.unwrap();
    assert_eq!(Some(&last), order.last(), "the last one carried out is the last one answered");
    stage.chaos.lift_all();
    stage.chaos.add(Rule::every(Fault::ReorderReplies)).unwrap();
    let order = ids(&stage.batch(&calls).await);
    assert_ne!(order, [0, 1, 2, 3, 4]);
    assert_eq!(stage.anvil.control().nonce(SOMEBODY).await.unwrap(), 4, "carried out as asked");
    let mut all = order;
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_half_closed_connection_breaks_the_reply_off_and_still_listens() {
    let stage = Stage::new(1).await;
    stage.chaos.add(Rule::every(Fault::HalfClose).times(1)).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", stage.chaos.port())).await.unwrap();
    let body =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", false] })
            .to_string();
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await.expect("an orderly end, no reset");
    let said = String::from_utf8(said).unwrap();
    let (head, part) = said.split_once("\r\n\r\n").expect("the head is whole");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(part.len(), length.parse::<usize>().unwrap() / 2, "half of the body");
    // The other direction is open: nobody resets what is written now.
    for _ in 0..3 {
        stream.write_all(b"x").await.expect("it still listens");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(stage.chaos.counts().of(Fault::HalfClose), 1);
    let again = stage.through.call::<_, Value>("eth_chainId", [(); 0]).await;
    assert!(again.is_ok(), "{again:?}");
}

#[tokio::test]
async fn a_silent_node_has_acted_and_says_nothing_while_others_are_answered() {
    let stage = Stage::new(1).await;
    stage.chaos.add(Rule::every(Fault::Silence).on("eth_sendRawTransaction")).unwrap();
    let raw = stage.signed(stage.account().await, 0, 3_000_000_000, 1).await;
    let silent = stage.through.clone().with_timeout(MOMENT);
    let said = silent.call::<_, Value>("eth_sendRawTransaction", (&raw,)).await;
    assert!(matches!(said, Err(RpcError::TimedOut { .. })), "{said:?}");
    assert_eq!(stage.pooled().await, 1);
    stage.through.call::<_, Value>("eth_chainId", [(); 0]).await.unwrap();
    assert_eq!(stage.chaos.counts().of(Fault::Silence), 1);
}

#[tokio::test]
async fn the_same_seed_and_the_same_calls_meet_the_same_faults() {
    let anvil = start(AnvilConfig { mining: Mining::OnDemand, ..config() }).await;
    let run = async |seed: u64| {
        let chaos = Chaos::start(ChaosConfig::before(anvil.url(), seed)).await.unwrap();
        for rule in [
            "lose_request:permille=80",
            "lose_reply:permille=80",
            "half_close:permille=50",
            "wrong_nonce:permille=300",
        ] {
            chaos.add(rule.parse().unwrap()).unwrap();
        }
        let rpc = Rpc::local(chaos.port());
        let mut heard = Vec::new();
        for _ in 0..60 {
            heard.push(rpc.call::<_, U256>("eth_getTransactionCount", (SOMEBODY, "latest")).await.ok());
            heard.push(rpc.call::<_, U256>("eth_chainId", [(); 0]).await.ok());
        }
        (heard, chaos.strikes(), chaos.counts())
    };
    let (one, again, other) = (run(7).await, run(7).await, run(8).await);
    assert_eq!(one, again);
    assert_ne!(one.1, other.1);
    assert!(one.2.iter().count() >= 7, "{:?}", one.2);
}

#[tokio::test]
async fn a_get_tells_what_has_struck() {
    let stage = Stage::new(1).await;
    stage.chaos.add(Rule::every(Fault::WrongChainId)).unwrap();
    let told: U256 = stage.through.call("eth_chainId", [(); 0]).await.unwrap();
    assert_eq!(told, U256::from(31_338));
    let mut stream = TcpStream::connect(("127.0.0.1", stage.chaos.port())).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    let report: Value = serde_json::from_str(said.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(report, json!([{ "fault": "wrong_chain_id", "method": "eth_chainId", "count": 1 }]));
}

#[tokio::test]
async fn where_it_may_not_stand_is_said() {
    let at = |upstream: &str, listen: &str| ChaosConfig {
        listen: listen.parse().unwrap(),
        ..ChaosConfig::before(upstream, 1)
    };
    for (config, words) in [
        (at("https://node.example", "127.0.0.1:0"), "forwarder"),
        (at("ftp://node", "127.0.0.1:0"), "http://host:port"),
        (at("", "127.0.0.1:0"), "http://host:port"),
        (at("http://127.0.0.1:1", "0.0.0.0:0"), "loopback"),
    ] {
        let refused = Chaos::start(config).await.unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
    let taken = Chaos::start(at("http://127.0.0.1:1", "127.0.0.1:0")).await.unwrap();
    let address = format!("127.0.0.1:{}", taken.port());
    let refused = Chaos::start(at("http://127.0.0.1:1", &address)).await;
    assert!(matches!(refused, Err(ChaosError::Listen { .. })), "{refused:?}");
    // A node that is not there closes the connection, as it would itself.
    assert!(is_lost(Rpc::local(taken.port()).call::<_, Value>("eth_chainId", [(); 0]).await));
}
