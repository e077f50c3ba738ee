//! Token calls and logs, texts, permissions, references.

use alloy_primitives::keccak256;
use sluice_codec::tron::{self, Address, ContractType, Operations, Reference, trc20};
use sluice_core::amount::Units;

use super::{key, sign};

const USDT: Address = Address([
    0xa6, 0x14, 0xf8, 0x03, 0xb6, 0xfd, 0x78, 0x09, 0x86, 0xa4, 0x2c, 0x78, 0xec, 0x9c, 0x7f, 0x77, 0xe6,
    0xde, 0xd1, 0x3c,
]);

#[test]
fn calls_begin_with_the_hash_of_their_name() {
    let account = Address([0x41; 20]);
    let word = [&[0; 12][..], &[0x41; 20]].concat();
    let named = |name: &str, rest: &[u8]| [&keccak256(name)[..4], rest].concat();
    assert_eq!(trc20::balance_of(account), named("balanceOf(address)", &word));
    assert_eq!(trc20::is_black_listed(account), named("isBlackListed(address)", &word));
    assert_eq!(trc20::paused(), named("paused()", &[]));
    assert_eq!(trc20::decimals(), named("decimals()", &[]));
    let units = Units::from(1_000_000);
    let paid = [word, units.to_be_bytes::<32>().to_vec()].concat();
    assert_eq!(trc20::transfer(account, units), named("transfer(address,uint256)", &paid));
}

#[test]
fn a_transfer_is_read_from_its_log_alone() {
    let (from, to) = (Address([2; 20]), Address([3; 20]));
    let word = |address: Address| <[u8; 32]>::try_from([&[0; 12][..], &address.0].concat()).unwrap();
    let name = keccak256("Transfer(address,address,uint256)").0;
    let topics = [name, word(from), word(to)];
    let data = Units::from(5).to_be_bytes::<32>();
    let read = trc20::transfer_log(&USDT.0, &topics, &data).unwrap();
    assert_eq!((read.token, read.from, read.to, read.units), (USDT, from, to, Units::from(5)));

    assert_eq!(trc20::transfer_log(&USDT.to_21(), &topics, &data), None, "an address of a log has no 0x41");
    assert_eq!(trc20::transfer_log(&USDT.0, &topics[..2], &data), None);
    assert_eq!(trc20::transfer_log(&USDT.0, &[name, word(from), word(to), [0; 32]], &data), None);
    assert_eq!(trc20::transfer_log(&USDT.0, &topics, &data[..31]), None);
    let other = [keccak256("Approval(address,address,uint256)").0, word(from), word(to)];
    assert_eq!(trc20::transfer_log(&USDT.0, &other, &data), None);
    // The 21-byte form in a topic: no contract logs it so.
    let mut dirty = topics;
    dirty[1][11] = 0x41;
    assert_eq!(trc20::transfer_log(&USDT.0, &dirty, &data), None);
}

#[test]
fn operations_are_a_bit_for_each_type() {
    let pays = Operations::of(&[ContractType::TriggerSmart]);
    assert_eq!(hex::encode(pays.0), format!("00000080{}", "00".repeat(28)));
    let lends = Operations::of(&[ContractType::DelegateResource, ContractType::UnDelegateResource]);
    assert_eq!(hex::encode(lends.0), format!("{}06{}", "00".repeat(7), "00".repeat(24)));
    for kind in ContractType::ALL {
        assert_eq!(ContractType::from_number(kind.number().into()), Some(kind));
        let only = Operations::of(&[kind]);
        let allowed: Vec<u8> = (0..=255).filter(|number| only.allow(*number)).collect();
        assert_eq!(allowed, [kind.number()]);
    }
    assert_eq!(Operations::of(&[]).0, [0; 32]);
}

#[test]
fn a_reference_is_the_middle_of_number_and_id() {
    let mut id = [0; 32];
    for (place, byte) in id.iter_mut().enumerate() {
        *byte = u8::try_from(place).unwrap();
    }
    let reference = Reference::of(0x0000_0000_03fe_a1b2, &id);
    assert_eq!(reference, Reference { bytes: [0xa1, 0xb2], hash: [8, 9, 10, 11, 12, 13, 14, 15] });
}

#[test]
fn a_text_is_no_transaction() {
    let (key, address) = key(&[5; 32]);
    let raw = tron::raw(&super::with(tron::Call::CancelAllUnfreeze));
    let digest = tron::text_digest(&raw);
    assert_ne!(digest, tron::txid(&raw));
    let signature = sign(&key, &digest).bytes();
    assert_eq!(tron::recover(&digest, &signature), Some(address));
    assert_ne!(tron::recover(&tron::txid(&raw), &signature), Some(address));
}
