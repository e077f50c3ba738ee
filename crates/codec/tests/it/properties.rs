//! What holds for all arguments.

use k256::ecdsa::SigningKey;
use proptest::prelude::*;
use sluice_codec::evm::{self, call, log};
use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetId, AssetKind};
use sluice_core::attempt::Fees;
use sluice_core::chain::ChainId;
use sluice_core::slot::Slot;

/// A byte that makes a key when it is repeated: zero is no scalar, and 32 times 255 is past the order of the curve.
const A_SECRET: std::ops::RangeInclusive<u8> = 1..=254;

fn key(secret: [u8; 32]) -> (SigningKey, EvmAddress) {
    let key = SigningKey::from_slice(&secret).unwrap();
    let public = key.verifying_key().to_encoded_point(false);
    let address = evm::address_of(public.as_bytes()[1..].try_into().unwrap());
    (key, address)
}

fn sign(key: &SigningKey, unsigned: &evm::Bytes) -> Vec<u8> {
    let (signature, recovery) = key.sign_prehash_recoverable(&unsigned.digest).unwrap();
    let (r, s) = (signature.r().to_bytes().into(), signature.s().to_bytes().into());
    evm::attach(&unsigned.unsigned, r, s, recovery.is_y_odd()).unwrap().0
}

prop_compose! {
    fn a_fee()(gas_limit in 21_000u64..30_000_000, max_fee_wei: u128, tip: u128) -> Fees {
        Fees { gas_limit, max_fee_wei, tip_wei: tip.min(max_fee_wei) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_paid_is_what_is_read(
        secret in A_SECRET, chain in 1u64.., nonce: u64, fees in a_fee(), native: bool,
        atoms in 1..=i64::MAX, decimals in 9u8..=18, to: [u8; 20], contract: [u8; 20],
    ) {
        prop_assume!(to != [0; 20] && to != contract);
        let (key, sender) = key([secret; 32]);
        let chain = ChainId::evm(chain);
        let kind = if native { AssetKind::Native(60) } else { AssetKind::Erc20(EvmAddress(contract)) };
        let asset = Asset { id: AssetId { chain, kind }, symbol: "X".into(), precision: 9, decimals, freezable: false };
        let payment = crate::payment(&asset, atoms, EvmAddress(to));
        let slot = Slot::EvmNonce { chain, sender, nonce };

        let unsigned = evm::pay(&slot, &fees, &[payment], &asset).unwrap();
        let decoded = evm::decode(&sign(&key, &unsigned)).unwrap();

        let units = Units::from(atoms) * Units::from(10u64).pow(Units::from(decimals - 9));
        prop_assert_eq!(decoded.sender, sender);
        prop_assert_eq!((decoded.chain_id, decoded.nonce), (chain.reference, nonce));
        prop_assert_eq!(
            Fees { gas_limit: decoded.gas_limit, max_fee_wei: decoded.max_fee_wei, tip_wei: decoded.tip_wei },
            fees
        );
        if native {
            prop_assert_eq!((decoded.to, decoded.value, decoded.data.len()), (EvmAddress(to), units, 0));
        } else {
            prop_assert_eq!((decoded.to, decoded.value), (EvmAddress(contract), Units::ZERO));
            prop_assert_eq!(call::as_transfer(&decoded.data), Some((EvmAddress(to), units)));
        }
    }

    #[test]
    fn a_changed_byte_is_another_sender_or_nothing(place: prop::sample::Index, change in 1u8..=255) {
        let (key, sender) = key([3; 32]);
        let payment = crate::payment(&crate::usdc(), 5, EvmAddress([0xaa; 20]));
        let unsigned = evm::pay(&crate::slot(sender, 7), &crate::FEES, &[payment], &crate::usdc()).unwrap();
        let mut raw = sign(&key, &unsigned);
        let place = place.index(raw.len());
        raw[place] ^= change;
        if let Ok(decoded) = evm::decode(&raw) {
            prop_assert_ne!(decoded.sender, sender);
        }
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), typed: bool) {
        let mut raw = bytes.clone();
        if typed && !raw.is_empty() { raw[0] = 2; }
        let _outcome = evm::decode(&raw);
        let _outcome = evm::attach(&raw, [1; 32], [1; 32], false);
        let _outcome = call::as_transfer(&bytes);
        let _outcome = (call::read_bool(&bytes), call::read_u8(&bytes), call::read_units(&bytes));
        let topics: Vec<[u8; 32]> = bytes.chunks_exact(32).map(|chunk| chunk.try_into().unwrap()).collect();
        let _outcome = (log::transfer(&topics, &bytes), log::approval(&topics, &bytes));
    }

    #[test]
    fn cut_or_lengthened_bytes_are_refused(cut in 1usize..180, extra in proptest::collection::vec(any::<u8>(), 1..40)) {
        let (key, sender) = key([3; 32]);
        let payment = crate::payment(&crate::usdc(), 5, EvmAddress([0xaa; 20]));
        let unsigned = evm::pay(&crate::slot(sender, 7), &crate::FEES, &[payment], &crate::usdc()).unwrap();
        let raw = sign(&key, &unsigned);
        prop_assert!(evm::decode(&raw[..raw.len() - cut.min(raw.len())]).is_err());
        let longer = [raw, extra].concat();
        prop_assert_eq!(evm::decode(&longer), Err(evm::DecodeError::Malformed));
    }
}
