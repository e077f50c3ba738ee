//! Only a lane holds transfers, whoever asks; and what a wallet is for never changes.

use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::id::{PartnerId, ReconciliationId, WalletId};
use sluice_core::moved::Moved;
use sluice_core::port::reader::{Reader as _, ReconciliationFilter};
use sluice_core::port::store::{Change, Outcome, Store as _};
use sluice_core::reconciliation::{Line, Outcome as Found, Reconciliation};
use sluice_core::resource::{Network, Resources};
use sluice_core::wallet::{Custody, Power, Registration, Tier, Wallet};

use crate::world::{World, block};

promises! {
    an_external_or_cold_wallet_never_gets_a_transfer_and_so_no_slot;
    what_a_wallet_is_for_and_since_when_it_is_trusted_never_changes;
    a_wallet_that_an_older_program_adopted_is_a_lane;
    a_registered_wallet_pays_nothing_and_is_paid_by_nobody;
    what_comparisons_found_is_listed_newest_first_and_never_changes;
    an_older_reading_of_energy_does_not_replace_a_newer_one;
}

/// A step for each tier and custody that can be registered, in this order.
fn others(world: &World) -> Vec<Moved<Wallet>> {
    let pairs = Tier::ALL.iter().flat_map(|tier| Custody::ALL.iter().map(|custody| (*tier, *custody)));
    let wanted = |(place, (tier, custody)): (usize, (Tier, Custody))| Registration {
        id: WalletId::new(world.ulid()),
        partner: world.partner.id,
        chain: world.wallet.chain,
        address: EvmAddress([0x60 + u8::try_from(place).unwrap(); 20]).into(),
        label: "vault".into(),
        tier,
        custody,
        nonce: 0,
        trusted_from: world.now().plus_ms(86_400_000),
    };
    let steps = pairs.enumerate().map(wanted).map(|it| Wallet::register(it, "kept".into(), world.now()));
    steps.filter_map(Result::ok).collect()
}

async fn registered(world: &World) -> Vec<Wallet> {
    let steps = others(world);
    let wallets = steps.iter().map(|step| step.after().clone()).collect();
    world.applied(Change { wallets: steps, ..world.change() }).await;
    wallets
}

async fn an_external_or_cold_wallet_never_gets_a_transfer_and_so_no_slot(mut world: World) {
    let wallets = registered(&world).await;
    assert_eq!(wallets.len(), 6);
    let lane = world.wallet.clone();
    for (number, wallet) in wallets.into_iter().enumerate() {
        let withdrawal = world.accepted(&format!("order-{number}")).await;
        world.wallet = wallet.clone();
        let (change, _) = world.planned(withdrawal);
        let refused = world.apply(change).await;
        assert_eq!(refused, Outcome::Refused("only_a_lane_holds_transfers".into()), "{wallet:?}");
    }
    assert_eq!(world.number("select count(*) from transfer").await, 0);
    world.wallet = lane;
    let withdrawal = world.accepted("of-the-lane").await;
    world.plan(withdrawal).await;
}

async fn what_a_wallet_is_for_and_since_when_it_is_trusted_never_changes(world: World) {
    registered(&world).await;
    for script in [
        "update wallet set tier = 'hot' where tier = 'warm'",
        "update wallet set custody = 'managed' where tier = 'cold' and custody = 'external'",
        "update wallet set trusted_from = 0 where tier = 'safe'",
        "update wallet set trusted_from = null where tier = 'safe'",
    ] {
        let why = world.refused_by(script).await;
        assert!(why.contains("wallet_stays_what_it_is"), "{script}: {why}");
    }
    let why = world.refused_by("update wallet set custody = 'managed' where tier = 'safe'").await;
    assert!(why.contains("wallet_"), "{why}");
}

async fn a_wallet_that_an_older_program_adopted_is_a_lane(world: World) {
    let columns =
        "id, partner_id, chain, address, label, state, reason, evidence, next_nonce, reverts, adopted_at,
        version, state_since, state_cause";
    let (id, at) = (WalletId::new(world.ulid()), world.now());
    let script = format!(
        "insert into wallet ({columns}) values ('{id}', '{}', 'eip155:137', '0x{}', 'hot', 'open', 'r', '{{\"v\":1}}', 0, 0,
            {}, 1, {}, 'r')",
        world.partner.id,
        "77".repeat(20),
        at.micros(),
        at.micros()
    );
    world.db.tamper(&script, &script).await.unwrap();
    let wallets = world.db.wallets(None).await.unwrap();
    let old = wallets.iter().find(|wallet| wallet.id == id).unwrap();
    assert!(old.is_lane() && old.is_trusted(at), "{old:?}");
}

async fn a_registered_wallet_pays_nothing_and_is_paid_by_nobody(world: World) {
    let wallets = registered(&world).await;
    let facts = world.db.intake_facts(world.partner.id, world.asset.id).await.unwrap().unwrap();
    let lanes: Vec<_> = facts.lanes.iter().map(|lane| lane.id).collect();
    assert_eq!(lanes, [world.wallet.id]);
    for wallet in &wallets {
        assert!(facts.own_wallets.contains(&wallet.address), "nobody withdraws to it");
        let view = world.db.wallet(Some(world.partner.id), wallet.id).await.unwrap().unwrap();
        assert_eq!(&view.wallet, wallet, "it reads back as it was written");
    }
    let withdrawal = world.accepted("order").await;
    let view = world.db.withdrawal(None, withdrawal.id).await.unwrap().unwrap();
    assert_eq!(view.lanes.iter().map(|lane| lane.id).collect::<Vec<_>>(), [world.wallet.id]);
    // A key that nobody here holds is barred nowhere.
    let retired = |wallet: &Wallet| wallet.clone().retire("gone").unwrap();
    world.applied(Change { wallets: wallets.iter().map(retired).collect(), ..world.change() }).await;
    let barred = world.db.retired().await.unwrap();
    let managed: Vec<_> = wallets.iter().filter(|it| it.is_managed()).map(|it| it.id).collect();
    assert_eq!(barred, managed);
}

fn found(world: &World, number: u64, books: i64) -> Reconciliation {
    Reconciliation {
        id: ReconciliationId::new(world.ulid()),
        partner: world.partner.id,
        wallet: world.wallet.id,
        block: block(number),
        lines: vec![Line { asset: world.asset.id, units: Units::MAX, on_chain: 7, books }],
        nonces: None,
        asked_by: "system:house".into(),
        at: world.now(),
    }
}

async fn what_comparisons_found_is_listed_newest_first_and_never_changes(world: World) {
    let mut runs = Vec::new();
    for (number, books) in [(1, 7), (2, 9), (3, 5)] {
        runs.insert(0, found(&world, number, books));
        world.applied(Change { reconciled: vec![runs[0].clone()], ..world.change() }).await;
        world.pass(1_000).await;
    }
    let all = ReconciliationFilter::default();
    let of = async |partner, filter, before, limit| {
        world.db.reconciliations(partner, filter, before, limit).await.unwrap()
    };
    let partner = Some(world.partner.id);
    assert_eq!(of(partner, all, None, 9).await, runs);
    assert_eq!(of(None, all, None, 2).await, runs[..2]);
    assert_eq!(of(partner, all, Some(runs[0].id), 9).await, runs[1..]);
    let missing = ReconciliationFilter { outcome: Some(Found::Missing), ..all };
    assert_eq!(of(partner, missing, None, 9).await, [runs[1].clone()]);
    let other = ReconciliationFilter { wallet: Some(WalletId::new(world.ulid())), ..all };
    assert_eq!(of(partner, other, None, 9).await, []);
    assert_eq!(of(Some(PartnerId::new(world.ulid())), all, None, 9).await, [], "another partner's");
    for script in ["update reconciliation set outcome = 'equal'", "delete from reconciliation"] {
        let why = world.refused_by(script).await;
        assert!(why.contains("reconciliation_is_"), "{script}: {why}");
    }
}

async fn an_older_reading_of_energy_does_not_replace_a_newer_one(world: World) {
    let power = |number, energy| Power {
        wallet: world.wallet.id,
        resources: Resources {
            energy,
            bandwidth: 345,
            free_bandwidth: 600,
            energy_most: 130_285,
            bandwidth_most: 5_000,
            network: Network { energy: 180_000_000_000, stake_trx: 19_000_000_000 },
        },
        block: block(number),
        at: world.now(),
    };
    let stored = async || world.db.wallet(None, world.wallet.id).await.unwrap().unwrap().power;
    assert_eq!(stored().await, None);
    for (number, energy, kept) in [(5, 100, 5), (4, 999, 5), (6, 65_000, 6)] {
        world.applied(Change { powers: vec![power(number, energy)], ..world.change() }).await;
        let stored = stored().await.unwrap();
        assert_eq!(stored.block, block(kept), "after block {number}");
    }
    assert_eq!(stored().await, Some(power(6, 65_000)));
}
