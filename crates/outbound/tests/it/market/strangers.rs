//! Answers that no vendor publishes: nothing is concluded from them, and nothing of theirs is told on.

use sluice_core::port::market::{Found, Market as _, NoAnswer, Placed, ProviderId};
use sluice_devnet::market::VendorName;
use sluice_outbound::client::Limits;
use sluice_outbound::market::{Unusable, Vendors};

use super::stall::*;
use crate::server::{Manner, Server};

async fn at(stall: &Stall, name: VendorName, url: &str) -> Vendors {
    let limits = Limits { total_ms: 300, ..limits() };
    let settings = sluice_outbound::market::VendorSettings { limits, ..settings(name, url) };
    Vendors::open(vec![settings], stall.clock.clone()).unwrap()
}

#[tokio::test]
async fn whatever_a_stranger_answers_is_unclear_and_its_words_stay_with_it() {
    let stall = Stall::open(21).await;
    let secret = "sk_that_the_vendor_repeats";
    let huge = format!("{{\"code\":0,\"data\":\"{}\"}}", "a".repeat(20_000));
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let manners = [
        Manner::Sleeps,
        Manner::Trickles,
        Manner::Redirects("http://127.0.0.1:1/".into()),
        Manner::Answers(200, String::new()),
        Manner::Answers(200, format!("<html>{secret}</html>")),
        Manner::Answers(200, format!("{{\"code\":9999,\"msg\":\"{secret}\",\"api_secret\":\"{secret}\"}}")),
        Manner::Answers(200, format!("{{\"error\":true,\"message\":\"TSAS:1 {secret}\"}}")),
        Manner::Answers(200, huge),
        Manner::Answers(200, deep),
        Manner::Answers(204, String::new()),
        Manner::Answers(400 + 99, secret.into()),
        Manner::Answers(502, format!("<html>{secret}</html>")),
        Manner::Answers(503, String::new()),
    ];
    let provider_id = ProviderId::parse("abc").unwrap();
    for manner in manners {
        let server = Server::start(manner.clone()).await;
        for name in VendorName::ALL {
            let vendors = at(&stall, name, &server.url()).await;
            let ask = stall.ask(name, 1).await;
            let case = format!("{name:?} {:.80}", format!("{manner:?}"));
            let told = match vendors.place(&ask).await {
                Placed::Unknown(why) => why,
                other => panic!("{case}: {other:?}"),
            };
            assert!(!told.contains(secret) && told.len() < 200, "{case}: {told}");
            assert_eq!(
                server.seen().iter().filter(|seen| seen.head.starts_with("POST")).count(),
                match name {
                    VendorName::Catfee => 1,
                    VendorName::Tronsave => 2,
                },
                "{case}: asked once by each"
            );
            let found = vendors.lookup(ask.get(), &provider_id).await;
            assert!(matches!(found, Found::Unknown(_)), "{case}: {found:?}");
            let balance = vendors.balance(&id(name)).await;
            assert!(matches!(balance, Err(NoAnswer::Unclear { .. })), "{case}: {balance:?}");
        }
    }
}

#[tokio::test]
async fn secrets_are_in_headers_and_nowhere_else() {
    let stall = Stall::open(22).await;
    let server = Server::start(Manner::Answers(200, "{}".into())).await;
    for name in VendorName::ALL {
        let settings = settings(name, &server.url());
        let shown = format!("{settings:?}");
        assert!(!shown.contains("devnet-key") && !shown.contains("devnet-secret"), "{shown}");
        let vendors = Vendors::open(vec![settings], stall.clock.clone()).unwrap();
        vendors.place(&stall.ask(name, 1).await).await;
        let seen = server.seen().pop().unwrap();
        let first = seen.head.lines().next().unwrap().to_owned();
        assert!(!first.contains("devnet") && !seen.body.contains("devnet"), "{first}");
        assert!(!seen.head.contains("devnet-secret"), "the secret half never leaves");
        assert!(seen.head.contains("devnet-key"));
    }
}

#[tokio::test]
async fn vendors_that_make_no_sense_are_refused_when_they_are_opened() {
    let stall = Stall::open(23).await;
    let open = |all: Vec<_>| Vendors::open(all, stall.clock.clone()).err();
    let with = |url: &str| vec![settings(VendorName::Catfee, url)];
    for url in [
        "https://api.catfee.io/v1",
        "https://api.catfee.io/?a=b",
        "ftp://api.catfee.io",
        "nonsense",
        "https://u:p@x/",
    ] {
        assert!(matches!(open(with(url)), Some(Unusable::Address { .. })), "{url}");
    }
    let mut public = settings(VendorName::Catfee, "http://api.catfee.io");
    public.allow_private = false;
    assert!(matches!(open(vec![public]), Some(Unusable::Address { .. })), "in the clear to the internet");
    let one = settings(VendorName::Catfee, "https://api.catfee.io");
    assert!(matches!(open(vec![one.clone(), one.clone()]), Some(Unusable::Twice { .. })));
    assert!(matches!(open(vec![one.clone(); 9]), Some(Unusable::TooMany)));
    assert!(open(vec![one]).is_none());
}
