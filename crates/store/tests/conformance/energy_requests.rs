//! Requests to get energy ahead: stored with what they are for, one open one for a withdrawal, asked for with their need or not at
//! all, and ended once.

use sluice_core::address::TronAddress;
use sluice_core::amount::Cost;
use sluice_core::energy::{Burning, Need, Request, RequestItem, RequestState, Requested, Wanted};
use sluice_core::id::{EnergyNeedId, EnergyRequestId, PartnerId, WithdrawalId};
use sluice_core::moved::Moved;
use sluice_core::port::reader::{Reader, RequestFilter};
use sluice_core::port::store::{Change, Outcome, Store};
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;

use crate::energy_pool::{adopted, chain};
use crate::world::World;

promises! {
    a_request_reads_back_in_every_state_it_comes_to;
    a_partner_has_one_request_of_a_name;
    a_withdrawal_is_named_by_one_open_request_at_a_time;
    a_request_is_asked_for_with_its_need_or_not_at_all;
    a_request_that_is_called_off_meanwhile_opens_no_need;
    a_lane_asks_for_one_request_at_a_time;
    requests_are_listed_by_tenant_and_by_pages;
    requests_are_kept_for_ever;
}

async fn lane(world: &World) -> Wallet {
    adopted(world, world.partner.id, 0x31).await
}

fn wanted(world: &World, lane: &Wallet, name: &str, of: &[WithdrawalId]) -> Moved<Request> {
    let wanted = Requested {
        id: EnergyRequestId::new(world.ulid()),
        partner: lane.partner,
        wallet: lane.id,
        chain: chain(),
        external_id: name.into(),
        items: of.iter().map(|id| RequestItem { withdrawal: *id, energy: 65_000 }).collect(),
        not_before: world.now(),
        expires_at: world.now().plus_ms(60_000),
    };
    Request::open(wanted, world.now()).unwrap()
}

fn need(world: &World, lane: &Wallet, energy: u64) -> Moved<Need> {
    let wanted = Wanted {
        id: EnergyNeedId::new(world.ulid()),
        partner: lane.partner,
        wallet: lane.id,
        chain: chain(),
        receiver: TronAddress([0x31; 20]),
        energy,
        burning_sun: Cost(6_500_000),
        deadline: world.now().plus_ms(60_000),
    };
    Need::open(wanted, world.now())
}

async fn put(world: &World, step: Moved<Request>) -> Outcome {
    world.apply(Change { requests: vec![step], ..world.change() }).await
}

/// Stores a step, and finds the request as it was.
async fn stored(world: &World, step: Moved<Request>) -> Request {
    let after = step.after().clone();
    assert_eq!(put(world, step).await, Outcome::Applied, "{}", after.state.as_str());
    let found = world.db.energy_request(None, after.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&after));
    after
}

async fn opened(world: &World, lane: &Wallet, name: &str) -> Request {
    let withdrawal = world.accepted(&format!("of-{name}")).await;
    stored(world, wanted(world, lane, name, &[withdrawal.id])).await
}

/// Asked for by a need that is opened with it.
async fn asked(world: &World, request: Request, lane: &Wallet, energy: u64) -> (Request, Need) {
    let opens = need(world, lane, energy);
    let need = opens.after().clone();
    let step = request.ask(&need, world.now()).unwrap();
    let after = step.after().clone();
    world.applied(Change { requests: vec![step], needs: vec![opens], ..world.change() }).await;
    assert_eq!(world.db.energy_request(None, after.id).await.unwrap().as_ref(), Some(&after));
    (after, need)
}

async fn ended(world: &World, need: Need) -> Need {
    let step = need.serve(world.now()).unwrap();
    let after = step.after().clone();
    world.applied(Change { needs: vec![step], ..world.change() }).await;
    after
}

async fn a_request_reads_back_in_every_state_it_comes_to(world: World) {
    let lane = lane(&world).await;
    let (one, other) = (world.accepted("one").await.id, world.accepted("other").await.id);
    let open = stored(&world, wanted(&world, &lane, "both", &[other, one])).await;
    assert_eq!(open.items.iter().map(|it| it.withdrawal).collect::<Vec<_>>(), [one, other]);
    let (half, first) = asked(&world, open, &lane, 65_000).await;
    let view = world.db.lane(lane.id).await.unwrap().unwrap();
    assert_eq!(view.requests, std::slice::from_ref(&half));
    assert!(view.needs.iter().any(|it| it.id == first.id), "its lane sees what it was asked for by");
    let first = ended(&world, first).await;
    let half = stored(&world, half.hear(&first, world.now()).unwrap().unwrap()).await;
    assert_eq!((half.state, half.got), (RequestState::Open, 65_000));
    let (rest, second) = asked(&world, half, &lane, 65_000).await;
    let second = ended(&world, second).await;
    let served = stored(&world, rest.hear(&second, world.now()).unwrap().unwrap()).await;
    assert_eq!((served.state, served.got), (RequestState::Served, 130_000));
    assert!(world.db.lane(lane.id).await.unwrap().unwrap().requests.is_empty(), "nothing is to be got");
    // What was served is of account to the next.
    let open = opened(&world, &lane, "burning").await;
    assert_eq!(world.db.lane(lane.id).await.unwrap().unwrap().requests, [served, open.clone()]);
    let (it, burns) = asked(&world, open, &lane, 1).await;
    let step = burns.burn(Burning::NoSource, world.now()).unwrap();
    let burned = step.after().clone();
    world.applied(Change { needs: vec![step], ..world.change() }).await;
    stored(&world, it.hear(&burned, world.now()).unwrap().unwrap()).await;
    let open = opened(&world, &lane, "dropped").await;
    stored(&world, open.drop_unwanted(world.now()).unwrap()).await;
    let open = opened(&world, &lane, "expired").await;
    assert_eq!(
        world.db.energy(chain(), Timestamp::default(), &[]).await.unwrap().requests,
        std::slice::from_ref(&open),
        "the broker sees what has not ended"
    );
    stored(&world, open.expire(false, world.now().plus_ms(60_000)).unwrap().unwrap()).await;
    let open = opened(&world, &lane, "cancelled").await;
    stored(&world, open.cancel(world.now()).unwrap()).await;
    assert!(world.db.energy(chain(), Timestamp::default(), &[]).await.unwrap().requests.is_empty());
    let told = "select count(*) from event where kind like 'energy.request_%'";
    assert_eq!(world.number(told).await, 14);
}

async fn a_partner_has_one_request_of_a_name(world: World) {
    let lane = lane(&world).await;
    let first = opened(&world, &lane, "friday").await;
    let other = world.accepted("other").await.id;
    let again = wanted(&world, &lane, "friday", &[other]);
    let refused = Outcome::Refused("energy_request_one_external_id".into());
    assert_eq!(put(&world, again).await, refused);
    stored(&world, first.cancel(world.now()).unwrap()).await;
    assert_eq!(put(&world, wanted(&world, &lane, "friday", &[other])).await, refused, "for ever");
    stored(&world, wanted(&world, &lane, "saturday", &[other])).await;
}

async fn a_withdrawal_is_named_by_one_open_request_at_a_time(world: World) {
    let lane = lane(&world).await;
    let (one, other) = (world.accepted("one").await.id, world.accepted("other").await.id);
    let first = stored(&world, wanted(&world, &lane, "first", &[one])).await;
    let second = wanted(&world, &lane, "second", &[other, one]);
    assert_eq!(put(&world, second.clone()).await, Outcome::Refused("energy_one_open_request".into()));
    assert_eq!(world.number("select count(*) from energy_request").await, 1, "nothing of it is there");
    stored(&world, first.cancel(world.now()).unwrap()).await;
    let beside = world.beside().await;
    let third = wanted(&beside, &lane, "third", &[one]);
    let (second, third) = tokio::join!(put(&world, second), put(&beside, third));
    let refused = Outcome::Refused("energy_one_open_request".into());
    let one_of_them = [(&Outcome::Applied, &refused), (&refused, &Outcome::Applied)];
    assert!(one_of_them.contains(&(&second, &third)), "{second:?} {third:?}");
}

async fn a_request_is_asked_for_with_its_need_or_not_at_all(world: World) {
    let lane = lane(&world).await;
    let open = opened(&world, &lane, "it").await;
    let unstored = need(&world, &lane, 65_000).into_after();
    let step = open.clone().ask(&unstored, world.now()).unwrap();
    assert!(matches!(put(&world, step).await, Outcome::Refused(_)));
    // A lane that has a need open opens no other, and asks for nothing.
    let taken = need(&world, &lane, 1);
    world.applied(Change { needs: vec![taken], ..world.change() }).await;
    let opens = need(&world, &lane, 65_000);
    let step = open.clone().ask(opens.after(), world.now()).unwrap();
    let outcome = world.apply(Change { requests: vec![step], needs: vec![opens], ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("energy_one_open_need".into()));
    assert_eq!(world.db.energy_request(None, open.id).await.unwrap(), Some(open));
}

async fn a_request_that_is_called_off_meanwhile_opens_no_need(world: World) {
    let lane = lane(&world).await;
    let open = opened(&world, &lane, "it").await;
    let opens = need(&world, &lane, 65_000);
    let step = open.clone().ask(opens.after(), world.now()).unwrap();
    stored(&world, open.cancel(world.now()).unwrap()).await;
    let outcome = world.apply(Change { requests: vec![step], needs: vec![opens], ..world.change() }).await;
    assert_eq!(outcome, Outcome::Moved);
    assert_eq!(world.number("select count(*) from energy_need").await, 0);
}

async fn a_lane_asks_for_one_request_at_a_time(world: World) {
    let lane = lane(&world).await;
    let (first, second) = (opened(&world, &lane, "first").await, opened(&world, &lane, "second").await);
    let (first, need_of_first) = asked(&world, first, &lane, 65_000).await;
    // Its need has ended, and its lane has not heard of that.
    let need_of_first = ended(&world, need_of_first).await;
    let opens = need(&world, &lane, 65_000);
    let step = second.clone().ask(opens.after(), world.now()).unwrap();
    let outcome = world.apply(Change { requests: vec![step], needs: vec![opens], ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("energy_one_request_asked".into()));
    stored(&world, first.hear(&need_of_first, world.now()).unwrap().unwrap()).await;
    asked(&world, second, &lane, 65_000).await;
}

async fn requests_are_listed_by_tenant_and_by_pages(world: World) {
    let lane = lane(&world).await;
    let mut all = vec![];
    for name in ["one", "two", "three"] {
        all.insert(0, opened(&world, &lane, name).await);
    }
    let of = |filter: RequestFilter| {
        let db = &world.db;
        async move { db.energy_requests(&filter, None, 10).await.unwrap() }
    };
    let own = RequestFilter { partner: Some(world.partner.id), ..RequestFilter::default() };
    assert_eq!(of(own.clone()).await, all);
    assert_eq!(of(RequestFilter::default()).await, all);
    let strange = Some(PartnerId::new(world.ulid()));
    assert!(of(RequestFilter { partner: strange, ..own.clone() }).await.is_empty());
    assert_eq!(world.db.energy_request(strange, all[0].id).await.unwrap(), None);
    assert_eq!(world.db.energy_requests(&own, None, 2).await.unwrap(), all[..2]);
    assert_eq!(world.db.energy_requests(&own, Some(all[1].id), 2).await.unwrap(), all[2..]);
    let named = RequestFilter { external_id: Some("two".into()), ..own.clone() };
    assert_eq!(of(named).await, all[1..2]);
    assert_eq!(of(RequestFilter { wallet: Some(lane.id), ..own.clone() }).await, all);
    assert!(of(RequestFilter { wallet: Some(world.wallet.id), ..own.clone() }).await.is_empty());
    let item = all[0].items[0].withdrawal;
    let open_of = RequestFilter { withdrawal: Some(item), ..own };
    assert_eq!(of(open_of.clone()).await, all[..1]);
    stored(&world, all[0].clone().cancel(world.now()).unwrap()).await;
    assert!(of(open_of).await.is_empty(), "an open one is asked for");
}

async fn requests_are_kept_for_ever(world: World) {
    let lane = lane(&world).await;
    let open = opened(&world, &lane, "it").await;
    let again = open.clone().cancel(world.now()).unwrap();
    stored(&world, open.clone().cancel(world.now()).unwrap()).await;
    assert_eq!(put(&world, again).await, Outcome::Moved);
    for (text, rule) in [
        ("delete from energy_request_item", "energy_request_item_is_kept"),
        ("delete from energy_request", "energy_request_is_kept"),
        ("update energy_request set state = 'open', ended = 0", "energy_request_ends_once"),
        ("update energy_request_item set open = 1", "energy_request_item_is_for_ever"),
        ("update energy_request_item set energy = 1", "energy_request_item_is_for_ever"),
    ] {
        assert!(world.refused_by(text).await.contains(rule), "{text}");
    }
}
