//! The profiles that ship, one for each chain. A deployment overrides their figures in its configuration.

use super::{ChainId, ChainProfile, EvmRules, Rules, TronRules};

const GWEI: u128 = 1_000_000_000;
/// 10^18 wei.
const COIN: u128 = 1_000_000_000 * GWEI;
/// A TRX.
const TRX_SUN: u64 = 1_000_000;

impl EvmRules {
    /// Polygon PoS. Tip floor of bor is 25 gwei; the docs ask for 30.
    pub const fn polygon() -> Self {
        Self {
            tip_floor_wei: 30 * GWEI,
            max_fee_floor_wei: 30 * GWEI,
            max_fee_cap_wei: 2_000 * GWEI,
            transfer_cost_cap_wei: COIN,
            relative_cap: 5,
            replacement_percent: 10,
            replaceable: true,
            bump_after_blocks: 8,
            transfer_gas_max: 150_000,
            void_gas: 21_000,
        }
    }
}

impl TronRules {
    /// Of mainnet and its test networks.
    pub const fn usual() -> Self {
        Self {
            expires_after_ms: 90_000,
            transfer_cost_cap_sun: 40 * TRX_SUN,
            fee_limit_margin_percent: 20,
            transfer_energy_max: 300_000,
            burn_hour_cap_sun: 50_000 * TRX_SUN,
            permission: 0,
        }
    }
}

impl ChainProfile {
    /// Polygon PoS.
    pub fn polygon() -> Self {
        Self {
            id: ChainId::evm(137),
            name: "Polygon".into(),
            native_symbol: "POL".into(),
            native_slip44: 966,
            block_time_ms: 2_000,
            window: 16,
            unsettled_max: 512,
            resend_after_blocks: 4,
            death_extra_blocks: 256,
            settled_watch_blocks: 1_024,
            rules: Rules::Evm(EvmRules::polygon()),
        }
    }

    /// Ethereum mainnet. Finality is two epochs; a death proof waits one more.
    pub fn ethereum() -> Self {
        Self {
            id: ChainId::evm(1),
            name: "Ethereum".into(),
            native_symbol: "ETH".into(),
            native_slip44: 60,
            block_time_ms: 12_000,
            resend_after_blocks: 2,
            death_extra_blocks: 32,
            settled_watch_blocks: 256,
            rules: Rules::Evm(EvmRules {
                tip_floor_wei: GWEI / 100,
                max_fee_floor_wei: GWEI / 10,
                max_fee_cap_wei: 300 * GWEI,
                transfer_cost_cap_wei: COIN / 50,
                bump_after_blocks: 3,
                ..EvmRules::polygon()
            }),
            ..Self::polygon()
        }
    }

    /// BNB Smart Chain. The base fee is zero: the tip is the price.
    pub fn bsc() -> Self {
        Self {
            id: ChainId::evm(56),
            name: "BNB Smart Chain".into(),
            native_symbol: "BNB".into(),
            native_slip44: 714,
            block_time_ms: 450,
            window: 64,
            resend_after_blocks: 10,
            death_extra_blocks: 64,
            settled_watch_blocks: 1_024,
            rules: Rules::Evm(EvmRules {
                tip_floor_wei: GWEI / 20,
                max_fee_floor_wei: GWEI / 20,
                max_fee_cap_wei: 20 * GWEI,
                transfer_cost_cap_wei: COIN / 100,
                bump_after_blocks: 20,
                ..EvmRules::polygon()
            }),
            ..Self::polygon()
        }
    }

    /// Arbitrum One. No pool, no replacement, tips ignored; gas units carry the L1 cost.
    pub fn arbitrum() -> Self {
        Self {
            id: ChainId::evm(42_161),
            name: "Arbitrum One".into(),
            native_symbol: "ETH".into(),
            native_slip44: 60,
            block_time_ms: 250,
            window: 1,
            resend_after_blocks: 8,
            death_extra_blocks: 2_400,
            settled_watch_blocks: 4_800,
            rules: Rules::Evm(EvmRules {
                tip_floor_wei: 0,
                max_fee_floor_wei: GWEI / 50,
                max_fee_cap_wei: 20 * GWEI,
                transfer_cost_cap_wei: COIN / 100,
                replaceable: false,
                bump_after_blocks: u64::MAX,
                transfer_gas_max: 3_000_000,
                void_gas: 500_000,
                ..EvmRules::polygon()
            }),
            ..Self::polygon()
        }
    }

    /// The local development chain: Polygon's shape at anvil's id, with short proofs.
    pub fn devnet() -> Self {
        Self {
            id: ChainId::evm(31_337),
            name: "Devnet".into(),
            block_time_ms: 1_000,
            resend_after_blocks: 2,
            death_extra_blocks: 2,
            settled_watch_blocks: 128,
            rules: Rules::Evm(EvmRules { bump_after_blocks: 4, ..EvmRules::polygon() }),
            ..Self::polygon()
        }
    }

    /// TRON mainnet. A block is solid when 19 of 27 producers have built on it, some 57 seconds later.
    pub fn tron_mainnet() -> Self {
        Self {
            id: ChainId::tron(728_126_428),
            name: "TRON".into(),
            native_symbol: "TRX".into(),
            native_slip44: crate::asset::TRX,
            block_time_ms: 3_000,
            window: 1_024,
            unsettled_max: 4_096,
            resend_after_blocks: 2,
            death_extra_blocks: 2,
            settled_watch_blocks: 512,
            rules: Rules::Tron(TronRules::usual()),
        }
    }

    /// Nile, TRON's test network.
    pub fn nile() -> Self {
        Self { id: ChainId::tron(3_448_148_188), name: "TRON Nile".into(), ..Self::tron_mainnet() }
    }

    /// The local development chain of TRON: the network's rules at an id that no network has, with a short memory.
    pub fn tron_devnet() -> Self {
        Self {
            id: ChainId::tron(31_337),
            name: "TRON devnet".into(),
            settled_watch_blocks: 128,
            ..Self::tron_mainnet()
        }
    }

    /// The profile shipped for a chain.
    pub fn known(id: ChainId) -> Option<Self> {
        [
            Self::polygon(),
            Self::ethereum(),
            Self::bsc(),
            Self::arbitrum(),
            Self::devnet(),
            Self::tron_mainnet(),
            Self::nile(),
            Self::tron_devnet(),
        ]
        .into_iter()
        .find(|profile| profile.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_is_coherent() {
        for profile in [
            "eip155:1",
            "eip155:56",
            "eip155:137",
            "eip155:42161",
            "eip155:31337",
            "tron:728126428",
            "tron:3448148188",
            "tron:31337",
        ]
        .map(|id| ChainProfile::known(ChainId::parse(id).unwrap()).unwrap())
        {
            let name = &profile.name;
            assert!(profile.window >= 1 && u32::from(profile.window) <= profile.unsettled_max, "{name}");
            assert!(profile.settled_watch_blocks >= profile.death_extra_blocks, "{name}");
            assert!(profile.transfer_cost_cap().0 > 0, "{name}");
            match &profile.rules {
                Rules::Evm(rules) => {
                    assert!(rules.tip_floor_wei <= rules.max_fee_floor_wei, "{name}");
                    assert!(rules.max_fee_floor_wei < rules.max_fee_cap_wei, "{name}");
                    assert!(rules.replacement_percent >= 10, "{name}: geth refuses less");
                    assert!(rules.void_gas >= 21_000, "{name}");
                }
                Rules::Tron(rules) => {
                    let day_ms = 86_400_000;
                    assert!(u64::from(rules.expires_after_ms) >= 2 * profile.block_time_ms, "{name}");
                    assert!(rules.expires_after_ms < day_ms, "{name}: nodes refuse more");
                    let watched_ms = profile.settled_watch_blocks * profile.block_time_ms;
                    assert!(watched_ms > 2 * u64::from(rules.expires_after_ms), "{name}");
                }
            }
        }
    }
}
