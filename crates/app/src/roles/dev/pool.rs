//! A pool of energy beside the local TRON: one wallet more of the demo partner, whose stake works for the others. It is less than
//! twenty payments take, as the demonstration makes them, so that vendors sell the rest.

use sluice_core::access::Actor;
use sluice_core::amount::Amount;
use sluice_core::errand::{Errand, Resource};
use sluice_core::event::Cause;
use sluice_core::id::{Ulid, WalletId};
use sluice_core::time::Timestamp;
use sluice_flow::errand::{self, Wanted};

use super::files::DemoWallet;
use super::seed::PARTNER;
use super::{DevArguments, tron};
use crate::config::Keys;
use crate::engine::Engine;
use crate::error::StartError;
use crate::signer_link;

/// The same in every folder, so that it is never taken for a lane that pays.
pub(super) const WALLET: WalletId = WalletId::new(Ulid::new(Timestamp::from_micros(0), 2));
/// What it stakes, in TRX: energy for ten payments to who holds nothing, or twenty to who does.
const STAKED: i64 = 150_000;
const SUN: i64 = 1_000_000;

/// A pool of our own.
pub(super) struct Pool {
    pub(super) wallet: DemoWallet,
}

impl Pool {
    /// It is made beside a chain that is ours, and found again beside every other. None where a wallet was named for it, or where
    /// no energy is wanted.
    ///
    /// # Errors
    /// [`StartError`]: its key can be neither read nor made.
    pub(super) fn of(
        arguments: &DevArguments,
        chain: Option<&tron::Local>,
        keys: &Keys,
    ) -> Result<Option<Self>, StartError> {
        let wanted = !arguments.no_energy && arguments.energy_pool.is_none();
        let Some(local) = chain.filter(|_| wanted) else { return Ok(None) };
        let chain = local.id();
        let held = signer_link::keystore_wallets(keys)?.into_iter().find(|it| it.0 == WALLET);
        let account = match held {
            Some((_, _, account)) => account,
            None if local.is_own() => signer_link::create_wallet_key(keys, WALLET, PARTNER, chain)?,
            None => return Ok(None),
        };
        Ok(Some(Self { wallet: DemoWallet { id: WALLET, chain, account } }))
    }

    /// Its account, as the configuration names it.
    pub(super) fn account(&self) -> String {
        self.wallet.account.to_string()
    }

    /// Has it stake, by an errand, once: asked at every start, it is the same errand.
    ///
    /// # Errors
    /// [`StartError`]: the errand cannot be asked for.
    pub(super) async fn stake(&self, engine: &Engine) -> Result<(), StartError> {
        let other = |error: &dyn std::fmt::Display| StartError::Other(format!("the energy pool: {error}"));
        let amount = Amount::from_atoms(STAKED.saturating_mul(SUN)).unwrap_or_default();
        let external_id = format!("dev-energy-pool:{STAKED}");
        let wanted = Wanted { external_id, errand: Errand::Stake(Resource::Energy), amount };
        let cause =
            Cause { actor: Actor::Console, reason: "sluice dev".into(), at: engine.ports.clock.now() };
        errand::ask(&engine.ports, &engine.deployment, WALLET, wanted, cause).await.map_err(|it| other(&it))
    }
}
