//! `[chains.energy]`: vendors of energy for a chain of TRON, and what may be spent there.

use std::path::PathBuf;

use serde::Deserialize;
use sluice_core::amount::Cost;
use sluice_core::energy::{Policy, VENDORS_MAX};
use sluice_core::port::market::VendorId;

use super::{Both, ConfigError};

/// From an order to its energy, milliseconds, where nothing else is said.
const DELIVERS_MS: u64 = 15_000;

/// Where a chain's energy comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Energy {
    /// Who sells it, most liked first: of two that ask the same the first one gets the order.
    pub vendors: Vec<Vendor>,
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
        if self.vendors.is_empty() || self.vendors.len() > VENDORS_MAX {
            let en =
                format!("name one to {VENDORS_MAX} vendors, or leave the section out: TRX is burned then");
            let ko = format!("판매자를 1~{VENDORS_MAX}개 적거나, TRX를 소각하려면 이 부분을 지우세요");
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
        Ok(())
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
        }
    }
}
