//! The wires of the energy vendors, word by word: what is sent here is written out, and signed elsewhere.

use std::sync::Arc;

use serde_json::{Value, json};
use sluice_devnet::market::{
    Fault, Life, Market, MarketConfig, MarketError, Recorder, Rule, Terms, VendorName,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// 2026-11-18T10:40:00.000Z.
const START_MS: i64 = 1_794_998_400_000;
const RECEIVER: &str = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8";

async fn start() -> (Market, Arc<Recorder>) {
    let chain = Arc::new(Recorder::default());
    (Market::start(MarketConfig::manual(7, START_MS), chain.clone()).await.unwrap(), chain)
}

/// Sends these bytes and reads the answer: status and JSON. `None` when the connection ends without one.
async fn send(market: &Market, request: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", market.port())).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Some((status, serde_json::from_str(body).unwrap()))
}

fn catfee(method: &str, target: &str, timestamp: &str, sign: &str) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCF-ACCESS-KEY: catfee-devnet-key\r\n\
         CF-ACCESS-SIGN: {sign}\r\nCF-ACCESS-TIMESTAMP: {timestamp}\r\n\r\n"
    )
}

fn tronsave(method: &str, target: &str, key: Option<&str>, body: &Value) -> String {
    let body = if method == "GET" { String::new() } else { body.to_string() };
    let key = key.map(|key| format!("apikey: {key}\r\n")).unwrap_or_default();
    let length = body.len();
    format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{key}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

const NOW: &str = "2026-11-18T10:40:00.000Z";
const ORDER: &str = "/v1/order?quantity=65000&receiver=TJRabPrwbZy45sbavfcjinPJC18kjpRTv8&duration=1h&client_order_id=a-1&activate=false";
// base64(HMAC-SHA256("catfee-devnet-secret", NOW + method + target)), made with Python.
const ORDER_SIGN: &str = "xz3VLC0vS2mXRjHbxoZfXlc6gck/xLlhk+H29wiQ1Sc=";
const ACCOUNT_SIGN: &str = "8kLiveY6qY+ia/H0mxwmfN++qAes2gC9Amiq2rGIHws=";

#[tokio::test]
async fn catfee_takes_what_is_signed_as_published_and_answers_in_its_shape() {
    let (market, chain) = start().await;
    let desk = market.desk(VendorName::Catfee);
    let (status, answer) = send(&market, &catfee("GET", "/v1/account", NOW, ACCOUNT_SIGN)).await.unwrap();
    assert_eq!(
        (status, &answer["code"], &answer["data"]["balance"]),
        (200, &json!(0), &json!(1_000_000_000))
    );
    let (status, answer) = send(&market, &catfee("POST", ORDER, NOW, ORDER_SIGN)).await.unwrap();
    let order = &answer["data"];
    assert_eq!((status, &answer["code"]), (200, &json!(0)));
    assert_eq!(order["status"], "PAYMENT_SUCCESS");
    assert_eq!(order["confirm_status"], "UNCONFIRMED");
    assert_eq!(
        (&order["receiver"], &order["quantity"], &order["duration"]),
        (&json!(RECEIVER), &json!(65_000), &json!(60))
    );
    assert_eq!(order["pay_amount_sun"], desk.orders()[0].charged_sun);
    assert_eq!(order["balance"], desk.books().balance_sun);
    // The same id again is the same order, and costs nothing.
    let again = send(&market, &catfee("POST", ORDER, NOW, ORDER_SIGN)).await.unwrap().1;
    assert_eq!((&again["data"]["id"], desk.orders().len()), (&order["id"], 1));
    market.advance(2_000).await;
    assert_eq!(chain.to(RECEIVER).len(), 1);
    assert_eq!(desk.orders()[0].life, Life::Delivered);
}

#[tokio::test]
async fn catfee_refuses_another_signature_another_request_and_another_time() {
    let (market, _) = start().await;
    let wrong = [
        catfee("POST", ORDER, NOW, ACCOUNT_SIGN),
        catfee("GET", ORDER, NOW, ORDER_SIGN),
        catfee("POST", &ORDER.replace("65000", "65001"), NOW, ORDER_SIGN),
        catfee("POST", ORDER, &NOW.replace(".000Z", "Z"), ORDER_SIGN),
        catfee("POST", ORDER, "yesterday", ORDER_SIGN),
        catfee("POST", ORDER, NOW, "no base64"),
        catfee("POST", ORDER, NOW, ORDER_SIGN).replace("catfee-devnet-key", "another"),
    ];
    for request in wrong {
        assert_eq!(send(&market, &request).await.unwrap().0, 401, "{request}");
    }
    market.advance(5_000).await;
    assert_eq!(send(&market, &catfee("GET", "/v1/account", NOW, ACCOUNT_SIGN)).await.unwrap().0, 200);
    market.advance(1).await;
    assert_eq!(send(&market, &catfee("GET", "/v1/account", NOW, ACCOUNT_SIGN)).await.unwrap().0, 401);
    assert!(market.desk(VendorName::Catfee).orders().is_empty());
}

#[tokio::test]
async fn tronsave_answers_as_its_documents_show() {
    let (market, chain) = start().await;
    let key = Some("tronsave-devnet-key");
    let estimate = json!({ "resourceType": "ENERGY", "receiver": RECEIVER, "durationSec": 259_200, "resourceAmount": 32_000 });
    // A price is for a day: three days cost three times as much, a quarter of an hour as much as a day.
    let (status, answer) =
        send(&market, &tronsave("POST", "/v2/estimate-buy-resource", None, &estimate)).await.unwrap();
    let price = answer["data"]["unitPrice"].as_u64().unwrap();
    assert_eq!((status, &answer["error"], &answer["message"]), (200, &json!(false), &json!("Success")));
    assert_eq!(answer["data"]["estimateTrx"], price * 32_000 * 3);
    assert_eq!(answer["data"]["availableResource"], 32_000);
    let buy =
        json!({ "receiver": RECEIVER, "durationSec": 900, "resourceAmount": 32_000, "unitPrice": price });
    let (status, answer) = send(&market, &tronsave("POST", "/v2/buy-resource", key, &buy)).await.unwrap();
    assert_eq!((status, &answer["error"]), (201, &json!(false)));
    let target = format!("/v2/order/{}", answer["data"]["orderId"].as_str().unwrap());
    market.advance(2_000).await;
    let (status, answer) = send(&market, &tronsave("GET", &target, key, &Value::Null)).await.unwrap();
    let order = &answer["data"];
    assert_eq!((status, &order["fulfilledPercent"], &order["remainAmount"]), (200, &json!(100), &json!(0)));
    assert_eq!((&order["payoutAmount"], &order["price"]), (&json!(price * 32_000), &json!(price)));
    assert_eq!(order["delegates"][0]["txid"], chain.told()[0].1);
    let (_, answer) = send(&market, &tronsave("GET", "/v2/user-info", key, &Value::Null)).await.unwrap();
    assert_eq!(answer["data"]["balance"], (1_000_000_000 - price * 32_000).to_string());
}

#[tokio::test]
async fn tronsave_refuses_in_its_published_words_and_sells_nothing() {
    let (market, _) = start().await;
    let key = Some("tronsave-devnet-key");
    let buy = |changes: Value| {
        let mut body = json!({ "receiver": RECEIVER, "durationSec": 900, "resourceAmount": 32_000, "unitPrice": "MEDIUM" });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let options = |name: &str, value: Value| json!({ "unitPrice": 1, "options": { name: value } });
    let refused = [
        (None, "/v2/buy-resource", buy(json!({})), 401, "TSAS:106 API_KEY_REQUIRED"),
        (Some("x"), "/v2/buy-resource", buy(json!({})), 401, "TSAS:107 INVALID_API_KEY"),
        (key, "/v2/sell", buy(json!({})), 404, "Route POST:/v2/sell not found"),
        (key, "/v2/buy-resource", json!({}), 400, "body must have required property 'resourceAmount'"),
        (
            key,
            "/v2/buy-resource",
            json!({ "resourceAmount": 32_000 }),
            400,
            "body must have required property 'receiver'",
        ),
        (key, "/v2/buy-resource", buy(json!({ "resourceAmount": 31_999 })), 400, "INVALID_PARAMS"),
        (key, "/v2/buy-resource", buy(json!({ "receiver": "T" })), 400, "INVALID_PARAMS"),
        (
            key,
            "/v2/buy-resource",
            buy(options("onlyCreateWhenFulfilled", json!(true))),
            400,
            "CANNOT_FULFILLED",
        ),
        (
            key,
            "/v2/buy-resource",
            buy(json!({ "options": { "maxPriceAccepted": 1 } })),
            400,
            "PRICE_EXCEED_MAX_PRICE_REQUIRED",
        ),
        (
            key,
            "/v2/buy-resource",
            buy(json!({ "resourceAmount": 30_000_000 })),
            400,
            "INTERNAL_BALANCE_ACCOUNT_TOO_LOW",
        ),
    ];
    for (key, target, body, status, words) in refused {
        let answer = send(&market, &tronsave("POST", target, key, &body)).await.unwrap();
        assert_eq!(answer.0, status, "{answer:?}");
        assert!(answer.1["message"].as_str().unwrap().contains(words), "{answer:?}");
    }
    assert_eq!(market.desk(VendorName::Tronsave).books().spent_sun, 0);
    let twice = buy(json!({ "options": { "preventDuplicateIncompleteOrders": true } }));
    assert_eq!(send(&market, &tronsave("POST", "/v2/buy-resource", key, &twice)).await.unwrap().0, 201);
    let (status, answer) = send(&market, &tronsave("POST", "/v2/buy-resource", key, &twice)).await.unwrap();
    assert_eq!(status, 400);
    assert!(answer["message"].as_str().unwrap().contains("MUST_BE_WAIT_PREVIOUS_ORDER_FILLED"), "{answer}");
}

#[tokio::test]
async fn what_is_lost_is_lost_without_a_word_before_or_after_it_was_done() {
    let (market, _) = start().await;
    let desk = market.desk(VendorName::Catfee);
    for (fault, orders, answered) in [
        (Fault::LoseRequest, 0, None),
        (Fault::ErrorBefore, 0, Some(500)),
        (Fault::LoseReply, 1, None),
        (Fault::ErrorAfter, 1, Some(500)),
    ] {
        let rule = desk.add(Rule::every(fault)).unwrap();
        let answer = send(&market, &catfee("POST", ORDER, NOW, ORDER_SIGN)).await;
        assert_eq!(answer.map(|(status, _)| status), answered, "{fault}");
        assert_eq!(
            desk.orders().len(),
            orders,
            "{fault}: the second of the last two is the first one's order"
        );
        desk.lift(rule);
    }
    market.renew(8);
    assert!(desk.orders().is_empty() && desk.counts().iter().next().is_none());
}

#[tokio::test]
async fn by_the_machines_clock_orders_are_delivered_by_themselves() {
    let chain = Arc::new(Recorder::default());
    let terms = Terms { delegate_ms: 0, ..Terms::default() };
    let market =
        Market::start(MarketConfig { terms, ..MarketConfig::machine(1) }, chain.clone()).await.unwrap();
    let buy = json!({ "receiver": RECEIVER, "durationSec": 900, "resourceAmount": 32_000 });
    send(&market, &tronsave("POST", "/v2/buy-resource", Some("tronsave-devnet-key"), &buy)).await.unwrap();
    let delivered = async {
        while chain.to(RECEIVER).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), delivered).await.expect("delivered");
}

#[tokio::test]
async fn it_is_sold_on_this_machine_alone() {
    let config = MarketConfig { listen: "0.0.0.0:0".parse().unwrap(), ..MarketConfig::machine(1) };
    let refused = Market::start(config, Arc::new(Recorder::default())).await.err();
    assert!(matches!(refused, Some(MarketError::NotLoopback { .. })));
}
