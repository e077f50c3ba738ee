//! How wallets stand with their energy, what vendors asked, and what was paid when.

use sluice_core::amount::Cost;
use sluice_core::chain::ChainId;
use sluice_core::energy::mode::{Level, Mode, Turned};
use sluice_core::energy::price::{Heard, SPAN_MS};
use sluice_core::port::market::{Quote, VendorId};
use sluice_core::port::reader::{By, PriceFilter, Reader as _};
use sluice_core::port::store::{Change, Outcome, Store as _};
use sluice_core::time::Timestamp;

use crate::world::World;

promises! {
    a_rung_is_kept_and_told_once;
    what_vendors_asked_is_kept_five_minutes_together_and_for_ninety_days;
    what_was_paid_is_counted_by_the_hour_and_by_the_day;
}

const DAY_MS: i64 = 86_400_000;

fn turned(world: &World, before: Option<Mode>, energy: u64) -> Turned {
    let level = Level { energy, most: 1_000_000 };
    Turned::of(world.partner.id, world.wallet.id, before, level, world.now()).unwrap()
}

async fn a_rung_is_kept_and_told_once(world: World) {
    let told = async || {
        world.text("select cast(count(*) as text) from event where kind = 'energy.mode_changed'").await
    };
    let stored = async || {
        world
            .text("select coalesce(max(mode || ' ' || energy || ' ' || most), 'none') from energy_mode")
            .await
    };
    let low = turned(&world, None, 50_000);
    let turns = |turned: Turned| Change { turned: vec![turned], ..world.change() };
    world.applied(turns(low)).await;
    assert_eq!((stored().await.as_str(), told().await.as_str()), ("critical 50000 1000000", "1"));
    // Somebody else was faster: it stands there already.
    assert_eq!(world.apply(turns(low)).await, Outcome::Moved);
    assert_eq!(told().await, "1");
    world.applied(turns(turned(&world, Some(Mode::Critical), 900_000))).await;
    assert_eq!((stored().await.as_str(), told().await.as_str()), ("optimal 900000 1000000", "2"));
    // The wallet of this world is on no chain of TRON.
    assert_eq!(world.db.stood(ChainId::tron(31_337), world.now()).await.unwrap(), []);
    for script in ["update energy_mode set mode = 'emergency'", "update energy_mode set most = -1"] {
        assert!(world.db.tamper(script, script).await.is_err(), "{script}");
    }
}

async fn what_vendors_asked_is_kept_five_minutes_together_and_for_ninety_days(world: World) {
    let chain = ChainId::tron(31_337);
    let start = Timestamp::from_micros(0).plus_ms(1_000 * SPAN_MS);
    let heard = |vendor: &str, sun: u128, ms: i64| {
        let quote = Quote {
            vendor: VendorId::parse(vendor).unwrap(),
            energy: 1_000,
            duration_s: 3_600,
            total_sun: Cost(sun),
            valid_until: start,
        };
        Heard::of(chain, &quote, start.plus_ms(ms)).unwrap()
    };
    let all = PriceFilter {
        chain,
        vendor: None,
        from: start.plus_ms(-DAY_MS),
        to: start.plus_ms(99 * DAY_MS),
        after: None,
    };
    let listed = async |filter: PriceFilter, limit| world.db.energy_prices(&filter, limit).await.unwrap();
    for (vendor, sun, ms) in [("b", 40_000, 0), ("b", 60_000, 1), ("b", 50_000, 2), ("a", 45_000, 3)] {
        world.applied(Change { heard: vec![heard(vendor, sun, ms)], ..world.change() }).await;
    }
    world.applied(Change { heard: vec![heard("b", 70_000, SPAN_MS)], ..world.change() }).await;
    let spans = listed(all.clone(), 10).await;
    let told: Vec<_> = spans
        .iter()
        .map(|it| {
            (
                it.vendor.as_str(),
                it.from.since_ms(start),
                it.low_micro_sun,
                it.high_micro_sun,
                it.last_micro_sun,
                it.quotes,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("b", SPAN_MS, 70_000_000, 70_000_000, 70_000_000, 1),
            ("a", 0, 45_000_000, 45_000_000, 45_000_000, 1),
            ("b", 0, 40_000_000, 60_000_000, 50_000_000, 3),
        ]
    );
    assert_eq!((spans[2].energy, spans[2].duration_s, spans[2].last_at), (1_000, 3_600, start.plus_ms(2)));
    // Pages, vendors, ranges and chains.
    let first = &spans[0];
    let behind = PriceFilter { after: Some((first.from, first.vendor.clone())), ..all.clone() };
    assert_eq!(listed(behind, 1).await, spans[1..2]);
    let of_a = PriceFilter { vendor: Some(VendorId::parse("a").unwrap()), ..all.clone() };
    assert_eq!(listed(of_a, 10).await, spans[1..2]);
    assert_eq!(listed(PriceFilter { to: start.plus_ms(1), ..all.clone() }, 10).await, spans[1..]);
    assert_eq!(listed(PriceFilter { chain: ChainId::tron(1), ..all.clone() }, 10).await, []);
    // Ninety days later the first ones are gone.
    world.applied(Change { heard: vec![heard("b", 10_000, 90 * DAY_MS + SPAN_MS)], ..world.change() }).await;
    assert_eq!(listed(all, 10).await.len(), 2, "the new one, and one of exactly ninety days ago");
}

async fn what_was_paid_is_counted_by_the_hour_and_by_the_day(world: World) {
    let tally = |start: i64, span: i64, status: &str, asset: &str, count: i64| {
        format!(
            "insert into withdrawal_tally (partner_id, span, start, status, type, asset, count, high, low)
             values ('{}', {span}, {start}, '{status}', 'regular', '{asset}', {count}, 0, 0)",
            world.partner.id
        )
    };
    let (hour, day) = (3_600_000_000, 86_400_000_000);
    let asset = world.asset.id;
    for (start, span, status, asset, count) in [
        (0, hour, "completed", asset.to_string(), 3),
        (hour, hour, "completed", asset.to_string(), 4),
        (hour, hour, "failed", asset.to_string(), 9),
        (2 * hour, hour, "completed", "other".to_owned(), 9),
        (3 * hour, hour, "completed", asset.to_string(), 0),
        (0, day, "completed", asset.to_string(), 7),
    ] {
        let script = tally(start, span, status, &asset, count);
        world.db.tamper(&script, &script).await.unwrap();
    }
    let at = Timestamp::from_micros;
    let paid = async |by, from, to| {
        world.db.paid_by(world.partner.id, by, &[asset], at(from), at(to)).await.unwrap()
    };
    assert_eq!(paid(By::Hour, 0, day).await, [(at(0), 3), (at(hour), 4)]);
    assert_eq!(paid(By::Hour, 1, day).await, [(at(hour), 4)]);
    assert_eq!(paid(By::Day, 0, day).await, [(at(0), 7)]);
    assert_eq!(world.db.paid_by(world.partner.id, By::Day, &[], at(0), at(day)).await.unwrap(), []);
    // The same for every partner with a lane on a chain.
    let chain = ChainId::tron(31_337);
    let of_lanes = async |chain| world.db.paid_hours(chain, &[asset], at(1), at(day)).await.unwrap();
    assert_eq!(of_lanes(chain).await, [], "it has none there");
    let script = "update wallet set chain = 'tron:31337'";
    world.db.tamper(script, script).await.unwrap();
    assert_eq!(of_lanes(chain).await, [(world.partner.clone(), vec![(at(hour), 4)])]);
    assert_eq!(of_lanes(ChainId::tron(1)).await, []);
}
