//! Every fault of the vendors, as our client hears of it. What it hears may be wrong; that it claims no more than it
//! heard is what is tested.

use sluice_core::port::market::{Found, Market as _, NoAnswer, Placed, Rejection};
use sluice_devnet::market::{Call, Fault, Rule, VendorName};

use super::stall::*;

/// How an answer to an order is called here.
fn word(placed: &Placed) -> &'static str {
    match placed {
        Placed::Accepted { .. } => "accepted",
        Placed::Rejected(why) => why.as_str(),
        Placed::Unknown(_) => "unknown",
    }
}

fn tale(found: &Found) -> &'static str {
    match found {
        Found::Pending(_) => "pending",
        Found::Delivered(_) => "delivered",
        Found::Partial(_) => "partial",
        Found::Refunded => "refunded",
        Found::Failed(_) => "failed",
        Found::NotFound => "not found",
        Found::Unknown(_) => "unknown",
    }
}

/// What is heard of an order; how many there are; what is told of it a minute later; what has reached the receiver; and
/// whether its money is kept.
type Row = (Fault, VendorName, &'static str, usize, &'static str, u64, bool);

const CATFEE: VendorName = VendorName::Catfee;
const TRONSAVE: VendorName = VendorName::Tronsave;
const TABLE: &[Row] = &[
    (Fault::LoseRequest, CATFEE, "unknown", 0, "", 0, false),
    (Fault::LoseRequest, TRONSAVE, "unknown", 0, "", 0, false),
    (Fault::LoseReply, CATFEE, "unknown", 1, "", ENERGY, true),
    (Fault::LoseReply, TRONSAVE, "unknown", 1, "", ENERGY, true),
    (Fault::ErrorBefore, CATFEE, "unknown", 0, "", 0, false),
    (Fault::ErrorBefore, TRONSAVE, "unknown", 0, "", 0, false),
    (Fault::ErrorAfter, CATFEE, "unknown", 1, "", ENERGY, true),
    (Fault::ErrorAfter, TRONSAVE, "unknown", 1, "", ENERGY, true),
    (Fault::Late { ms: 300_000 }, CATFEE, "accepted", 1, "pending", 0, true),
    (Fault::Late { ms: 300_000 }, TRONSAVE, "accepted", 1, "pending", 0, true),
    // CatFee does not say how much it delegated: its word is that it delivered.
    (Fault::Short { part: 500 }, CATFEE, "accepted", 1, "delivered", ENERGY / 2, true),
    (Fault::Short { part: 500 }, TRONSAVE, "accepted", 1, "partial", ENERGY / 2, true),
    (Fault::Twice, CATFEE, "accepted", 1, "delivered", 2 * ENERGY, true),
    (Fault::Twice, TRONSAVE, "accepted", 1, "delivered", 2 * ENERGY, true),
    // Both say that they delivered. Only the chain knows to whom.
    (Fault::OtherAddress, CATFEE, "accepted", 1, "delivered", 0, true),
    (Fault::OtherAddress, TRONSAVE, "accepted", 1, "delivered", 0, true),
    (Fault::Never, CATFEE, "accepted", 1, "pending", 0, true),
    (Fault::Never, TRONSAVE, "accepted", 1, "pending", 0, true),
    (Fault::Fail, CATFEE, "accepted", 1, "failed", 0, false),
    (Fault::Fail, TRONSAVE, "accepted", 1, "refunded", 0, false),
    (Fault::RefundLate { ms: 3_600_000 }, CATFEE, "accepted", 1, "failed", 0, true),
    (Fault::RefundLate { ms: 3_600_000 }, TRONSAVE, "accepted", 1, "pending", 0, true),
    (Fault::Forget, CATFEE, "accepted", 1, "unknown", ENERGY, true),
    (Fault::Forget, TRONSAVE, "accepted", 1, "not found", ENERGY, true),
    (Fault::PriceJump { by: 500 }, CATFEE, "accepted", 1, "delivered", ENERGY, true),
    (Fault::PriceJump { by: 500 }, TRONSAVE, "no_supply", 0, "", 0, false),
];

#[tokio::test]
async fn each_fault_of_an_order_is_heard_as_the_table_says() {
    let stall = Stall::open(11).await;
    for (fault, name, heard, orders, told, energy, kept) in TABLE {
        stall.market.renew(11);
        stall.chain.clear();
        stall.desk(*name).add(Rule::every(*fault)).unwrap();
        let case = format!("{fault} at {}", name.name());
        let ask = stall.ask(*name, 1).await;
        let placed = stall.vendors.place(&ask).await;
        assert_eq!(word(&placed), *heard, "{case}");
        assert_eq!(stall.desk(*name).orders().len(), *orders, "{case}: it is asked once, whatever happens");
        assert_eq!(stall.desk(*name).counts().of(*fault), 1, "{case}");
        stall.market.advance(30_000).await;
        stall.market.advance(30_000).await;
        if let Placed::Accepted { provider_id, charged_sun } = &placed {
            assert_eq!(tale(&stall.vendors.lookup(ask.get(), provider_id).await), *told, "{case}");
            if *name == CATFEE {
                let dearer = charged_sun.unwrap() > ask.get().max_total_sun;
                assert_eq!(dearer, matches!(fault, Fault::PriceJump { .. }), "{case}: what it took is told");
            }
        }
        let came: u64 = stall.chain.to(&receiver(1).to_string()).iter().map(|(it, _)| it.energy).sum();
        assert_eq!(came, *energy, "{case}");
        let books = stall.desk(*name).books();
        assert_eq!(books.spent_sun > books.refunded_sun, *kept, "{case}");
    }
    let listed = |fault: &Fault| TABLE.iter().any(|(it, ..)| it.name() == fault.name());
    let missing: Vec<Fault> = Fault::ALL.into_iter().filter(|fault| !listed(fault)).collect();
    assert_eq!(missing, [Fault::BalanceWrong { sun: 1_234_567 }], "and that one is below");
}

#[tokio::test]
async fn a_late_refund_comes_back_to_the_sun() {
    let stall = Stall::open(12).await;
    for name in VendorName::ALL {
        let before = stall.balance(name).await;
        stall.desk(name).add(Rule::every(Fault::RefundLate { ms: 600_000 })).unwrap();
        let ask = stall.ask(name, 1).await;
        stall.vendors.place(&ask).await;
        stall.market.advance(601_999).await;
        assert!(stall.balance(name).await < before, "{name:?}");
        stall.market.advance(1).await;
        assert_eq!(stall.balance(name).await, before, "{name:?}");
    }
}

#[tokio::test]
async fn a_wrong_balance_is_told_as_it_is_told_and_no_answer_is_none() {
    let stall = Stall::open(13).await;
    for name in VendorName::ALL {
        let real = stall.balance(name).await;
        let rule = stall.desk(name).add(Rule::every(Fault::BalanceWrong { sun: 5 })).unwrap();
        assert_eq!(stall.balance(name).await.0.abs_diff(real.0), 5, "{name:?}");
        stall.desk(name).lift(rule);
        for fault in [Fault::LoseRequest, Fault::LoseReply, Fault::ErrorBefore, Fault::ErrorAfter] {
            let rule = stall.desk(name).add(Rule::every(fault).on(Call::Balance)).unwrap();
            let answer = stall.vendors.balance(&id(name)).await;
            assert!(matches!(answer, Err(NoAnswer::Unclear { .. })), "{name:?} {fault}: {answer:?}");
            stall.desk(name).lift(rule);
        }
        for fault in [Fault::LoseReply, Fault::ErrorAfter] {
            let ask = stall.ask(name, 7).await;
            let Placed::Accepted { provider_id, .. } = stall.vendors.place(&ask).await else { panic!() };
            let rule = stall.desk(name).add(Rule::every(fault).on(Call::Lookup)).unwrap();
            let found = stall.vendors.lookup(ask.get(), &provider_id).await;
            assert!(matches!(found, Found::Unknown(_)), "{name:?} {fault}: {found:?}");
            stall.desk(name).lift(rule);
            stall.market.advance(10_000).await;
        }
    }
}

#[tokio::test]
async fn nobody_there_is_certain_and_everything_after_a_connection_is_not() {
    let stall = Stall::open(14).await;
    for name in VendorName::ALL {
        let ask = stall.ask(name, 1).await;
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let all = vec![settings(name, &format!("http://{gone}"))];
        let vendors = sluice_outbound::market::Vendors::open(all, stall.clock.clone()).unwrap();
        assert_eq!(vendors.place(&ask).await, Placed::Rejected(Rejection::NotSent), "{name:?}");
    }
}
