//! What people are asked to sign, as it is read: where each stands, whose it is, and to whom its bytes are told (ADR 0027).

use sluice_core::amount::Units;
use sluice_core::attempt::Signed;
use sluice_core::hand_out::{Holder, LEASE_MS, LIFE_MS_MIN};
use sluice_core::id::PartnerId;
use sluice_core::port::reader::{Position, Reader as _};
use sluice_core::port::store::Change;
use sluice_core::signature_request::{SignatureFilter, SignatureRequest, Standing};
use sluice_core::wallet::{Balance, Tier};

use crate::hand_outs::{desk, handed_out, holder, ordered, registration, wish};
use crate::world::World;

promises! {
    a_request_says_where_it_stands_and_what_the_desk_has;
    its_bytes_are_told_to_nobody_before_the_journal_could_tell_and_then_to_its_holder_alone;
    every_list_holds_the_tenants_own_and_pages_join;
}

const ALL: SignatureFilter = SignatureFilter { wallet: None, open: None };

async fn listed(world: &World, filter: SignatureFilter) -> Vec<SignatureRequest> {
    world.db.signature_requests(Some(world.partner.id), filter, None, 10).await.unwrap()
}

async fn a_request_says_where_it_stands_and_what_the_desk_has(mut world: World) {
    let (desk, other) = desk(&mut world).await;
    assert_eq!(listed(&world, ALL).await, []);
    let block = crate::world::block(77);
    let held = Balance {
        wallet: desk.id,
        asset: world.asset.id,
        units: Units::from(9_000_000u64),
        block,
        at: world.now(),
    };
    world.applied(Change { balances: vec![held], ..world.change() }).await;
    let errand = ordered(&world, &desk, &other, "refill-1").await;
    let only = || async {
        let mut found = listed(&world, ALL).await;
        assert_eq!(found.len(), 1);
        let one = world.db.signature_request(Some(world.partner.id), errand.id).await.unwrap();
        assert_eq!(one, found.first().cloned(), "one by its id is the same");
        found.remove(0)
    };
    let waiting = only().await;
    assert_eq!(waiting.standing(world.now()), Standing::Waiting);
    assert_eq!((waiting.to, waiting.hand_out), (Some(other.id), None));
    assert_eq!((waiting.desk.wallet.id, waiting.desk.balances), (desk.id, vec![held]));

    let wished = wish(&world, &errand);
    let until = wished.after().wish_until;
    world.applied(Change { hand_outs: vec![wished], ..world.change() }).await;
    let making = only().await;
    assert_eq!(making.standing(world.now()), Standing::Making);
    assert_eq!(making.standing(until), Standing::Waiting, "a wish ends by itself");
}

async fn its_bytes_are_told_to_nobody_before_the_journal_could_tell_and_then_to_its_holder_alone(
    mut world: World,
) {
    let (_, other) = desk(&mut world).await;
    let (errand, transfer, hand_out) = handed_out(&world, &other).await;
    let first = hand_out.holder.clone();
    let read = || async {
        world.db.signature_request(Some(world.partner.id), errand.id).await.unwrap().expect("it is there")
    };
    let made = read().await;
    assert_eq!(
        (made.standing(world.now()), made.told(), made.in_hand(&first)),
        (Standing::Making, None, None)
    );

    let told = hand_out.tell().unwrap();
    let after = told.after().clone();
    world.applied(Change { hand_outs: vec![told], ..world.change() }).await;
    let out = read().await;
    assert_eq!(out.standing(world.now()), Standing::HandedOut);
    assert_eq!(out.in_hand(&first).map(|it| it.digest), Some([0x61; 32]));
    let second: Holder = holder(&world);
    assert_eq!(out.in_hand(&second), None, "another one asks for it");
    let expires_at_ms = after.state.made().unwrap().expires_at_ms;
    let expired = sluice_core::time::Timestamp::from_micros(expires_at_ms * 1_000);
    assert_eq!(out.standing(expired), Standing::Expired);

    world.turn(LEASE_MS.max(LIFE_MS_MIN) + 1);
    let passed = after.pass_on(second.clone(), world.now()).unwrap();
    world.applied(Change { hand_outs: vec![passed], ..world.change() }).await;
    let passed = read().await;
    assert_eq!((passed.in_hand(&first), passed.in_hand(&second)), (None, out.told()), "the same bytes");

    let unsigned = passed.told().unwrap().clone();
    let txid = unsigned.digest;
    let signed = Signed { unsigned, raw: vec![1, 2], txid, journal_seq: 0, signed_at: world.now() };
    let step = transfer.signed(&signed, 95, world.now()).unwrap();
    world.applied(Change { transfers: vec![step], signatures: vec![signed], ..world.change() }).await;
    assert_eq!(read().await.standing(expired), Standing::Submitted);
}

async fn every_list_holds_the_tenants_own_and_pages_join(mut world: World) {
    let payout = world.accepted("payout").await;
    let (desk, other) = desk(&mut world).await;
    let first = ordered(&world, &desk, &other, "refill-1").await;
    let nobodys = registration(&world, Tier::Warm, 0x55);
    let second = ordered(&world, &desk, nobodys.after(), "refill-2").await;
    let ids = |found: &[SignatureRequest]| found.iter().map(|it| it.errand.withdrawal.id).collect::<Vec<_>>();
    assert_eq!(ids(&listed(&world, ALL).await), [second.id, first.id], "newest first, and no payout");
    let db = &world.db;
    assert_eq!(db.signature_request(None, payout.id).await.unwrap(), None);
    let page = db.signature_requests(None, ALL, None, 1).await.unwrap();
    let after = Position { accepted_at: second.accepted_at, id: second.id };
    let rest = db.signature_requests(None, ALL, Some(after), 10).await.unwrap();
    assert_eq!((ids(&page), ids(&rest)), (vec![second.id], vec![first.id]));
    assert_eq!((page[0].to, rest[0].to), (None, Some(other.id)), "nobody registered where the second goes");
    for (filter, found) in [
        (SignatureFilter { wallet: Some(desk.id), open: Some(true) }, 2),
        (SignatureFilter { wallet: Some(other.id), open: None }, 0),
        (SignatureFilter { wallet: None, open: Some(false) }, 0),
    ] {
        assert_eq!(listed(&world, filter).await.len(), found, "{filter:?}");
    }
    let stranger = PartnerId::new(world.ulid());
    assert_eq!(db.signature_requests(Some(stranger), ALL, None, 10).await.unwrap(), []);
    assert_eq!(db.signature_request(Some(stranger), first.id).await.unwrap(), None);
}
