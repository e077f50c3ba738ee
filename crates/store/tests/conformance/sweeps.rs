//! Sweeps of lanes: one movement of an asset to a wallet at a time, paid by that lane and no other, and signed by nobody outside
//! (ADR 0029).

use sluice_core::address::{Address, EvmAddress, TronAddress};
use sluice_core::amount::Amount;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::ChainProfile;
use sluice_core::id::WithdrawalId;
use sluice_core::intent::DeploymentId;
use sluice_core::policy::of_the_house;
use sluice_core::port::reader::Reader as _;
use sluice_core::port::store::{Change, Intake, Outcome, Store as _, Wanted};
use sluice_core::proof::Effect;
use sluice_core::signature_request::SignatureFilter;
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::{Request, Withdrawal};

use crate::world::World;

promises! {
    one_sweep_of_an_asset_to_a_wallet_is_open_on_either_family;
    of_two_that_are_ordered_at_once_one_is;
    its_end_may_be_taken_back_while_the_next_one_is_open;
    its_own_lane_alone_is_offered_it_and_nobody_is_asked_to_sign_it;
}

/// The same lane on another chain.
fn on(lane: &Wallet, profile: &ChainProfile, address: Address) -> Wallet {
    let (id, partner, at) = (lane.id, lane.partner, lane.trusted_from);
    Wallet::adopt(id, partner, profile.id, address, "lane".into(), 0, "r".into(), at).into_after()
}

fn sweep(world: &World, lane: &Wallet, asset: &Asset, external_id: &str, to: Address) -> Intake {
    let amount = Amount::from_atoms(5_000_000).unwrap();
    let request = Request::sweep(external_id.into(), lane, asset.clone(), to, amount).unwrap();
    assert_eq!(request.errand_kind(), Some("sweep"));
    let decision = of_the_house(&request).unwrap();
    let (id, deployment) = (WithdrawalId::new(world.ulid()), DeploymentId("test".into()));
    let withdrawal = Withdrawal::request(id, world.partner.id, &deployment, request, false, world.now());
    Intake { withdrawal, idempotency_key: None, decision, cause: world.cause() }
}

async fn one_sweep_of_an_asset_to_a_wallet_is_open_on_either_family(world: World) {
    let nile = ChainProfile::nile();
    let usdt = Asset { id: AssetId::trc20(nile.id, TronAddress([7; 20])), ..Asset::native(&nile) };
    let evm = |number: u8| Address::from(EvmAddress([number; 20]));
    let tron = |number: u8| Address::from(TronAddress([number; 20]));
    let of_evm = (world.wallet.clone(), world.asset.clone(), evm(0x77), evm(0x78));
    let of_tron = (on(&world.wallet, &nile, tron(1)), usdt, tron(0x77), tron(0x78));
    for (lane, asset, to, elsewhere) in [of_evm, of_tron] {
        let order = |name: &str, to| {
            let errand = sweep(&world, &lane, &asset, &format!("{}-{name}", lane.chain), to);
            world.apply(Change { errands: vec![errand], ..world.change() })
        };
        assert_eq!(order("1", to).await, Outcome::Applied);
        assert_eq!(order("1", to).await, Outcome::Applied, "ordered twice it is one");
        assert_eq!(order("2", to).await, Outcome::Refused("m1_one_open_movement".into()));
        assert_eq!(order("3", elsewhere).await, Outcome::Applied);
    }
    assert_eq!(world.number("select count(*) from withdrawal").await, 4);
}

async fn of_two_that_are_ordered_at_once_one_is(world: World) {
    for round in 0..8_u8 {
        let to = Address::from(EvmAddress([0x80 + round; 20]));
        let order = |name: &str| {
            let errand = sweep(&world, &world.wallet, &world.asset, &format!("{name}-{round}"), to);
            world.apply(Change { errands: vec![errand], ..world.change() })
        };
        let (one, other) = tokio::join!(order("one"), order("other"));
        let refused = Outcome::Refused("m1_one_open_movement".into());
        assert!(
            [(&one, &other), (&other, &one)].contains(&(&Outcome::Applied, &refused)),
            "{one:?} {other:?}"
        );
    }
}

/// A sweep is paid, the next one is ordered, and the chain leaves the block of the first: it lives again beside the next (M16).
async fn its_end_may_be_taken_back_while_the_next_one_is_open(world: World) {
    let to = Address::from(EvmAddress([0x77; 20]));
    let order = |name: &str| sweep(&world, &world.wallet, &world.asset, name, to);
    let first = order("sweep-1");
    let id = first.withdrawal.after().id;
    world.applied(Change { errands: vec![first], ..world.change() }).await;
    let fuelled = world.fuelled(world.plan(world.withdrawal(id).await).await).await;
    let (built, attempt) = world.built(fuelled, 7).await;
    let (transfer, signed) = world.signed(built, &attempt).await;
    let effect = Effect::Paid { log_index: 1 };
    let seen = world.seen(transfer, &signed, 101, effect).await;
    let (mut change, proof) = world.settled(seen, world.inclusion(&signed, 101, effect));
    change.withdrawals = vec![world.withdrawal(id).await.pay(&proof, world.now()).unwrap()];
    world.applied(change).await;
    world.applied(Change { errands: vec![order("sweep-2")], ..world.change() }).await;
    let step = world.transfer(signed.unsigned.transfer).await.reopen(120, false, world.now()).unwrap();
    let carrier = step.before().unwrap().clone();
    let open = world.withdrawal(id).await.reopen(&proof, &carrier, world.now()).unwrap();
    let back = Change { transfers: vec![step], withdrawals: vec![open], ..world.change() };
    assert_eq!(world.apply(back).await, Outcome::Applied);
    let third = Change { errands: vec![order("sweep-3")], ..world.change() };
    assert_eq!(world.apply(third).await, Outcome::Refused("m1_one_open_movement".into()));
}

async fn its_own_lane_alone_is_offered_it_and_nobody_is_asked_to_sign_it(world: World) {
    let errand = sweep(&world, &world.wallet, &world.asset, "sweep-1", EvmAddress([0x77; 20]).into());
    let id = errand.withdrawal.after().id;
    world.applied(Change { errands: vec![errand], ..world.change() }).await;
    let offered = async |to| {
        let wanted = Wanted { assets: vec![world.asset.id], replacements: true, pinned_to: to, skip: 0 };
        let due = world.db.claimable(world.partner.id, &wanted, world.now(), 10).await.unwrap();
        due.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(offered(Some(world.wallet.id)).await, [id]);
    assert_eq!(offered(None).await, []);
    let all = SignatureFilter { wallet: None, open: None };
    assert_eq!(world.db.signature_requests(None, all, None, 10).await.unwrap(), []);
}
