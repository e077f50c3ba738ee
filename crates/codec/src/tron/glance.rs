//! Who acts in a transaction of anybody, and what it does as far as we know its type.

use prost::Message;
use sluice_core::address::TronAddress;

use super::call::Call;
use super::decode::{DecodeError, call};
use super::message::{Contract, OwnerContract, Raw, SecondContract};
use super::tx::BYTES_MAX;

/// Contract types whose owner is their second field: `TransferAssetContract`, `AccountUpdateContract`,
/// `SetAccountIdContract`. In every other one it is the first.
const OWNER_SECOND: [i32; 3] = [2, 10, 19];

/// What a transaction of anybody shows of itself. It is read with a light hand, for nodes forgive what
/// [`super::decode_raw`] refuses: a second spelling, a field that we never write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Whose account acts; `None` where it hides that (a shielded transfer).
    pub owner: Option<TronAddress>,
    /// `ContractType` on the wire.
    pub kind: i32,
    /// What it does, where its type is one we know and its fields make sense.
    pub call: Option<Call>,
}

/// Looks at `raw_data` of anybody.
///
/// # Errors
/// [`DecodeError`] for what no node takes: too long, no protobuf, not exactly one contract.
pub fn glance(raw: &[u8]) -> Result<Glance, DecodeError> {
    if raw.len() > BYTES_MAX {
        return Err(DecodeError::TooLong);
    }
    let read = Raw::decode(raw).map_err(|_| DecodeError::Malformed)?;
    let contracts = read.contract.len();
    let [contract] =
        <[Contract; 1]>::try_from(read.contract).map_err(|_| DecodeError::Contracts(contracts))?;
    let kind = contract.r#type;
    let value = contract.parameter.as_ref().map_or(&[][..], |any| any.value.as_slice());
    let owner = if OWNER_SECOND.contains(&kind) {
        SecondContract::decode(value).map(|read| read.owner_address)
    } else {
        OwnerContract::decode(value).map(|read| read.owner_address)
    };
    let owner = owner.map_err(|_| DecodeError::Malformed)?;
    let call = call(contract).ok().map(|(_, call)| call);
    Ok(Glance { owner: TronAddress::read_21(&owner), kind, call })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tron::message::Any;
    use crate::tron::{Reference, Terms, Unsigned, raw};

    const OWNER: TronAddress = TronAddress([7; 20]);

    fn of(kind: i32, value: Vec<u8>) -> Result<Glance, DecodeError> {
        let any = Any { type_url: "type.googleapis.com/protocol.Any".into(), value };
        let contract = Contract { r#type: kind, parameter: Some(any), permission_id: 0 };
        glance(&Raw { contract: vec![contract], ..Raw::default() }.encode_to_vec())
    }

    #[test]
    fn what_we_make_is_seen_as_it_was_meant() {
        let terms = Terms {
            reference: Reference { bytes: [1; 2], hash: [2; 8] },
            expiration_ms: 10,
            timestamp_ms: 1,
            fee_limit_sun: 0,
            memo: Vec::new(),
            permission_id: 0,
        };
        let call = Call::TrxTransfer { to: TronAddress([8; 20]), sun: 5 };
        let seen = glance(&raw(&Unsigned { owner: OWNER, call: call.clone(), terms })).unwrap();
        assert_eq!(seen, Glance { owner: Some(OWNER), kind: 1, call: Some(call) });
    }

    #[test]
    fn the_owner_of_a_type_we_do_not_know_is_found() {
        let first = OwnerContract { owner_address: OWNER.to_21().to_vec() }.encode_to_vec();
        let second = SecondContract { owner_address: OWNER.to_21().to_vec() }.encode_to_vec();
        for (kind, value) in
            [(4, &first), (30, &first), (41, &first), (2, &second), (10, &second), (19, &second)]
        {
            let seen = of(kind, value.clone()).unwrap();
            assert_eq!(seen, Glance { owner: Some(OWNER), kind, call: None });
        }
        assert_eq!(of(51, Vec::new()).unwrap().owner, None);
        assert_eq!(of(1, vec![0xff]), Err(DecodeError::Malformed));
        assert_eq!(glance(&[]), Err(DecodeError::Contracts(0)));
        assert_eq!(glance(&vec![0; BYTES_MAX + 1]), Err(DecodeError::TooLong));
    }
}
