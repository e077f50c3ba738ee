//! The chain parameters: the names `getchainparameters` has for them, and the main network's figures of 2026.

/// Factors of the energy penalty are ten-thousandths.
pub(in crate::tron) const PRECISION: i64 = 10_000;

macro_rules! params {
    ($($variant:ident $name:literal = $value:expr),+ $(,)?) => {
        /// A chain parameter, as proposals change them. Its documentation is its name in `getchainparameters`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Param {
            $(#[doc = $name] $variant),+
        }

        impl Param {
            /// All of them, in the node's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in `getchainparameters`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Its figure at the start.
            const fn initial(self) -> i64 {
                match self { $(Self::$variant => $value),+ }
            }
        }
    };
}

params! {
    MaintenanceTimeInterval "getMaintenanceTimeInterval" = 21_600_000,
    AccountUpgradeCost "getAccountUpgradeCost" = 9_999_000_000,
    CreateAccountFee "getCreateAccountFee" = 100_000,
    TransactionFee "getTransactionFee" = 1_000,
    AssetIssueFee "getAssetIssueFee" = 1_024_000_000,
    WitnessPayPerBlock "getWitnessPayPerBlock" = 8_000_000,
    WitnessStandbyAllowance "getWitnessStandbyAllowance" = 115_200_000_000,
    CreateNewAccountFeeInSystemContract "getCreateNewAccountFeeInSystemContract" = 1_000_000,
    CreateNewAccountBandwidthRate "getCreateNewAccountBandwidthRate" = 1,
    AllowCreationOfContracts "getAllowCreationOfContracts" = 1,
    RemoveThePowerOfTheGr "getRemoveThePowerOfTheGr" = -1,
    EnergyFee "getEnergyFee" = 100,
    ExchangeCreateFee "getExchangeCreateFee" = 1_024_000_000,
    MaxCpuTimeOfOneTx "getMaxCpuTimeOfOneTx" = 80,
    AllowUpdateAccountName "getAllowUpdateAccountName" = 0,
    AllowSameTokenName "getAllowSameTokenName" = 1,
    AllowDelegateResource "getAllowDelegateResource" = 1,
    TotalEnergyLimit "getTotalEnergyLimit" = 180_000_000_000,
    AllowTvmTransferTrc10 "getAllowTvmTransferTrc10" = 1,
    TotalEnergyCurrentLimit "getTotalEnergyCurrentLimit" = 180_000_000_000,
    AllowMultiSign "getAllowMultiSign" = 1,
    AllowAdaptiveEnergy "getAllowAdaptiveEnergy" = 0,
    TotalEnergyTargetLimit "getTotalEnergyTargetLimit" = 6_250_000,
    TotalEnergyAverageUsage "getTotalEnergyAverageUsage" = 0,
    UpdateAccountPermissionFee "getUpdateAccountPermissionFee" = 100_000_000,
    MultiSignFee "getMultiSignFee" = 1_000_000,
    AllowAccountStateRoot "getAllowAccountStateRoot" = 0,
    AllowProtoFilterNum "getAllowProtoFilterNum" = 0,
    AllowTvmConstantinople "getAllowTvmConstantinople" = 1,
    AllowTvmSolidity059 "getAllowTvmSolidity059" = 1,
    AllowTvmIstanbul "getAllowTvmIstanbul" = 1,
    AllowShieldedTrc20Transaction "getAllowShieldedTRC20Transaction" = 1,
    ForbidTransferToContract "getForbidTransferToContract" = 0,
    AdaptiveResourceLimitTargetRatio "getAdaptiveResourceLimitTargetRatio" = 10,
    AdaptiveResourceLimitMultiplier "getAdaptiveResourceLimitMultiplier" = 1_000,
    ChangeDelegation "getChangeDelegation" = 1,
    Witness127PayPerBlock "getWitness127PayPerBlock" = 128_000_000,
    AllowMarketTransaction "getAllowMarketTransaction" = 0,
    MarketSellFee "getMarketSellFee" = 0,
    MarketCancelFee "getMarketCancelFee" = 0,
    AllowPbft "getAllowPBFT" = 0,
    AllowTransactionFeePool "getAllowTransactionFeePool" = 0,
    MaxFeeLimit "getMaxFeeLimit" = 15_000_000_000,
    AllowOptimizeBlackHole "getAllowOptimizeBlackHole" = 1,
    AllowNewResourceModel "getAllowNewResourceModel" = 0,
    AllowTvmFreeze "getAllowTvmFreeze" = 0,
    AllowTvmVote "getAllowTvmVote" = 1,
    AllowTvmLondon "getAllowTvmLondon" = 1,
    AllowTvmCompatibleEvm "getAllowTvmCompatibleEvm" = 0,
    AllowAccountAssetOptimization "getAllowAccountAssetOptimization" = 0,
    FreeNetLimit "getFreeNetLimit" = 600,
    TotalNetLimit "getTotalNetLimit" = 43_200_000_000,
    AllowHigherLimitForMaxCpuTimeOfOneTx "getAllowHigherLimitForMaxCpuTimeOfOneTx" = 1,
    AllowAssetOptimization "getAllowAssetOptimization" = 1,
    AllowNewReward "getAllowNewReward" = 1,
    MemoFee "getMemoFee" = 1_000_000,
    AllowDelegateOptimization "getAllowDelegateOptimization" = 1,
    UnfreezeDelayDays "getUnfreezeDelayDays" = 14,
    AllowOptimizedReturnValueOfChainId "getAllowOptimizedReturnValueOfChainId" = 1,
    AllowDynamicEnergy "getAllowDynamicEnergy" = 1,
    DynamicEnergyThreshold "getDynamicEnergyThreshold" = 5_000_000_000,
    DynamicEnergyIncreaseFactor "getDynamicEnergyIncreaseFactor" = 2_000,
    DynamicEnergyMaxFactor "getDynamicEnergyMaxFactor" = 34_000,
    AllowTvmShangHai "getAllowTvmShangHai" = 1,
    AllowCancelAllUnfreezeV2 "getAllowCancelAllUnfreezeV2" = 1,
    MaxDelegateLockPeriod "getMaxDelegateLockPeriod" = 864_000,
    AllowOldRewardOpt "getAllowOldRewardOpt" = 1,
    AllowEnergyAdjustment "getAllowEnergyAdjustment" = 1,
    MaxCreateAccountTxSize "getMaxCreateAccountTxSize" = 1_000,
    AllowStrictMath "getAllowStrictMath" = 1,
    ConsensusLogicOptimization "getConsensusLogicOptimization" = 1,
    AllowTvmCancun "getAllowTvmCancun" = 1,
    AllowTvmBlob "getAllowTvmBlob" = 1,
}

impl Param {
    /// By its name in `getchainparameters`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.name() == name)
    }

    fn place(self) -> usize {
        self as usize
    }
}

/// What every parameter is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tron) struct Params {
    values: Vec<i64>,
    /// Since when which price of energy, in milliseconds and sun.
    pub(in crate::tron) energy_prices: Vec<(i64, i64)>,
    /// Since when which price of a byte.
    pub(in crate::tron) bandwidth_prices: Vec<(i64, i64)>,
}

/// Prices that are remembered; the oldest are forgotten first.
const PRICES_MAX: usize = 1_000;

impl Default for Params {
    fn default() -> Self {
        Self {
            values: Param::ALL.iter().map(|param| param.initial()).collect(),
            energy_prices: vec![(0, Param::EnergyFee.initial())],
            bandwidth_prices: vec![(0, Param::TransactionFee.initial())],
        }
    }
}

impl Params {
    pub(in crate::tron) fn get(&self, param: Param) -> i64 {
        self.values.get(param.place()).copied().unwrap_or(0)
    }

    pub(in crate::tron) fn set(&mut self, param: Param, value: i64, now_ms: i64) {
        if let Some(place) = self.values.get_mut(param.place()) {
            *place = value;
        }
        let prices = match param {
            Param::EnergyFee => &mut self.energy_prices,
            Param::TransactionFee => &mut self.bandwidth_prices,
            _ => return,
        };
        if prices.len() >= PRICES_MAX {
            prices.remove(0);
        }
        prices.push((now_ms, value));
    }

    /// A price's history, as the node writes it: `ms:sun,ms:sun`.
    pub(in crate::tron) fn history(prices: &[(i64, i64)]) -> String {
        let parts: Vec<String> = prices.iter().map(|(since_ms, sun)| format!("{since_ms}:{sun}")).collect();
        parts.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_has_a_name_of_its_own_and_keeps_what_it_was_told() {
        let mut params = Params::default();
        for (place, param) in Param::ALL.iter().enumerate() {
            assert_eq!((param.place(), Param::named(param.name())), (place, Some(*param)));
        }
        params.set(Param::EnergyFee, 210, 5);
        assert_eq!(params.get(Param::EnergyFee), 210);
        assert_eq!(Params::history(&params.energy_prices), "0:100,5:210");
    }
}
