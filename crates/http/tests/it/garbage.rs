//! Two thousand requests that nobody should send. Not one of them is answered with a fault of ours.

use axum::http::Method;

use crate::support::{Key, Request, World, body};
use crate::tenants::routes;

/// A small generator with a fixed seed: a failure can be had again (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }

    fn bytes(&mut self, max: usize) -> Vec<u8> {
        (0..self.roll(max)).map(|_| u8::try_from(self.roll(256)).unwrap()).collect()
    }
}

const IDS: &[&str] = &[
    "",
    ".",
    "..",
    "%2e%2e",
    "%00",
    "%ff",
    "wd_01JD2Q8XK5T7M3N9P4R6S8V0WA",
    "wa_8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    "1",
    "wd_",
    "key_01JD2Q8XK5T7M3N9P4R6S8V0WA",
    "%EC%B6%9C%EA%B8%88",
    "a%2Fb",
    "{id}",
    "'or'1'='1",
    "st_00",
];
const QUERIES: &[&str] = &[
    "",
    "limit=-1",
    "limit=1&limit=1",
    "cursor=%00",
    "cursor=ffffffffffffffffff",
    "after=9223372036854775807",
    "after=18446744073709551615",
    "status=%F0%9F%98%80",
    "from=9999-12-31T23:59:59Z",
    "from=-9999-01-01T00:00:00Z",
    "to=0000-00-00T00:00:00Z",
    "asset=eip155:1/slip44:99999999999",
    "&&&&",
    "=",
    "%",
    "a=b=c",
    "address=0x",
    "external_id=%27%3B--",
    "severity=P1&resolved=maybe",
    "user_id=%25%5F",
    "from=2026-11-21T00:00:00Z&to=2026-11-21T00:00:00Z",
];
const BODIES: &[&str] = &[
    "",
    "{}",
    "null",
    "[]",
    "0",
    "\"\"",
    "{\"reason\":\"\\ud800\"}",
    "{\"reason\":null}",
    "{\"reason\":\"r\",\"version\":-1}",
    "{\"reason\":\"r\",\"version\":99999999999999999999}",
    "{\"scope\":\"wallet\",\"subject\":\"wa_\",\"reason\":\"r\"}",
    "{\"scope\":\"asset\",\"subject\":\"eip155:1/erc20:0x\",\"reason\":\"r\"}",
    "{\"reason\":\"r\"}",
    "{\"max_fee_wei\":\"340282366920938463463374607431768211456\",\"until\":\"2026-11-21T02:00:00Z\",\"reason\":\"r\"}",
    "{\"name\":\"n\",\"mode\":\"test\",\"timezone\":\"../etc/passwd\",\"reason\":\"r\"}",
    "{\"name\":\"n\",\"scopes\":[],\"public_key\":\"AAAA\",\"algorithm\":\"ed25519\",\"reason\":\"r\"}",
    "{\"name\":\"n\",\"scopes\":[],\"allowed_ips\":[\"1.2.3.4/99\"],\"reason\":\"r\"}",
    "{\"paid_by\":\"0xzz\",\"reason\":\"r\"}",
    "{\"a\":{\"a\":{\"a\":{\"a\":[[[[[[[[[[]]]]]]]]]]}}}}",
    "\u{0}",
    "{\"x\":1e999}",
];

fn garbage(world: &World, dice: &mut Dice, paths: &[String]) -> Request {
    let path = &paths[dice.roll(paths.len())];
    let mut target = path.replace("{id}", dice.pick(IDS));
    let query = dice.pick(QUERIES);
    if !query.is_empty() {
        target = format!("{target}?{query}");
    }
    let method =
        dice.pick(&["GET", "GET", "POST", "POST", "POST", "HEAD", "DELETE", "PATCH", "OPTIONS", "BREW"]);
    let payload = match dice.roll(5) {
        0 => dice.bytes(300),
        1 => {
            let mut text = body("order-garbage").to_string().into_bytes();
            let at = dice.roll(text.len());
            text[at] = u8::try_from(dice.roll(256)).unwrap();
            text
        }
        2 => b"[".repeat(dice.roll(60_000)),
        _ => dice.pick(BODIES).as_bytes().to_vec(),
    };
    let key: &Key = if dice.roll(2) == 0 { &world.a.key } else { &world.platform };
    let proven = dice.roll(10) > 0 && target.bytes().all(|byte| byte.is_ascii_graphic());
    let mut request = if proven {
        Request::signed(world, key, method, &target, &payload)
    } else {
        Request::plain(method, &target, &payload)
    };
    for _ in 0..dice.roll(3) {
        let name = dice.pick(&[
            "Idempotency-Key",
            "Last-Event-ID",
            "Accept-Language",
            "X-Request-Id",
            "X-Forwarded-For",
            "Authorization",
        ]);
        let value: Vec<u8> = dice.bytes(40).into_iter().filter(|byte| *byte >= 32 && *byte != 127).collect();
        request = request.header(name, value);
    }
    request
}

#[tokio::test]
async fn two_thousand_requests_of_garbage_are_answered_without_a_fault_of_ours() {
    let world = World::new().await;
    let mut dice = Dice(0x5eed_1234_5678_9abc);
    let mut paths: Vec<String> = routes().into_iter().map(|(path, ..)| path).collect();
    paths.retain(|path| !path.ends_with("/stream"));
    paths.dedup();
    let mut answered = std::collections::BTreeMap::<u16, u32>::new();
    for number in 0..2_000 {
        let request = garbage(&world, &mut dice, &paths);
        let sendable =
            request.target.parse::<axum::http::Uri>().is_ok() && request.method.parse::<Method>().is_ok();
        if !sendable {
            continue;
        }
        let reply = request.send(&world).await;
        assert!(reply.status < 500, "{number}: {request:?} {}", String::from_utf8_lossy(&reply.body));
        if reply.status >= 400 && request.method != "HEAD" {
            reply.code();
        }
        *answered.entry(reply.status).or_default() += 1;
    }
    let all: u32 = answered.values().sum();
    assert!(all > 1_500 && answered.len() > 6, "{answered:?}");
}
