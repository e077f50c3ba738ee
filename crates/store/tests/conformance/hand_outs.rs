//! Desks, and what is handed out of them: who gets a transfer, that nothing is handed out twice, and that what was made is for
//! ever (ADR 0027).

use sluice_core::access::Actor;
use sluice_core::address::TronAddress;
use sluice_core::amount::Amount;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Kind, Signed, Terms, TronTerms, Unsigned};
use sluice_core::chain::ChainProfile;
use sluice_core::hand_out::{HandOut, Holder, LIFE_MS_MIN, Life, State, Wish};
use sluice_core::id::{AttemptId, HandOutId, KeyId, WalletId, WithdrawalId};
use sluice_core::intent::DeploymentId;
use sluice_core::moved::Moved;
use sluice_core::policy::of_the_house;
use sluice_core::port::store::{Change, Intake, Outcome, Store as _};
use sluice_core::slot::Slot;
use sluice_core::transfer::{Phase, Transfer};
use sluice_core::wallet::{Custody, Registration, Tier, Wallet};
use sluice_core::withdrawal::{Request, Withdrawal};

use crate::world::World;

promises! {
    an_external_wallet_gets_transfers_once_its_key_was_shown_and_only_refills_of_its_own;
    one_wish_at_a_time_and_one_open_refill_of_a_wallet;
    what_was_handed_out_is_known_by_its_id_and_in_flight_until_the_chain_ends_it;
    what_was_made_never_changes_and_is_never_made_again;
    a_desk_stays_one_and_its_quiet_time_never_shrinks;
}

const LEAST: Life = match Life::from_ms(LIFE_MS_MIN) {
    Some(life) => life,
    None => panic!("it is the least"),
};

pub(crate) fn registration(world: &World, tier: Tier, number: u8) -> Moved<Wallet> {
    let wanted = Registration {
        id: WalletId::new(world.ulid()),
        partner: world.partner.id,
        chain: ChainProfile::nile().id,
        address: TronAddress([number; 20]).into(),
        tier,
        custody: Custody::External,
        label: "vault".into(),
        nonce: 0,
        trusted_from: world.now(),
    };
    Wallet::register(wanted, "kept".into(), world.now()).unwrap()
}

/// A cold wallet and a hot one beside it; the token that the world speaks of is on TRON from now on.
async fn vault(world: &mut World) -> (Wallet, Wallet) {
    let (cold, warm) = (registration(world, Tier::Cold, 0x51), registration(world, Tier::Warm, 0x52));
    let (vault, other) = (cold.after().clone(), warm.after().clone());
    world.applied(Change { wallets: vec![cold, warm], ..world.change() }).await;
    let profile = ChainProfile::nile();
    world.asset = Asset { id: AssetId::trc20(profile.id, TronAddress([7; 20])), ..Asset::native(&profile) };
    (vault, other)
}

pub(crate) async fn desk(world: &mut World) -> (Wallet, Wallet) {
    let (vault, other) = vault(world).await;
    let step = vault.show_key("seen", world.now()).unwrap();
    let desk = step.after().clone();
    world.applied(Change { wallets: vec![step], ..world.change() }).await;
    world.wallet = desk.clone();
    (desk, other)
}

fn refill(world: &World, from: &Wallet, to: &Wallet, external_id: &str) -> Intake {
    let amount = Amount::from_atoms(5_000_000).unwrap();
    let asset = world.asset.clone();
    let request = Request::refill(external_id.into(), from, asset, to.address, amount).unwrap();
    let decision = of_the_house(&request).unwrap();
    let (id, deployment) = (WithdrawalId::new(world.ulid()), DeploymentId("test".into()));
    let withdrawal = Withdrawal::request(id, world.partner.id, &deployment, request, false, world.now());
    Intake { withdrawal, idempotency_key: None, decision, cause: world.cause() }
}

pub(crate) async fn ordered(world: &World, from: &Wallet, to: &Wallet, external_id: &str) -> Withdrawal {
    let errand = refill(world, from, to, external_id);
    let id = errand.withdrawal.after().id;
    world.applied(Change { errands: vec![errand], ..world.change() }).await;
    world.withdrawal(id).await
}

pub(crate) fn holder(world: &World) -> Holder {
    Holder::of(&Actor::Key(KeyId::new(world.ulid()))).unwrap()
}

pub(crate) fn wish(world: &World, of: &Withdrawal) -> Moved<HandOut> {
    let wish = Wish {
        id: HandOutId::new(world.ulid()),
        withdrawal: of.id,
        partner: of.partner,
        wallet: world.wallet.id,
        chain: world.wallet.chain,
        holder: holder(world),
        life: LEAST,
    };
    HandOut::wish(wish, world.now())
}

fn attempt(world: &World, transfer: &Transfer, txid: u8) -> Unsigned {
    let terms = TronTerms {
        reference: crate::world::block(90),
        expires_at_ms: world.now().millis() + LIFE_MS_MIN,
        made_at_ms: world.now().millis(),
        fee_limit_sun: 15_000_000,
        permission: 0,
    };
    Unsigned {
        id: AttemptId::new(world.ulid()),
        transfer: transfer.id,
        serial: 0,
        kind: Kind::Pay,
        slot: Slot::TronTransaction { chain: world.wallet.chain, txid: [txid; 32] },
        terms: Terms::Tron(terms),
        bytes: vec![10, txid],
        digest: [txid; 32],
        built_at: world.now(),
    }
}

/// The commit of a lane that makes the bytes.
fn made(world: &World, fuelled: Transfer, wished: HandOut, txid: u8) -> (Change, Transfer, HandOut) {
    let attempt = attempt(world, &fuelled, txid);
    let of = (fuelled.id, attempt.id, attempt.digest);
    let expires_at_ms = world.now().millis() + LIFE_MS_MIN;
    let allotment = fuelled.build(attempt, world.now()).unwrap();
    let step = allotment.transfer.then(|it| it.hand_out(90, world.now())).unwrap();
    let hand_out = wished.make(of, expires_at_ms, world.now()).unwrap();
    let after = (step.after().clone(), hand_out.after().clone());
    let change = Change {
        transfers: vec![step],
        attempts: vec![allotment.attempt],
        hand_outs: vec![hand_out],
        ..world.change()
    };
    (change, after.0, after.1)
}

pub(crate) async fn handed_out(world: &World, to: &Wallet) -> (Withdrawal, Transfer, HandOut) {
    let errand = ordered(world, &world.wallet, to, "refill-1").await;
    let wished = wish(world, &errand);
    let it = wished.after().clone();
    world.applied(Change { hand_outs: vec![wished], ..world.change() }).await;
    let fuelled = world.fuelled(world.plan(errand.clone()).await).await;
    let (change, transfer, hand_out) = made(world, fuelled, it, 0x61);
    world.applied(change).await;
    (errand, transfer, hand_out)
}

async fn an_external_wallet_gets_transfers_once_its_key_was_shown_and_only_refills_of_its_own(
    mut world: World,
) {
    let (lane, token) = (world.wallet.clone(), world.asset.clone());
    let (vault, other) = vault(&mut world).await;
    world.wallet = vault.clone();
    let errand = ordered(&world, &vault, &other, "refill-1").await;
    let refused = world.apply(world.planned(errand.clone()).0).await;
    assert_eq!(refused, Outcome::Refused("only_a_lane_holds_transfers".into()), "its key was not shown");
    let step = vault.show_key("seen", world.now()).unwrap();
    world.wallet = step.after().clone();
    world.applied(Change { wallets: vec![step], ..world.change() }).await;
    assert_eq!(world.db.lane(world.wallet.id).await.unwrap().unwrap().wallet, world.wallet, "it reads back");
    world.plan(errand).await;

    // Of another wallet's errands, of what partners asked for, and to strangers: nothing.
    let second = registration(&world, Tier::Cold, 0x53).then(|it| it.show_key("seen", world.now())).unwrap();
    let second_desk = second.after().clone();
    world.applied(Change { wallets: vec![second], ..world.change() }).await;
    let to_vault = ordered(&world, &second_desk, &world.wallet, "refill-2").await;
    let refused = world.apply(world.planned(to_vault).0).await;
    assert_eq!(refused, Outcome::Refused("a_desk_refills_alone".into()), "it is pinned elsewhere");
    let mut stranger = other.clone();
    let unknown = registration(&world, Tier::Warm, 0x54);
    stranger.clone_from(unknown.after());
    let to_nobody = ordered(&world, &world.wallet, &stranger, "refill-3").await;
    let refused = world.apply(world.planned(to_nobody).0).await;
    assert_eq!(refused, Outcome::Refused("a_desk_refills_alone".into()), "nobody registered that address");
    let trc20 = std::mem::replace(&mut world.asset, token);
    let payout = world.accepted("payout").await;
    let refused = world.apply(world.planned(payout.clone()).0).await;
    assert_eq!(refused, Outcome::Refused("a_desk_refills_alone".into()), "a payout is for lanes");
    world.wallet = lane;
    world.plan(payout).await;
    world.asset = trc20;
}

async fn one_wish_at_a_time_and_one_open_refill_of_a_wallet(mut world: World) {
    let (desk, other) = desk(&mut world).await;
    let errand = ordered(&world, &desk, &other, "refill-1").await;
    let again = Change { errands: vec![refill(&world, &desk, &other, "refill-1")], ..world.change() };
    world.applied(again).await;
    let beside = Change { errands: vec![refill(&world, &desk, &other, "refill-2")], ..world.change() };
    assert_eq!(world.apply(beside).await, Outcome::Refused("m1_one_open_movement".into()));
    assert_eq!(world.number("select count(*) from withdrawal").await, 1);

    let (first, second) = (wish(&world, &errand), wish(&world, &errand));
    let wished = first.after().clone();
    world.applied(Change { hand_outs: vec![first], ..world.change() }).await;
    let both = world.apply(Change { hand_outs: vec![second], ..world.change() }).await;
    assert_eq!(both, Outcome::Refused("m1_one_wish".into()), "two persons at once");
    let view = world.db.lane(desk.id).await.unwrap().unwrap();
    assert_eq!(view.hand_outs, std::slice::from_ref(&wished));
    // One that came to nothing makes room in the same commit.
    let lapse = wished.clone().lapse("not_in_time").unwrap();
    let third = wish(&world, &errand);
    world.applied(Change { hand_outs: vec![lapse, third], ..world.change() }).await;
    let stale = wished.lapse("not_in_time").unwrap();
    let overtaken = world.apply(Change { hand_outs: vec![stale], ..world.change() }).await;
    assert_eq!(overtaken, Outcome::Moved);
}

async fn what_was_handed_out_is_known_by_its_id_and_in_flight_until_the_chain_ends_it(mut world: World) {
    let (desk, other) = desk(&mut world).await;
    let (errand, transfer, hand_out) = handed_out(&world, &other).await;
    assert_eq!(world.status(errand.id).await, "signing");
    assert_eq!(world.transfer(transfer.id).await, transfer, "it reads back");
    let known = world.db.attempts_by_txid(desk.chain, &[[0x61; 32], [0x62; 32]]).await.unwrap();
    assert_eq!(known, [([0x61; 32], transfer.id)], "though it has no signature");
    let held = |account: &str| {
        let asset = world.asset.id;
        format!(
            "select cast(coalesce(sum(atoms), 0) as bigint) from ledger_balance where asset = '{asset}' and account = '{account}'"
        )
    };
    assert_eq!(world.number(&held("in_flight")).await, 5_000_000);
    let view = world.db.lane(desk.id).await.unwrap().unwrap();
    assert_eq!(view.hand_outs, std::slice::from_ref(&hand_out));
    assert!(matches!(view.hand_outs[0].state, State::Made(_)));
    // The signature comes back, and is known by the same id once.
    let unsigned = view.attempts(transfer.id)[0].get().unsigned().clone();
    let txid = unsigned.digest;
    let signed = Signed { unsigned, raw: vec![1, 2], txid, journal_seq: 0, signed_at: world.now() };
    let step = transfer.signed(&signed, 95, world.now()).unwrap();
    let after = step.after().clone();
    world.applied(Change { transfers: vec![step], signatures: vec![signed], ..world.change() }).await;
    assert_eq!((after.phase(), world.status(errand.id).await.as_str()), (Phase::Signed, "broadcast"));
    let known = world.db.attempts_by_txid(desk.chain, &[[0x61; 32]]).await.unwrap();
    assert_eq!(known, [([0x61; 32], transfer_of(&after))]);
}

fn transfer_of(transfer: &Transfer) -> sluice_core::id::TransferId {
    transfer.id
}

async fn what_was_made_never_changes_and_is_never_made_again(mut world: World) {
    let (_, other) = desk(&mut world).await;
    let (errand, transfer, hand_out) = handed_out(&world, &other).await;
    for (script, rule) in [
        ("update hand_out set txid = 'aa'", "hand_out_is_for_ever"),
        ("update hand_out set expires_at_ms = 1", "hand_out_is_for_ever"),
        ("update hand_out set life_ms = 700000", "hand_out_is_for_ever"),
        ("update hand_out set state = 'lapsed', code = 'x'", "hand_out"),
        ("delete from hand_out", "hand_out_is_kept"),
    ] {
        let why = world.refused_by(script).await;
        assert!(why.contains(rule), "{script}: {why}");
    }
    let told = hand_out.tell().unwrap();
    let after = told.after().clone();
    world.applied(Change { hand_outs: vec![told], ..world.change() }).await;
    let why = world.refused_by("update hand_out set state = 'made'").await;
    assert!(why.contains("hand_out_is_for_ever"), "{why}");
    // Somebody else takes them over: the same bytes.
    world.turn(LIFE_MS_MIN + 1);
    let passed = after.pass_on(holder(&world), world.now()).unwrap();
    let now = passed.after().clone();
    world.applied(Change { hand_outs: vec![passed], ..world.change() }).await;
    let view = world.db.lane(world.wallet.id).await.unwrap().unwrap();
    assert_eq!(view.hand_outs, [now]);
    // The same errand cannot get another slot, whoever tries.
    let again = world.planned(errand).0;
    let refused = world.apply(again).await;
    assert!(matches!(refused, Outcome::Moved | Outcome::Refused(_)), "{refused:?}");
    assert_eq!(world.transfer(transfer.id).await, transfer);
}

async fn a_desk_stays_one_and_its_quiet_time_never_shrinks(mut world: World) {
    let (desk, _) = desk(&mut world).await;
    let until = world.now().plus_ms(1_000);
    let step = desk.keep_quiet(until).unwrap();
    let quiet = step.after().clone();
    world.applied(Change { wallets: vec![step], ..world.change() }).await;
    assert_eq!(world.db.lane(quiet.id).await.unwrap().unwrap().wallet, quiet, "it reads back");
    let id = quiet.id;
    for (script, rule) in [
        (format!("update wallet set key_shown_at = null where id = '{id}'"), "a_desk_stays_one"),
        (format!("update wallet set quiet_until = null where id = '{id}'"), "a_desk_stays_one"),
        (format!("update wallet set quiet_until = 1 where id = '{id}'"), "a_desk_stays_one"),
        (
            "update wallet set key_shown_at = 1 where custody = 'managed'".into(),
            "only_an_external_wallet_is_a_desk",
        ),
    ] {
        let why = world.refused_by(&script).await;
        assert!(why.contains(rule), "{script}: {why}");
    }
}
