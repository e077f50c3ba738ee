//! `[treasury]`: how much each tier of wallets should hold, and how long a registered wallet waits.

use serde::Deserialize;
use sluice_core::asset::AssetId;
use sluice_core::id::PartnerId;
use sluice_core::treasury::{Expected, Settings, WHOLE_BPS};

use super::{Both, Config, ConfigError};

/// Longest wait of a registered wallet, hours: 30 days.
const WAIT_HOURS_MAX: u32 = 720;
/// Most that a target may be of what it is a target of, basis points.
const TARGET_BPS_MAX: u32 = 100 * WHOLE_BPS;
/// Most expectations that may be written down.
const EXPECTED_MAX: usize = 1_000;

/// Shares, thresholds and waits. What is left out is as the preset has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Treasury {
    /// What the figures are taken from: `default` or `kr`.
    pub preset: Preset,
    /// Hot wallets together, of the expected outflow of a day; basis points.
    pub hot_of_day_bps: Option<u32>,
    /// Warm wallets together, of the expected outflow of a week; basis points.
    pub warm_of_week_bps: Option<u32>,
    /// Cold wallets at least, of everything; basis points.
    pub cold_share_bps: Option<u32>,
    /// Above its target by more than this, a sweep of hot wallets is proposed; whole units of the asset.
    pub sweep_threshold: Option<u64>,
    /// How long nothing is sent to a wallet that was registered by its address, hours.
    pub register_wait_hours: Option<u32>,
    /// What is expected to leave in a day, where there is no history to tell.
    pub expected: Vec<ExpectedEntry>,
}

/// Where the figures begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Hot 120 % of a day, warm 50 % of a week, cold at least 70 %.
    #[default]
    Default,
    /// The same with cold at least 80 %, as Korean law asks.
    Kr,
}

/// What somebody expects a partner to pay of an asset in a day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedEntry {
    /// `pt_...`
    pub partner: String,
    /// CAIP-19 id.
    pub asset: String,
    /// In a day, such as `"50000"`.
    pub daily: String,
}

impl Config {
    /// What is said of treasuries.
    ///
    /// # Errors
    /// [`ConfigError::Value`]: the first key that does not fit.
    pub fn treasury(&self) -> Result<Settings, ConfigError> {
        let said = &self.treasury;
        let mut settings = match said.preset {
            Preset::Default => Settings::default(),
            Preset::Kr => Settings::kr(),
        };
        let bps = |key, value: Option<u32>, most: u32, set: &mut u32| match value {
            None => Ok(()),
            Some(value) if (1..=most).contains(&value) => {
                *set = value;
                Ok(())
            }
            Some(_) => Err(wrong(
                key,
                format!("it is between 1 and {most} basis points"),
                format!("1에서 {most} 베이시스포인트 사이여야 합니다"),
            )),
        };
        bps("hot_of_day_bps", said.hot_of_day_bps, TARGET_BPS_MAX, &mut settings.hot_of_day_bps)?;
        bps("warm_of_week_bps", said.warm_of_week_bps, TARGET_BPS_MAX, &mut settings.warm_of_week_bps)?;
        bps("cold_share_bps", said.cold_share_bps, WHOLE_BPS, &mut settings.cold_share_bps)?;
        settings.sweep_threshold = said.sweep_threshold.unwrap_or(settings.sweep_threshold);
        if let Some(hours) = said.register_wait_hours {
            if hours > WAIT_HOURS_MAX {
                return Err(wrong(
                    "register_wait_hours",
                    format!("it is at most {WAIT_HOURS_MAX}"),
                    format!("{WAIT_HOURS_MAX} 이하여야 합니다"),
                ));
            }
            settings.register_wait_ms = i64::from(hours) * 3_600_000;
        }
        if said.expected.len() > EXPECTED_MAX {
            return Err(wrong(
                "expected",
                format!("at most {EXPECTED_MAX} entries"),
                format!("{EXPECTED_MAX}개까지 적을 수 있습니다"),
            ));
        }
        settings.expected =
            said.expected.iter().map(|entry| self.expected(entry)).collect::<Result<_, _>>()?;
        Ok(settings)
    }

    fn expected(&self, entry: &ExpectedEntry) -> Result<Expected, ConfigError> {
        let partner = PartnerId::parse(&entry.partner).map_err(|error| {
            wrong("expected.partner", error.to_string(), format!("파트너 id가 아닙니다: {error}"))
        })?;
        let id = AssetId::parse(&entry.asset).map_err(|error| {
            wrong("expected.asset", error.to_string(), format!("자산 id가 아닙니다: {error}"))
        })?;
        let configured = self.assets.iter().find(|it| AssetId::parse(&it.id).is_ok_and(|it| it == id));
        let Some(asset) = configured else {
            return Err(wrong(
                "expected.asset",
                format!("{id} is not configured"),
                format!("{id} 자산이 설정되어 있지 않습니다"),
            ));
        };
        let daily = asset.asset()?.amount(&entry.daily).map_err(|error| {
            wrong("expected.daily", error.to_string(), format!("금액이 아닙니다: {error}"))
        })?;
        Ok(Expected { partner, asset: id, daily })
    }
}

fn wrong(key: &str, en: String, ko: String) -> ConfigError {
    ConfigError::Value { key: format!("treasury.{key}"), why: Both::new(en, ko) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Settings, ConfigError> {
        let example = include_str!("../../../../config/sluice.example.toml");
        let without = example.split("[treasury]").next().unwrap();
        Config::parse(&format!("{without}\n[treasury]\n{text}")).unwrap().treasury()
    }

    #[test]
    fn a_preset_is_what_is_left_out_and_a_figure_overrules_it() {
        assert_eq!(with("").unwrap(), Settings::default());
        assert_eq!(with("preset = 'kr'").unwrap(), Settings::kr());
        let own = with("preset = 'kr'\ncold_share_bps = 9000\nregister_wait_hours = 72").unwrap();
        assert_eq!((own.cold_share_bps, own.register_wait_ms), (9_000, 72 * 3_600_000));
        assert_eq!(own.hot_of_day_bps, 12_000);
    }

    #[test]
    fn figures_out_of_bounds_are_refused_by_name() {
        for (text, key) in [
            ("cold_share_bps = 10001", "treasury.cold_share_bps"),
            ("hot_of_day_bps = 0", "treasury.hot_of_day_bps"),
            ("warm_of_week_bps = 1000001", "treasury.warm_of_week_bps"),
            ("register_wait_hours = 721", "treasury.register_wait_hours"),
            ("expected = [{ partner = 'x', asset = 'y', daily = '1' }]", "treasury.expected.partner"),
        ] {
            let refused = with(text).unwrap_err().to_string();
            assert!(refused.starts_with(key), "{refused}");
        }
    }
}
