//! Sources of energy beside the local TRON: simulators of vendors of our own, which lend from its bank, or ones that somebody
//! else runs; and a pool, where a wallet is named for it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sluice_core::amount::Cost;
use sluice_core::chain::ChainProfile;
use sluice_core::energy::Policy;
use sluice_core::energy::credit::OWED_MAX_SUN;
use sluice_core::id::PartnerId;
use sluice_core::port::Ports;
use sluice_core::port::market::VendorId;
use sluice_core::time::Timestamp;
use sluice_devnet::market::{
    Delegation, Delegator, Keys, Market, MarketConfig, MarketError, Refused, VendorName,
};
use sluice_devnet::tron::Remote;
use tokio::task::JoinSet;

use super::files::Folder;
use super::{DevArguments, tron};
use crate::config::{Bills, Both, Energy, Hq, Vendor, Wire};
use crate::error::StartError;

/// What is paid in at each vendor at the first start, sun.
const DEPOSIT_SUN: u64 = 10_000_000_000;
/// From an order to its energy, milliseconds: blocks are quick here.
const DELIVERS_MS: u64 = 2_000;
/// How long a vendor may take until its energy is in a solid block, milliseconds.
const DELIVER_MS: u64 = 20_000;
/// How long a lane waits before it burns, milliseconds.
const WAIT_MS: u64 = 30_000;

/// How long the pool may take, and how long a lane waits for it, milliseconds: an errand is as slow as a payment.
const POOL_DELIVER_MS: u64 = 60_000;
const POOL_WAIT_MS: u64 = 90_000;

/// The section of the configuration: vendors, a pool, or both.
pub(super) fn section(
    arguments: &DevArguments,
    pool: Option<String>,
    vendors: Option<&Vendors>,
    folder: &Folder,
) -> Result<Option<Energy>, StartError> {
    let sold = vendors.map(|vendors| vendors.section(folder)).transpose()?;
    let Some(wallet) = pool else { return Ok(sold) };
    let hq = Hq {
        wallet,
        share_percent: None,
        base_micro_sun: arguments.energy_price,
        fee_micro_sun: 0,
        stay_s: Some(arguments.energy_stay_s),
        delivers_ms: DELIVERS_MS,
        billing: Bills::default(),
        on_account: arguments.energy_on_account.iter().map(|(id, sun)| (id.to_string(), *sun)).collect(),
        low_credit_sun: 0,
        weights: BTreeMap::new(),
    };
    let none = Energy {
        vendors: vec![],
        hq: None,
        order_max_sun: None,
        energy_max_micro_sun: None,
        hour_max_sun: None,
        rent_s: None,
        wait_ms: None,
        deliver_ms: None,
        unusual: None,
    };
    Ok(Some(Energy {
        hq: Some(hq),
        rent_s: Some(arguments.energy_stay_s.min(Policy::usual().rent_s)),
        wait_ms: Some(POOL_WAIT_MS),
        deliver_ms: Some(POOL_DELIVER_MS),
        ..sold.unwrap_or(none)
    }))
}

/// Reads `PARTNER=SUN`: who pays the pool afterwards, and what it may owe.
pub(super) fn owes(text: &str) -> Result<(PartnerId, u64), String> {
    let wrong =
        || format!("say PARTNER=SUN: the id of a partner, and 1 to {OWED_MAX_SUN} sun that it may owe");
    let (id, sun) = text.split_once('=').ok_or_else(wrong)?;
    let partner = PartnerId::parse(id).map_err(|_| wrong())?;
    let sun = sun.parse().ok().filter(|sun| (1..=OWED_MAX_SUN).contains(sun)).ok_or_else(wrong)?;
    Ok((partner, sun))
}

/// Two vendors.
pub(super) struct Vendors {
    own: Option<Market>,
    url: String,
}

impl Vendors {
    /// Starts them beside a chain that is ours; beside one of somebody else only those that were named.
    pub(super) async fn start(
        arguments: &DevArguments,
        chain: Option<&tron::Local>,
    ) -> Result<Option<Self>, StartError> {
        let Some(chain) = chain.filter(|_| !arguments.no_energy) else { return Ok(None) };
        if let Some(url) = &arguments.energy_market {
            return Ok(Some(Self { own: None, url: url.trim_end_matches('/').to_owned() }));
        }
        if !chain.is_own() {
            return Ok(None);
        }
        let config = MarketConfig { deposit_sun: 0, ..MarketConfig::machine(1) };
        let bank = Arc::new(Bank { remote: chain.remote(), loans: Mutex::default() });
        let market = Market::start(config, bank).await.map_err(|error| not_started(&error))?;
        Ok(Some(Self { url: market.url(), own: Some(market) }))
    }

    /// Their section of the configuration; their keys go into the folder.
    pub(super) fn section(&self, folder: &Folder) -> Result<Energy, StartError> {
        let Keys { catfee_key, catfee_secret, tronsave_key } = Keys::default();
        let kept =
            |name: &str, text: &str| folder.secret_file(name, || text.to_owned()).map(|_| folder.path(name));
        let vendor = |id: VendorName, wire, key_file, secret_file| Vendor {
            id: id.name().to_owned(),
            wire,
            url: self.url.clone(),
            key_file,
            secret_file,
            allow_private: true,
            delivers_ms: DELIVERS_MS,
        };
        let (key, secret) = (kept("catfee.key", &catfee_key)?, kept("catfee.secret", &catfee_secret)?);
        let tronsave = kept("tronsave.key", &tronsave_key)?;
        Ok(Energy {
            vendors: vec![
                vendor(VendorName::Catfee, Wire::Catfee, key, Some(secret)),
                vendor(VendorName::Tronsave, Wire::Tronsave, tronsave, None),
            ],
            hq: None,
            order_max_sun: None,
            energy_max_micro_sun: None,
            hour_max_sun: None,
            rent_s: None,
            wait_ms: Some(WAIT_MS),
            deliver_ms: Some(DELIVER_MS),
            unusual: None,
        })
    }

    /// Pays in what the accounts hold by our books, or the first deposit: our own vendors remember nothing.
    pub(super) async fn pay_in(&self, ports: &Ports) -> Result<(), StartError> {
        let Some(market) = &self.own else { return Ok(()) };
        let chain = ChainProfile::tron_devnet().id;
        let view = ports.store.energy(chain, Timestamp::default(), &[]).await?;
        for name in VendorName::ALL {
            let vendor =
                VendorId::parse(name.name()).map_err(|error| StartError::Other(error.to_string()))?;
            let booked = view.account(&vendor, None).map(|account| account.expected_sun);
            let Cost(sun) = booked.unwrap_or(Cost(u128::from(DEPOSIT_SUN)));
            market.desk(name).deposit(u64::try_from(sun).unwrap_or(DEPOSIT_SUN));
        }
        Ok(())
    }
}

/// The simulator's bank, which lends what the vendors sell, and takes it back.
struct Bank {
    remote: Remote,
    /// Those that are taken back when their time is over. Gone with the program: then a loan outlives its time.
    loans: Mutex<JoinSet<()>>,
}

impl Delegator for Bank {
    fn delegate<'a>(
        &'a self,
        delegation: Delegation,
    ) -> Pin<Box<dyn Future<Output = Result<String, Refused>> + Send + 'a>> {
        Box::pin(async move {
            let refused = |why: String| Refused { why };
            let to = delegation.to.parse().map_err(|error| refused(format!("{}: {error}", delegation.to)))?;
            let loan =
                self.remote.lend(to, delegation.energy).await.map_err(|error| refused(error.to_string()))?;
            let (remote, txid) = (self.remote.clone(), loan.txid.clone());
            let mut loans = self.loans.lock().unwrap_or_else(PoisonError::into_inner);
            while loans.try_join_next().is_some() {}
            loans.spawn(async move {
                tokio::time::sleep(Duration::from_secs(delegation.duration_s)).await;
                if let Err(error) = remote.end_loan(to, loan.stake_sun).await {
                    tracing::info!(%error, "A loan of energy was not taken back");
                }
            });
            Ok(txid)
        })
    }
}

fn not_started(error: &MarketError) -> StartError {
    StartError::Said(Both::new(
        error.to_string(),
        format!("에너지 판매자 시뮬레이터를 시작할 수 없습니다({error})"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_owe_is_named_with_how_much() {
        let id = "pt_06EVW2ZA4H5R7N3J8K2M4P6Q8S";
        assert_eq!(owes(&format!("{id}=5")), Ok((PartnerId::parse(id).unwrap(), 5)));
        let above = format!("{id}={}", OWED_MAX_SUN + 1);
        for text in ["", id, &format!("{id}="), &format!("{id}=0"), &format!("{id}=-1"), "somebody=5", &above]
        {
            assert!(owes(text).is_err(), "{text}");
        }
    }
}
