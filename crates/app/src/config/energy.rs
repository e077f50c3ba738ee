//! `[chains.energy]`: sources of energy for a chain of TRON, and what may be spent there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use sluice_core::address::TronAddress;
use sluice_core::amount::Cost;
use sluice_core::energy::credit::{Billing, OWED_MAX_SUN};
use sluice_core::energy::{POOL, Policy, Pool, VENDORS_MAX, unusual};
use sluice_core::id::PartnerId;
use sluice_core::intent::DeploymentId;
use sluice_core::port::market::VendorId;

use super::{Both, ConfigError};

/// From an order to its energy, milliseconds, where nothing else is said.
const DELIVERS_MS: u64 = 15_000;
/// Credit below which a partner is told, sun, where nothing else is said.
const LOW_CREDIT_SUN: u64 = 100_000_000;

/// Where a chain's energy comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Energy {
    /// Who sells it, most liked first: of two that ask the same the first one gets the order. None beside a pool.
    #[serde(default)]
    pub vendors: Vec<Vendor>,
    /// The platform's own stake.
    pub hq: Option<Hq>,
    /// Most for one order, sun.
    pub order_max_sun: Option<u64>,
    /// Most for each energy, millionths of a sun.
    pub energy_max_micro_sun: Option<u64>,
    /// Most for all orders of an hour, sun.
    pub hour_max_sun: Option<u64>,
    /// For how long it is rented, seconds.
    pub rent_s: Option<u64>,
    /// How long a lane waits for a source before it burns TRX, milliseconds.
    pub wait_ms: Option<u64>,
    /// How long a vendor may take until its energy is in a solid block, milliseconds.
    pub deliver_ms: Option<u64>,
    /// When the use of an hour is told as unusual.
    pub unusual: Option<Unusual>,
}

/// When the energy that a lane uses within an hour is told.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unusual {
    /// Above so much of what was expected, percent.
    pub over_percent: Option<u32>,
    /// Never up to so much energy.
    pub floor_energy: Option<u64>,
}

/// The pool: a managed wallet that lends the energy of its stake, and does nothing else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hq {
    /// Its account, in base58.
    pub wallet: String,
    /// How much of its stake may work for others, percent; all of it when left out.
    pub share_percent: Option<u8>,
    /// What each energy costs a partner, millionths of a sun.
    #[serde(default)]
    pub base_micro_sun: u64,
    /// What is charged beside it for the service, millionths of a sun for each energy.
    #[serde(default)]
    pub fee_micro_sun: u64,
    /// How long a loan stays, seconds; as long as energy is rented when left out.
    pub stay_s: Option<u64>,
    /// From a decision to its energy on chain as it is expected, milliseconds.
    #[serde(default = "delivers_ms")]
    pub delivers_ms: u64,
    /// When partners pay: `prepaid` lends nothing to whom has not paid ahead, `postpaid` lends and books what is owed.
    #[serde(default)]
    pub billing: Bills,
    /// Partners, by id, that pay for each loan afterwards whatever `billing` says, and the most that each may owe, sun.
    #[serde(default)]
    pub on_account: BTreeMap<String, u64>,
    /// A partner is told that its credit is low below so much, sun; never where it is 0. 100 TRX when left out.
    #[serde(default = "low_credit_sun")]
    pub low_credit_sun: u64,
    /// Shares of partners, by id, against each other; 1 where none is named.
    #[serde(default)]
    pub weights: BTreeMap<String, u32>,
}

const fn low_credit_sun() -> u64 {
    LOW_CREDIT_SUN
}

/// When partners pay for energy of the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bills {
    /// Before.
    #[default]
    Prepaid,
    /// Afterwards.
    Postpaid,
}

impl Hq {
    fn account(&self) -> Option<TronAddress> {
        TronAddress::parse(&self.wallet).ok()
    }

    fn weights(&self) -> Option<BTreeMap<PartnerId, u32>> {
        by_partner(&self.weights)
    }

    fn on_account(&self) -> Option<BTreeMap<PartnerId, u64>> {
        by_partner(&self.on_account)
    }
}

/// `None` where a key is no partner's id.
fn by_partner<T: Copy>(named: &BTreeMap<String, T>) -> Option<BTreeMap<PartnerId, T>> {
    named.iter().map(|(id, value)| Some((PartnerId::parse(id).ok()?, *value))).collect()
}

/// A vendor of energy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// What we call it.
    pub id: String,
    /// How it is talked to.
    pub wire: Wire,
    /// Scheme, host and port.
    pub url: String,
    /// File with its key.
    pub key_file: PathBuf,
    /// CatFee: file with the secret half of the key.
    pub secret_file: Option<PathBuf>,
    /// It stands on this machine or in a private network.
    #[serde(default)]
    pub allow_private: bool,
    /// From an order to its energy on chain as it is expected, milliseconds.
    #[serde(default = "delivers_ms")]
    pub delivers_ms: u64,
}

const fn delivers_ms() -> u64 {
    DELIVERS_MS
}

/// Whose API a vendor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wire {
    /// <https://docs.catfee.io/en/api-reference>
    Catfee,
    /// <https://docs.tronsave.io>, version 2.
    Tronsave,
}

impl Energy {
    /// Checks how keys fit together; `chain` is for the message.
    ///
    /// # Errors
    /// [`ConfigError::Value`]: the first key that does not fit.
    pub(super) fn check(&self, chain: &str, tron: bool) -> Result<(), ConfigError> {
        let wrong = |key: &str, en: &str, ko: &str| {
            Err(ConfigError::Value { key: format!("chains.{chain}.energy{key}"), why: Both::new(en, ko) })
        };
        if !tron {
            return wrong("", "there is energy on TRON alone", "에너지는 TRON에만 있습니다");
        }
        if (self.vendors.is_empty() && self.hq.is_none()) || self.vendors.len() > VENDORS_MAX {
            let en = format!(
                "name one to {VENDORS_MAX} vendors or a pool, or leave the section out: TRX is burned then"
            );
            let ko =
                format!("판매자를 1~{VENDORS_MAX}개 또는 hq를 적거나, TRX를 소각하려면 이 부분을 지우세요");
            return wrong(".vendors", &en, &ko);
        }
        for (place, vendor) in self.vendors.iter().enumerate() {
            let key = format!(".vendors.{}", vendor.id);
            if VendorId::parse(&vendor.id).is_err() {
                return wrong(
                    &key,
                    "an id has 1 to 32 of a-z, 0-9, - and _",
                    "id는 a-z, 0-9, -, _ 1~32자입니다",
                );
            }
            if self.vendors[..place].iter().any(|it| it.id == vendor.id) {
                return wrong(&key, "two vendors have this id", "같은 id가 두 번 나옵니다");
            }
            if vendor.id == POOL {
                return wrong(&key, "that is the name of the pool", "풀의 이름과 같습니다");
            }
            if (vendor.wire == Wire::Catfee) != vendor.secret_file.is_some() {
                return wrong(
                    &key,
                    "secret_file goes with catfee, and with no other",
                    "secret_file은 catfee에만 씁니다",
                );
            }
        }
        if self.policy().rent_s == 0 || self.policy().wait_ms == 0 || self.policy().deliver_ms == 0 {
            return wrong(
                "",
                "rent_s, wait_ms and deliver_ms are more than 0",
                "rent_s, wait_ms, deliver_ms는 0보다 커야 합니다",
            );
        }
        if self.policy().unusual.over_percent < 100 {
            return wrong(
                ".unusual.over_percent",
                "what was expected is not unusual: it is 100 or more",
                "예상한 만큼은 비정상이 아닙니다. 100 이상이어야 합니다",
            );
        }
        self.hq.as_ref().map_or(Ok(()), |hq| self.check_hq(hq, &wrong))
    }

    fn check_hq(
        &self,
        hq: &Hq,
        wrong: &impl Fn(&str, &str, &str) -> Result<(), ConfigError>,
    ) -> Result<(), ConfigError> {
        if hq.account().is_none() {
            return wrong(
                ".hq.wallet",
                "an account of TRON in base58",
                "base58 형식의 TRON 계정이어야 합니다",
            );
        }
        if hq.share_percent.is_some_and(|share| share == 0 || share > 100) {
            return wrong(".hq.share_percent", "it is 1 to 100", "1~100이어야 합니다");
        }
        if hq.stay_s.is_some_and(|stay_s| stay_s < self.policy().rent_s) {
            return wrong(".hq.stay_s", "no shorter than rent_s", "rent_s보다 짧을 수 없습니다");
        }
        if hq.weights().is_none() {
            return wrong(".hq.weights", "each key is the id of a partner", "키는 파트너 ID여야 합니다");
        }
        if hq.on_account().is_none() {
            return wrong(".hq.on_account", "each key is the id of a partner", "키는 파트너 ID여야 합니다");
        }
        if let Some((id, _)) = hq.on_account.iter().find(|(_, sun)| !(1..=OWED_MAX_SUN).contains(*sun)) {
            return wrong(
                &format!(".hq.on_account.{id}"),
                &format!(
                    "what a partner may owe is 1 to {OWED_MAX_SUN} sun; leave it out for one that pays ahead"
                ),
                &format!("후불 한도는 1~{OWED_MAX_SUN} sun이어야 합니다. 선불 파트너는 적지 마세요"),
            );
        }
        Ok(())
    }

    /// The pool, as far as it is set; `None` where there is none, or what [`Self::check`] refuses.
    pub fn pool(&self, deployment: &DeploymentId) -> Option<Pool> {
        let hq = self.hq.as_ref()?;
        Some(Pool {
            wallet: hq.account()?,
            deployment: deployment.clone(),
            share_percent: hq.share_percent.unwrap_or(100),
            base_micro_sun: hq.base_micro_sun,
            fee_micro_sun: hq.fee_micro_sun,
            stay_s: hq.stay_s.unwrap_or(self.policy().rent_s),
            delivers_ms: hq.delivers_ms,
            billing: match hq.billing {
                Bills::Prepaid => Billing::Prepaid,
                Bills::Postpaid => Billing::Postpaid,
            },
            on_account: hq.on_account()?,
            low_credit_sun: hq.low_credit_sun,
            weights: hq.weights()?,
        })
    }

    /// The bounds, as far as they are set, and the usual ones beside them.
    pub fn policy(&self) -> Policy {
        let usual = Policy::usual();
        let cost = |set: Option<u64>, usual: Cost| set.map_or(usual, |sun| Cost(u128::from(sun)));
        Policy {
            order_max_sun: cost(self.order_max_sun, usual.order_max_sun),
            energy_max_micro_sun: self.energy_max_micro_sun.unwrap_or(usual.energy_max_micro_sun),
            hour_max_sun: cost(self.hour_max_sun, usual.hour_max_sun),
            rent_s: self.rent_s.unwrap_or(usual.rent_s),
            wait_ms: self.wait_ms.unwrap_or(usual.wait_ms),
            deliver_ms: self.deliver_ms.unwrap_or(usual.deliver_ms),
            unusual: self.unusual.map_or(usual.unusual, |set| unusual::Settings {
                over_percent: set.over_percent.unwrap_or(usual.unusual.over_percent),
                floor_energy: set.floor_energy.unwrap_or(usual.unusual.floor_energy),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn energy(unusual: &str) -> Energy {
        let vendor = "[[vendors]]\nid = \"catfee\"\nwire = \"catfee\"\nurl = \"https://x\"\nkey_file = \"k\"\nsecret_file = \"s\"\n";
        toml::from_str(&format!("{vendor}{unusual}")).unwrap()
    }

    #[test]
    fn what_was_expected_is_never_unusual() {
        let usual = unusual::Settings::usual();
        assert_eq!(energy("").policy().unusual, usual);
        let set = energy("[unusual]\nover_percent = 100\n");
        assert_eq!(set.policy().unusual, unusual::Settings { over_percent: 100, ..usual });
        assert!(set.check("tron:1", true).is_ok());
        let floor = energy("[unusual]\nfloor_energy = 5\n").policy().unusual;
        assert_eq!(floor, unusual::Settings { floor_energy: 5, ..usual });
        assert!(energy("[unusual]\nover_percent = 99\n").check("tron:1", true).is_err());
    }

    const NAMED: &str = "pt_06EVW2ZA4H5R7N3J8K2M4P6Q8S";

    fn pool(more: &str) -> Energy {
        toml::from_str(&format!("[hq]\nwallet = \"TVj7RNVHy6thbM7BWdSe9G6gXwKhjhdNZS\"\n{more}")).unwrap()
    }

    #[test]
    fn who_pays_on_account_is_named_with_what_it_may_owe() {
        let named = PartnerId::parse(NAMED).unwrap();
        let of = |energy: &Energy| energy.pool(&DeploymentId("it".into())).unwrap().billing_of(named);
        let set = |sun: &str| pool(&format!("[hq.on_account]\n{NAMED} = {sun}\n"));
        assert_eq!(of(&pool("")), Billing::Prepaid);
        assert_eq!(of(&set("500_000_000")), Billing::OnAccount { owed_max_sun: 500_000_000 });
        let highest = OWED_MAX_SUN.to_string();
        for sun in ["1", highest.as_str()] {
            set(sun).check("tron:1", true).unwrap();
        }
        let above = (OWED_MAX_SUN + 1).to_string();
        for (energy, key) in [
            (set("0"), format!("chains.tron:1.energy.hq.on_account.{NAMED}")),
            (set(&above), format!("chains.tron:1.energy.hq.on_account.{NAMED}")),
            (pool("[hq.on_account]\nsomebody = 5\n"), "chains.tron:1.energy.hq.on_account".to_owned()),
        ] {
            let refused = energy.check("tron:1", true);
            assert!(matches!(&refused, Err(ConfigError::Value { key: it, .. }) if *it == key), "{refused:?}");
        }
    }
}
