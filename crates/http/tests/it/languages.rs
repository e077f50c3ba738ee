//! Every refusal in Korean and English.

use serde_json::json;
use sluice_core::alert::Code;

use crate::support::{Request, World};

fn korean(text: &str) -> bool {
    text.chars().any(|letter| ('\u{ac00}'..='\u{d7a3}').contains(&letter))
}

#[tokio::test]
async fn a_problem_is_told_in_the_callers_language() {
    let world = World::new().await;
    let requests = || {
        vec![
            Request::plain("GET", "/v1/assets", b""),
            Request::plain("GET", "/nowhere", b""),
            Request::plain("DELETE", "/v1/withdrawals", b""),
            Request::plain("POST", "/v1/withdrawals", &[b' '; 70_000]),
            world.post(&world.a.key, "/v1/withdrawals", &json!({"amount": 1})),
            world.get(&world.a.key, "/v1/withdrawals?limit=0"),
            world.get(&world.a.key, "/v1/withdrawals/wd_01JD2Q8XK5T7M3N9P4R6S8V0WA"),
        ]
    };
    for (language, is_korean) in
        [("ko-KR,ko;q=0.9,en;q=0.8", true), ("en-US", false), ("fr", false), ("", false)]
    {
        for request in requests() {
            let reply = request.header("Accept-Language", language).send(&world).await;
            reply.code();
            let json = reply.json();
            for field in ["title", "detail", "remedy"] {
                assert_eq!(korean(json[field].as_str().unwrap()), is_korean, "{language} {field}: {json}");
            }
            for error in json["errors"].as_array().unwrap() {
                assert_eq!(korean(error["detail"].as_str().unwrap()), is_korean);
            }
            assert_eq!(reply.header("content-language"), if is_korean { "ko" } else { "en" });
            assert!(reply.header("vary").contains("Accept-Language"));
        }
    }
}

#[tokio::test]
async fn codes_and_statuses_are_the_same_in_every_language() {
    let world = World::new().await;
    let ask = async |language: &str| {
        let request = world.post(&world.a.key, "/v1/withdrawals", &json!({"amount": 1, "x": 2}));
        let json = request.header("Accept-Language", language).send(&world).await.json();
        let codes: Vec<_> =
            json["errors"].as_array().unwrap().iter().map(|error| error["code"].clone()).collect();
        (json["code"].clone(), json["type"].clone(), json["status"].clone(), codes)
    };
    assert_eq!(ask("ko").await, ask("en").await);
}

#[tokio::test]
async fn what_a_withdrawal_waits_for_is_told_in_the_callers_language() {
    let world = World::new().await;
    let id = world.withdraw(&world.a, "order-1").await.id();
    for (language, is_korean) in [("ko", true), ("en", false)] {
        let request =
            world.get(&world.a.key, &format!("/v1/withdrawals/{id}")).header("Accept-Language", language);
        let json = request.send(&world).await.json();
        assert_eq!(korean(json["waiting_for"]["released_by"].as_str().unwrap()), is_korean, "{json}");
    }
}

#[tokio::test]
async fn an_alert_says_what_it_means_in_the_callers_language_and_its_case_beside_it() {
    let world = World::new().await;
    world.raise(Code::FundsShort, Some(world.a.id), "wa_1").await;
    for (language, is_korean) in [("ko", true), ("en", false)] {
        let request = world.get(&world.a.key, "/v1/alerts").header("Accept-Language", language);
        let json = request.send(&world).await.json()["data"][0].clone();
        assert_eq!(korean(json["summary"].as_str().unwrap()), is_korean, "{json}");
        assert!(!json["detail"].as_str().unwrap().is_empty());
        assert_eq!(json["owner"], "treasury");
    }
}
