//! What stands in the store of a history before anything happens.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use sluice_core::access::{Actor, Scope as Scopes};
use sluice_core::address::EvmAddress;
use sluice_core::amount::{Amount, Units};
use sluice_core::asset::Asset;
use sluice_core::chain::BlockRef;
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::ledger::Posting;
use sluice_core::partner::{ApiKey, Credential, Limit, PLATFORM, Partner};
use sluice_core::port::registry::Registry as _;
use sluice_core::port::store::{Change, Outcome, Store as _};
use sluice_core::time::Timestamp;
use sluice_core::wallet::{Balance, Wallet};

use super::director::DUTY;
use super::setup::{START_US, coins};
use super::{Purse, World};

pub(super) fn now<T>(
    what: &str,
    job: impl Future<Output = Result<T, impl std::fmt::Display>>,
) -> Result<T, String> {
    job.now_or_never().ok_or_else(|| format!("{what} waited"))?.map_err(|error| format!("{what}: {error}"))
}

/// Fills the store: the assets, the partners with their limits, the persons on duty, the wallets.
///
/// # Errors
/// What the store said.
pub(super) fn furnish(
    world: &World,
    partners: &[PartnerId],
    funds: &BTreeMap<WalletId, (EvmAddress, u128)>,
    tight: bool,
) -> Result<(), String> {
    let (db, at) = (&world.db(), Timestamp::from_micros(START_US));
    let cause = || Cause { actor: Actor::Console, reason: "set up".into(), at };
    let native = world.coin();
    now("deployment", db.belongs_to(&world.deployment))?;
    now("put_asset", db.put_asset(world.asset.clone()))?;
    now("put_asset", db.put_asset(native.clone()))?;
    for partner in partners {
        let row = Partner {
            id: *partner,
            name: partner.to_string(),
            zone: "Asia/Seoul".into(),
            test_mode: true,
            created_at: at,
        };
        let amount = |atoms: i64| Amount::from_atoms(atoms).unwrap_or(Amount::ZERO);
        let daily = if tight { amount(1_500_000_000) } else { amount(1_000_000_000_000) };
        let limit = Limit { asset: world.asset.id, per_transaction: amount(499_000_000), daily, version: 1 };
        let of_coin = native.pays_out().then_some(Limit { asset: native.id, ..limit });
        now("create_partner", db.create_partner(row, [limit].into_iter().chain(of_coin).collect(), cause()))?;
    }
    for person in DUTY {
        let key = ApiKey {
            id: person,
            partner: PLATFORM,
            label: "on duty".into(),
            credential: Credential::Ed25519 { public: [7; 32] },
            scopes: Scopes::ALL.to_vec(),
            networks: vec![],
            expires_at: None,
            revoked_at: None,
            created_at: at,
            created_by: None,
            last_used_at: None,
        };
        now("create_key", db.create_key(key, cause()))?;
    }
    let genesis = world.chain().head().id;
    for purse in &world.purses {
        let token = funds.get(&purse.id).map_or(0, |(_, atoms)| *atoms);
        let change = adoption(world, purse, &native, token, genesis, cause());
        match now("adopt", db.apply(None, vec![change]))?.first() {
            Some(Outcome::Applied) => {}
            other => return Err(format!("adopt: {other:?}")),
        }
        world.chronicle().deposits.insert(purse.id, token);
    }
    Ok(())
}

fn adoption(
    world: &World,
    purse: &Purse,
    native: &Asset,
    token: u128,
    block: BlockRef,
    cause: Cause,
) -> Change {
    let (partner, wallet, at) = (purse.partner, purse.id, cause.at);
    let step = Wallet::adopt(
        wallet,
        partner,
        world.profile.id,
        world.address(purse.address),
        "hot".into(),
        0,
        "set up".into(),
        at,
    );
    let adopted = step.after().clone();
    let mut change = Change { wallets: vec![step], cause: Some(cause), ..Change::default() };
    let scale = 10u128.pow(u32::from(native.decimals - native.precision));
    let coins = coins(world.profile.id.family);
    for (asset, units, atoms) in [(world.asset.id, token, token), (native.id, coins, coins / scale)] {
        let atoms = i64::try_from(atoms).unwrap_or(i64::MAX);
        change.balances.push(Balance { wallet, asset, units: Units::from(units), block, at });
        change.postings.extend(Posting::brought(&adopted, asset, atoms));
    }
    change
}
