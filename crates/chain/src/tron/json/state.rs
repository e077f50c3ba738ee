//! Calls, accounts and parameters: what the chain is like now.

use serde::Deserialize;
use serde::de::IgnoredAny;
use sluice_core::address::TronAddress;
use sluice_core::errand::Resource;

use super::super::errors::{self, REFUSED};
use super::super::node::{Account, Called, Left, NodeError, Prices, Stake};
use super::{Bytes, RetJson, figure, nonsense};

/// `triggerconstantcontract`.
#[derive(Debug, Deserialize)]
pub(in crate::tron) struct CalledJson {
    result: ReturnJson,
    #[serde(default)]
    energy_used: i64,
    #[serde(default)]
    constant_result: Vec<Bytes>,
    transaction: Option<SimulatedJson>,
}

#[derive(Debug, Deserialize)]
struct ReturnJson {
    #[serde(default)]
    result: bool,
    #[serde(default)]
    code: String,
    /// Hex of a text.
    #[serde(default)]
    message: String,
}

#[derive(Debug, Deserialize)]
struct SimulatedJson {
    #[serde(default)]
    ret: Vec<RetJson>,
}

impl CalledJson {
    /// A call that failed is answered like one that passed: `result` stays true, and the transaction's own part says `FAILED`.
    /// A code is the node's failure, not the call's.
    pub(in crate::tron) fn read(self) -> Result<Called, NodeError> {
        let text = || {
            let bytes = hex::decode(&self.result.message).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        if !self.result.result || !matches!(self.result.code.as_str(), "" | "SUCCESS") {
            let message = errors::short(&format!("{}: {}", self.result.code, text()));
            return Err(NodeError::Rpc { code: REFUSED, message });
        }
        let failed = |ret: &RetJson| ret.ret == "FAILED";
        let transaction =
            self.transaction.as_ref().ok_or_else(|| nonsense("a call without a transaction"))?;
        if transaction.ret.iter().any(failed) || !self.result.message.is_empty() {
            return Ok(Called::Reverted);
        }
        let data = self.constant_result.into_iter().next().unwrap_or_default().0;
        Ok(Called::Returned { data, energy: figure(self.energy_used)? })
    }
}

/// `getaccount`; `{}` where it is not activated.
#[derive(Debug, Deserialize)]
pub(in crate::tron) struct AccountJson {
    address: Option<Bytes>,
    #[serde(default)]
    balance: i64,
    /// One row for each resource; bandwidth has no `type`.
    #[serde(default, rename = "frozenV2")]
    frozen: Vec<FrozenJson>,
    #[serde(default, rename = "delegated_frozenV2_balance_for_bandwidth")]
    lent_bandwidth: i64,
    /// One row for each stake that was given up.
    #[serde(default, rename = "unfrozenV2")]
    unstaking: Vec<UnstakingJson>,
    #[serde(default)]
    account_resource: EnergyJson,
}

#[derive(Debug, Deserialize)]
struct UnstakingJson {
    #[serde(default)]
    unfreeze_amount: i64,
}

#[derive(Debug, Deserialize)]
struct FrozenJson {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    amount: i64,
}

#[derive(Debug, Default, Deserialize)]
struct EnergyJson {
    #[serde(default, rename = "delegated_frozenV2_balance_for_energy")]
    lent: i64,
}

/// All of them together, sun.
fn total(amounts: impl Iterator<Item = i64>) -> Result<u64, NodeError> {
    amounts.map(figure).try_fold(0_u64, |sum, sun| Ok(sum.saturating_add(sun?)))
}

impl AccountJson {
    /// The account, if it is `asked`.
    pub(in crate::tron) fn read(self, asked: TronAddress) -> Result<Option<Account>, NodeError> {
        match self.address {
            None => Ok(None),
            Some(address) if address.0 == asked.to_21() => {
                let staked = |kinds: &[&str]| {
                    total(
                        self.frozen
                            .iter()
                            .filter(|row| kinds.contains(&row.r#type.as_str()))
                            .map(|row| row.amount),
                    )
                };
                let stake =
                    |own: u64, lent: i64| Ok::<_, NodeError>(Stake { own_sun: own, lent_sun: figure(lent)? });
                Ok(Some(Account {
                    sun: figure(self.balance)?,
                    bandwidth: stake(staked(&["", "BANDWIDTH"])?, self.lent_bandwidth)?,
                    energy: stake(staked(&["ENERGY"])?, self.account_resource.lent)?,
                    unstaking_sun: total(self.unstaking.iter().map(|row| row.unfreeze_amount))?,
                }))
            }
            Some(_) => Err(nonsense("another account than asked")),
        }
    }
}

/// `getcandelegatedmaxsize`; `{}` where it is nothing.
#[derive(Debug, Deserialize)]
pub(in crate::tron) struct LendableJson {
    #[serde(default)]
    max_size: i64,
}

impl LendableJson {
    pub(in crate::tron) fn read(&self) -> Result<u64, NodeError> {
        figure(self.max_size)
    }
}

/// `getcanwithdrawunfreezeamount`; `{}` where it is nothing.
#[derive(Debug, Deserialize)]
pub(in crate::tron) struct ReturnedJson {
    #[serde(default)]
    amount: i64,
}

impl ReturnedJson {
    pub(in crate::tron) fn read(&self) -> Result<u64, NodeError> {
        figure(self.amount)
    }
}

/// `getdelegatedresourcev2`: what is locked and what is not are rows of their own; `{}` where nothing is lent.
#[derive(Debug, Deserialize)]
pub(in crate::tron) struct LoansJson {
    #[serde(default, rename = "delegatedResource")]
    rows: Vec<LoanJson>,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct LoanJson {
    frozen_balance_for_bandwidth: i64,
    frozen_balance_for_energy: i64,
    expire_time_for_bandwidth: i64,
    expire_time_for_energy: i64,
}

impl LoansJson {
    /// What could be taken back at a time: a row without an end was never locked.
    pub(in crate::tron) fn read(&self, resource: Resource, at_ms: i64) -> Result<u64, NodeError> {
        let of = |row: &LoanJson| match resource {
            Resource::Bandwidth => (row.frozen_balance_for_bandwidth, row.expire_time_for_bandwidth),
            Resource::Energy => (row.frozen_balance_for_energy, row.expire_time_for_energy),
        };
        let free = self.rows.iter().map(of).filter(|(_, until_ms)| *until_ms < at_ms);
        free.map(|(sun, _)| figure(sun))
            .try_fold(0u64, |sum, sun| Ok::<_, NodeError>(sum.saturating_add(sun?)))
    }
}

/// `getaccountresource`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::tron) struct ResourceJson {
    #[serde(rename = "freeNetUsed")]
    free_used: i64,
    #[serde(rename = "freeNetLimit")]
    free_limit: i64,
    #[serde(rename = "NetUsed")]
    net_used: i64,
    #[serde(rename = "NetLimit")]
    net_limit: i64,
    #[serde(rename = "EnergyUsed")]
    energy_used: i64,
    #[serde(rename = "EnergyLimit")]
    energy_limit: i64,
    #[serde(rename = "TotalEnergyLimit")]
    total_energy_limit: i64,
    #[serde(rename = "TotalEnergyWeight")]
    total_energy_weight: i64,
}

impl ResourceJson {
    pub(in crate::tron) fn read(self) -> Result<Left, NodeError> {
        // What was lent and is taken back may have been used: then more is used than there is.
        let left = |limit: i64, used: i64| Ok::<_, NodeError>(figure(limit)?.saturating_sub(figure(used)?));
        Ok(Left {
            energy: left(self.energy_limit, self.energy_used)?,
            bandwidth: left(self.net_limit, self.net_used)?,
            free_bandwidth: left(self.free_limit, self.free_used)?,
            network_energy: figure(self.total_energy_limit)?,
            network_stake_trx: figure(self.total_energy_weight)?,
            energy_most: figure(self.energy_limit)?,
            bandwidth_most: figure(self.net_limit)?,
        })
    }
}

/// `getchainparameters`.
#[derive(Debug, Deserialize)]
pub(in crate::tron) struct ParametersJson {
    #[serde(rename = "chainParameter")]
    list: Vec<ParameterJson>,
}

#[derive(Debug, Deserialize)]
struct ParameterJson {
    key: String,
    #[serde(default)]
    value: i64,
}

impl ParametersJson {
    pub(in crate::tron) fn read(self) -> Result<Prices, NodeError> {
        let value = |key: &str| {
            let found = self.list.iter().find(|parameter| parameter.key == key);
            found.map(|parameter| figure(parameter.value)).transpose()
        };
        let needed = |key: &str| value(key)?.ok_or_else(|| nonsense(format!("no {key}")));
        Ok(Prices {
            energy_sun: needed("getEnergyFee")?,
            bandwidth_sun: needed("getTransactionFee")?,
            // Networks older than the fee have none.
            memo_sun: value("getMemoFee")?.unwrap_or(0),
            account_sun: needed("getCreateNewAccountFeeInSystemContract")?,
            account_bandwidth_sun: needed("getCreateAccountFee")?,
        })
    }
}

/// `getcontract`; `{}` for an account that is none.
#[derive(Debug, Deserialize)]
pub(in crate::tron) struct ContractJson {
    contract_address: Option<Bytes>,
    bytecode: Option<IgnoredAny>,
}

impl ContractJson {
    pub(in crate::tron) const fn is_one(&self) -> bool {
        self.contract_address.is_some() || self.bytecode.is_some()
    }
}
