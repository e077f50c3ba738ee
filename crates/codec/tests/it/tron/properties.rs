//! What holds for all arguments.

use proptest::prelude::*;
use sluice_codec::tron::{self, trc20};

use super::{any, key, sign};

/// A byte that makes a key when it is repeated.
const A_SECRET: std::ops::RangeInclusive<u8> = 1..=254;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_encoded_is_what_is_read(unsigned in any::unsigned()) {
        let raw = tron::raw(&unsigned);
        prop_assert_eq!(tron::decode_raw(&raw), Ok(unsigned));
    }

    #[test]
    fn what_is_signed_is_what_is_read(unsigned in any::sensible(), secrets in prop::collection::vec(A_SECRET, 0..=5)) {
        let Ok(made) = tron::draft(&unsigned) else { return Ok(()) };
        let keys: Vec<_> = secrets.iter().map(|secret| key(&[*secret; 32])).collect();
        let signatures: Vec<_> = keys.iter().map(|(key, _)| sign(key, &made.txid)).collect();
        let signed = tron::signed(&made.raw, &signatures);
        let decoded = tron::decode(&signed).unwrap();
        prop_assert_eq!((&decoded.unsigned, &decoded.raw, decoded.txid), (&unsigned, &made.raw, made.txid));
        prop_assert_eq!(decoded.signers, keys.iter().map(|(_, address)| *address).collect::<Vec<_>>());
        prop_assert_eq!(&decoded.signatures, &signatures);
        prop_assert_eq!(tron::bandwidth(&signed), signed.len() + 64);

        let relayed = tron::relayed(&signed).unwrap();
        prop_assert_eq!(&relayed.raw, &made.raw);
        prop_assert_eq!(relayed.signatures.len(), signatures.len());
    }

    #[test]
    fn a_changed_byte_is_another_transaction_or_nothing(
        unsigned in any::sensible(), place: prop::sample::Index, change in 1u8..=255,
    ) {
        let raw = tron::raw(&unsigned);
        let mut changed = raw.clone();
        changed[place.index(raw.len())] ^= change;
        if let Ok(read) = tron::decode_raw(&changed) {
            prop_assert_ne!(read, unsigned);
            prop_assert_ne!(tron::txid(&changed), tron::txid(&raw));
        }
    }

    #[test]
    fn a_changed_byte_is_another_signer_or_nothing(
        unsigned in any::sensible(), secret in A_SECRET, place: prop::sample::Index, change in 1u8..=255,
    ) {
        let (key, address) = key(&[secret; 32]);
        let raw = tron::raw(&unsigned);
        let mut signed = tron::signed(&raw, &[sign(&key, &tron::txid(&raw))]);
        let place = place.index(signed.len());
        signed[place] ^= change;
        if let Ok(decoded) = tron::decode(&signed) {
            prop_assert!(!decoded.signers.contains(&address));
        }
    }

    #[test]
    fn cut_or_lengthened_bytes_are_refused(
        unsigned in any::sensible(), cut: prop::sample::Index, extra in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let (key, _) = key(&[3; 32]);
        let raw = tron::raw(&unsigned);
        let whole = tron::signed(&raw, &[sign(&key, &tron::txid(&raw))]);
        let decoded = tron::decode(&whole).unwrap();
        // What is left when the signature goes is the same transaction, unsigned; nothing else is one.
        if let Ok(rest) = tron::decode(&whole[..cut.index(whole.len())]) {
            prop_assert_eq!((rest.raw, rest.signers.len()), (decoded.raw, 0));
        }
        // Without its last field it may be another transaction, with another id.
        if let Ok(read) = tron::decode_raw(&raw[..cut.index(raw.len())]) {
            prop_assert_ne!(read, unsigned);
        }
        prop_assert!(tron::decode_raw(&[raw, extra.clone()].concat()).is_err());
        prop_assert!(tron::decode(&[whole, extra].concat()).is_err());
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _outcome = (tron::decode(&bytes), tron::decode_raw(&bytes), tron::relayed(&bytes));
        let _outcome = (tron::recover(&[1; 32], &bytes), trc20::as_transfer(&bytes));
        let topics: Vec<[u8; 32]> = bytes.chunks_exact(32).map(|chunk| chunk.try_into().unwrap()).collect();
        let _outcome = trc20::transfer_log(&bytes, &topics, &bytes);
    }

    #[test]
    fn a_token_payment_is_read_as_it_was_asked(token: [u8; 20], to: [u8; 20], limbs: [u64; 4]) {
        let (token, to) = (tron::Address(token), tron::Address(to));
        let units = sluice_core::amount::Units::from_limbs(limbs);
        let call = tron::Call::trc20_transfer(token, to, units);
        prop_assert_eq!(call.as_trc20_transfer(), Some((token, to, units)));
        prop_assert_eq!(trc20::as_transfer(&trc20::transfer(to, units)), Some((to, units)));
    }
}
