//! What a node does when the other end misbehaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use sluice_chain::evm::http::{HttpConfig, HttpError, HttpNode, client};
use sluice_chain::evm::node::{At, Node, NodeError, Tag};
use sluice_core::address::EvmAddress;
use sluice_core::port::chain::Heard;

use super::stub::{Reply, stub};

const ACCOUNT: EvmAddress = EvmAddress([1; 20]);

fn node(url: &str) -> HttpNode {
    let config = HttpConfig {
        timeout_ms: 3_000,
        batch_max: 8,
        answer_max_bytes: 10_000,
        ..HttpConfig::new("op", url)
    };
    HttpNode::new(client().unwrap(), config).unwrap()
}

fn result(question: &Value, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": question["id"], "result": result })
}

/// The nonce of every account is the count of its own question.
fn answer_all(body: &Value) -> Reply {
    let one = |question: &Value| result(question, json!(format!("{:#x}", question["id"].as_u64().unwrap())));
    let text = match body {
        // In reverse: ids decide, not the order.
        Value::Array(questions) => Value::Array(questions.iter().rev().map(one).collect()),
        question => one(question),
    };
    Some((200, text.to_string()))
}

#[tokio::test]
async fn answers_of_a_batch_go_to_their_questions_in_any_order() {
    let stub = stub(|body| answer_all(&body)).await;
    let nonces = node(&stub.url).nonces(&[ACCOUNT; 20], At::Latest).await.unwrap();
    assert_eq!(nonces, (1..=20).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_provider_that_refuses_batches_is_asked_one_by_one() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let refuse =
        json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32600, "message": "no batches" } });
    let stub = stub(move |body| {
        counter.fetch_add(1, Ordering::SeqCst);
        if body.is_array() { Some((400, refuse.to_string())) } else { answer_all(&body) }
    })
    .await;
    let node = node(&stub.url);
    assert_eq!(node.nonces(&[ACCOUNT; 8], At::Latest).await.unwrap().len(), 8);
    assert_eq!(asked.swap(0, Ordering::SeqCst), 3 + 8, "8, 4, 2 are refused, then 8 alone");
    assert_eq!(node.nonces(&[ACCOUNT; 8], At::Latest).await.unwrap().len(), 8);
    assert_eq!(asked.load(Ordering::SeqCst), 8, "and it is remembered");
}

/// An answer that was lost in a batch looks like a refusal. A node is not asked one by one for ever because of one.
#[tokio::test]
async fn a_batch_that_was_answered_in_part_once_grows_again() {
    let largest = Arc::new(AtomicUsize::new(0));
    let (seen, lost) = (Arc::clone(&largest), AtomicUsize::new(0));
    let stub = stub(move |body| {
        let Value::Array(questions) = &body else { return answer_all(&body) };
        seen.fetch_max(questions.len(), Ordering::SeqCst);
        // The first three batches lose their last answer.
        match lost.fetch_add(1, Ordering::SeqCst) {
            0..3 => answer_all(&Value::Array(questions[1..].to_vec())),
            _ => answer_all(&body),
        }
    })
    .await;
    let node = node(&stub.url);
    assert_eq!(node.nonces(&[ACCOUNT; 8], At::Latest).await.unwrap().len(), 8);
    largest.store(0, Ordering::SeqCst);
    for _ in 0..10 {
        assert_eq!(node.nonces(&[ACCOUNT; 8], At::Latest).await.unwrap().len(), 8);
    }
    assert_eq!(largest.swap(0, Ordering::SeqCst), 2, "after many good answers it is tried with two");
    for _ in 0..60 {
        node.nonces(&[ACCOUNT; 8], At::Latest).await.unwrap();
    }
    assert_eq!(largest.load(Ordering::SeqCst), 8, "and in the end with all of them");
}

#[tokio::test]
async fn a_provider_with_smaller_batches_gets_smaller_batches() {
    let stub = stub(|body| match &body {
        Value::Array(questions) if questions.len() > 3 => {
            let error = json!({ "code": -32600, "message": "batch too large" });
            Some((200, json!([{ "jsonrpc": "2.0", "id": questions[0]["id"], "error": error }]).to_string()))
        }
        _ => answer_all(&body),
    })
    .await;
    assert_eq!(node(&stub.url).nonces(&[ACCOUNT; 9], At::Latest).await.unwrap().len(), 9);
}

#[tokio::test]
async fn no_failure_shows_the_key_in_the_url() {
    let huge = format!("\"{}\"", "x".repeat(20_000));
    let replies: [(&str, Reply); 6] = [
        ("silence", None),
        ("an error page", Some((503, "<html>secret-key is busy</html>".into()))),
        ("too much", Some((200, huge))),
        ("no JSON", Some((200, "<html>".into()))),
        ("another answer", Some((200, json!({ "jsonrpc": "2.0", "id": 999, "result": "0x1" }).to_string()))),
        (
            "an error",
            Some((
                200,
                json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32000, "message": "m" } }).to_string(),
            )),
        ),
    ];
    for (what, reply) in replies {
        let stub = stub(move |_| reply.clone()).await;
        let node = node(&stub.url);
        let error = node.chain_id().await.unwrap_err();
        assert!(!error.to_string().contains("secret-key"), "{what}: {error}");
        let expected = match what {
            "silence" => matches!(error, NodeError::Silent(_)),
            "an error page" | "too much" => matches!(error, NodeError::Transport(_)),
            "an error" => matches!(error, NodeError::Rpc { code: -32_000, .. }),
            _ => matches!(error, NodeError::Nonsense(_)),
        };
        assert!(expected, "{what}: {error:?}");
        for shown in [node.to_string(), format!("{node:?}"), node.name().to_owned()] {
            assert!(shown.contains("op/127.0.0.1:") && !shown.contains("secret-key"), "{shown}");
        }
    }
    let nobody = node("http://127.0.0.1:1/v1/secret-key").chain_id().await.unwrap_err();
    let NodeError::Transport(why) = nobody else { panic!("{nobody:?}") };
    assert!(why.starts_with("no connection: Connection refused"), "{why}");
}

#[tokio::test]
async fn whatever_happens_to_sent_bytes_is_unclear_unless_it_is_listed() {
    let busy = stub(|_| Some((502, String::new()))).await;
    assert!(matches!(node(&busy.url).send(&[vec![2]]).await.as_slice(), [Err(NodeError::Transport(_))]));
    let other =
        stub(|body| Some((200, result(&body, json!(format!("0x{}", "11".repeat(32)))).to_string()))).await;
    let heard = node(&other.url).send(&[vec![2]]).await;
    assert!(matches!(heard.as_slice(), [Ok(Heard::Unclear(_))]), "another hash than ours: {heard:?}");
    let low = stub(|body| {
        let error = json!({ "code": -32000, "message": "nonce too low: next nonce 5, tx nonce 3" });
        Some((200, json!({ "jsonrpc": "2.0", "id": body["id"], "error": error }).to_string()))
    })
    .await;
    assert_eq!(node(&low.url).send(&[vec![2]]).await, [Ok(Heard::NonceConsumed)]);
}

#[tokio::test]
async fn another_block_than_asked_for_is_nonsense() {
    let stub = stub(|body| {
        let word = format!("0x{}", "11".repeat(32));
        let header = json!({ "number": "0x7", "hash": word, "parentHash": word, "timestamp": "0x1" });
        Some((200, result(&body, header).to_string()))
    })
    .await;
    let node = node(&stub.url);
    assert!(node.header(Tag::Number(7)).await.unwrap().is_some_and(|header| header.base_fee_wei == 0));
    assert!(matches!(node.header(Tag::Number(8)).await, Err(NodeError::Nonsense(_))));
}

#[test]
fn only_http_urls_are_nodes() {
    for url in ["ftp://host/", "host:8545", "http://", "", "file:///etc/passwd"] {
        let made = HttpNode::new(client().unwrap(), HttpConfig::new("op", url));
        assert_eq!(made.err(), Some(HttpError::Url), "{url}");
    }
    let shown = format!("{:?}", HttpConfig::new("op", "https://user:secret@host/key"));
    assert!(!shown.contains("secret") && !shown.contains("key"), "{shown}");
}
