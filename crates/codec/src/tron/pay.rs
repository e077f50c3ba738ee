//! From what people approved to the bytes that are signed.

use sluice_core::address::TronAddress;
use sluice_core::amount::Amount;
use sluice_core::asset::{Asset, AssetKind};
use sluice_core::attempt::TronTerms;
use sluice_core::chain::Family;
use sluice_core::errand::{self, Deed, LockBlocks};
use sluice_core::intent::Payment;

use super::call::{Call, Resource};
use super::draft::{Bytes, EncodeError, draft};
use super::key::Signature;
use super::terms::{Reference, Terms};
use super::tx::{Unsigned, signed};
use crate::scale;

/// Why no bytes are made for a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayError {
    /// An ordinary transfer pays exactly one payment.
    #[error("a transfer pays exactly one payment, not {0}")]
    Count(usize),
    /// Payment and asset do not speak of the same asset and precision, or it lives on another family of chains.
    #[error("the payment is not of this asset, at this precision, on TRON")]
    Asset,
    /// The chain cannot say the amount exactly.
    #[error("the amount does not scale exactly to the asset's decimals")]
    Amount,
    /// The recipient is an account of another family: what is sent there is lost.
    #[error("the recipient is no account on TRON")]
    Recipient,
    /// An errand's terms are a lock, of a loan and of nothing else, in its one spelling.
    #[error("these are no terms of this errand")]
    Terms,
    /// No node would carry it out.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// `r` or `s` outside the curve's order, or a high `s`.
    #[error("the signature is out of range or has a high s")]
    Signature,
}

/// One payment from an account: a token by `transfer(address,uint256)`, TRX as such. Its memo goes along, for which the
/// chain takes its fee; see [`TronTerms::worst`].
///
/// # Errors
/// [`PayError`] names what does not fit together.
pub fn pay(
    owner: TronAddress,
    terms: &TronTerms,
    pays: &[Payment],
    asset: &Asset,
) -> Result<Bytes, PayError> {
    let [payment] = pays else { return Err(PayError::Count(pays.len())) };
    if payment.asset != asset.id
        || payment.precision != asset.precision
        || asset.id.chain.family != Family::Tron
    {
        return Err(PayError::Asset);
    }
    if payment.amount == Amount::ZERO {
        return Err(EncodeError::Nothing.into());
    }
    let units = scale::to_chain(payment.amount, asset).ok_or(PayError::Amount)?;
    let to = payment.to.tron().ok_or(PayError::Recipient)?;
    let call = match asset.id.kind {
        AssetKind::Trc20(token) => Call::trc20_transfer(token, to, units),
        AssetKind::Native(_) => {
            let sun = i64::try_from(units).map_err(|_| PayError::Amount)?;
            Call::TrxTransfer { to, sun }
        }
        AssetKind::Errand(deed, resource) => {
            let sun = i64::try_from(units).map_err(|_| PayError::Amount)?;
            // A stake is of the account's own.
            if deed.is_own() && to != owner {
                return Err(EncodeError::Recipient.into());
            }
            errand(deed, resource, to, sun, lock(payment)?)
        }
        AssetKind::Erc20(_) => return Err(PayError::Asset),
    };
    // The terms of an errand are in what it does.
    let memo = if asset.is_held() { payment.memo.clone().unwrap_or_default() } else { String::new() };
    let terms = Terms {
        reference: Reference::of(terms.reference.number, &terms.reference.hash),
        expiration_ms: terms.expires_at_ms,
        timestamp_ms: terms.made_at_ms,
        fee_limit_sun: i64::try_from(terms.fee_limit_sun).map_err(|_| EncodeError::FeeLimit)?,
        memo: memo.into_bytes(),
        permission_id: terms.permission.into(),
    };
    Ok(draft(&Unsigned { owner, call, terms })?)
}

/// The lock that an errand is asked for with.
///
/// # Errors
/// [`PayError::Terms`]: any other text, or a lock of what is no loan.
pub fn lock(payment: &Payment) -> Result<Option<LockBlocks>, PayError> {
    let Some(text) = &payment.memo else { return Ok(None) };
    let lends = matches!(payment.asset.kind, AssetKind::Errand(Deed::Delegation, _));
    LockBlocks::parse(text).filter(|_| lends).map(Some).ok_or(PayError::Terms)
}

/// What an errand does on chain.
pub const fn errand(
    deed: Deed,
    resource: errand::Resource,
    to: TronAddress,
    stake_sun: i64,
    lock: Option<LockBlocks>,
) -> Call {
    let resource = match resource {
        errand::Resource::Bandwidth => Resource::Bandwidth,
        errand::Resource::Energy => Resource::Energy,
    };
    match deed {
        Deed::Stake => Call::Freeze { resource, stake_sun },
        Deed::Unstake => Call::Unfreeze { resource, stake_sun },
        Deed::Delegation => {
            let lock_blocks = match lock {
                Some(lock) => Some(lock.blocks() as i64),
                None => None,
            };
            Call::Delegate { receiver: to, resource, stake_sun, lock_blocks }
        }
        Deed::Reclaim => Call::Undelegate { receiver: to, resource, stake_sun },
        Deed::Collect => Call::WithdrawExpireUnfreeze,
    }
}

/// `raw_data` and a signature, joined: the bytes a node takes. Who signed is not checked here.
///
/// # Errors
/// [`PayError::Signature`].
pub fn attach(raw: &[u8], r: [u8; 32], s: [u8; 32], y_parity: bool) -> Result<Vec<u8>, PayError> {
    let signature = Signature::new(r, s, y_parity).ok_or(PayError::Signature)?;
    Ok(signed(raw, &[signature]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::address::{Address, EvmAddress};
    use sluice_core::asset::AssetId;
    use sluice_core::chain::{BlockRef, ChainId, ChainProfile};
    use sluice_core::id::{PartnerId, Ulid, WithdrawalId};
    use sluice_core::intent::PaymentKey;
    use sluice_core::time::Timestamp;

    const OWNER: TronAddress = TronAddress([0x11; 20]);
    const TOKEN: TronAddress = TronAddress([0x70; 20]);

    fn usdt() -> Asset {
        let id = AssetId::trc20(ChainProfile::tron_mainnet().id, TOKEN);
        Asset { id, symbol: "USDT".into(), precision: 6, decimals: 6, freezable: true }
    }

    fn payment(asset: &Asset) -> Payment {
        let ulid = Ulid::new(Timestamp::from_micros(0), 1);
        Payment {
            key: PaymentKey([7; 32]),
            partner: PartnerId::new(ulid),
            withdrawal: WithdrawalId::new(ulid),
            asset: asset.id,
            amount: Amount::from_atoms(12_500_000).unwrap(),
            precision: asset.precision,
            to: TronAddress([0xaa; 20]).into(),
            memo: None,
            expires_at: None,
        }
    }

    const fn terms() -> TronTerms {
        TronTerms {
            reference: BlockRef { number: 0x0001_a1b2, hash: [0x5a; 32] },
            expires_at_ms: 1_763_600_060_000,
            made_at_ms: 1_763_600_000_000,
            fee_limit_sun: 30_000_000,
            permission: 0,
        }
    }

    #[test]
    fn what_is_made_says_what_was_approved_and_nothing_else() {
        let asset = usdt();
        let bytes = pay(OWNER, &terms(), &[payment(&asset)], &asset).unwrap();
        let read = super::super::decode_raw(&bytes.raw).unwrap();
        assert_eq!((read.owner, bytes.txid), (OWNER, super::super::txid(&bytes.raw)));
        let (token, to, units) = read.call.as_trc20_transfer().unwrap();
        assert_eq!((token, to.0, units), (TOKEN, [0xaa; 20], sluice_core::amount::Units::from(12_500_000)));
        assert_eq!(read.terms.reference, Reference { bytes: [0xa1, 0xb2], hash: [0x5a; 8] });
        assert!(read.terms.memo.is_empty());
    }

    #[test]
    fn twins_that_differ_in_their_time_are_two_transactions() {
        let asset = usdt();
        let made = |terms: TronTerms| pay(OWNER, &terms, &[payment(&asset)], &asset).unwrap().txid;
        assert_eq!(made(terms()), made(terms()));
        assert_ne!(made(terms()), made(TronTerms { made_at_ms: terms().made_at_ms + 1, ..terms() }));
    }

    fn made(deed: Deed, change: impl FnOnce(&mut Payment)) -> Result<Call, PayError> {
        let asset = Asset::errand(&ChainProfile::tron_mainnet(), deed, errand::Resource::Energy);
        let to = if deed.is_own() { OWNER } else { TronAddress([0xaa; 20]) };
        let mut asked = Payment { to: to.into(), ..payment(&asset) };
        change(&mut asked);
        let bytes = pay(OWNER, &terms(), &[asked], &asset)?;
        // A signature and its head, the result, and the transaction's own head.
        let bandwidth = bytes.raw.len() as u64 + 67 + 64 + 3;
        assert!(bandwidth + 2 <= sluice_core::resource::bandwidth(asset.id.kind, 0), "{bandwidth} bytes");
        let read = super::super::decode_raw(&bytes.raw).unwrap();
        assert!(read.terms.memo.is_empty(), "the terms are in what it does");
        Ok(read.call)
    }

    #[test]
    fn an_errand_does_what_its_payment_says() {
        let (resource, stake_sun, receiver) = (Resource::Energy, 12_500_000, TronAddress([0xaa; 20]));
        assert_eq!(made(Deed::Stake, |_| {}), Ok(Call::Freeze { resource, stake_sun }));
        assert_eq!(made(Deed::Unstake, |_| {}), Ok(Call::Unfreeze { resource, stake_sun }));
        assert_eq!(made(Deed::Reclaim, |_| {}), Ok(Call::Undelegate { receiver, resource, stake_sun }));
        assert_eq!(made(Deed::Collect, |_| {}), Ok(Call::WithdrawExpireUnfreeze));
        let lent = |lock_blocks| Ok(Call::Delegate { receiver, resource, stake_sun, lock_blocks });
        assert_eq!(made(Deed::Delegation, |_| {}), lent(None));
        let locked = |asked: &mut Payment| asked.memo = Some("lock_blocks:28800".into());
        assert_eq!(made(Deed::Delegation, locked), lent(Some(28_800)));
    }

    #[test]
    fn an_errand_with_other_terms_or_for_another_account_makes_no_bytes() {
        let locked = |asked: &mut Payment| asked.memo = Some("lock_blocks:28800".into());
        for deed in [Deed::Stake, Deed::Unstake, Deed::Reclaim, Deed::Collect] {
            assert_eq!(made(deed, locked), Err(PayError::Terms));
        }
        for text in ["", "hello", "lock_blocks:0", "lock_blocks:028800"] {
            assert_eq!(made(Deed::Delegation, |asked| asked.memo = Some(text.into())), Err(PayError::Terms));
        }
        let them: Address = TronAddress([0xaa; 20]).into();
        for deed in [Deed::Stake, Deed::Unstake, Deed::Collect] {
            assert_eq!(made(deed, |asked| asked.to = them), Err(EncodeError::Recipient.into()));
        }
        let to_itself = made(Deed::Delegation, |asked| asked.to = OWNER.into());
        assert_eq!(to_itself, Err(EncodeError::Recipient.into()));
        let least = |asked: &mut Payment| asked.amount = Amount::from_atoms(999_999).unwrap();
        assert_eq!(made(Deed::Delegation, least), Err(EncodeError::Stake.into()));
    }

    #[test]
    fn what_does_not_fit_together_makes_no_bytes() {
        let asset = usdt();
        let made = |payment: Payment| pay(OWNER, &terms(), &[payment], &asset);
        let evm: Address = EvmAddress([0xaa; 20]).into();
        assert_eq!(made(Payment { to: evm, ..payment(&asset) }), Err(PayError::Recipient));
        assert_eq!(made(Payment { to: TOKEN.into(), ..payment(&asset) }), Err(EncodeError::Recipient.into()));
        assert_eq!(made(Payment { precision: 9, ..payment(&asset) }), Err(PayError::Asset));
        let nile = AssetId::trc20(ChainId::tron(3_448_148_188), TOKEN);
        assert_eq!(made(Payment { asset: nile, ..payment(&asset) }), Err(PayError::Asset));
        assert_eq!(
            made(Payment { amount: Amount::ZERO, ..payment(&asset) }),
            Err(EncodeError::Nothing.into())
        );
        assert_eq!(pay(OWNER, &terms(), &[], &asset), Err(PayError::Count(0)));
        let long = TronTerms { expires_at_ms: terms().made_at_ms + 86_400_001, ..terms() };
        assert_eq!(pay(OWNER, &long, &[payment(&asset)], &asset), Err(EncodeError::Expiration.into()));
    }
}
