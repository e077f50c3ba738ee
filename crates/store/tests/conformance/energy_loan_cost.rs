//! What loans of the pool cost: charged once, given back where they are not there in time, and charged again where only the proof was
//! late.

use std::collections::BTreeSet;

use sluice_core::amount::Cost;
use sluice_core::energy::Burning;
use sluice_core::id::WithdrawalId;
use sluice_core::port::reader::{Filter, Reader};
use sluice_core::port::store::{Change, Outcome, Store};
use sluice_core::proof::Effect;
use sluice_core::receipt::{Estimate, Receipt};
use sluice_core::time::Timestamp;

use crate::energy_pool::{Scene, asked, called_off, chain, lent_to, paid, scene, stored};
use crate::world::World;

promises! {
    a_loan_is_charged_once_and_given_back_where_it_is_not_there_in_time;
    what_a_loan_cost_is_in_the_receipts_of_what_it_powered;
    a_late_loan_that_is_lent_after_all_is_charged_then_and_once;
    a_late_loan_whose_need_went_elsewhere_costs_nothing;
}

/// What a partner owes a pool and what it was charged, by the books and by their sums.
async fn owed(world: &World, scene: &Scene) -> (i64, i64) {
    let mut found = vec![];
    for account in ["energy_credit", "energy_charged"] {
        let sum = |table: &str| {
            let (partner, wallet) = (scene.lane.partner, scene.pool.id);
            format!(
                "select cast(coalesce(sum(atoms), 0) as bigint) from {table}
                 where account = '{account}' and partner_id = '{partner}' and wallet_id = '{wallet}'"
            )
        };
        let posted = world.number(&sum("ledger")).await;
        assert_eq!(posted, world.number(&sum("ledger_balance")).await, "{account}");
        found.push(posted);
    }
    (found[0], found[1])
}

async fn a_loan_is_charged_once_and_given_back_where_it_is_not_there_in_time(world: World) {
    let scene = scene(&world).await;
    let loan = lent_to(&world, &scene).await;
    assert_eq!(owed(&world, &scene).await, (2_112_500, -2_112_500));
    // The same step again is no second charge, nor are steps that decide nothing about the price.
    let (again, intake) = asked(&world, &scene);
    let outcome = world.apply(Change { loans: vec![again], errands: vec![intake], ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("ledger_one_posting".into()));
    assert_eq!(owed(&world, &scene).await.0, 2_112_500);
    let late = stored(&world, loan.clone().expire(world.now().plus_ms(30_000)).unwrap().unwrap()).await;
    assert_eq!(owed(&world, &scene).await, (0, 0));
    let errand = called_off(&world, loan.errand).await;
    stored(&world, late.hear(&errand, false, world.now()).unwrap().unwrap()).await;
    assert_eq!(owed(&world, &scene).await, (0, 0), "once");
    assert_eq!(world.number("select count(*) from ledger where reason like 'loan.%'").await, 4);
}

/// A payment that was fuelled with energy of the need, and is in a block.
async fn powered(world: &World, scene: &Scene, lent: u64) -> WithdrawalId {
    let withdrawal = world.accepted("powered").await;
    let id = withdrawal.id;
    let estimate = Estimate {
        energy: lent,
        lent,
        burns_sun: Cost(345_000),
        burning_sun: Cost(6_845_000),
        need: Some(scene.need.id),
    };
    let fuelled = world.fuelled_as(world.plan(withdrawal).await, Some(estimate)).await;
    let (built, attempt) = world.built(fuelled, 7).await;
    let (transfer, signed) = world.signed(built, &attempt).await;
    world.seen(transfer, &signed, 101, Effect::Paid { log_index: 0 }).await;
    id
}

async fn receipt(world: &World, id: WithdrawalId) -> Receipt {
    let view = Reader::withdrawal(&*world.db, None, id).await.unwrap().unwrap();
    let page = world.db.list(None, &Filter::default(), None, 10).await.unwrap();
    let listed = page.into_iter().find(|it| it.withdrawal.id == id).unwrap();
    assert_eq!(listed.receipt, view.receipt);
    view.receipt.unwrap()
}

async fn what_a_loan_cost_is_in_the_receipts_of_what_it_powered(world: World) {
    let scene = scene(&world).await;
    let loan = lent_to(&world, &scene).await;
    let id = powered(&world, &scene, 32_825).await;
    let told = receipt(&world, id).await;
    // Half of the energy, for half of the price.
    assert_eq!((told.estimated_sun, told.bought_sun), (Cost(345_000 + 1_056_250), None), "not there yet");
    let lends = paid(&world, loan.errand).await;
    let loan = stored(&world, loan.hear(&lends, false, world.now()).unwrap().unwrap()).await;
    assert_eq!(receipt(&world, id).await.bought_sun, Some(Cost(1_056_250)));
    let over = world.now().plus_ms(60_000);
    stored(&world, loan.end(vec![], over).unwrap()).await;
    assert_eq!(receipt(&world, id).await.bought_sun, Some(Cost(1_056_250)), "for good");
}

/// Its proof is late, and nobody was asked instead: the lane had its energy of it.
async fn a_late_loan_that_is_lent_after_all_is_charged_then_and_once(world: World) {
    let scene = scene(&world).await;
    let loan = lent_to(&world, &scene).await;
    let id = powered(&world, &scene, 32_825).await;
    let lends = paid(&world, loan.errand).await;
    let late = stored(&world, loan.expire(world.now().plus_ms(30_000)).unwrap().unwrap()).await;
    assert_eq!(owed(&world, &scene).await, (0, 0));
    assert_eq!(receipt(&world, id).await.bought_sun, None, "it may come yet");
    // Served by what the chain shows, as its lane finds it; nothing else was asked for.
    let served = scene.need.clone().serve(world.now()).unwrap();
    world.applied(Change { needs: vec![served], ..world.change() }).await;
    let view = world.db.energy(chain(), Timestamp::default(), &[]).await.unwrap();
    assert!(view.elsewhere.is_empty(), "{view:?}");
    let step = late.hear(&lends, view.elsewhere.contains(&scene.need.id), world.now()).unwrap().unwrap();
    let again = step.clone();
    stored(&world, step).await;
    assert_eq!(owed(&world, &scene).await, (2_112_500, -2_112_500));
    assert_eq!(receipt(&world, id).await.bought_sun, Some(Cost(1_056_250)));
    assert_eq!(world.apply(Change { loans: vec![again], ..world.change() }).await, Outcome::Moved);
    assert_eq!(owed(&world, &scene).await, (2_112_500, -2_112_500), "once");
    let entries = world.db.energy_credit_entries(scene.lane.partner, scene.pool.id, None, 9).await.unwrap();
    let told: Vec<_> = entries.iter().map(|it| (it.reason.as_str(), it.sun)).collect();
    assert_eq!(told, [("loan.lent", -2_112_500), ("loan.late", 2_112_500), ("loan.asked", -2_112_500)]);
}

async fn a_late_loan_whose_need_went_elsewhere_costs_nothing(world: World) {
    let scene = scene(&world).await;
    let loan = lent_to(&world, &scene).await;
    let id = powered(&world, &scene, 32_825).await;
    let lends = paid(&world, loan.errand).await;
    let late = stored(&world, loan.expire(world.now().plus_ms(30_000)).unwrap().unwrap()).await;
    let elsewhere = async || world.db.energy(chain(), Timestamp::default(), &[]).await.unwrap().elsewhere;
    assert!(elsewhere().await.is_empty(), "it is open");
    let burning = scene.need.clone().burn(Burning::NoSource, world.now()).unwrap();
    world.applied(Change { needs: vec![burning], ..world.change() }).await;
    assert_eq!(elsewhere().await, BTreeSet::from([scene.need.id]));
    stored(&world, late.hear(&lends, true, world.now()).unwrap().unwrap()).await;
    assert_eq!((owed(&world, &scene).await, elsewhere().await), ((0, 0), BTreeSet::new()));
    assert_eq!(receipt(&world, id).await.bought_sun, Some(Cost::ZERO));
}
