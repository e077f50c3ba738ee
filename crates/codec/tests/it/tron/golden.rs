//! vectors/tron.json, made by tronweb and checked by tronpy.

use serde_json::Value;
use sluice_codec::tron::{
    self, Address, AddressError, Call, Key, Operations, Permission, Reference, Resource, Terms, Unsigned,
};

use super::{key, sign};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../vectors/tron.json")).unwrap()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

/// Hex of any length; what is absent is empty.
fn bytes(value: &Value, field: &str) -> Vec<u8> {
    hex::decode(value[field].as_str().unwrap_or("")).unwrap()
}

/// A number as protobuf has it: what is absent is 0.
fn number(value: &Value, field: &str) -> i64 {
    value[field].as_i64().unwrap_or(0)
}

fn address(value: &Value, field: &str) -> Address {
    Address::read_21(&bytes(value, field)).unwrap()
}

fn resource(value: &Value) -> Resource {
    match value["resource"].as_str() {
        None | Some("BANDWIDTH") => Resource::Bandwidth,
        Some("ENERGY") => Resource::Energy,
        other => panic!("{other:?}"),
    }
}

fn permission(value: &Value) -> Permission {
    let keys = value["keys"].as_array().unwrap();
    Permission {
        id: 0,
        name: text(value, "permission_name").into(),
        threshold: number(value, "threshold"),
        operations: value["operations"]
            .as_str()
            .map(|_| Operations(bytes(value, "operations").try_into().unwrap())),
        keys: keys
            .iter()
            .map(|key| Key { address: address(key, "address"), weight: number(key, "weight") })
            .collect(),
    }
}

/// What a vector's JSON says, read here and by nothing of the codec.
fn unsigned(raw: &Value) -> Unsigned {
    let contract = &raw["contract"][0];
    let value = &contract["parameter"]["value"];
    let call = match text(contract, "type") {
        "TriggerSmartContract" => Call::Trigger {
            contract: address(value, "contract_address"),
            data: bytes(value, "data"),
            value_sun: number(value, "call_value"),
        },
        "TransferContract" => {
            Call::TrxTransfer { to: address(value, "to_address"), sun: number(value, "amount") }
        }
        "FreezeBalanceV2Contract" => {
            Call::Freeze { resource: resource(value), stake_sun: number(value, "frozen_balance") }
        }
        "UnfreezeBalanceV2Contract" => {
            Call::Unfreeze { resource: resource(value), stake_sun: number(value, "unfreeze_balance") }
        }
        "DelegateResourceContract" => Call::Delegate {
            receiver: address(value, "receiver_address"),
            resource: resource(value),
            stake_sun: number(value, "balance"),
            lock_blocks: (value["lock"] == true).then(|| number(value, "lock_period")),
        },
        "UnDelegateResourceContract" => Call::Undelegate {
            receiver: address(value, "receiver_address"),
            resource: resource(value),
            stake_sun: number(value, "balance"),
        },
        "AccountPermissionUpdateContract" => Call::PermissionUpdate {
            owner: permission(&value["owner"]),
            witness: None,
            actives: value["actives"].as_array().unwrap().iter().map(permission).collect(),
        },
        other => panic!("{other}"),
    };
    let terms = Terms {
        reference: Reference {
            bytes: bytes(raw, "ref_block_bytes").try_into().unwrap(),
            hash: bytes(raw, "ref_block_hash").try_into().unwrap(),
        },
        expiration_ms: number(raw, "expiration"),
        timestamp_ms: number(raw, "timestamp"),
        fee_limit_sun: number(raw, "fee_limit"),
        memo: bytes(raw, "data"),
        permission_id: i32::try_from(number(contract, "Permission_id")).unwrap(),
    };
    Unsigned { owner: address(value, "owner_address"), call, terms }
}

/// What each vector signs, and by whom.
pub fn cases() -> Vec<(Unsigned, Vec<[u8; 32]>)> {
    let vectors = vectors();
    let secret = |secret: &&str| hex::decode(secret).unwrap().try_into().unwrap();
    let case = |vector| {
        let secrets = texts(vector, "private_key", "private_keys").iter().map(secret).collect();
        (unsigned(&vector["raw_data"]), secrets)
    };
    vectors["vectors"].as_array().unwrap().iter().map(case).collect()
}

fn texts<'a>(vector: &'a Value, one: &str, many: &str) -> Vec<&'a str> {
    match vector[many].as_array() {
        Some(all) => all.iter().map(|text| text.as_str().unwrap()).collect(),
        None => vec![text(vector, one)],
    }
}

#[test]
fn transactions_have_the_bytes_tronweb_makes() {
    let vectors = vectors();
    let all = vectors["vectors"].as_array().unwrap();
    assert_eq!(all.len(), 12);
    for vector in all {
        let name = text(vector, "name");
        let unsigned = unsigned(&vector["raw_data"]);
        let made = tron::draft(&unsigned).unwrap();
        assert_eq!(hex::encode(&made.raw), text(vector, "raw_data_hex"), "{name}");
        assert_eq!(hex::encode(made.txid), text(vector, "txid"), "{name}");
        assert_eq!(tron::decode_raw(&made.raw).as_ref(), Ok(&unsigned), "{name}");

        let expected = texts(vector, "signature", "signatures");
        let secrets = texts(vector, "private_key", "private_keys");
        assert_eq!(expected.len(), secrets.len(), "{name}");
        let mut signatures = Vec::new();
        let mut signers = Vec::new();
        for (secret, expected) in secrets.iter().zip(&expected) {
            let (key, address) = key(&hex::decode(secret).unwrap());
            let signature = sign(&key, &made.txid);
            assert_eq!(hex::encode(signature.bytes()), *expected, "{name}");
            assert_eq!(tron::recover(&made.txid, &signature.bytes()), Some(address), "{name}");
            signatures.push(signature);
            signers.push(address);
        }

        let signed = tron::signed(&made.raw, &signatures);
        assert_eq!(hex::encode(&signed), text(vector, "signed_tx_hex"), "{name}");
        assert_eq!(tron::bandwidth(&signed), usize::try_from(number(vector, "bandwidth")).unwrap(), "{name}");
        let decoded = tron::decode(&signed).unwrap();
        assert_eq!((decoded.unsigned, decoded.raw, decoded.txid), (unsigned, made.raw, made.txid), "{name}");
        assert_eq!((decoded.signatures, decoded.signers), (signatures, signers), "{name}");
    }
}

#[test]
fn token_payments_are_read_back() {
    let vectors = vectors();
    let usdt = address(&vectors["usdt_contract"], "hex");
    for vector in vectors["vectors"].as_array().unwrap() {
        if vector["kind"] == "trc20_transfer" {
            let unsigned = unsigned(&vector["raw_data"]);
            let to = Address::parse(text(vector, "to")).unwrap();
            let units = text(vector, "amount").parse().unwrap();
            assert_eq!(unsigned.call.as_trc20_transfer(), Some((usdt, to, units)));
            assert_eq!(Call::trc20_transfer(usdt, to, units), unsigned.call);
        }
    }
}

#[test]
fn addresses_are_those_of_tronweb() {
    let vectors = vectors();
    for vector in vectors["keys"].as_array().unwrap() {
        let (_, address) = key(&bytes(vector, "private_key"));
        assert_eq!(address.to_string(), text(vector, "address_base58"));
        assert_eq!(hex::encode(address.to_21()), text(vector, "address_hex"));
    }
    for check in vectors["address_checks"].as_array().unwrap() {
        let input = text(check, "input");
        match check["base58"].as_str() {
            Some(zero) => assert_eq!(Address::parse(zero), Err(AddressError::Zero)),
            // tronweb takes the hex form too; a form without a checksum is none of ours.
            None => {
                assert_eq!(Address::parse(input).is_ok(), check["valid"] == true && input.starts_with('T'))
            }
        }
    }
}

#[test]
fn a_signed_text_names_its_signer() {
    let vectors = vectors();
    let vector = &vectors["sign_message_v2"];
    let (key, address) = key(&bytes(vector, "private_key"));
    let digest = tron::text_digest(text(vector, "message").as_bytes());
    let expected = text(vector, "signature").strip_prefix("0x").unwrap();
    assert_eq!(hex::encode(sign(&key, &digest).bytes()), expected);
    assert_eq!(tron::recover(&digest, &hex::decode(expected).unwrap()), Some(address));
}
