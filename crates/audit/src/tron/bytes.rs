//! What a transaction's own bytes say: the protobuf of `Transaction.raw`, whose SHA-256 is the transaction's id. A node's
//! JSON beside them is not looked at.

use sha2::{Digest as _, Sha256};

use super::base58::PREFIX;
use crate::chain::{Address, Hash};

/// The types whose owner is not the first field: a transfer of a TRC-10 token, a name, an account's id.
const OWNER_SECOND: [u64; 3] = [2, 10, 19];
/// A shielded transfer may have no owner that can be seen.
const SHIELDED: u64 = 51;
const TRANSFER: u64 = 1;
const TRIGGER: u64 = 31;

/// A transaction, by its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) txid: Hash,
    /// In whose name; none for a shielded transfer without one.
    pub(super) owner: Option<Address>,
    pub(super) what: What,
}

/// What it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// TRX, in sun.
    Transfer { to: Address, sun: u64 },
    /// A call of a contract, with TRX in sun.
    Call { contract: Address, sun: u64, data: Vec<u8> },
    /// Anything else, by the number of its type.
    Other(u64),
}

/// Reads the bytes of `raw_data`. None where they are no transaction of exactly one contract.
pub(super) fn read(raw: &[u8]) -> Option<Asked> {
    let mut contracts = fields(raw)?.into_iter().filter(|(number, _)| *number == 11);
    let (_, contract) = contracts.next()?;
    if contracts.next().is_some() {
        return None;
    }
    let contract = fields(contract.bytes()?)?;
    let kind = number(&contract, 1)?;
    let parameter = fields(last(&contract, 2)?.bytes()?)?;
    let value = match last(&parameter, 2) {
        Some(value) => fields(value.bytes()?)?,
        None => Vec::new(),
    };
    let place = if OWNER_SECOND.contains(&kind) { 2 } else { 1 };
    let owner = match last(&value, place) {
        Some(owner) => Some(address(owner)?),
        None if kind == SHIELDED => None,
        None => return None,
    };
    let what = match kind {
        TRANSFER => What::Transfer { to: address(last(&value, 2)?)?, sun: number(&value, 3)? },
        TRIGGER => What::Call {
            contract: address(last(&value, 2)?)?,
            sun: number(&value, 3)?,
            data: last(&value, 4).map_or(Some(&[][..]), Field::bytes)?.to_vec(),
        },
        other => What::Other(other),
    };
    Some(Asked { txid: Hash(Sha256::digest(raw).into()), owner, what })
}

/// One value of a message.
#[derive(Clone, Copy, Debug)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Fixed-width numbers, which no field that is read here is.
    Fixed,
}

impl<'a> Field<'a> {
    const fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

type Fields<'a> = Vec<(u64, Field<'a>)>;

/// All fields of a message; none where it is cut off or of another shape.
fn fields(mut rest: &[u8]) -> Option<Fields<'_>> {
    let mut all = Vec::new();
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        let field = match key & 7 {
            0 => Field::Number(varint(&mut rest)?),
            1 => fixed(&mut rest, 8)?,
            2 => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                let (bytes, after) = rest.split_at_checked(length)?;
                rest = after;
                Field::Bytes(bytes)
            }
            5 => fixed(&mut rest, 4)?,
            _ => return None,
        };
        all.push((key >> 3, field));
    }
    Some(all)
}

fn fixed<'a>(rest: &mut &[u8], length: usize) -> Option<Field<'a>> {
    *rest = rest.get(length..)?;
    Some(Field::Fixed)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        let bits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The last of its number counts, as protobuf has it.
fn last<'a>(fields: &Fields<'a>, number: u64) -> Option<Field<'a>> {
    fields.iter().rev().find(|(it, _)| *it == number).map(|(_, field)| *field)
}

/// A number that is left out is zero; a negative one is none.
fn number(fields: &Fields<'_>, which: u64) -> Option<u64> {
    match last(fields, which) {
        None => Some(0),
        Some(Field::Number(value)) => i64::try_from(value).ok().map(|_| value),
        Some(_) => None,
    }
}

fn address(field: Field<'_>) -> Option<Address> {
    let (prefix, account) = field.bytes()?.split_first()?;
    (*prefix == PREFIX).then_some(())?;
    account.try_into().ok().map(Address::tron)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evm::asked_transfer;

    /// Transactions that tronweb 6.5.1 has made: name, owner, id, bytes.
    fn made() -> Vec<serde_json::Value> {
        let text = include_str!("../../vectors/tron.json");
        serde_json::from_str::<serde_json::Value>(text).unwrap()["vectors"].as_array().unwrap().clone()
    }

    #[test]
    fn what_tronweb_has_made_is_read_with_its_id_its_owner_and_its_meaning() {
        let mut kinds = std::collections::BTreeSet::new();
        for it in made() {
            let text = |name: &str| it[name].as_str().unwrap_or_else(|| panic!("{name} of {it}"));
            let asked = read(&hex::decode(text("raw_data_hex")).unwrap());
            let asked = asked.unwrap_or_else(|| panic!("{it} is not read"));
            assert_eq!(asked.txid, Hash::parse_bare(text("txid")).unwrap(), "{it}");
            assert_eq!(asked.owner.unwrap().to_string(), text("owner"), "{it}");
            kinds.insert(text("kind").to_owned());
            match (text("kind"), &asked.what) {
                ("trc20_transfer", What::Call { contract, sun, data }) => {
                    let (to, units) = asked_transfer(data, contract.family()).unwrap();
                    assert_eq!((to.to_string().as_str(), *sun), (text("to"), 0), "{it}");
                    assert_eq!(units.to_string(), text("amount"), "{it}");
                }
                ("trx_transfer", What::Transfer { to, sun }) => {
                    assert_eq!(to.to_string(), text("to"), "{it}");
                    assert_eq!(sun.to_string(), text("amount"), "{it}");
                }
                (_, What::Other(number)) => assert_eq!(Some(*number), it["type"].as_u64(), "{it}"),
                (_, what) => panic!("{what:?} is not {it}"),
            }
        }
        assert!(kinds.len() >= 3, "{kinds:?}");
    }

    #[test]
    fn no_part_of_a_transaction_is_one() {
        for it in made() {
            let raw = hex::decode(it["raw_data_hex"].as_str().unwrap()).unwrap();
            let whole = read(&raw).unwrap();
            for cut in 0..raw.len() {
                let part = read(&raw[..cut]);
                // Fields behind the contract may be cut off whole: the id is then another.
                assert!(part.is_none_or(|part| part.txid != whole.txid), "{cut} of {it}");
            }
            assert_eq!(read(&[&raw[..], &raw[..]].concat()), None, "two contracts are none");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Some(asked) = read(&raw) {
                prop_assert_eq!(asked.txid, Hash(Sha256::digest(&raw).into()));
            }
        }
    }
}
