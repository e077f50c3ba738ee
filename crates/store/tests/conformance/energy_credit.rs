//! What is paid ahead for energy of the pool: each top-up credited once, and no credit taken twice.

use std::collections::BTreeMap;

use sluice_core::address::TronAddress;
use sluice_core::energy::credit::{BOUNDED, Billing, COVERED, Level, Standing, Turned};
use sluice_core::energy::{Assigned, Look, Prepayment, View};
use sluice_core::id::PartnerId;
use sluice_core::partner::Partner;
use sluice_core::port::chain::{CoinIn, PaidIn};
use sluice_core::port::reader::Reader;
use sluice_core::port::registry::Registry;
use sluice_core::port::store::{Change, Outcome, Store};
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;

use crate::energy_pool::{Scene, adopted, asked_as, called_off, chain, paid, scene_of};
use crate::world::{World, block, quorum};

promises! {
    a_top_up_is_credited_once_with_the_place_that_was_read;
    a_look_that_another_has_overtaken_writes_nothing;
    a_top_up_of_nobody_waits_for_a_person_and_is_given_once;
    what_is_not_covered_is_not_lent_in_the_same_commit;
    two_needs_that_meet_never_take_the_same_credit;
    what_is_given_back_may_be_lent_again_once_nothing_of_it_can_come;
    late_loans_that_are_lent_after_all_leave_no_credit_below_nothing;
    who_pays_on_account_is_charged_each_loan_up_to_its_bound;
    two_loans_on_account_that_meet_never_go_beyond_the_bound;
    a_credit_that_comes_to_be_low_is_told_once;
    what_moved_a_credit_is_listed_newest_first_by_pages;
    top_ups_and_places_are_kept_for_ever;
}

const TRX: u64 = 1_000_000;
const SENDER: TronAddress = TronAddress([0x51; 20]);
const STRANGER: TronAddress = TronAddress([0x52; 20]);

/// A partner beside the owner of the pool.
async fn payer(world: &World) -> Partner {
    let partner = Partner {
        id: PartnerId::new(world.ulid()),
        name: "payer".into(),
        zone: "Asia/Seoul".into(),
        test_mode: true,
        created_at: world.now(),
    };
    assert!(world.db.create_partner(partner.clone(), vec![], world.cause()).await.unwrap());
    partner
}

async fn begun(world: &World) -> (Wallet, PartnerId) {
    let (pool, partner) = (adopted(world, world.partner.id, 0x21).await, payer(world).await.id);
    let first = Look::first(&pool, &quorum(block(9), block(9)));
    world.applied(Change { topups: Some(first), ..world.change() }).await;
    (pool, partner)
}

/// A look from `from` to `through` that found so many sun from each.
fn look(pool: &Wallet, partner: PartnerId, from: u64, through: u64, found: &[(TronAddress, u64)]) -> Look {
    let coin = |(place, (from, sun)): (usize, &(TronAddress, u64))| CoinIn {
        txid: [u8::try_from(through * 16 + place as u64).unwrap(); 32],
        from: *from,
        sun: *sun,
        block: block(through),
        at: Timestamp::from_micros(5),
    };
    let coins = found.iter().enumerate().map(coin).collect();
    let run = quorum(PaidIn { through: block(through), coins }, block(through + 2));
    Look::of(pool, from, &run, &BTreeMap::from([(SENDER, partner)]))
}

async fn view(world: &World) -> View {
    world.db.energy(chain(), Timestamp::default(), &[]).await.unwrap()
}

async fn tops_up(world: &World, pool: &Wallet, partner: PartnerId, from: u64, sun: u64) {
    let look = look(pool, partner, from, from, &[(SENDER, sun)]);
    world.applied(Change { topups: Some(look), ..world.change() }).await;
}

async fn a_top_up_is_credited_once_with_the_place_that_was_read(world: World) {
    let (pool, partner) = begun(&world).await;
    assert_eq!(view(&world).await.topups_from, BTreeMap::from([(pool.id, 10)]));
    let found = look(&pool, partner, 10, 12, &[(SENDER, 7 * TRX), (SENDER, 2 * TRX)]);
    world.applied(Change { topups: Some(found.clone()), ..world.change() }).await;
    let now = view(&world).await;
    assert_eq!((now.topups_from[&pool.id], now.balance_sun(pool.id, partner)), (13, 9_000_000));
    // The same look again, as after an answer that was lost.
    let again = world.apply(Change { topups: Some(found), ..world.change() }).await;
    assert_eq!(again, Outcome::Moved);
    // The same transactions in another look are refused, and with them the place.
    let twice = look(&pool, partner, 13, 12, &[(SENDER, 7 * TRX)]);
    let twice = world.apply(Change { topups: Some(twice), ..world.change() }).await;
    assert!(matches!(twice, Outcome::Refused(_)), "{twice:?}");
    let now = view(&world).await;
    assert_eq!((now.topups_from[&pool.id], now.balance_sun(pool.id, partner)), (13, 9_000_000));
    let books = |account: &str| {
        format!(
            "select cast(sum(atoms) as bigint) from ledger where account = '{account}' and reason = 'topup'"
        )
    };
    assert_eq!(world.number(&books("energy_credit")).await, -9_000_000);
    assert_eq!(world.number(&books("energy_paid")).await, 9_000_000);
    assert_eq!(world.number("select count(*) from ledger where account = 'available'").await, 0);
    assert_eq!(world.number("select count(*) from event where kind = 'energy.topped_up'").await, 2);
}

async fn a_look_that_another_has_overtaken_writes_nothing(world: World) {
    let (pool, partner) = begun(&world).await;
    let first = Look::first(&pool, &quorum(block(20), block(20)));
    assert_eq!(world.apply(Change { topups: Some(first), ..world.change() }).await, Outcome::Moved);
    let gap = look(&pool, partner, 11, 12, &[(SENDER, TRX)]);
    assert_eq!(world.apply(Change { topups: Some(gap), ..world.change() }).await, Outcome::Moved);
    let one = look(&pool, partner, 10, 11, &[(SENDER, TRX)]);
    let other = look(&pool, partner, 10, 12, &[(SENDER, TRX)]);
    let beside = world.beside().await;
    let (one, other) = tokio::join!(
        world.apply(Change { topups: Some(one), ..world.change() }),
        beside.apply(Change { topups: Some(other), ..beside.change() })
    );
    assert!(
        matches!((&one, &other), (Outcome::Applied, Outcome::Moved) | (Outcome::Moved, Outcome::Applied)),
        "{one:?} {other:?}"
    );
    assert_eq!(view(&world).await.balance_sun(pool.id, partner), 1_000_000);
}

async fn unknown(world: &World) -> Vec<Prepayment> {
    view(world).await.unknown
}

async fn a_top_up_of_nobody_waits_for_a_person_and_is_given_once(world: World) {
    let (pool, partner) = begun(&world).await;
    let found = look(&pool, partner, 10, 10, &[(STRANGER, 3 * TRX)]);
    world.applied(Change { topups: Some(found), ..world.change() }).await;
    let waits = unknown(&world).await;
    assert_eq!(waits.iter().map(|it| (it.sender, it.sun)).collect::<Vec<_>>(), [(STRANGER, 3 * TRX)]);
    assert_eq!(world.db.energy_topup(waits[0].txid).await.unwrap().as_ref(), Some(&waits[0]));
    assert_eq!(view(&world).await.balance_sun(pool.id, partner), 0);
    for outcome in [Outcome::Applied, Outcome::Moved] {
        let assigned = Assigned::to(waits[0].clone(), partner);
        assert_eq!(world.apply(Change { assigned, ..world.change() }).await, outcome);
        assert_eq!(view(&world).await.balance_sun(pool.id, partner), 3_000_000);
    }
    assert!(unknown(&world).await.is_empty());
    assert_eq!(world.db.energy_topup(waits[0].txid).await.unwrap().unwrap().partner, Some(partner));
}

async fn what_is_not_covered_is_not_lent_in_the_same_commit(world: World) {
    let (pool, partner) = begun(&world).await;
    let scene = scene_of(&world, &pool, partner, 0x31).await;
    tops_up(&world, &pool, partner, 10, 2_112_499).await;
    assert_eq!(lends(&world, &scene, Billing::Prepaid).await, Outcome::Refused(COVERED.into()));
    let now = view(&world).await;
    assert_eq!((now.loans.len(), now.balance_sun(pool.id, partner)), (0, 2_112_499));
    assert_eq!(world.number("select count(*) from withdrawal").await, 0, "nor is the errand there");
    tops_up(&world, &pool, partner, 11, 1).await;
    assert_eq!(lends(&world, &scene, Billing::Prepaid).await, Outcome::Applied);
    let now = view(&world).await;
    assert_eq!((now.loans[0].billing, now.balance_sun(pool.id, partner)), (Billing::Prepaid, 0));
    // Who pays afterwards is lent what it has not paid.
    let other = scene_of(&world, &pool, partner, 0x32).await;
    assert_eq!(lends(&world, &other, Billing::Prepaid).await, Outcome::Refused(COVERED.into()));
    assert_eq!(lends(&world, &other, Billing::Postpaid).await, Outcome::Applied);
    assert_eq!(view(&world).await.balance_sun(pool.id, partner), -2_112_500);
}

async fn lends(world: &World, scene: &Scene, billing: Billing) -> Outcome {
    let (loan, intake) = asked_as(world, scene, billing);
    world.apply(Change { loans: vec![loan], errands: vec![intake], ..world.change() }).await
}

async fn two_needs_that_meet_never_take_the_same_credit(world: World) {
    let (pool, partner) = begun(&world).await;
    tops_up(&world, &pool, partner, 10, 4_224_999).await;
    let beside = world.beside().await;
    for (round, place) in [(0u8, 0x31u8), (1, 0x41)] {
        let (one, other) = (
            scene_of(&world, &pool, partner, place).await,
            scene_of(&world, &pool, partner, place + 1).await,
        );
        let (one, other) =
            tokio::join!(lends(&world, &one, Billing::Prepaid), lends(&beside, &other, Billing::Prepaid));
        let taken = [&one, &other].iter().filter(|it| ***it == Outcome::Applied).count();
        assert_eq!(taken, usize::from(round == 0), "{one:?} {other:?}");
        assert_eq!(view(&world).await.balance_sun(pool.id, partner), 2_112_499);
    }
    // Nor in one commit.
    tops_up(&world, &pool, partner, 11, 1).await;
    let (one, other) =
        (scene_of(&world, &pool, partner, 0x51).await, scene_of(&world, &pool, partner, 0x52).await);
    let change = |scene: &Scene| {
        let (loan, intake) = asked_as(&world, scene, Billing::Prepaid);
        Change { loans: vec![loan], errands: vec![intake], ..world.change() }
    };
    let outcomes = world.db.apply(None, vec![change(&one), change(&other)]).await.unwrap();
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Refused(COVERED.into())]);
    assert_eq!(view(&world).await.balance_sun(pool.id, partner), 0);
}

/// What a loan costs here, sun.
const PRICE: u64 = 2_112_500;

async fn who_pays_on_account_is_charged_each_loan_up_to_its_bound(world: World) {
    let (pool, partner) = begun(&world).await;
    let bound = Billing::OnAccount { owed_max_sun: 2 * PRICE };
    let scene = async |place| scene_of(&world, &pool, partner, place).await;
    let (first, second, third) = (scene(0x31).await, scene(0x32).await, scene(0x33).await);
    let tight = Billing::OnAccount { owed_max_sun: PRICE - 1 };
    assert_eq!(lends(&world, &first, tight).await, Outcome::Refused(BOUNDED.into()), "a sun too much");
    let none = (world.number("select count(*) from withdrawal").await, view(&world).await.loans.len());
    assert_eq!(none, (0, 0), "neither the loan nor its errand is there");
    for scene in [&first, &second] {
        assert_eq!(lends(&world, scene, bound).await, Outcome::Applied);
    }
    let now = view(&world).await;
    assert!(now.loans.iter().all(|loan| loan.billing == bound), "{:?}", now.loans);
    assert_eq!(now.balance_sun(pool.id, partner), -4_225_000);
    assert_eq!(lends(&world, &third, bound).await, Outcome::Refused(BOUNDED.into()));
    assert_eq!(lends(&world, &third, Billing::Prepaid).await, Outcome::Refused(COVERED.into()));
    // Each by itself, by its need.
    let page = world.db.energy_credit_entries(partner, pool.id, None, 9).await.unwrap();
    let told: Vec<_> =
        page.iter().map(|it| (it.group.split('@').next().unwrap().to_owned(), it.sun)).collect();
    assert_eq!(told, [(second.need.id.to_string(), -2_112_500), (first.need.id.to_string(), -2_112_500)]);
    // What is owed is paid by a top-up, and may be owed again; a bound beside it that was lowered holds from then on.
    tops_up(&world, &pool, partner, 10, PRICE).await;
    assert_eq!(view(&world).await.balance_sun(pool.id, partner), -2_112_500);
    let lowered = Billing::OnAccount { owed_max_sun: PRICE };
    assert_eq!(lends(&world, &third, lowered).await, Outcome::Refused(BOUNDED.into()));
    assert_eq!(lends(&world, &third, bound).await, Outcome::Applied);
    // What is given back makes room.
    let late = view(&world).await.loans.pop().unwrap().expire(world.now().plus_ms(30_000)).unwrap().unwrap();
    world.applied(Change { loans: vec![late], ..world.change() }).await;
    assert_eq!(view(&world).await.balance_sun(pool.id, partner), -2_112_500);
    // The bound is of the loan for ever, and none stands beside what is paid ahead.
    for text in ["update energy_loan set owed_max_sun = 1", "update energy_loan set owed_max_sun = null"] {
        assert!(world.db.tamper(text, text).await.is_err(), "{text}");
    }
}

async fn two_loans_on_account_that_meet_never_go_beyond_the_bound(world: World) {
    let (pool, partner) = begun(&world).await;
    let bound = Billing::OnAccount { owed_max_sun: 2 * PRICE - 1 };
    let beside = world.beside().await;
    for (round, place) in [(0u8, 0x31u8), (1, 0x41)] {
        let (one, other) = (
            scene_of(&world, &pool, partner, place).await,
            scene_of(&world, &pool, partner, place + 1).await,
        );
        let (one, other) = tokio::join!(lends(&world, &one, bound), lends(&beside, &other, bound));
        let both = [&one, &other];
        let taken = both.iter().filter(|it| ***it == Outcome::Applied).count();
        let refused = both.iter().filter(|it| ***it == Outcome::Refused(BOUNDED.into())).count();
        assert_eq!((taken, refused), (usize::from(round == 0), 2 - usize::from(round == 0)), "{both:?}");
        assert_eq!(view(&world).await.balance_sun(pool.id, partner), -2_112_500);
    }
    // Nor in one commit.
    tops_up(&world, &pool, partner, 10, PRICE).await;
    let (one, other) =
        (scene_of(&world, &pool, partner, 0x51).await, scene_of(&world, &pool, partner, 0x52).await);
    let change = |scene: &Scene| {
        let (loan, intake) = asked_as(&world, scene, bound);
        Change { loans: vec![loan], errands: vec![intake], ..world.change() }
    };
    let outcomes = world.db.apply(None, vec![change(&one), change(&other)]).await.unwrap();
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Refused(BOUNDED.into())]);
    assert_eq!(view(&world).await.balance_sun(pool.id, partner), -2_112_500);
}

async fn what_is_given_back_may_be_lent_again_once_nothing_of_it_can_come(world: World) {
    let (pool, partner) = begun(&world).await;
    tops_up(&world, &pool, partner, 10, PRICE).await;
    let scene = scene_of(&world, &pool, partner, 0x31).await;
    assert_eq!(lends(&world, &scene, Billing::Prepaid).await, Outcome::Applied);
    let loan = view(&world).await.loans.remove(0);
    let late = loan.expire(world.now().plus_ms(30_000)).unwrap().unwrap();
    world.applied(Change { loans: vec![late], ..world.change() }).await;
    let now = view(&world).await;
    assert_eq!((now.balance_sun(pool.id, partner), now.to_lend_on_sun(pool.id, partner)), (2_112_500, 0));
    // It may be lent yet, and is charged then: another loan would take the same credit.
    let other = scene_of(&world, &pool, partner, 0x32).await;
    assert_eq!(lends(&world, &other, Billing::Prepaid).await, Outcome::Refused(COVERED.into()));
    let tight = Billing::OnAccount { owed_max_sun: PRICE - 1 };
    assert_eq!(lends(&world, &other, tight).await, Outcome::Refused(BOUNDED.into()));
    let late = view(&world).await.loans.remove(0);
    let errand = called_off(&world, late.errand).await;
    let absent = late.hear(&errand, false, world.now()).unwrap().unwrap();
    world.applied(Change { loans: vec![absent], ..world.change() }).await;
    assert_eq!(view(&world).await.to_lend_on_sun(pool.id, partner), 2_112_500);
    assert_eq!(lends(&world, &other, Billing::Prepaid).await, Outcome::Applied);
}

/// Whoever holds up the proofs of loans has none of them for nothing, and none that was not paid ahead.
async fn late_loans_that_are_lent_after_all_leave_no_credit_below_nothing(world: World) {
    let (pool, partner) = begun(&world).await;
    tops_up(&world, &pool, partner, 10, 2 * PRICE).await;
    for place in [0x31, 0x32, 0x33] {
        let scene = scene_of(&world, &pool, partner, place).await;
        let covered = place < 0x33;
        assert_eq!(lends(&world, &scene, Billing::Prepaid).await == Outcome::Applied, covered, "{place}");
        if covered {
            let loan = view(&world).await.loans.pop().unwrap();
            let late = loan.expire(world.now().plus_ms(30_000)).unwrap().unwrap();
            world.applied(Change { loans: vec![late], ..world.change() }).await;
        }
    }
    assert_eq!(view(&world).await.balance_sun(pool.id, partner), 4_225_000);
    for (loan, left) in view(&world).await.loans.into_iter().zip([2_112_500, 0]) {
        let lends = paid(&world, loan.errand).await;
        let lent = loan.hear(&lends, false, world.now()).unwrap().unwrap();
        world.applied(Change { loans: vec![lent], ..world.change() }).await;
        let now = view(&world).await;
        assert_eq!(now.balance_sun(pool.id, partner), left);
        assert_eq!(now.to_lend_on_sun(pool.id, partner), 0);
    }
}

async fn a_credit_that_comes_to_be_low_is_told_once(world: World) {
    let (pool, partner) = begun(&world).await;
    tops_up(&world, &pool, partner, 10, TRX).await;
    let standing = view(&world).await.credit[0];
    let expected = Standing { wallet: pool.id, partner, balance_sun: 1_000_000, level: Level::Enough };
    assert_eq!(standing, expected);
    let low = Turned::of(chain(), standing, Billing::Prepaid, 2 * TRX, world.now()).unwrap();
    for outcome in [Outcome::Applied, Outcome::Moved] {
        assert_eq!(world.apply(Change { credit_turned: vec![low], ..world.change() }).await, outcome);
    }
    assert_eq!(view(&world).await.credit[0].level, Level::Low);
    assert_eq!(world.number("select count(*) from event where kind = 'energy.credit_low'").await, 1);
    tops_up(&world, &pool, partner, 11, 9 * TRX).await;
    let enough =
        Turned::of(chain(), view(&world).await.credit[0], Billing::Prepaid, 2 * TRX, world.now()).unwrap();
    world.applied(Change { credit_turned: vec![enough], ..world.change() }).await;
    assert_eq!(view(&world).await.credit[0].level, Level::Enough);
    assert_eq!(world.number("select count(*) from event where kind = 'energy.credit_enough'").await, 1);
}

async fn what_moved_a_credit_is_listed_newest_first_by_pages(world: World) {
    let (pool, partner) = begun(&world).await;
    tops_up(&world, &pool, partner, 10, 5 * TRX).await;
    let scene = scene_of(&world, &pool, partner, 0x31).await;
    assert_eq!(lends(&world, &scene, Billing::Prepaid).await, Outcome::Applied);
    let loan = view(&world).await.loans.remove(0);
    let late = loan.expire(world.now().plus_ms(30_000)).unwrap().unwrap();
    world.applied(Change { loans: vec![late], ..world.change() }).await;
    let page =
        async |before, limit| world.db.energy_credit_entries(partner, pool.id, before, limit).await.unwrap();
    let all = page(None, 9).await;
    let told: Vec<_> = all.iter().map(|it| (it.reason.as_str(), it.sun)).collect();
    assert_eq!(told, [("loan.late", 2_112_500), ("loan.asked", -2_112_500), ("topup", 5_000_000)]);
    assert!(all[0].group.starts_with(&scene.need.id.to_string()), "{}", all[0].group);
    assert_eq!(page(None, 2).await, all[..2]);
    assert_eq!(page(Some(all[1].number), 2).await, all[2..]);
    let sums = world.db.energy_credit(partner, pool.id).await.unwrap();
    let told =
        (sums.balance_sun, sums.topped_up_sun, sums.charged_sun, sums.given_back_sun, sums.next_height);
    assert_eq!(told, (5_000_000, 5_000_000, 2_112_500, 2_112_500, Some(11)));
    // Another's is not told.
    assert!(world.db.energy_credit_entries(world.partner.id, pool.id, None, 9).await.unwrap().is_empty());
    let none = world.db.energy_credit(world.partner.id, pool.id).await.unwrap();
    assert_eq!((none.balance_sun, none.topped_up_sun, none.charged_sun), (0, 0, 0));
}

async fn top_ups_and_places_are_kept_for_ever(world: World) {
    let (pool, partner) = begun(&world).await;
    tops_up(&world, &pool, partner, 10, 5 * TRX).await;
    for text in [
        "delete from energy_topup",
        "update energy_topup set partner_id = null",
        "update energy_topup set sun = 1",
        "delete from energy_topup_cursor",
        "update energy_topup_cursor set next_height = 1",
    ] {
        assert!(world.db.tamper(text, text).await.is_err(), "{text}");
    }
}
