//! The demo partner: made at the first start, found again at every other.

use std::time::Duration;

use sluice_core::access::{Actor, Scope};
use sluice_core::address::{Address, EvmAddress};
use sluice_core::amount::Amount;
use sluice_core::event::Cause;
use sluice_core::id::{KeyId, PartnerId, Ulid};
use sluice_core::partner::{ApiKey, Credential, Limit, PLATFORM, Partner};
use sluice_core::time::Timestamp;
use sluice_devnet::control::{BlockTag, Control};
use sluice_flow::operator::{AdoptError, Wanted, adopt_held};
use zeroize::Zeroizing;

use super::Chains;
use super::chain::Local;
use super::files::{DemoWallet, Folder};
use crate::config::Config;
use crate::engine::Engine;
use crate::error::StartError;
use crate::secrets::Sealer;
use crate::world::random;

/// The demo partner's id is the same on every machine: scripts may rely on it.
pub(super) const PARTNER: PartnerId = PartnerId::new(Ulid::new(Timestamp::from_micros(0), 1));
/// Most the demo partner may pay at once, and a day, in whole test dollars.
const PER_TRANSACTION: i64 = 100_000;
const DAILY: i64 = 1_000_000;
/// Longest that a block of the local chain takes to be final here, milliseconds.
const FINAL_WITHIN_MS: i64 = 60_000;
/// Coins for gas that each demo wallet is given.
const COINS: u64 = 1_000;

/// What a person needs to use it.
pub(super) struct Demo {
    /// Its id.
    pub(super) partner: PartnerId,
    /// `<key id>.<secret>`.
    pub(super) api_key: Zeroizing<String>,
    /// A key of another person of the partner: some commands take two.
    pub(super) second_api_key: Zeroizing<String>,
    /// Keys of two persons of the platform.
    pub(super) platform_api_keys: [Zeroizing<String>; 2],
}

pub(super) async fn demo_partner(
    engine: &Engine,
    config: &Config,
    folder: &Folder,
    chains: &Chains,
    wallets: &[DemoWallet],
) -> Result<Demo, StartError> {
    let now = engine.ports.clock.now();
    let cause = || Cause { actor: Actor::Console, reason: "sluice dev".into(), at: now };
    let partner = Partner {
        id: PARTNER,
        name: "Demo partner".into(),
        zone: "Asia/Seoul".into(),
        test_mode: true,
        created_at: now,
    };
    let mut limits = Vec::new();
    for entry in &config.assets {
        let asset = entry.asset()?;
        let whole = 10i64.pow(u32::from(asset.precision));
        let amount = |whole_dollars: i64| Amount::from_atoms(whole_dollars * whole).unwrap_or_default();
        limits.push(Limit {
            asset: asset.id,
            per_transaction: amount(PER_TRANSACTION),
            daily: amount(DAILY),
            version: 1,
        });
    }
    if !engine.registry.create_partner(partner, limits.clone(), cause()).await? {
        // It is from a start that had fewer chains.
        let has = engine.registry.limits(PARTNER).await?;
        for limit in limits.into_iter().filter(|limit| !has.iter().any(|it| it.asset == limit.asset)) {
            engine.registry.set_limit(PARTNER, limit, cause()).await?;
        }
    }
    let kept = |file, partner, label| key(engine, config, folder, Seed { file, partner, label }, cause());
    let demo = Demo {
        partner: PARTNER,
        api_key: kept("api.key", PARTNER, "demo").await?,
        second_api_key: kept("second.key", PARTNER, "demo, second person").await?,
        platform_api_keys: [
            kept("platform.key", PLATFORM, "platform").await?,
            kept("platform-second.key", PLATFORM, "platform, second person").await?,
        ],
    };
    adopt_wallets(engine, chains, wallets, &cause).await?;
    Ok(demo)
}

/// A key of the folder.
struct Seed {
    file: &'static str,
    partner: PartnerId,
    label: &'static str,
}

/// A key of the folder; made, and stored sealed, at the first start on this database. None is made by another, so that
/// each is a person.
async fn key(
    engine: &Engine,
    config: &Config,
    folder: &Folder,
    seed: Seed,
    cause: Cause,
) -> Result<Zeroizing<String>, StartError> {
    let now = cause.at;
    let made = folder.secret_file(seed.file, || {
        let id = KeyId::new(Ulid::new(now, u128::from_be_bytes(random())));
        format!("{id}.{}", hex::encode(random::<32>()))
    })?;
    let (id, secret) = made
        .split_once('.')
        .and_then(|(id, secret)| Some((KeyId::parse(id).ok()?, secret)))
        .ok_or_else(|| {
        let path = folder.path(seed.file);
        StartError::Other(format!("{} is damaged; remove it to get a new key", path.display()))
    })?;
    if engine.registry.key(id).await?.is_none() {
        let sealer = Sealer::read(&config.server.sealing_key_file).map_err(StartError::Said)?;
        let platform = seed.partner == PLATFORM;
        let key = ApiKey {
            id,
            partner: seed.partner,
            label: seed.label.into(),
            credential: Credential::Hmac { sealed_secret: sealer.seal(&id.to_string(), secret.as_bytes()) },
            scopes: Scope::ALL.iter().copied().filter(|scope| platform || !scope.platform_only()).collect(),
            networks: vec![],
            expires_at: None,
            revoked_at: None,
            created_at: now,
            created_by: Some(cause.actor.clone()),
            last_used_at: None,
        };
        engine.registry.create_key(key, cause).await?;
    }
    Ok(made)
}

/// Fills the wallets up and takes those into service that are not.
async fn adopt_wallets(
    engine: &Engine,
    chains: &Chains,
    wallets: &[DemoWallet],
    cause: &impl Fn() -> Cause,
) -> Result<(), StartError> {
    let known = engine.ports.store.wallets(None).await?;
    let fresh: Vec<_> = wallets.iter().filter(|wallet| !known.iter().any(|it| it.id == wallet.id)).collect();
    let mut on_evm = Vec::new();
    for wallet in &fresh {
        match (wallet.account, &chains.tron) {
            (Address::Evm(account), _) => on_evm.push(account),
            (Address::Tron(account), Some(tron)) => tron.fill(account).await?,
            (Address::Tron(account), None) => {
                return Err(StartError::Other(format!("{account} has no chain")));
            }
        }
    }
    if !on_evm.is_empty() {
        fill(&chains.local, &on_evm).await?;
        make_final(&chains.local).await?;
    }
    if let Some(tron) = &chains.tron
        && fresh.iter().any(|wallet| wallet.account.tron().is_some())
    {
        tron.make_final().await?;
    }
    for wallet in fresh {
        adopt_one(engine, wallet, cause).await?;
    }
    Ok(())
}

async fn fill(chain: &Local, accounts: &[EvmAddress]) -> Result<(), StartError> {
    let other = |error: &dyn std::fmt::Display| StartError::Other(error.to_string());
    let coins = ruint::aliases::U256::from(COINS) * ruint::aliases::U256::from(1_000_000_000_000_000_000_u64);
    let dollars = ruint::aliases::U256::from(chain.funds() * 1_000_000);
    let control = Control::new(chain.rpc().clone());
    let mut filled = Vec::with_capacity(accounts.len());
    for account in accounts {
        let account = account.to_string();
        let parsed = |error: &dyn std::fmt::Display| StartError::Other(format!("{account}: {error}"));
        let account = account.parse().map_err(|error| parsed(&error))?;
        control.set_balance(account, coins).await.map_err(|it| other(&it))?;
        filled.push(account);
    }
    chain.usd().mint_each(&filled, dollars).await.map_err(|it| other(&it))
}

/// What was given is final at once, and nobody waits for it.
async fn make_final(chain: &Local) -> Result<(), StartError> {
    let other = |error: &dyn std::fmt::Display| StartError::Other(error.to_string());
    let control = Control::new(chain.rpc().clone());
    let latest = control.block(BlockTag::Latest).await.map_err(|it| other(&it))?.number;
    let finalized = control.block(BlockTag::Finalized).await.map_err(|it| other(&it))?.number;
    control.mine(latest.saturating_sub(finalized).to::<u64>() + 1).await.map_err(|it| other(&it))
}

/// By the procedure that production has. What was just given to the wallet must become final first.
async fn adopt_one(
    engine: &Engine,
    wallet: &DemoWallet,
    cause: &impl Fn() -> Cause,
) -> Result<(), StartError> {
    let DemoWallet { chain, account, .. } = *wallet;
    let wanted = Wanted {
        deployment: &engine.deployment,
        partner: Some(PARTNER),
        chain,
        address: account,
        tier: sluice_core::wallet::Tier::Hot,
    };
    let started = engine.ports.clock.now();
    loop {
        match adopt_held(&engine.ports, &wanted, cause()).await {
            // Managed: another engine that starts on this database at this moment was quicker.
            Ok(_) | Err(AdoptError::Managed) => return Ok(()),
            Err(AdoptError::Moving(_) | AdoptError::NotQuiet { .. })
                if engine.ports.clock.now().since_ms(started) < FINAL_WITHIN_MS =>
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(StartError::Other(format!("{account} is not adopted: {error}"))),
        }
    }
}
