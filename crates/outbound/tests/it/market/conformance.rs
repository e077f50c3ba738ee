//! What each vendor publishes, as our client reads it and the simulator answers it.

use std::sync::atomic::Ordering;

use sluice_core::amount::Cost;
use sluice_core::port::market::{
    Ask, Found, Market as _, NoAnswer, Placed, ProviderId, QuoteRequest, Recovery, Rejection,
};
use sluice_devnet::market::{Life, MarketConfig, Terms, VendorName};

use super::stall::*;

async fn placed(stall: &Stall, name: VendorName, number: u128) -> (Ask, ProviderId, Option<Cost>) {
    let ask = stall.ask(name, number).await;
    match stall.vendors.place(&ask).await {
        Placed::Accepted { provider_id, charged_sun } => (ask.into_inner(), provider_id, charged_sun),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_order_is_quoted_paid_delivered_and_shown_to_the_sun_at_both_vendors() {
    let stall = Stall::open(1).await;
    for name in VendorName::ALL {
        let before = stall.balance(name).await;
        let quote = stall.quote(name).await;
        let (ask, provider_id, charged) = placed(&stall, name, 1).await;
        let order = stall.desk(name).orders().pop().unwrap();
        assert_eq!((order.id.as_str(), order.energy), (provider_id.as_str(), ENERGY));
        assert_eq!(order.charged_sun, sun(quote.total_sun), "{name:?}: it costs what was quoted");
        assert_eq!(before.0 - stall.balance(name).await.0, quote.total_sun.0);
        let pending = stall.vendors.lookup(&ask, &provider_id).await;
        assert!(matches!(pending, Found::Pending(_)), "{pending:?}");
        match name {
            VendorName::Catfee => {
                assert_eq!(charged, Some(quote.total_sun));
                assert_eq!(order.client_id, Some(ask.order.to_string()));
            }
            VendorName::Tronsave => assert_eq!((charged, order.client_id), (None, None)),
        }
        stall.market.advance(10_000).await;
        stall.market.advance(3_000).await;
        let Found::Delivered(shown) = stall.vendors.lookup(&ask, &provider_id).await else {
            panic!("{name:?}")
        };
        let on_chain = stall.chain.to(&receiver(1).to_string());
        let (delegation, txid) = on_chain.last().unwrap();
        assert_eq!((delegation.energy, delegation.duration_s), (ENERGY, 3_600));
        assert_eq!(shown.energy, ENERGY);
        assert_eq!(hex(&shown.txids[0]), *txid);
        assert_eq!(shown.charged_sun, Some(quote.total_sun));
        assert_eq!(stall.desk(name).orders()[0].life, Life::Delivered);
    }
    assert_eq!(stall.chain.told().len(), 2);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn the_same_order_again_is_the_same_order_where_it_carries_our_id() {
    let stall = Stall::open(2).await;
    let ask = stall.ask(VendorName::Catfee, 1).await;
    let first = stall.vendors.place(&ask).await;
    stall.market.advance(10_000).await;
    assert_eq!(stall.vendors.place(&ask).await, first);
    assert_eq!(stall.desk(VendorName::Catfee).orders().len(), 1);
    assert_eq!(stall.facts(VendorName::Catfee).recovery, Recovery::Repeat);

    // Where it does not, the vendor may say that one like it waits: that may be this very order, so nothing is certain.
    let ask = stall.ask(VendorName::Tronsave, 2).await;
    assert!(matches!(stall.vendors.place(&ask).await, Placed::Accepted { .. }));
    assert!(matches!(stall.vendors.place(&ask).await, Placed::Unknown(_)));
    stall.market.advance(10_000).await;
    assert!(matches!(stall.vendors.place(&ask).await, Placed::Accepted { .. }), "and then it buys again");
    assert_eq!(stall.desk(VendorName::Tronsave).orders().len(), 2);
    assert_eq!(stall.facts(VendorName::Tronsave).recovery, Recovery::None);
}

#[tokio::test]
async fn a_signature_is_taken_within_five_seconds_and_not_past_them() {
    let stall = Stall::open(3).await;
    for (off_ms, taken) in [(0, true), (5_000, true), (-5_000, true), (5_001, false), (-5_001, false)] {
        stall.clock.off_ms.store(off_ms, Ordering::Relaxed);
        let answer = stall.vendors.balance(&id(VendorName::Catfee)).await;
        let refused = NoAnswer::Refused { vendor: id(VendorName::Catfee), why: Rejection::Unauthorized };
        assert_eq!(answer.is_ok(), taken, "{off_ms}");
        assert!(taken || answer == Err(refused));
        let there = stall.vendors.balance(&id(VendorName::Tronsave)).await;
        assert!(there.is_ok(), "the other vendor signs nothing");
    }
}

#[tokio::test]
async fn each_refusal_has_its_reason_and_buys_nothing() {
    let stall = Stall::open(4).await;
    for name in VendorName::ALL {
        let ask = stall.ask(name, 1).await.into_inner();
        let refused = async |ask: Ask| stall.vendors.place(&durable(ask)).await;
        let little = Ask { energy: 31_999, ..ask.clone() };
        let expected = match name {
            VendorName::Catfee => Rejection::TooLittle,
            VendorName::Tronsave => Rejection::Malformed,
        };
        assert_eq!(refused(little).await, Placed::Rejected(expected), "{name:?}");
        if name == VendorName::Catfee {
            let much = Ask { energy: 2_000_001, ..ask.clone() };
            assert_eq!(refused(much).await, Placed::Rejected(Rejection::TooMuch));
        } else {
            // Half the price: nobody sells for it.
            let cheap = Ask { max_total_sun: Cost(ask.max_total_sun.0 / 2), ..ask.clone() };
            assert_eq!(refused(cheap).await, Placed::Rejected(Rejection::NoSupply));
            let free = Ask { max_total_sun: Cost::ZERO, ..ask.clone() };
            assert_eq!(refused(free).await, Placed::Rejected(Rejection::Price));
        }
        assert_eq!(stall.desk(name).books().spent_sun, 0, "{name:?}");
    }
    let poor = Stall::with(MarketConfig { deposit_sun: 1_000, ..MarketConfig::manual(4, START_MS) }).await;
    for name in VendorName::ALL {
        let ask = poor.ask(name, 1).await;
        assert_eq!(poor.vendors.place(&ask).await, Placed::Rejected(Rejection::NoFunds), "{name:?}");
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_so_and_buys_nothing() {
    let terms = Terms { rate_per_s: Some(3), ..Terms::default() };
    let stall = Stall::with(MarketConfig { terms, ..MarketConfig::manual(5, START_MS) }).await;
    for name in VendorName::ALL {
        let ask = stall.ask(name, 1).await;
        stall.balance(name).await;
        stall.balance(name).await;
        assert_eq!(stall.vendors.place(&ask).await, Placed::Rejected(Rejection::Throttled), "{name:?}");
        stall.market.advance(1_000).await;
        assert!(matches!(stall.vendors.place(&ask).await, Placed::Accepted { .. }), "{name:?}");
    }
}

#[tokio::test]
async fn a_quote_is_rounded_up_to_what_is_sold() {
    let stall = Stall::open(6).await;
    let ask = async |name, energy, duration_s| {
        let request = QuoteRequest { receiver: receiver(1), energy, duration_s };
        let quote = stall.vendors.quote(&id(name), &request).await;
        quote.map(|quote| (quote.energy, quote.duration_s)).map_err(|error| error.to_string())
    };
    assert_eq!(ask(VendorName::Catfee, 1, 1).await, Ok((65_000, 3_600)));
    assert_eq!(ask(VendorName::Tronsave, 1, 1).await, Ok((32_000, 900)));
    assert!(ask(VendorName::Catfee, 65_000, 3_601).await.unwrap_err().contains("malformed"));
    assert!(ask(VendorName::Catfee, 2_000_001, 1).await.unwrap_err().contains("too_much"));
    assert!(ask(VendorName::Tronsave, 20_000_001, 900).await.unwrap_err().contains("too_much"));
}

#[tokio::test]
async fn an_order_of_somebody_else_is_not_taken_for_ours() {
    let stall = Stall::open(7).await;
    for name in VendorName::ALL {
        let (ask, provider_id, _) = placed(&stall, name, 1).await;
        let other = Ask { energy: ask.energy + 1, ..ask.clone() };
        assert!(matches!(stall.vendors.lookup(&other, &provider_id).await, Found::Unknown(_)), "{name:?}");
        let nobody = ProviderId::parse("000000000000000000000000").unwrap();
        let found = stall.vendors.lookup(&ask, &nobody).await;
        match name {
            VendorName::Catfee => assert!(matches!(found, Found::Unknown(_)), "its answer is not published"),
            VendorName::Tronsave => assert_eq!(found, Found::NotFound),
        }
    }
    // The same id for another receiver: the vendor answers the order that is there, which is not this one.
    let ask = stall.ask(VendorName::Catfee, 1).await.into_inner();
    stall.vendors.place(&durable(ask.clone())).await;
    let other = durable(Ask { receiver: receiver(2), ..ask });
    assert!(matches!(stall.vendors.place(&other).await, Placed::Unknown(_)));
}
