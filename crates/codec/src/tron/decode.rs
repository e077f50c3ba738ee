//! From bytes back to meaning: what a transaction does, on which terms, and who signed it.

use prost::Message;
use sluice_core::address::TronAddress;

use super::call::{Call, ContractType, Resource};
use super::key::Signature;
use super::message::{
    AccountPermissionUpdateContract, Contract, DelegateResourceContract, FreezeBalanceV2Contract,
    OwnerContract, Raw, Transaction, TransferContract, TriggerSmartContract, UnDelegateResourceContract,
    UnfreezeBalanceV2Contract,
};
use super::permission::Permission;
use super::terms::{Reference, Terms};
use super::tx::{BYTES_MAX, SIGNATURES_MAX, Unsigned, raw, signed, txid};

/// A transaction of a shape that [`super::signed`] makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// What was signed.
    pub unsigned: Unsigned,
    /// `raw_data` as it stood.
    pub raw: Vec<u8>,
    /// SHA-256 of it.
    pub txid: [u8; 32],
    /// Signatures in their order, at most [`SIGNATURES_MAX`]; none when nobody has signed yet.
    pub signatures: Vec<Signature>,
    /// Who made each of them. Whether the account lets them sign is not in these bytes, nor is one refused that stands
    /// here twice.
    pub signers: Vec<TronAddress>,
}

/// Why bytes are not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than a node takes.
    #[error("the transaction is longer than 500 KiB")]
    TooLong,
    /// Broken protobuf, a field that we never write, or a second spelling of the same fields.
    #[error("malformed transaction")]
    Malformed,
    /// A transaction has exactly one contract.
    #[error("a transaction has exactly one contract, not {0}")]
    Contracts(usize),
    /// A contract type we do not know, or one whose type URL names another.
    #[error("an unknown contract type, or a type URL of another one")]
    Type,
    /// Not 21 bytes beginning with 0x41.
    #[error("an address that is not 21 bytes beginning with 0x41")]
    Address,
    /// A resource without a name, a permission out of place, a reference of another length.
    #[error("a field that holds what it cannot mean")]
    Shape,
    /// More than five, not 65 bytes in normal form, or no key can have made it.
    #[error("more than five signatures, or one that no key can have made")]
    Signature,
}

/// Reads a whole transaction and recovers who signed it.
///
/// # Errors
/// [`DecodeError`] for anything but exactly one transaction of our shape.
pub fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let Relayed { raw, signatures } = relayed(bytes)?;
    let unsigned = decode_raw(&raw)?;
    if signatures.len() > SIGNATURES_MAX {
        return Err(DecodeError::Signature);
    }
    let txid = txid(&raw);
    let read = |bytes: &Vec<u8>| Signature::read(bytes).ok_or(DecodeError::Signature);
    let signatures = signatures.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let signer = |signature: &Signature| signature.signer(&txid).ok_or(DecodeError::Signature);
    let signers = signatures.iter().map(signer).collect::<Result<Vec<_>, _>>()?;
    if signed(&raw, &signatures) != bytes {
        return Err(DecodeError::Malformed);
    }
    Ok(Decoded { unsigned, raw, txid, signatures, signers })
}

/// A transaction of anybody, cut in two as a node cuts it. Nothing of it is judged, and what it carries beside these is
/// passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relayed {
    /// `raw_data` as it stood. [`txid`] of it is the id where [`decode_raw`] takes it; java-tron writes raw data anew before
    /// it hashes, so another spelling has the id of the one that it writes.
    pub raw: Vec<u8>,
    /// Signatures in their order, of whatever length.
    pub signatures: Vec<Vec<u8>>,
}

/// Cuts a transaction in two.
///
/// # Errors
/// [`DecodeError::TooLong`] and [`DecodeError::Malformed`].
pub fn relayed(bytes: &[u8]) -> Result<Relayed, DecodeError> {
    if bytes.len() > BYTES_MAX {
        return Err(DecodeError::TooLong);
    }
    let Transaction { raw_data, signature } = message(bytes)?;
    Ok(Relayed { raw: raw_data, signatures: signature })
}

/// Reads `raw_data`.
///
/// # Errors
/// [`DecodeError`] for anything but the one spelling of a transaction of our shape.
pub fn decode_raw(bytes: &[u8]) -> Result<Unsigned, DecodeError> {
    if bytes.len() > BYTES_MAX {
        return Err(DecodeError::TooLong);
    }
    let read: Raw = message(bytes)?;
    let reference = Reference {
        bytes: read.ref_block_bytes.try_into().map_err(|_| DecodeError::Shape)?,
        hash: read.ref_block_hash.try_into().map_err(|_| DecodeError::Shape)?,
    };
    let contracts = read.contract.len();
    let [contract] =
        <[Contract; 1]>::try_from(read.contract).map_err(|_| DecodeError::Contracts(contracts))?;
    let permission_id = contract.permission_id;
    let (owner, call) = call(contract)?;
    let terms = Terms {
        reference,
        expiration_ms: read.expiration,
        timestamp_ms: read.timestamp,
        fee_limit_sun: read.fee_limit,
        memo: read.data,
        permission_id,
    };
    let unsigned = Unsigned { owner, call, terms };
    // Whatever the parser forgave, one transaction has one spelling: its id depends on it.
    if raw(&unsigned) != bytes {
        return Err(DecodeError::Malformed);
    }
    Ok(unsigned)
}

pub(super) fn call(contract: Contract) -> Result<(TronAddress, Call), DecodeError> {
    let kind = ContractType::from_number(contract.r#type).ok_or(DecodeError::Type)?;
    let any = contract.parameter.ok_or(DecodeError::Type)?;
    if any.type_url != kind.type_url() {
        return Err(DecodeError::Type);
    }
    let value = any.value.as_slice();
    match kind {
        ContractType::Transfer => {
            let read: TransferContract = message(value)?;
            let call = Call::TrxTransfer { to: address(&read.to_address)?, sun: read.amount };
            Ok((address(&read.owner_address)?, call))
        }
        ContractType::TriggerSmart => {
            let read: TriggerSmartContract = message(value)?;
            let contract = address(&read.contract_address)?;
            let call = Call::Trigger { contract, data: read.data, value_sun: read.call_value };
            Ok((address(&read.owner_address)?, call))
        }
        ContractType::FreezeBalanceV2 => {
            let read: FreezeBalanceV2Contract = message(value)?;
            let call = Call::Freeze { resource: resource(read.resource)?, stake_sun: read.frozen_balance };
            Ok((address(&read.owner_address)?, call))
        }
        ContractType::UnfreezeBalanceV2 => {
            let read: UnfreezeBalanceV2Contract = message(value)?;
            let call =
                Call::Unfreeze { resource: resource(read.resource)?, stake_sun: read.unfreeze_balance };
            Ok((address(&read.owner_address)?, call))
        }
        ContractType::WithdrawExpireUnfreeze => Ok((owner(value)?, Call::WithdrawExpireUnfreeze)),
        ContractType::CancelAllUnfreezeV2 => Ok((owner(value)?, Call::CancelAllUnfreeze)),
        ContractType::DelegateResource => {
            let read: DelegateResourceContract = message(value)?;
            // A period without a lock says nothing: it encodes differently, and is refused for that.
            let lock_blocks = read.lock.then_some(read.lock_period);
            let receiver = address(&read.receiver_address)?;
            let resource = resource(read.resource)?;
            let call = Call::Delegate { receiver, resource, stake_sun: read.balance, lock_blocks };
            Ok((address(&read.owner_address)?, call))
        }
        ContractType::UnDelegateResource => {
            let read: UnDelegateResourceContract = message(value)?;
            let receiver = address(&read.receiver_address)?;
            let resource = resource(read.resource)?;
            let call = Call::Undelegate { receiver, resource, stake_sun: read.balance };
            Ok((address(&read.owner_address)?, call))
        }
        ContractType::AccountPermissionUpdate => {
            let read: AccountPermissionUpdateContract = message(value)?;
            let permission = |message, kind| Permission::read(message, kind).ok_or(DecodeError::Shape);
            let call = Call::PermissionUpdate {
                owner: permission(read.owner.ok_or(DecodeError::Shape)?, 0)?,
                witness: read.witness.map(|witness| permission(witness, 1)).transpose()?,
                actives: read
                    .actives
                    .into_iter()
                    .map(|active| permission(active, 2))
                    .collect::<Result<_, _>>()?,
            };
            Ok((address(&read.owner_address)?, call))
        }
    }
}

fn message<T: Message + Default>(bytes: &[u8]) -> Result<T, DecodeError> {
    T::decode(bytes).map_err(|_| DecodeError::Malformed)
}

fn address(bytes: &[u8]) -> Result<TronAddress, DecodeError> {
    TronAddress::read_21(bytes).ok_or(DecodeError::Address)
}

fn resource(code: i32) -> Result<Resource, DecodeError> {
    Resource::from_code(code).ok_or(DecodeError::Shape)
}

fn owner(value: &[u8]) -> Result<TronAddress, DecodeError> {
    let read: OwnerContract = message(value)?;
    address(&read.owner_address)
}
