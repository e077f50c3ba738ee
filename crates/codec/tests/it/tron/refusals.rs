//! What is never drafted, and never understood.

use sluice_codec::tron::{
    self, Address, BYTES_MAX, Call, DecodeError, EncodeError, Key, Operations, Permission, PermissionError,
    Resource, SIGNATURES_MAX, Signature, Unsigned,
};
use sluice_core::amount::Units;

use super::{key, sign, with};

const ME: Address = Address([1; 20]);
const TOKEN: Address = Address([2; 20]);
const TO: Address = Address([3; 20]);
const ZERO: Address = Address([0; 20]);
/// In sun.
const TRX: i64 = 1_000_000;

fn refused(call: Call) -> Option<EncodeError> {
    tron::draft(&with(call)).err()
}

#[test]
fn what_pays_nobody_has_no_bytes() {
    let one = Units::from(1);
    assert_eq!(refused(Call::trc20_transfer(TOKEN, TO, one)), None);
    assert_eq!(refused(Call::trc20_transfer(TOKEN, TO, Units::ZERO)), Some(EncodeError::Nothing));
    for to in [ZERO, ME, TOKEN] {
        assert_eq!(refused(Call::trc20_transfer(TOKEN, to, one)), Some(EncodeError::Recipient));
    }
    assert_eq!(refused(Call::trc20_transfer(ZERO, TO, one)), Some(EncodeError::Recipient));

    assert_eq!(refused(Call::TrxTransfer { to: TO, sun: 1 }), None);
    for sun in [0, -1, i64::MIN] {
        assert_eq!(refused(Call::TrxTransfer { to: TO, sun }), Some(EncodeError::Nothing));
    }
    for to in [ZERO, ME] {
        assert_eq!(refused(Call::TrxTransfer { to, sun: 1 }), Some(EncodeError::Recipient));
    }
    let call = |value_sun| Call::Trigger { contract: TOKEN, data: vec![1], value_sun };
    assert_eq!((refused(call(0)), refused(call(-1))), (None, Some(EncodeError::Nothing)));
}

#[test]
fn what_stakes_or_lends_nothing_has_no_bytes() {
    let lend = |receiver, resource, stake_sun, lock_blocks| {
        refused(Call::Delegate { receiver, resource, stake_sun, lock_blocks })
    };
    let back = |receiver, resource, stake_sun| refused(Call::Undelegate { receiver, resource, stake_sun });
    let energy = Resource::Energy;
    assert_eq!((lend(TO, energy, TRX, None), lend(TO, energy, TRX, Some(0))), (None, None));
    assert_eq!(lend(TO, energy, TRX - 1, None), Some(EncodeError::Stake));
    assert_eq!(back(TO, energy, 1), None, "what is left of a stake may be less");
    assert_eq!(lend(TO, energy, TRX, Some(-1)), Some(EncodeError::Lock));
    for to in [ZERO, ME] {
        assert_eq!(lend(to, energy, TRX, None), Some(EncodeError::Recipient));
        assert_eq!(back(to, energy, TRX), Some(EncodeError::Recipient));
    }
    assert_eq!(lend(TO, Resource::TronPower, TRX, None), Some(EncodeError::Resource));
    assert_eq!(back(TO, Resource::TronPower, TRX), Some(EncodeError::Resource));
    let freeze = |resource, stake_sun| refused(Call::Freeze { resource, stake_sun });
    let unfreeze = |resource, stake_sun| refused(Call::Unfreeze { resource, stake_sun });
    for stake_sun in [0, -1] {
        assert_eq!(lend(TO, energy, stake_sun, None), Some(EncodeError::Nothing));
        assert_eq!(back(TO, energy, stake_sun), Some(EncodeError::Nothing));
        assert_eq!(freeze(energy, stake_sun), Some(EncodeError::Nothing));
        assert_eq!(unfreeze(energy, stake_sun), Some(EncodeError::Nothing));
    }
    assert_eq!((freeze(Resource::TronPower, TRX), unfreeze(energy, 1)), (None, None));
    assert_eq!(freeze(energy, TRX - 1), Some(EncodeError::Stake));
}

#[test]
fn terms_that_no_node_keeps_have_no_bytes() {
    let refused = |change: &dyn Fn(&mut Unsigned)| {
        let mut unsigned = with(Call::trc20_transfer(TOKEN, TO, Units::from(1)));
        change(&mut unsigned);
        tron::draft(&unsigned).err()
    };
    let made = with(Call::CancelAllUnfreeze).terms.timestamp_ms;
    assert_eq!(refused(&|it| it.terms.expiration_ms = made + 1), None);
    assert_eq!(refused(&|it| it.terms.expiration_ms = made + 86_400_000), None);
    for expiration_ms in [made + 86_400_001, made, made - 1, 0, i64::MIN, i64::MAX] {
        assert_eq!(refused(&|it| it.terms.expiration_ms = expiration_ms), Some(EncodeError::Expiration));
    }
    assert_eq!(refused(&|it| it.terms.timestamp_ms = -1), Some(EncodeError::Expiration));
    for fee_limit_sun in [0, -1] {
        assert_eq!(refused(&|it| it.terms.fee_limit_sun = fee_limit_sun), Some(EncodeError::FeeLimit));
    }
    let free = |it: &mut Unsigned| {
        it.call = Call::TrxTransfer { to: TO, sun: 1 };
        it.terms.fee_limit_sun = 0;
    };
    assert_eq!(refused(&free), None, "nothing but a contract needs a fee limit");
    for permission_id in [2, 9] {
        assert_eq!(refused(&|it| it.terms.permission_id = permission_id), None);
    }
    // 1 is a witness's: nodes take no transaction of it.
    for permission_id in [-1, 1, 10] {
        assert_eq!(refused(&|it| it.terms.permission_id = permission_id), Some(EncodeError::PermissionId));
    }
}

#[test]
fn what_is_drafted_fits_a_node_with_all_its_signatures() {
    let (key, _) = key(&[9; 32]);
    let long = |bytes: usize| {
        let mut unsigned = with(Call::CancelAllUnfreeze);
        unsigned.terms.memo = vec![1; bytes];
        unsigned
    };
    let most = (0..BYTES_MAX).rev().find(|bytes| tron::draft(&long(*bytes)).is_ok()).unwrap();
    let made = tron::draft(&long(most)).unwrap();
    let signed = tron::signed(&made.raw, &[sign(&key, &made.txid); SIGNATURES_MAX]);
    assert!((BYTES_MAX - 4..=BYTES_MAX).contains(&signed.len()), "{}", signed.len());
    assert!(tron::decode(&signed).is_ok());
    assert_eq!(tron::draft(&long(most + 1)), Err(EncodeError::TooLong));
    let longer = tron::signed(&tron::raw(&long(BYTES_MAX)), &[]);
    assert_eq!(tron::decode(&longer), Err(DecodeError::TooLong));
    assert_eq!(tron::relayed(&longer), Err(DecodeError::TooLong));
    assert_eq!(tron::decode_raw(&tron::raw(&long(BYTES_MAX))), Err(DecodeError::TooLong));
}

fn permission(active: bool) -> Permission {
    Permission {
        id: 0,
        name: "payout".into(),
        threshold: 2,
        operations: active.then_some(Operations([1; 32])),
        keys: vec![Key { address: ME, weight: 1 }, Key { address: TO, weight: 1 }],
    }
}

#[test]
fn permissions_that_lock_an_account_have_no_bytes() {
    let update = |owner, actives| refused(Call::PermissionUpdate { owner, witness: None, actives });
    let active = || vec![permission(true)];
    assert_eq!(update(permission(false), active()), None);
    let no = |error| Some(EncodeError::Permission(error));
    assert_eq!(update(permission(false), vec![]), no(PermissionError::Actives(0)));
    assert_eq!(update(permission(false), vec![permission(true); 9]), no(PermissionError::Actives(9)));
    assert_eq!(update(permission(true), active()), no(PermissionError::Operations));
    assert_eq!(update(permission(false), vec![permission(false)]), no(PermissionError::Operations));
    let owner = |change: &dyn Fn(&mut Permission)| {
        let mut owner = permission(false);
        change(&mut owner);
        update(owner, active())
    };
    assert_eq!(owner(&|it| it.name = "\u{1f511}".repeat(16)), None);
    // 32 letters and one UTF-16 unit.
    let long = format!("{}{}", "x".repeat(31), '\u{1f511}');
    assert_eq!(owner(&|it| it.name.clone_from(&long)), no(PermissionError::Name));
    for threshold in [0, -1, 3] {
        assert_eq!(owner(&|it| it.threshold = threshold), no(PermissionError::Threshold));
    }
    assert_eq!(owner(&|it| it.keys[0].weight = 0), no(PermissionError::Threshold));
    assert_eq!(owner(&|it| it.keys[0].weight = i64::MAX), no(PermissionError::Threshold));
    assert_eq!(owner(&|it| it.keys[0].address = TO), no(PermissionError::Keys));
    assert_eq!(owner(&|it| it.keys.clear()), no(PermissionError::Keys));
    let six = |it: &mut Permission| {
        it.keys = (1..=6).map(|byte| Key { address: Address([byte; 20]), weight: 1 }).collect();
    };
    assert_eq!(owner(&six), no(PermissionError::Keys));

    let witness = |change: &dyn Fn(&mut Permission)| {
        let mut witness = permission(false);
        witness.keys.truncate(1);
        witness.threshold = 1;
        change(&mut witness);
        let owner = permission(false);
        refused(Call::PermissionUpdate { owner, witness: Some(witness), actives: active() })
    };
    assert_eq!(witness(&|_| {}), None);
    assert_eq!(witness(&|it| it.keys = permission(false).keys), no(PermissionError::Keys));
    assert_eq!(witness(&|it| it.threshold = 2), no(PermissionError::Threshold));
    assert_eq!(witness(&|it| it.operations = Some(Operations([1; 32]))), no(PermissionError::Operations));
}

/// The raw data of a CancelAllUnfreezeV2, by hand, so that each part can be wrong.
fn by_hand(reference: &[u8], kind: u8, url: &str, owner: &[u8], contracts: usize) -> Vec<u8> {
    let run = |tag: u8, bytes: &[u8]| [&[tag, u8::try_from(bytes.len()).unwrap()][..], bytes].concat();
    let any = [run(0x0a, url.as_bytes()), run(0x12, &run(0x0a, owner))].concat();
    let contract = run(0x5a, &[vec![0x08, kind], run(0x12, &any)].concat());
    [run(0x0a, reference), run(0x22, &[7; 8]), contract.repeat(contracts)].concat()
}

#[test]
fn each_part_that_is_wrong_is_named() {
    let url = "type.googleapis.com/protocol.CancelAllUnfreezeV2Contract";
    let other = "type.googleapis.com/protocol.WithdrawExpireUnfreezeContract";
    let owner = ME.to_21();
    let read = |reference: &[u8], kind, url, owner: &[u8], contracts| {
        tron::decode_raw(&by_hand(reference, kind, url, owner, contracts)).map(|unsigned| unsigned.call)
    };
    assert_eq!(read(&[1, 2], 59, url, &owner, 1), Ok(Call::CancelAllUnfreeze));
    assert_eq!(read(&[1, 2], 59, url, &owner, 0), Err(DecodeError::Contracts(0)));
    assert_eq!(read(&[1, 2], 59, url, &owner, 2), Err(DecodeError::Contracts(2)));
    assert_eq!(read(&[1], 59, url, &owner, 1), Err(DecodeError::Shape));
    assert_eq!(read(&[1, 2], 56, url, &owner, 1), Err(DecodeError::Type));
    assert_eq!(read(&[1, 2], 59, other, &owner, 1), Err(DecodeError::Type));
    assert_eq!(read(&[1, 2], 30, url, &owner, 1), Err(DecodeError::Type));
    assert_eq!(read(&[1, 2], 59, url, &ME.0, 1), Err(DecodeError::Address));
    assert_eq!(read(&[1, 2], 59, url, &[0x42; 21], 1), Err(DecodeError::Address));
    assert_eq!(tron::decode_raw(&[0xff]), Err(DecodeError::Malformed));
    // A field that java-tron knows and nobody writes.
    let good = by_hand(&[1, 2], 59, url, &owner, 1);
    assert_eq!(tron::decode_raw(&[&good[..4], &[0x18, 5], &good[4..]].concat()), Err(DecodeError::Malformed));
    // The same fields in another order.
    assert_eq!(tron::decode_raw(&[&good[4..], &good[..4]].concat()), Err(DecodeError::Malformed));
}

#[test]
fn a_signature_has_one_form() {
    let (key, address) = key(&[9; 32]);
    let made = tron::draft(&with(Call::CancelAllUnfreeze)).unwrap();
    let normal = sign(&key, &made.txid).bytes();
    let v = normal[64];
    // Nodes take both spellings of v; we read both and write one.
    let mut short = normal;
    short[64] = v - 27;
    assert_eq!(tron::recover(&made.txid, &short), Some(address));
    assert_eq!(Signature::read(&short).unwrap().bytes(), normal);
    for wrong in [2, 26, 29, 255] {
        let mut signature = normal;
        signature[64] = wrong;
        assert_eq!(Signature::read(&signature), None);
    }
    assert_eq!(Signature::read(&normal[..64]), None);
    assert_eq!(Signature::read(&[&normal[..], &[0]].concat()), None);

    // The same signature with the other s: also valid on the curve, and never taken.
    let order = Units::from_str_radix("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16)
        .unwrap();
    let s = Units::from_be_slice(&normal[32..64]);
    let mut high = normal;
    high[32..64].copy_from_slice(&(order - s).to_be_bytes::<32>());
    high[64] = 55 - v;
    assert_eq!(Signature::read(&high), None);

    // In a transaction only the normal form has its bytes.
    let whole = tron::signed(&made.raw, &[Signature::read(&normal).unwrap()]);
    assert!(tron::decode(&whole).is_ok());
    let with_tail = |tail: u8| [&whole[..whole.len() - 1], &[tail]].concat();
    assert_eq!(tron::decode(&with_tail(v - 27)), Err(DecodeError::Malformed));
    assert_eq!(tron::decode(&with_tail(29)), Err(DecodeError::Signature));
    let six = tron::signed(&made.raw, &[Signature::read(&normal).unwrap(); SIGNATURES_MAX + 1]);
    assert_eq!(tron::decode(&six), Err(DecodeError::Signature));
    // A stranger's result is kept out of ours, and does not stop a node from relaying it.
    let with_result = [&whole[..], &[0x2a, 0]].concat();
    assert_eq!(tron::decode(&with_result), Err(DecodeError::Malformed));
    assert_eq!(tron::relayed(&with_result).unwrap().raw, made.raw);
}
