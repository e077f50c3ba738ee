//! What a deployment sets of a chain: figures that differ from the profile we ship.

use serde::Deserialize;
use sluice_core::chain::{ChainId, ChainProfile, Rules};

use super::{Both, Chain, Config, ConfigError};

/// Figures of a chain that a deployment may set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileOverrides {
    /// See `ChainProfile`.
    pub block_time_ms: Option<u64>,
    /// See `ChainProfile`. Gwei would lose precision on Arbitrum: wei.
    pub tip_floor_wei: Option<u64>,
    /// See `ChainProfile`.
    pub max_fee_cap_wei: Option<u64>,
    /// See `ChainProfile`.
    pub window: Option<u16>,
    /// See `ChainProfile`.
    pub unsettled_max: Option<u32>,
    /// See `ChainProfile`.
    pub bump_after_blocks: Option<u64>,
    /// See `ChainProfile`.
    pub death_extra_blocks: Option<u64>,
    /// See `ChainProfile`.
    pub settled_watch_blocks: Option<u64>,
    /// TRON, see `ChainProfile`: most TRX that a wallet burns within an hour, sun.
    pub burn_hour_cap_sun: Option<u64>,
    /// TRON: the permission that hot wallets sign with, 0 or 2 to 9. See `TronRules`.
    pub permission: Option<u8>,
}

impl Config {
    /// The profile of a chain with its overrides.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for an unknown chain.
    pub fn profile(&self, chain: &Chain) -> Result<ChainProfile, ConfigError> {
        let key = || format!("chains.{}.id", chain.id);
        let id = ChainId::parse(&chain.id)
            .map_err(|error| ConfigError::Value { key: key(), why: error.to_string().into() })?;
        let mut profile = ChainProfile::known(id).ok_or_else(|| ConfigError::Value {
            key: key(),
            why: Both::new(
                "no profile is shipped for this chain; known are eip155:1, 56, 137, 42161 and 31337, \
                 tron:728126428, 3448148188 and 31337",
                "이 체인의 프로필이 없습니다. 사용할 수 있는 체인은 eip155:1, 56, 137, 42161, 31337과 \
                 tron:728126428, 3448148188, 31337입니다",
            ),
        })?;
        let set = &chain.profile;
        macro_rules! take {
            ($of:ident: $($field:ident),*) => {$( if let Some(value) = set.$field { $of.$field = value.into(); } )*};
        }
        take!(profile: block_time_ms, window, unsettled_max, death_extra_blocks, settled_watch_blocks);
        match &mut profile.rules {
            Rules::Evm(rules) => {
                if set.permission.is_some() {
                    return Err(ConfigError::Value {
                        key: format!("chains.{}.profile.permission", chain.id),
                        why: Both::new(
                            "accounts have permissions on TRON alone",
                            "permission은 TRON 계정에만 있습니다",
                        ),
                    });
                }
                take!(rules: tip_floor_wei, max_fee_cap_wei, bump_after_blocks);
                if set.burn_hour_cap_sun.is_some() {
                    return Err(ConfigError::Value {
                        key: format!("chains.{}.profile.burn_hour_cap_sun", chain.id),
                        why: Both::new("TRX is burned on TRON alone", "TRX는 TRON에서만 소각합니다"),
                    });
                }
                rules.max_fee_floor_wei = rules.max_fee_floor_wei.max(rules.tip_floor_wei);
            }
            Rules::Tron(rules) => {
                take!(rules: burn_hour_cap_sun, permission);
                if !matches!(rules.permission, 0 | 2..=9) {
                    return Err(ConfigError::Value {
                        key: format!("chains.{}.profile.permission", chain.id),
                        why: Both::new(
                            "it is 0, the owner's, or 2 to 9, an active one",
                            "0(소유자) 또는 2~9(active) 중 하나여야 합니다",
                        ),
                    });
                }
                let gas = [set.tip_floor_wei, set.max_fee_cap_wei, set.bump_after_blocks];
                if gas.iter().any(Option::is_some) {
                    return Err(ConfigError::Value {
                        key: format!("chains.{}.profile", chain.id),
                        why: Both::new(
                            "TRON has no fee market: tip_floor_wei, max_fee_cap_wei and bump_after_blocks mean nothing there",
                            "TRON에는 수수료 시장이 없어 tip_floor_wei, max_fee_cap_wei, bump_after_blocks는 쓸 수 없습니다",
                        ),
                    });
                }
            }
        }
        Ok(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_one_that_signs() {
        let with = |id: &str, permission| {
            let profile = ProfileOverrides { permission, ..ProfileOverrides::default() };
            let config = Config::parse(include_str!("../../../../config/sluice.example.toml")).unwrap();
            config.profile(&Chain { id: id.into(), profile, ..config.chains[0].clone() })
        };
        let tron = |permission| with("tron:3448148188", permission);
        assert_eq!(tron(Some(2)).unwrap().tron().unwrap().permission, 2);
        assert_eq!(tron(None).unwrap().tron().unwrap().permission, 0);
        assert!(tron(Some(1)).is_err() && tron(Some(10)).is_err(), "no such permission signs");
        assert!(with("eip155:137", Some(2)).is_err());
    }
}
