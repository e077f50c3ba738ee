//! What a node does when the other end misbehaves.

use std::sync::{Arc, Mutex};

use serde_json::json;
use sluice_chain::tron::http::{HttpConfig, HttpError, HttpNode, client};
use sluice_chain::tron::node::{Api, Called, Node, NodeError, Said, Tag, Trigger};
use sluice_core::address::TronAddress;

use crate::stub::{Reply, stub, stub_of};

const ACCOUNT: TronAddress = TronAddress([1; 20]);

fn node(url: &str) -> HttpNode {
    let config = HttpConfig { timeout_ms: 500, answer_max_bytes: 10_000, ..HttpConfig::new("op", url) };
    HttpNode::new(client().unwrap(), config).unwrap()
}

async fn heard(reply: Reply) -> Result<u64, NodeError> {
    let stub = stub(move |_| reply.clone()).await;
    node(&stub.url).account(ACCOUNT, Api::Full).await.map(|account| account.map_or(0, |account| account.sun))
}

#[tokio::test]
async fn a_body_decides_what_an_answer_means() {
    let ok = |text: &str| Some((200, text.to_owned()));
    assert_eq!(heard(ok("{}\n")).await, Ok(0));
    let lite = heard(ok("this API is closed because this node is a lite fullnode")).await;
    assert!(matches!(lite, Err(NodeError::Rpc { message, .. }) if message.contains("lite")));
    let refused = heard(ok(r#"{"Error":"class java.lang.Exception : body size is too big"}"#)).await;
    assert!(matches!(refused, Err(NodeError::Rpc { message, .. }) if message.contains("too big")));
    let busy = heard(ok(r#"{"Error":"lack of computing resources"}"#)).await;
    assert!(matches!(busy, Err(NodeError::Transport(_))), "another node is asked");
    for status in [403, 404, 413, 429, 503] {
        let said = heard(Some((status, "<html>".to_owned()))).await;
        assert!(matches!(said, Err(NodeError::Transport(text)) if text.contains(&status.to_string())));
    }
    for text in ["", "[", "{", "null", "[]", r#"{"balance":7.5}"#, r#"{"address":"zz"}"#] {
        let said = heard(ok(text)).await;
        assert!(matches!(said, Err(NodeError::Nonsense(_) | NodeError::Rpc { .. })), "{text}: {said:?}");
    }
    let large = heard(Some((200, " ".repeat(10_001)))).await;
    assert!(matches!(large, Err(NodeError::Transport(text)) if text.contains("larger than 10000 bytes")));
    assert!(matches!(heard(None).await, Err(NodeError::Silent(_))));
}

#[tokio::test]
async fn each_api_is_asked_where_it_is_and_a_key_goes_along_and_is_never_shown() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    let full = stub_of(move |head, _| {
        seen.lock().unwrap().push(head.to_owned());
        Some((200, "{}".to_owned()))
    })
    .await;
    let seen = Arc::clone(&heads);
    let solid = stub_of(move |head, _| {
        seen.lock().unwrap().push(format!("solid {head}"));
        Some((200, "{}".to_owned()))
    })
    .await;
    let config = HttpConfig {
        solid_url: Some(format!("{}/", solid.url)),
        api_key: Some("Key-7".to_owned()),
        ..HttpConfig::new("op", &full.url)
    };
    let shown = format!("{config:?}");
    let node = HttpNode::new(client().unwrap(), config.clone()).unwrap();
    assert!(!format!("{shown} {node:?} {node} {}", Node::name(&node)).contains("key"), "{shown} {node:?}");
    assert_eq!(node.header(Tag::Latest).await, Ok(None));
    assert_eq!(node.header(Tag::Finalized).await, Ok(None));
    assert_eq!(node.block(5, Api::Solid).await, Ok(None));
    let heads = heads.lock().unwrap();
    assert!(heads[0].starts_with("post /v1/secret-key/wallet/getblock "), "{}", heads[0]);
    assert!(heads[1].starts_with("solid post /v1/secret-key/walletsolidity/getblock "), "{}", heads[1]);
    assert!(heads[2].starts_with("solid post /v1/secret-key/walletsolidity/getblockbynum "), "{}", heads[2]);
    assert!(heads.iter().all(|head| head.contains("tron-pro-api-key: key-7\r\n")));
    let wrong = |config: HttpConfig| HttpNode::new(client().unwrap(), config).err();
    assert_eq!(wrong(HttpConfig { api_key: Some("a\nb".into()), ..config.clone() }), Some(HttpError::Key));
    assert_eq!(wrong(HttpConfig { url: "ftp://x".into(), ..config.clone() }), Some(HttpError::Url));
    assert_eq!(wrong(HttpConfig { solid_url: Some("x".into()), ..config }), Some(HttpError::Url));
}

#[tokio::test]
async fn an_answer_about_something_else_is_nonsense() {
    let block = json!({
        "blockID": "0000000003fe262d52bfa4b2814f816fd2e57af5b98a33d60d8630a03a908e0e",
        "block_header": { "raw_data": {
            "number": 66_987_565,
            "txTrieRoot": "faf8fe3858339ead25cc892461c82a59b84dca4a51c45b026676bf3f45a352a2",
            "witness_address": "41b2f713d57dbcec679d93a8849fa0cd0e4db594ba",
            "parentHash": "0000000003fe262c85cd6b02033f4c3e5c1efa35de256a17bd906dc61fb1aeed",
            "version": 34,
            "timestamp": 1_777_445_121_000i64,
        } },
    });
    let stub = stub_of(move |head, _| {
        let body = match head {
            head if head.contains("getblock ") || head.contains("getblockbynum ") => block.clone(),
            head if head.contains("gettransactioninfobyid ") => json!({ "id": "09".repeat(32) }),
            head if head.contains("gettransactioninfobyblocknum ") => json!([{}]),
            head if head.contains("getblockbylimitnext ") => json!({ "block": [{}] }),
            _ => json!({ "txID": "09".repeat(32) }),
        };
        Some((200, body.to_string()))
    })
    .await;
    let node = node(&stub.url);
    let nonsense = |error: NodeError| matches!(error, NodeError::Nonsense(_));
    assert!(node.header(Tag::Number(66_987_565)).await.is_ok());
    assert!(nonsense(node.header(Tag::Number(5)).await.unwrap_err()));
    assert!(nonsense(node.block(5, Api::Full).await.unwrap_err()));
    assert!(nonsense(node.chain_id().await.unwrap_err()));
    assert!(nonsense(node.infos(&[[7; 32]], Api::Full).await.unwrap_err()));
    assert!(nonsense(node.infos_of(5, Api::Solid).await.unwrap_err()));
    assert!(nonsense(node.blocks(5, 1).await.unwrap_err()));
    assert_eq!(node.knows([7; 32]).await, Ok(false));
    assert_eq!(node.knows([9; 32]).await, Ok(true));
}

#[tokio::test]
async fn one_question_that_is_lost_does_not_spoil_the_others() {
    let echo = stub(|body| {
        let data = body["data"].as_str().unwrap_or_default();
        let passed = json!({
            "result": { "result": true }, "energy_used": 7, "constant_result": [data],
            "transaction": { "ret": [{}] },
        });
        if data == "05" { Some((500, String::new())) } else { Some((200, passed.to_string())) }
    })
    .await;
    let calls: Vec<Trigger> =
        (0..40).map(|nth| Trigger { owner: ACCOUNT, contract: ACCOUNT, data: vec![nth] }).collect();
    let answers = node(&echo.url).calls(&calls, Api::Full).await;
    assert_eq!(answers.len(), 40);
    for (nth, answer) in (0..40).zip(answers) {
        match answer {
            Ok(Called::Returned { data, energy }) => assert_eq!((data, energy), (vec![nth], 7)),
            Ok(Called::Reverted) => panic!("{nth}"),
            Err(error) => assert!(nth == 5 && matches!(error, NodeError::Transport(_)), "{nth} {error}"),
        }
    }
    // Bytes that are no transaction are said to be none, whatever a node says of them.
    let taken = stub(|_| {
        Some((200, json!({ "result": true, "code": "SUCCESS", "txid": "07".repeat(32) }).to_string()))
    })
    .await;
    let said = node(&taken.url).send(&[vec![0xff]]).await.remove(0).unwrap();
    assert!(matches!(said, Said::Other(_)), "{said:?}");
}
