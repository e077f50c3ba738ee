//! Fuzz targets: transactions of strangers. What is understood is what a reading of its own understands, field by field,
//! and nothing else is.

#[path = "../../../core/src/fuzz/drive.rs"]
mod drive;
mod model;

use drive::{Examples, drive};

use super::*;

const WORDS: &[&str] = &[
    "\u{0}",
    "\u{1}",
    "\n",
    "\n\u{15}A",
    "\u{12}\u{15}A",
    "\u{12}A",
    "\"\u{8}",
    "(\u{2}",
    "(\u{1}0\u{0}",
    "R\u{1}x",
    "Z\u{0}",
    "\u{18}\u{1}",
    "\u{18}\u{3}",
    "\u{8}\u{1}",
    "\u{8}\u{1f}",
    "\u{8}9",
    "\u{8};",
    "type.googleapis.com/protocol.",
    "type.googleapis.com/protocol.TransferContract",
    "type.googleapis.com/protocol.CancelAllUnfreezeV2Contract",
    "Contract",
];

/// The transactions that tronweb made, each the hex of one field.
fn vectors(field: &str) -> Vec<Vec<u8>> {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../../vectors/tron.json")).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    vectors.iter().map(|vector| hex::decode(vector[field].as_str().unwrap()).unwrap()).collect()
}

#[test]
fn raw_data_has_one_spelling_and_one_meaning() {
    let mut seeds = vectors("raw_data_hex");
    // The two types that no vector has, which have the same single field.
    for call in [Call::CancelAllUnfreeze, Call::WithdrawExpireUnfreeze] {
        let example = decode_raw(&seeds[0]).unwrap();
        seeds.push(raw(&Unsigned { call, ..example }));
    }
    let seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
    drive(&Examples { seeds: &seeds, words: WORDS }, |input| {
        let read = decode_raw(input);
        assert_eq!(read.as_ref().ok(), model::unsigned(input).as_ref());
        if let Ok(unsigned) = read {
            assert_eq!(raw(&unsigned), input);
            // Whatever is refused at the door, what is let through is the same bytes.
            if let Ok(made) = draft(&unsigned) {
                assert_eq!((made.txid, made.raw.as_slice()), (txid(input), input));
            }
        }
    });
}

#[test]
fn a_spoiled_transaction_is_refused_or_has_other_signers() {
    let seeds = vectors("signed_tx_hex");
    let known: Vec<Decoded> = seeds.iter().map(|seed| decode(seed).unwrap()).collect();
    let seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
    drive(&Examples { seeds: &seeds, words: WORDS }, |input| {
        let read = decode(input);
        let parts = model::transaction(input);
        let signer = |(raw, signature): (&[u8], &&[u8])| match signature {
            // Only the normal form.
            [.., 27 | 28] => recover(&txid(raw), signature),
            _ => None,
        };
        let expected = parts.as_ref().and_then(|(raw, signatures)| {
            model::unsigned(raw)?;
            (signatures.len() <= SIGNATURES_MAX).then_some(())?;
            signatures.iter().map(|signature| signer((raw, signature))).collect::<Option<Vec<_>>>()
        });
        assert_eq!(read.as_ref().ok().map(|decoded| &decoded.signers), expected.as_ref());
        let Ok(decoded) = read else { return };
        let (raw, _) = parts.unwrap();
        assert_eq!((decoded.raw.as_slice(), decoded.txid), (raw, txid(raw)));
        assert_eq!(signed(raw, &decoded.signatures), input);
        // Nobody is taken for the signer of what they did not sign.
        let theirs = |known: &Decoded| known.signers.iter().any(|signer| decoded.signers.contains(signer));
        let signed = known.iter().any(|known| known.txid == decoded.txid);
        assert!(signed || !known.iter().any(theirs), "{decoded:?}");
    });
}
