//! vectors/evm.json, made by eth-account (vectors/evm.py).

use serde_json::Value;
use sluice_codec::evm::{self, Decoded, call, log};
use sluice_core::address::EvmAddress;
use sluice_core::amount::{Amount, Units};
use sluice_core::asset::{Asset, AssetId, AssetKind};
use sluice_core::attempt::{Fees, Kind};
use sluice_core::chain::ChainId;
use sluice_core::slot::Slot;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../vectors/evm.json")).unwrap()
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap()
}

fn bytes(vector: &Value, field: &str) -> Vec<u8> {
    hex::decode(text(vector, field)).unwrap()
}

fn word(vector: &Value, field: &str) -> [u8; 32] {
    bytes(vector, field).try_into().unwrap()
}

fn address(vector: &Value, field: &str) -> EvmAddress {
    EvmAddress::parse(text(vector, field)).unwrap()
}

fn slot_and_fees(vector: &Value) -> (Slot, Fees) {
    let chain = ChainId::evm(vector["chain_id"].as_u64().unwrap());
    let nonce = text(vector, "nonce").parse().unwrap();
    let fees = Fees {
        gas_limit: vector["gas_limit"].as_u64().unwrap(),
        max_fee_wei: text(vector, "max_fee_wei").parse().unwrap(),
        tip_wei: text(vector, "tip_wei").parse().unwrap(),
    };
    (Slot::EvmNonce { chain, sender: address(vector, "sender"), nonce }, fees)
}

fn signed_and_read_back(vector: &Value, unsigned: &evm::Bytes) -> Decoded {
    assert_eq!(hex::encode(unsigned.digest), text(vector, "digest"));
    let (r, s, y) = (word(vector, "r"), word(vector, "s"), vector["y"] == 1);
    let (raw, txid) = evm::attach(&unsigned.unsigned, r, s, y).unwrap();
    assert_eq!(hex::encode(&raw), text(vector, "raw"));
    assert_eq!(hex::encode(txid), text(vector, "txid"));
    assert_eq!(evm::txid(&raw), txid);
    let decoded = evm::decode(&raw).unwrap();
    assert_eq!(decoded.sender, address(vector, "recovered"));
    assert_eq!((decoded.txid, decoded.digest), (txid, unsigned.digest));
    assert_eq!(evm::recover(&unsigned.digest, &r, &s, y), Some(decoded.sender));
    assert_ne!(evm::recover(&unsigned.digest, &r, &s, !y), Some(decoded.sender));
    decoded
}

#[test]
fn payments_have_the_bytes_eth_account_makes() {
    for vector in vectors()["pays"].as_array().unwrap() {
        let (slot, fees) = slot_and_fees(vector);
        let Slot::EvmNonce { chain, nonce, .. } = slot else { panic!("not a nonce") };
        let kind = match vector["contract"].as_str() {
            Some(contract) => AssetKind::Erc20(EvmAddress::parse(contract).unwrap()),
            None => AssetKind::Native(60),
        };
        let asset = Asset {
            id: AssetId { chain, kind },
            symbol: "X".into(),
            precision: u8::try_from(vector["precision"].as_u64().unwrap()).unwrap(),
            decimals: u8::try_from(vector["decimals"].as_u64().unwrap()).unwrap(),
            freezable: false,
        };
        let mut payment = crate::payment(&asset, 1, address(vector, "to"));
        payment.amount = Amount::from_atoms(text(vector, "atoms").parse().unwrap()).unwrap();
        let unsigned = evm::draft(Kind::Pay, &slot, &fees, &[payment], &asset).unwrap();

        let decoded = signed_and_read_back(vector, &unsigned);
        assert_eq!((decoded.chain_id, decoded.nonce), (chain.reference, nonce));
        assert_eq!(decoded.gas_limit, fees.gas_limit);
        assert_eq!((decoded.max_fee_wei, decoded.tip_wei), (fees.max_fee_wei, fees.tip_wei));
        assert_eq!(hex::encode(&decoded.data), text(vector, "data"));
        let units: Units = text(vector, "units").parse().unwrap();
        match asset.contract() {
            Some(contract) => {
                assert_eq!((decoded.to, decoded.value), (contract.evm().unwrap(), Units::ZERO));
                assert_eq!(call::as_transfer(&decoded.data), Some((address(vector, "to"), units)));
            }
            None => assert_eq!((decoded.to, decoded.value), (address(vector, "to"), units)),
        }
    }
}

#[test]
fn voids_have_the_bytes_eth_account_makes() {
    for vector in vectors()["voids"].as_array().unwrap() {
        let (slot, fees) = slot_and_fees(vector);
        let decoded = signed_and_read_back(vector, &evm::void(&slot, &fees).unwrap());
        assert_eq!(decoded.to, decoded.sender, "to itself");
        assert_eq!((decoded.value, decoded.data), (Units::ZERO, vec![]), "with nothing");
    }
}

#[test]
fn calls_have_the_bytes_eth_abi_makes() {
    let vectors = vectors();
    let calls = &vectors["calls"];
    let account = address(calls, "account");
    let units = text(calls, "units").parse().unwrap();
    assert_eq!(call::transfer(account, units), bytes(calls, "transfer"));
    assert_eq!(call::balance_of(account), bytes(calls, "balance_of"));
    assert_eq!(call::is_blacklisted(account), bytes(calls, "is_blacklisted"));
    assert_eq!(call::paused(), bytes(calls, "paused"));
    assert_eq!(call::decimals(), bytes(calls, "decimals"));
}

#[test]
fn answers_are_read_as_eth_abi_wrote_them() {
    let vectors = vectors();
    let answers = &vectors["answers"];
    assert_eq!(call::read_bool(&bytes(answers, "true")), Some(true));
    assert_eq!(call::read_bool(&bytes(answers, "false")), Some(false));
    assert_eq!(call::read_bool(&bytes(answers, "six")), None);
    assert_eq!(call::read_u8(&bytes(answers, "six")), Some(6));
    assert_eq!(call::read_u8(&bytes(answers, "most")), None);
    assert_eq!(call::read_units(&bytes(answers, "most")), Some(Units::MAX));
}

#[test]
fn topics_and_addresses_match() {
    let vectors = vectors();
    assert_eq!(hex::encode(log::TRANSFER), text(&vectors["topics"], "transfer"));
    assert_eq!(hex::encode(log::APPROVAL), text(&vectors["topics"], "approval"));
    for vector in vectors["public_keys"].as_array().unwrap() {
        let public: [u8; 64] = bytes(vector, "public").try_into().unwrap();
        assert_eq!(evm::address_of(&public), address(vector, "address"));
    }
}
