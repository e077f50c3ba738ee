//! What comes back from whoever signs outside: compared, field by field, with the bytes that were handed out.

use sluice_core::address::TronAddress;

use super::call::Call;
use super::decode::{DecodeError, decode_raw};
use super::key::Signature;
use super::tx::{Unsigned, signed, txid};

/// A field in which what came back differs from what was handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its stable name.
    pub field: &'static str,
    /// What was handed out.
    pub stored: String,
    /// What came back.
    pub returned: String,
}

/// Why what came back is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReturnedError {
    /// It is another transaction: every field in which it differs.
    #[error("it is another transaction: it differs in {}", fields(.0))]
    Differs(Vec<Difference>),
    /// It is no transaction that reads, or another spelling of the one that was handed out, which would have another id.
    #[error("it is no transaction of the one spelling: {0}")]
    Unread(DecodeError),
    /// Not 65 bytes in normal form.
    #[error("the signature is not 65 bytes r, s and v, or has a high s")]
    Signature,
    /// Another key made it, or it is over other bytes.
    #[error("the signature is by {}, and not by the key of {wanted} over these bytes", .found.map_or_else(|| "nobody".into(), |it| it.to_string()))]
    Key {
        /// Whose key has to sign.
        wanted: TronAddress,
        /// Whose it is, over these bytes.
        found: Option<TronAddress>,
    },
}

fn fields(differences: &[Difference]) -> String {
    differences.iter().map(|it| it.field).collect::<Vec<_>>().join(", ")
}

/// Judges a signature that came back for `stored`, the raw data that was handed out, with the raw data that came along, if any.
/// The bytes that a node takes.
///
/// # Errors
/// [`ReturnedError`]: what does not fit.
pub fn returned(
    stored: &[u8],
    owner: TronAddress,
    raw: Option<&[u8]>,
    signature: &[u8],
) -> Result<Vec<u8>, ReturnedError> {
    if let Some(raw) = raw.filter(|raw| *raw != stored) {
        let (ours, theirs) = (decode_raw(stored), decode_raw(raw));
        let (ours, theirs) = (ours.map_err(ReturnedError::Unread)?, theirs.map_err(ReturnedError::Unread)?);
        return Err(ReturnedError::Differs(differences(&ours, &theirs)));
    }
    let signature = Signature::read(signature).ok_or(ReturnedError::Signature)?;
    let found = signature.signer(&txid(stored));
    if found != Some(owner) {
        return Err(ReturnedError::Key { wanted: owner, found });
    }
    Ok(signed(stored, &[signature]))
}

/// Every field in which two transactions differ.
pub fn differences(stored: &Unsigned, returned: &Unsigned) -> Vec<Difference> {
    let (one, other) = (facts(stored), facts(returned));
    let told = |facts: &[(&'static str, String)], field: &str| {
        facts.iter().find(|(name, _)| *name == field).map_or_else(String::new, |(_, value)| value.clone())
    };
    let mut names: Vec<&'static str> = one.iter().map(|(name, _)| *name).collect();
    names.extend(other.iter().map(|(name, _)| *name).filter(|name| !one.iter().any(|(it, _)| it == name)));
    let both = names.into_iter().map(|field| Difference {
        field,
        stored: told(&one, field),
        returned: told(&other, field),
    });
    both.filter(|it| it.stored != it.returned).collect()
}

/// What a transaction says, field by field. Together the fields are all of it.
pub fn facts(of: &Unsigned) -> Vec<(&'static str, String)> {
    let terms = &of.terms;
    let mut facts = vec![
        ("owner", of.owner.to_string()),
        ("permission_id", terms.permission_id.to_string()),
        ("ref_block_bytes", hex(&terms.reference.bytes)),
        ("ref_block_hash", hex(&terms.reference.hash)),
        ("expiration_ms", terms.expiration_ms.to_string()),
        ("timestamp_ms", terms.timestamp_ms.to_string()),
        ("fee_limit_sun", terms.fee_limit_sun.to_string()),
        ("memo", hex(&terms.memo)),
        ("contract_type", of.call.contract_type().name().to_owned()),
    ];
    match (&of.call, of.call.as_trc20_transfer()) {
        (_, Some((token, to, units))) => facts.extend([
            ("token", token.to_string()),
            ("recipient", to.to_string()),
            ("units", units.to_string()),
        ]),
        (Call::TrxTransfer { to, sun }, None) => {
            facts.extend([("recipient", to.to_string()), ("sun", sun.to_string())]);
        }
        (Call::Trigger { contract, data, value_sun }, None) => facts.extend([
            ("contract", contract.to_string()),
            ("data", hex(data)),
            ("value_sun", value_sun.to_string()),
        ]),
        (other, None) => facts.push(("call", format!("{other:?}"))),
    }
    facts
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tron::{Reference, Terms, raw};
    use k256::ecdsa::SigningKey;
    use sluice_core::amount::Units;

    fn key() -> SigningKey {
        SigningKey::from_slice(&[0x42; 32]).unwrap()
    }

    fn owner() -> TronAddress {
        let point = key().verifying_key().to_encoded_point(false);
        let mut public = [0; 64];
        public.copy_from_slice(&point.as_bytes()[1..]);
        crate::tron::address_of(&public)
    }

    fn refill() -> Unsigned {
        let call =
            Call::trc20_transfer(TronAddress([7; 20]), TronAddress([8; 20]), Units::from(5_000_000u64));
        let terms = Terms {
            reference: Reference { bytes: [1, 2], hash: [3; 8] },
            expiration_ms: 1_800_000_600_000,
            timestamp_ms: 1_800_000_000_000,
            fee_limit_sun: 15_000_000,
            memo: vec![],
            permission_id: 0,
        };
        Unsigned { owner: owner(), call, terms }
    }

    fn signature(bytes: &[u8]) -> [u8; 65] {
        let (signature, parity) = key().sign_prehash_recoverable(&txid(bytes)).unwrap();
        let mut all = [0; 65];
        all[..64].copy_from_slice(&signature.to_bytes());
        all[64] = 27 + u8::from(parity.is_y_odd());
        all
    }

    #[test]
    fn a_signature_over_the_bytes_by_the_key_is_taken_with_or_without_the_bytes() {
        let stored = raw(&refill());
        let one = returned(&stored, owner(), None, &signature(&stored)).unwrap();
        let other = returned(&stored, owner(), Some(&stored), &signature(&stored)).unwrap();
        assert_eq!(one, other);
        let decoded = crate::tron::decode(&one).unwrap();
        assert_eq!((decoded.raw, decoded.signers), (stored, vec![owner()]));
    }

    #[test]
    fn every_field_that_was_changed_is_named_and_nothing_else() {
        let stored = raw(&refill());
        type Change = fn(&mut Unsigned);
        let changes: [(&str, Change); 9] = [
            ("owner", |it| it.owner = TronAddress([9; 20])),
            ("permission_id", |it| it.terms.permission_id = 2),
            ("ref_block_bytes", |it| it.terms.reference.bytes = [9, 9]),
            ("ref_block_hash", |it| it.terms.reference.hash = [9; 8]),
            ("expiration_ms", |it| it.terms.expiration_ms += 1),
            ("timestamp_ms", |it| it.terms.timestamp_ms += 1),
            ("fee_limit_sun", |it| it.terms.fee_limit_sun += 1),
            ("memo", |it| it.terms.memo = b"hello".to_vec()),
            ("recipient", |it| {
                it.call = Call::trc20_transfer(
                    TronAddress([7; 20]),
                    TronAddress([9; 20]),
                    Units::from(5_000_000u64),
                );
            }),
        ];
        for (field, change) in changes {
            let mut other = refill();
            change(&mut other);
            let bytes = raw(&other);
            let refused = returned(&stored, owner(), Some(&bytes), &signature(&bytes));
            let Err(ReturnedError::Differs(differences)) = refused else { panic!("{field}: {refused:?}") };
            let named: Vec<_> = differences.iter().map(|it| it.field).collect();
            assert_eq!(named, [field]);
        }
        let other = Unsigned { call: Call::TrxTransfer { to: TronAddress([8; 20]), sun: 1 }, ..refill() };
        let found = differences(&refill(), &other);
        let named: Vec<_> = found.iter().map(|it| it.field).collect();
        assert_eq!(named, ["contract_type", "token", "units", "sun"], "also what only one of them has");
    }

    #[test]
    fn another_key_other_bytes_and_other_spellings_are_refused() {
        let stored = raw(&refill());
        let stranger = TronAddress([9; 20]);
        let wrong = returned(&stored, stranger, None, &signature(&stored));
        assert_eq!(wrong, Err(ReturnedError::Key { wanted: stranger, found: Some(owner()) }));
        let over_others = returned(&stored, owner(), None, &signature(b"other bytes"));
        assert!(matches!(over_others, Err(ReturnedError::Key { .. })), "{over_others:?}");
        assert_eq!(returned(&stored, owner(), None, &[0; 64]), Err(ReturnedError::Signature));
        // A field that is said twice means the same to a node, and has another id.
        let twice = [stored.clone(), vec![0x40, 0x01]].concat();
        let spelled = returned(&stored, owner(), Some(&twice), &signature(&twice));
        assert!(matches!(spelled, Err(ReturnedError::Unread(_) | ReturnedError::Differs(_))), "{spelled:?}");
    }
}
