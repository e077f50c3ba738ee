//! What a transaction does: one contract of a native type, and its bytes.

use prost::Message;
use sluice_core::address::TronAddress;
use sluice_core::amount::Units;

use super::message::{
    AccountPermissionUpdateContract, Any, DelegateResourceContract, FreezeBalanceV2Contract, OwnerContract,
    TransferContract, TriggerSmartContract, UnDelegateResourceContract, UnfreezeBalanceV2Contract,
};
use super::permission::Permission;
use super::trc20;

/// What a stake yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Bytes of transactions.
    Bandwidth,
    /// Computation of contracts.
    Energy,
    /// Votes alone. It is neither delegated nor lent.
    TronPower,
}

impl Resource {
    /// `ResourceCode` on the wire.
    pub const fn code(self) -> i32 {
        match self {
            Self::Bandwidth => 0,
            Self::Energy => 1,
            Self::TronPower => 2,
        }
    }

    /// Reads the code.
    pub const fn from_code(code: i32) -> Option<Self> {
        match code {
            0 => Some(Self::Bandwidth),
            1 => Some(Self::Energy),
            2 => Some(Self::TronPower),
            _ => None,
        }
    }
}

/// The native contract types we know, of some forty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as the chain names it; Call says what it does")]
pub enum ContractType {
    Transfer,
    TriggerSmart,
    AccountPermissionUpdate,
    FreezeBalanceV2,
    UnfreezeBalanceV2,
    WithdrawExpireUnfreeze,
    DelegateResource,
    UnDelegateResource,
    CancelAllUnfreezeV2,
}

impl ContractType {
    /// Every one of them.
    pub const ALL: [Self; 9] = [
        Self::Transfer,
        Self::TriggerSmart,
        Self::AccountPermissionUpdate,
        Self::FreezeBalanceV2,
        Self::UnfreezeBalanceV2,
        Self::WithdrawExpireUnfreeze,
        Self::DelegateResource,
        Self::UnDelegateResource,
        Self::CancelAllUnfreezeV2,
    ];

    /// `ContractType` on the wire, and the bit in a permission's operations.
    pub const fn number(self) -> u8 {
        match self {
            Self::Transfer => 1,
            Self::TriggerSmart => 31,
            Self::AccountPermissionUpdate => 46,
            Self::FreezeBalanceV2 => 54,
            Self::UnfreezeBalanceV2 => 55,
            Self::WithdrawExpireUnfreeze => 56,
            Self::DelegateResource => 57,
            Self::UnDelegateResource => 58,
            Self::CancelAllUnfreezeV2 => 59,
        }
    }

    /// Name of the message, as in the type URL and in the JSON of nodes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transfer => "TransferContract",
            Self::TriggerSmart => "TriggerSmartContract",
            Self::AccountPermissionUpdate => "AccountPermissionUpdateContract",
            Self::FreezeBalanceV2 => "FreezeBalanceV2Contract",
            Self::UnfreezeBalanceV2 => "UnfreezeBalanceV2Contract",
            Self::WithdrawExpireUnfreeze => "WithdrawExpireUnfreezeContract",
            Self::DelegateResource => "DelegateResourceContract",
            Self::UnDelegateResource => "UnDelegateResourceContract",
            Self::CancelAllUnfreezeV2 => "CancelAllUnfreezeV2Contract",
        }
    }

    /// Reads the number.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i32::from(kind.number()) == number)
    }

    /// The type URL of its `Any`.
    pub fn type_url(self) -> String {
        format!("type.googleapis.com/protocol.{}", self.name())
    }
}

/// What a transaction does. Amounts of TRX and of stakes are in sun, a millionth of a TRX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Moves TRX; activates an account that is not yet one, for a fee.
    TrxTransfer {
        /// Recipient.
        to: TronAddress,
        /// Amount, sun.
        sun: i64,
    },
    /// Calls a contract.
    Trigger {
        /// Contract.
        contract: TronAddress,
        /// Call data, Solidity ABI.
        data: Vec<u8>,
        /// TRX that goes along, sun.
        value_sun: i64,
    },
    /// Stakes TRX for a resource.
    Freeze {
        /// What the stake yields.
        resource: Resource,
        /// Stake, sun.
        stake_sun: i64,
    },
    /// Ends a stake; it comes back after the unfreezing delay.
    Unfreeze {
        /// What the stake yielded.
        resource: Resource,
        /// Stake, sun.
        stake_sun: i64,
    },
    /// Takes back every stake whose delay is over.
    WithdrawExpireUnfreeze,
    /// Stakes again whatever is being unfrozen.
    CancelAllUnfreeze,
    /// Lends the resource of a stake to another account.
    Delegate {
        /// Who may use it.
        receiver: TronAddress,
        /// Which resource.
        resource: Resource,
        /// The stake whose yield is lent, sun: not an amount of energy.
        stake_sun: i64,
        /// Blocks of 3 s for which it cannot be taken back; 0 stands for the chain's own default. Absent: not locked.
        lock_blocks: Option<i64>,
    },
    /// Takes a lent resource back.
    Undelegate {
        /// From whom.
        receiver: TronAddress,
        /// Which resource.
        resource: Resource,
        /// The stake whose yield was lent, sun.
        stake_sun: i64,
    },
    /// Replaces all permissions of the account.
    PermissionUpdate {
        /// Who may do everything.
        owner: Permission,
        /// Who makes blocks; for witnesses only.
        witness: Option<Permission>,
        /// Who may do what, at most eight.
        actives: Vec<Permission>,
    },
}

impl Call {
    /// `transfer(address,uint256)` of a TRC-20 token.
    pub fn trc20_transfer(token: TronAddress, to: TronAddress, units: Units) -> Self {
        Self::Trigger { contract: token, data: trc20::transfer(to, units), value_sun: 0 }
    }

    /// Reads what [`Call::trc20_transfer`] makes: token, recipient and units. `None` for anything else.
    pub fn as_trc20_transfer(&self) -> Option<(TronAddress, TronAddress, Units)> {
        match self {
            Self::Trigger { contract, data, value_sun: 0 } => {
                let (to, units) = trc20::as_transfer(data)?;
                Some((*contract, to, units))
            }
            _ => None,
        }
    }

    /// Its native type.
    pub const fn contract_type(&self) -> ContractType {
        match self {
            Self::TrxTransfer { .. } => ContractType::Transfer,
            Self::Trigger { .. } => ContractType::TriggerSmart,
            Self::Freeze { .. } => ContractType::FreezeBalanceV2,
            Self::Unfreeze { .. } => ContractType::UnfreezeBalanceV2,
            Self::WithdrawExpireUnfreeze => ContractType::WithdrawExpireUnfreeze,
            Self::CancelAllUnfreeze => ContractType::CancelAllUnfreezeV2,
            Self::Delegate { .. } => ContractType::DelegateResource,
            Self::Undelegate { .. } => ContractType::UnDelegateResource,
            Self::PermissionUpdate { .. } => ContractType::AccountPermissionUpdate,
        }
    }

    /// The message in its envelope.
    pub(super) fn any(&self, owner: TronAddress) -> Any {
        Any { type_url: self.contract_type().type_url(), value: self.value(owner) }
    }

    fn value(&self, owner: TronAddress) -> Vec<u8> {
        let owner_address = owner.to_21().to_vec();
        match self {
            Self::TrxTransfer { to, sun } => {
                TransferContract { owner_address, to_address: to.to_21().to_vec(), amount: *sun }
                    .encode_to_vec()
            }
            Self::Trigger { contract, data, value_sun } => TriggerSmartContract {
                owner_address,
                contract_address: contract.to_21().to_vec(),
                call_value: *value_sun,
                data: data.clone(),
            }
            .encode_to_vec(),
            Self::Freeze { resource, stake_sun } => FreezeBalanceV2Contract {
                owner_address,
                frozen_balance: *stake_sun,
                resource: resource.code(),
            }
            .encode_to_vec(),
            Self::Unfreeze { resource, stake_sun } => UnfreezeBalanceV2Contract {
                owner_address,
                unfreeze_balance: *stake_sun,
                resource: resource.code(),
            }
            .encode_to_vec(),
            Self::WithdrawExpireUnfreeze | Self::CancelAllUnfreeze => {
                OwnerContract { owner_address }.encode_to_vec()
            }
            Self::Delegate { receiver, resource, stake_sun, lock_blocks } => DelegateResourceContract {
                owner_address,
                resource: resource.code(),
                balance: *stake_sun,
                receiver_address: receiver.to_21().to_vec(),
                lock: lock_blocks.is_some(),
                lock_period: lock_blocks.unwrap_or(0),
            }
            .encode_to_vec(),
            Self::Undelegate { receiver, resource, stake_sun } => UnDelegateResourceContract {
                owner_address,
                resource: resource.code(),
                balance: *stake_sun,
                receiver_address: receiver.to_21().to_vec(),
            }
            .encode_to_vec(),
            Self::PermissionUpdate { owner, witness, actives } => AccountPermissionUpdateContract {
                owner_address,
                owner: Some(owner.message(0)),
                witness: witness.as_ref().map(|witness| witness.message(1)),
                actives: actives.iter().map(|active| active.message(2)).collect(),
            }
            .encode_to_vec(),
        }
    }
}
