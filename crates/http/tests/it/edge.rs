//! Bounds, names and ends.

use std::num::NonZeroU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use sluice_http::{HttpConfig, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Request, World, body, generous};

#[tokio::test]
async fn a_full_server_sheds_and_still_says_that_it_lives() {
    let world = World::new().await;
    let full = world.reconfigured(HttpConfig { in_flight_max: 0, ..generous() });
    let request = world.post(&world.a.key, "/v1/withdrawals", &body("order-1"));
    let reply = request.send_to(&full).await;
    assert_eq!((reply.status, reply.code().as_str(), reply.header("retry-after")), (503, "overloaded", "1"));
    assert_eq!(reply.json()["retryable"], true);
    for path in ["/health", "/livez", "/ready", "/readyz"] {
        assert_eq!(Request::plain("GET", path, b"").send_to(&full).await.status, 200, "{path}");
    }
    assert_eq!(request.send(&world).await.status, 201, "the shed request burned nothing, not even its nonce");
}

#[tokio::test]
async fn a_key_is_throttled_and_told_so_and_others_are_not() {
    let mut world = World::new().await;
    let few = |count| NonZeroU32::new(count).unwrap();
    world.router = world.reconfigured(HttpConfig { rate_per_s: few(1), rate_burst: few(3), ..generous() });
    for left in ["2", "1", "0"] {
        let reply = world.get(&world.a.key, "/v1/assets").send(&world).await;
        assert_eq!(reply.status, 200);
        assert!(reply.header("ratelimit").starts_with(&format!("\"key\";r={left};")), "{reply:?}");
        assert_eq!(reply.header("ratelimit-policy"), "\"key\";q=3;w=3");
    }
    let request = world.post(&world.a.key, "/v1/withdrawals", &body("order-1"));
    let reply = request.send(&world).await;
    assert_eq!(
        (reply.status, reply.code().as_str(), reply.header("retry-after")),
        (429, "rate_limited", "1")
    );
    assert!(reply.header("ratelimit").starts_with("\"key\";r=0;"));
    assert_eq!(world.get(&world.b.key, "/v1/assets").send(&world).await.status, 200);
    // A stranger who knows the key's id cannot use its rate up.
    world.clock.forward_ms(3_000);
    for _ in 0..10 {
        let mut forged = world.get(&world.a.key, "/v1/assets");
        forged.target.push('?');
        assert_eq!(forged.send(&world).await.status, 401);
    }
    assert_eq!(request.send(&world).await.status, 201, "the throttled request burned nothing");
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_read() {
    let world = World::new().await;
    let mut large = body("order-1");
    large["memo"] = json!("x".repeat(70_000));
    let reply = world.post(&world.a.key, "/v1/withdrawals", &large).send(&world).await;
    assert_eq!((reply.status, reply.code().as_str()), (413, "body_too_large"));
    let declared = Request::plain("POST", "/v1/withdrawals", b"{}")
        .header("Content-Length", "999999999")
        .send(&world)
        .await;
    assert_eq!(declared.code(), "body_too_large");
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let world = World::new().await;
    let named = |id: &str| Request::plain("GET", "/nowhere", b"").header("X-Request-Id", id);
    assert_eq!(named("mine-1").send(&world).await.header("x-request-id"), "mine-1");
    for wrong in ["", "a b", &"x".repeat(65), "{\"a\":1}"] {
        let reply = named(wrong).send(&world).await;
        assert!(reply.header("x-request-id").starts_with("req_"), "{wrong}");
        assert_eq!(reply.code(), "not_found");
        assert_eq!(reply.json()["instance"], "/nowhere");
    }
    let reply = world.get(&world.a.key, "/v1/assets").send(&world).await;
    assert!(reply.header("x-request-id").starts_with("req_"));
    assert_eq!(
        (reply.header("cache-control"), reply.header("x-content-type-options")),
        ("no-store", "nosniff")
    );
}

#[tokio::test]
async fn a_method_that_is_not_there_is_refused_with_those_that_are() {
    let world = World::new().await;
    for (method, path, allowed) in [
        ("DELETE", "/v1/withdrawals", "GET,HEAD,POST"),
        ("PUT", "/v1/withdrawals/wd_1/cancel", "POST"),
        ("POST", "/health", "GET,HEAD"),
    ] {
        let reply = Request::plain(method, path, b"").send(&world).await;
        assert_eq!((reply.status, reply.code().as_str()), (405, "method_not_allowed"), "{method} {path}");
        assert_eq!(reply.header("allow"), allowed);
        assert!(reply.json()["detail"].as_str().unwrap().contains(allowed));
    }
    let head = Request::signed(&world, &world.a.key, "HEAD", "/v1/assets", b"").send(&world).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn a_panic_is_a_problem_and_tells_nothing() {
    let world = World::new().await;
    world.chain.panics.store(true, Ordering::Relaxed);
    let reply = world.get(&world.a.key, "/v1/chains").send(&world).await;
    assert_eq!((reply.status, reply.code().as_str()), (500, "internal"));
    assert!(!reply.text().contains("secret-internals"));
    assert_eq!(world.get(&world.a.key, "/v1/assets").send(&world).await.status, 200);
}

#[tokio::test]
async fn metrics_are_for_those_nearby() {
    let world = World::new().await;
    let near = Request::plain("GET", "/metrics", b"").from("127.0.0.1").send(&world).await;
    assert_eq!((near.status, near.text().as_str()), (200, "up 1\n"));
    assert_eq!(Request::plain("GET", "/metrics", b"").send(&world).await.code(), "not_found");
}

#[tokio::test]
async fn readiness_tells_what_stands_still() {
    let world = World::new().await;
    let ready = Request::plain("GET", "/ready", b"").send(&world).await;
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &json!(true)));
    let check = |reply: &crate::support::Reply, name: &str| {
        reply.json()["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap()["status"].clone()
    };
    assert_eq!(check(&ready, "store"), "ok");
    assert_eq!(check(&ready, "eip155:31337"), "degraded", "it was never followed");
    assert_eq!(check(&ready, "alerts"), "ok");
    world.raise(sluice_core::alert::Code::LaneFrozen, None, "x").await;
    world.clock.forward_ms(61_000);
    let late = Request::plain("GET", "/ready", b"").send(&world).await;
    assert_eq!((late.status, check(&late, "alerts")), (200, json!("degraded")));
}

/// Sends text over a socket and reads until the other side closes.
async fn raw(address: std::net::SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_server_on_a_socket_answers_and_ends_in_order_with_a_stream_open() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let mut server = tokio::task::JoinSet::new();
    let api = world.api.clone();
    server.spawn(serve(listener, api, async move {
        let _ended = ended.await;
    }));
    let answer = raw(address, "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"status\":\"ok\""), "{answer}");
    let answer = raw(address, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.contains("up 1"), "the peer is this machine: {answer}");
    let answer = raw(address, "nonsense\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let token = format!("Bearer {}.{}", world.a.key.id, world.a.key.text);
    let head =
        format!("GET /v1/events/stream?after=99 HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    end.send(()).unwrap();
    let done = tokio::time::timeout(Duration::from_secs(5), server.join_next()).await.expect("in time");
    done.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
