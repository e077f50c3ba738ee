//! What is never encoded, attached or understood.

use sluice_codec::evm::{self, DecodeError, EncodeError, call, log};
use sluice_core::address::EvmAddress;
use sluice_core::amount::{Amount, Units};
use sluice_core::attempt::Fees;
use sluice_core::chain::{ChainId, Family};
use sluice_core::intent::Payment;
use sluice_core::slot::Slot;

use crate::{FEES, payment, slot, usdc};

const SENDER: EvmAddress = EvmAddress([1; 20]);
const TO: EvmAddress = EvmAddress([0xaa; 20]);
/// Half the curve's order, rounded down: the highest `s` allowed (EIP-2).
const HALF: &str = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";

fn refused(change: impl FnOnce(&mut Payment)) -> Option<EncodeError> {
    let mut payment = payment(&usdc(), 5, TO);
    change(&mut payment);
    evm::pay(&slot(SENDER, 7), &FEES, &[payment], &usdc()).err()
}

#[test]
fn a_payment_that_does_not_fit_its_slot_has_no_bytes() {
    assert_eq!(refused(|_| {}), None);
    assert_eq!(refused(|p| p.asset.chain = ChainId::evm(1)), Some(EncodeError::Asset));
    assert_eq!(refused(|p| p.precision = 9), Some(EncodeError::Asset));
    assert_eq!(refused(|p| p.amount = Amount::ZERO), Some(EncodeError::Nothing));
    assert_eq!(refused(|p| p.to = EvmAddress([0; 20]).into()), Some(EncodeError::Recipient));
    assert_eq!(refused(|p| p.to = usdc().contract().unwrap()), Some(EncodeError::Recipient));

    let one = payment(&usdc(), 5, TO);
    let pay = |slot: &Slot, pays: &[Payment]| evm::pay(slot, &FEES, pays, &usdc()).err();
    assert_eq!(pay(&slot(SENDER, 7), &[]), Some(EncodeError::Count(0)));
    assert_eq!(pay(&slot(SENDER, 7), &[one.clone(), one.clone()]), Some(EncodeError::Count(2)));
    let other_chain = Slot::EvmNonce { chain: ChainId::evm(1), sender: SENDER, nonce: 7 };
    assert_eq!(pay(&other_chain, std::slice::from_ref(&one)), Some(EncodeError::Asset));
    let tron = ChainId { reference: 137, family: Family::Tron };
    assert_eq!(
        pay(&Slot::EvmNonce { chain: tron, sender: SENDER, nonce: 7 }, std::slice::from_ref(&one)),
        Some(EncodeError::Slot)
    );
    let vault = Slot::VaultPayment { chain: ChainId::evm(137), vault: TO, payment_key: [0; 32] };
    assert_eq!(pay(&vault, &[one]), Some(EncodeError::Slot));
    assert_eq!(evm::void(&vault, &FEES), Err(EncodeError::Slot));

    let tip = Fees { tip_wei: FEES.max_fee_wei + 1, ..FEES };
    assert_eq!(evm::void(&slot(SENDER, 7), &tip), Err(EncodeError::Fees));
}

#[test]
fn a_high_s_is_neither_attached_nor_understood() {
    let unsigned = evm::void(&slot(SENDER, 7), &FEES).unwrap().unsigned;
    let half: [u8; 32] = hex::decode(HALF).unwrap().try_into().unwrap();
    let mut above = half;
    above[31] += 1;
    let (raw, _) = evm::attach(&unsigned, [1; 32], half, false).unwrap();
    assert_eq!(evm::attach(&unsigned, [1; 32], above, false), Err(EncodeError::Signature));
    for (r, s) in [([0; 32], [1; 32]), ([1; 32], [0; 32]), ([0xff; 32], [1; 32])] {
        assert_eq!(evm::attach(&unsigned, r, s, false), Err(EncodeError::Signature));
    }
    let mut high = raw;
    *high.last_mut().unwrap() += 1;
    assert_eq!(evm::decode(&high), Err(DecodeError::Signature));
}

#[test]
fn only_unsigned_type_2_bytes_take_a_signature() {
    let unsigned = evm::void(&slot(SENDER, 7), &FEES).unwrap().unsigned;
    let attach = |bytes: &[u8]| evm::attach(bytes, [1; 32], [1; 32], false);
    let (raw, _) = attach(&unsigned).unwrap();
    assert_eq!(attach(&raw), Err(EncodeError::Unsigned), "signed already");
    assert_eq!(attach(&[]), Err(EncodeError::Unsigned));
    assert_eq!(attach(&unsigned[1..]), Err(EncodeError::Unsigned), "no type byte");
    assert_eq!(attach(&[&unsigned[..], &[0]].concat()), Err(EncodeError::Unsigned), "bytes left over");
}

#[test]
fn other_transactions_are_refused() {
    assert_eq!(evm::decode(&[]), Err(DecodeError::Type));
    for first in [0x00, 0x01, 0x03, 0x04, 0x7f, 0xf8] {
        assert_eq!(evm::decode(&[first, 0xc0]), Err(DecodeError::Type));
    }
    assert_eq!(evm::decode(&[2]), Err(DecodeError::Malformed));
    assert_eq!(evm::decode(&[2, 0xc0]), Err(DecodeError::Malformed));

    // The same void, its empty `to` (a creation) and an access list of one entry: RLP edited by hand.
    let unsigned = evm::void(&slot(SENDER, 7), &FEES).unwrap().unsigned;
    let (raw, _) = evm::attach(&unsigned, [1; 32], [1; 32], false).unwrap();
    let to = raw.windows(20).position(|bytes| bytes == SENDER.0).unwrap();
    let mut creation = [&raw[..to - 1], &[0x80], &raw[to + 20..]].concat();
    creation[2] -= 20;
    assert_eq!(evm::decode(&creation), Err(DecodeError::Shape));
    let entry = [&[0xd7, 0xd6, 0x94][..], &[7; 20], &[0xc0]].concat();
    let list = to + 22;
    assert_eq!(raw[list], 0xc0);
    let mut listed = [&raw[..list], &entry, &raw[list + 1..]].concat();
    listed[2] += 23;
    assert_eq!(evm::decode(&listed), Err(DecodeError::Shape));
    // A nonce with a leading zero byte says the same and is another spelling.
    assert_eq!(raw[5..7], [7, 0x85], "the nonce, then the tip");
    let mut padded = [&raw[..5], &[0x82, 0x00, 0x07], &raw[6..]].concat();
    padded[2] += 2;
    assert_eq!(evm::decode(&padded), Err(DecodeError::Malformed));
}

#[test]
fn loose_answers_are_refused() {
    let word = |last: u8| [vec![0; 31], vec![last]].concat();
    for wrong in [vec![], vec![1], word(1)[1..].to_vec(), [word(1), vec![0]].concat()] {
        assert_eq!(call::read_units(&wrong), None);
        assert_eq!(call::read_bool(&wrong), None);
        assert_eq!(call::read_u8(&wrong), None);
    }
    assert_eq!(call::read_bool(&word(2)), None);
}

#[test]
fn only_the_exact_shape_is_a_log_of_ours() {
    let (a, b) = (log::topic_of(SENDER), log::topic_of(TO));
    let one = Units::from(1).to_be_bytes::<32>();
    let event = log::transfer(&[log::TRANSFER, a, b], &one).unwrap();
    assert_eq!((event.from, event.to, event.units), (SENDER, TO, Units::from(1)));
    assert_eq!(log::approval(&[log::APPROVAL, a, b], &one).unwrap().spender, TO);

    assert_eq!(log::transfer(&[log::APPROVAL, a, b], &one), None);
    assert_eq!(log::transfer(&[log::TRANSFER, a, b, one], &[]), None, "ERC-721");
    assert_eq!(log::transfer(&[log::TRANSFER, a, b], &one[1..]), None);
    assert_eq!(log::transfer(&[log::TRANSFER, [1; 32], b], &one), None, "dirty high bytes");
    assert_eq!(log::transfer(&[], &[]), None);
}
