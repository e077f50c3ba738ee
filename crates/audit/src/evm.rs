//! The few words of EVM chains that an auditor needs: addresses, hashes, transfer logs, and how nodes write numbers.
//! Written anew on purpose: a decoder shared with the engine would share its mistakes.

use ruint::aliases::U256;
use serde_json::Value;

use crate::chain::decimal;
pub use crate::chain::{Address, Family, Hash};

/// `keccak256("Transfer(address,address,uint256)")`.
pub const TRANSFER_TOPIC: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/// `transfer(address,uint256)`, the first four bytes of its hash.
const TRANSFER_SELECTOR: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];

/// The chain of a CAIP-2 id: `eip155:137`.
pub fn chain(text: &str) -> Option<u64> {
    decimal(text.strip_prefix("eip155:")?)
}

/// The chain and the contract of a CAIP-19 id: `eip155:137/erc20:0x...`.
pub fn asset(text: &str) -> Option<(u64, Address)> {
    let (of, token) = text.split_once("/erc20:")?;
    Some((chain(of)?, account(&Value::from(token))?))
}

/// A number as nodes write it: `0x1f`.
pub(crate) fn number(value: &Value) -> Option<u64> {
    let digits = value.as_str()?.strip_prefix("0x").filter(|digits| !digits.is_empty())?;
    u64::from_str_radix(digits, 16).ok()
}

/// A quantity as nodes write it.
pub(crate) fn quantity(value: &Value) -> Option<U256> {
    let digits = value.as_str()?.strip_prefix("0x").filter(|digits| (1..=64).contains(&digits.len()))?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
    U256::from_str_radix(digits, 16).ok()
}

/// Exactly one word of 32 bytes.
pub(crate) fn word(value: &Value) -> Option<U256> {
    value.as_str().filter(|text| text.len() == 66)?;
    quantity(value)
}

/// An address in a JSON field; none where it is null.
pub(crate) fn account(value: &Value) -> Option<Address> {
    value.as_str().and_then(Address::parse).filter(|it| it.family() == Family::Evm)
}

/// A hash in a JSON field.
pub(crate) fn hash(value: &Value) -> Option<Hash> {
    value.as_str().and_then(Hash::parse)
}

/// From a topic; none when the padding is not empty.
fn of_word(word: &str) -> Option<Address> {
    let Hash(word) = Hash::parse(word)?;
    unpadded(&word).map(Address::evm)
}

/// The 20 bytes of a padded word; none when the padding is not empty.
pub(crate) fn unpadded(word: &[u8]) -> Option<[u8; 20]> {
    let (padding, address) = word.split_at_checked(12)?;
    padding.iter().all(|byte| *byte == 0).then_some(())?;
    address.try_into().ok()
}

/// One `Transfer` log of a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transfer {
    /// Height of its block.
    pub block: u64,
    /// Which log of the block.
    pub log_index: u64,
    /// Which transaction.
    pub txid: Hash,
    /// The contract that announced it.
    pub token: Address,
    /// Who paid.
    pub from: Address,
    /// Who was paid.
    pub to: Address,
    /// How much, in units of the contract.
    pub units: U256,
}

/// Why a log that claims to be a transfer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTransfer;

impl Transfer {
    /// Reads a log. `None` for a log of another kind.
    ///
    /// # Errors
    /// [`NoTransfer`] where the first topic says transfer and the rest is not two addresses and one word, or where the log
    /// is not in a block.
    pub fn of_log(log: &Value) -> Result<Option<Self>, NoTransfer> {
        let topics = log["topics"].as_array().map_or(&[][..], Vec::as_slice);
        let topic = |at: usize| topics.get(at).and_then(Value::as_str);
        if !topic(0).is_some_and(|kind| kind.eq_ignore_ascii_case(TRANSFER_TOPIC)) {
            return Ok(None);
        }
        let read = || {
            (topics.len() == 3 && log["removed"].as_bool() != Some(true)).then_some(())?;
            Some(Self {
                block: number(&log["blockNumber"])?,
                log_index: number(&log["logIndex"])?,
                txid: hash(&log["transactionHash"])?,
                token: account(&log["address"])?,
                from: of_word(topic(1)?)?,
                to: of_word(topic(2)?)?,
                units: word(&log["data"])?,
            })
        };
        read().map(Some).ok_or(NoTransfer)
    }
}

/// What a call of `transfer(address,uint256)` asks for, to an address of this family; none for any other data.
pub(crate) fn asked_transfer(input: &[u8], family: Family) -> Option<(Address, U256)> {
    let arguments = input.strip_prefix(&TRANSFER_SELECTOR).filter(|rest| rest.len() == 64)?;
    let (to, units) = arguments.split_at(32);
    // TRON's own machine reads the last 20 bytes of the word: older wallets leave `41` before them.
    let to = match (family, to.split_at_checked(12)?) {
        (Family::Tron, (_, account)) => account.try_into().ok()?,
        (Family::Evm, _) => unpadded(to)?,
    };
    Some((Address::evm(to).on(family), U256::try_from_be_slice(units)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOKEN: &str = "0x3c499c542cef5e3811e1192ce70d8cc03d5c3359";

    /// A real transfer of USDC on Polygon would look like this: written by hand from the ERC-20 standard.
    fn log() -> Value {
        json!({
            "address": TOKEN,
            "topics": [
                TRANSFER_TOPIC,
                "0x00000000000000000000000052908400098527886e0f7030069857d2e4169ee7",
                "0x0000000000000000000000008617e340b3d01fa5f11f306f4090fd50e238070d",
            ],
            "data": "0x00000000000000000000000000000000000000000000000000000000000f4240",
            "blockNumber": "0x1f",
            "transactionHash": "0x88df016429689c079f3b2f6ad39fa052532c56795b733da78a91ebe6a713944b",
            "logIndex": "0x5",
            "removed": false,
        })
    }

    #[test]
    fn a_transfer_log_is_read_as_the_standard_says() {
        let read = Transfer::of_log(&log()).unwrap().unwrap();
        assert_eq!((read.block, read.log_index, read.units), (31, 5, U256::from(1_000_000)));
        assert_eq!(read.token.to_string(), TOKEN);
        assert_eq!(read.from, Address::parse("0x52908400098527886E0F7030069857D2E4169EE7").unwrap());
        assert_eq!(read.to, Address::parse("0x8617E340B3D01FA5F11F306F4090FD50E238070D").unwrap());
    }

    #[test]
    fn a_log_that_only_claims_to_be_a_transfer_is_refused_and_another_kind_is_passed_over() {
        let other = |pointer: &str, value: Value| {
            let mut log = log();
            *log.pointer_mut(pointer).unwrap() = value;
            Transfer::of_log(&log)
        };
        assert_eq!(other("/topics/0", json!(format!("0x{:064x}", 1))), Ok(None));
        assert_eq!(other("/topics", json!([])), Ok(None));
        let padded = "0x010000000000000000000000 52908400098527886e0f7030069857d2e4169ee7".replace(' ', "");
        for (pointer, value) in [
            ("/data", json!("0x")),
            ("/data", json!("0x0f4240")),
            ("/topics", json!([TRANSFER_TOPIC, log()["topics"][1], log()["topics"][2], TRANSFER_TOPIC])),
            ("/topics/1", json!(padded)),
            ("/removed", json!(true)),
            ("/blockNumber", Value::Null),
        ] {
            assert_eq!(other(pointer, value.clone()), Err(NoTransfer), "{pointer} {value}");
        }
    }

    #[test]
    fn a_call_of_transfer_is_read_and_nothing_else() {
        let to = "0000000000000000000000008617e340b3d01fa5f11f306f4090fd50e238070d";
        let units = "00000000000000000000000000000000000000000000000000000000000f4240";
        let call = |selector: &str| hex::decode(format!("{selector}{to}{units}")).unwrap();
        let read = asked_transfer(&call("a9059cbb"), Family::Evm).unwrap();
        assert_eq!(read.1, U256::from(1_000_000));
        assert_eq!(read.0.to_string(), "0x8617e340b3d01fa5f11f306f4090fd50e238070d");
        assert_eq!(asked_transfer(&call("23b872dd"), Family::Evm), None);
        assert_eq!(asked_transfer(&call("a9059cbb")[..67], Family::Evm), None);
        assert_eq!(asked_transfer(&[], Family::Evm), None);
    }

    #[test]
    fn ids_have_one_spelling() {
        assert_eq!(chain("eip155:137"), Some(137));
        for wrong in ["eip155:", "eip155:0137", "eip155:+1", "eip155:x", "tron:1", "137"] {
            assert_eq!(chain(wrong), None, "{wrong}");
        }
        assert_eq!(asset(&format!("eip155:137/erc20:{TOKEN}")), Some((137, Address::parse(TOKEN).unwrap())));
        assert_eq!(asset("eip155:137/slip44:966"), None);
        assert_eq!(Address::parse("0x1"), None);
        assert_eq!(number(&json!("0x")), None);
        assert_eq!(word(&json!("0x0c")), None);
    }
}
