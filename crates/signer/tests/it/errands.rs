//! Errands of the house on TRON: signed field by field as they were asked for, within caps of their own, and not at all where
//! there are none.

use std::sync::Arc;

use sluice_codec::tron;
use sluice_core::address::{Address, TronAddress};
use sluice_core::asset::Asset;
use sluice_core::attempt::{Kind, Terms, TronTerms, Unsigned};
use sluice_core::chain::{BlockRef, ChainProfile};
use sluice_core::errand::{Deed, Resource};
use sluice_core::id::{AttemptId, TransferId};
use sluice_core::intent::{Approved, Payment, SigningRequest};
use sluice_core::slot::Slot;
use sluice_signer::key::MemoryKey;
use sluice_signer::{AssetCaps, Caps, Enrolled, JournalAt, KeyRing, SigningService};

use crate::house::{
    Asked, NOW, Pair, SECRET, deployment, never, not_now, partner, payment, refused, sender, ulid, usd,
    wallet,
};

fn owner() -> TronAddress {
    TronAddress(sender().0)
}

fn asset(deed: Deed) -> Asset {
    Asset::errand(&ChainProfile::nile(), deed, Resource::Energy)
}

/// A signer that pays TRX, and does these errands: 1,000 TRX each, 2,000 an hour.
fn signer(deeds: &[Deed]) -> SigningService {
    let profile = ChainProfile::nile();
    let coin = Asset::native(&profile);
    let assets = deeds.iter().map(|deed| asset(*deed)).chain([coin]);
    let caps = assets.map(|asset| AssetCaps::without_people(asset, usd(1_000), usd(2_000)));
    let caps = Caps::of(std::slice::from_ref(&profile), caps.collect());
    let key = Arc::new(MemoryKey::new(&SECRET).unwrap());
    let enrolled = Enrolled { wallet: wallet(), partner: partner(), chain: profile.id, key };
    SigningService::open(&JournalAt::Memory, &deployment(), caps, KeyRing::new().with(enrolled), NOW).unwrap()
}

fn errand(order: &str, deed: Deed, whole: i64) -> Approved {
    let to: Address = if deed.is_own() { owner() } else { TronAddress([0xaa; 20]) }.into();
    let mut approved = payment(order, usd(whole));
    approved.payment = Payment { asset: asset(deed).id, to, ..approved.payment };
    approved
}

/// As an engine makes it that was asked for `asked`, with the bytes of `made`.
fn pair(asked: &Approved, made: &Payment) -> Pair {
    let terms = TronTerms {
        reference: BlockRef { number: 7, hash: [7; 32] },
        expires_at_ms: NOW.millis() + 60_000,
        made_at_ms: NOW.millis(),
        fee_limit_sun: 0,
        permission: 0,
    };
    let deed = Deed::ALL.into_iter().find(|deed| asset(*deed).id == made.asset).unwrap();
    let bytes = tron::pay(owner(), &terms, std::slice::from_ref(made), &asset(deed)).unwrap();
    let slot = Slot::TronTransaction { chain: ChainProfile::nile().id, txid: bytes.txid };
    let id = AttemptId::new(ulid(u64::from(bytes.txid[0])));
    let terms = Terms::Tron(terms);
    let unsigned = Unsigned {
        id,
        transfer: TransferId::new(ulid(9)),
        serial: 0,
        kind: Kind::Pay,
        slot: slot.clone(),
        terms,
        bytes: bytes.raw,
        digest: bytes.txid,
        built_at: NOW,
    };
    let request = SigningRequest {
        attempt: id,
        kind: Kind::Pay,
        payments: vec![asked.clone()],
        slot,
        terms,
        wallet: wallet(),
        epoch: 1,
        digest: bytes.txid,
        at: NOW,
    };
    Pair { request, unsigned }
}

fn admit(signer: &SigningService, asked: &Approved) -> (String, bool) {
    refused(signer.admits(1, std::slice::from_ref(asked), NOW).remove(0))
}

#[test]
fn each_errand_is_signed_as_it_was_asked_for() {
    let signer = signer(&Deed::ALL);
    for deed in Deed::ALL {
        let asked = errand(deed.as_str(), deed, 5);
        assert_eq!(admit(&signer, &asked), not_now("granted"));
        let pair = pair(&asked, &asked.payment);
        let signature = signer.sign_one(&pair).unwrap();
        assert_eq!(signer.sign_one(&pair).unwrap().raw, signature.raw, "asked again, it is the same one");
    }
}

#[test]
fn what_no_cap_is_configured_for_is_refused() {
    let signer = signer(&[Deed::Delegation]);
    for deed in [Deed::Stake, Deed::Unstake, Deed::Reclaim, Deed::Collect] {
        assert_eq!(admit(&signer, &errand(deed.as_str(), deed, 1)), not_now("asset_unknown"));
    }
    assert_eq!(admit(&signer, &errand("small", Deed::Delegation, 1_000)), not_now("granted"));
    assert_eq!(admit(&signer, &errand("large", Deed::Delegation, 1_001)), never("cap_amount"));
    assert_eq!(admit(&signer, &errand("more", Deed::Delegation, 1_000)), not_now("granted"));
    assert_eq!(admit(&signer, &errand("past the hour", Deed::Delegation, 1)), not_now("cap_hourly"));
}

#[test]
fn bytes_that_say_anything_else_are_refused() {
    let asked = errand("loan", Deed::Delegation, 5);
    let locked =
        |blocks: &str| Payment { memo: Some(format!("lock_blocks:{blocks}")), ..asked.payment.clone() };
    let others = [
        locked("28800"),
        Payment { amount: usd(6), ..asked.payment.clone() },
        Payment { to: TronAddress([0xab; 20]).into(), ..asked.payment.clone() },
        Payment { asset: asset(Deed::Reclaim).id, ..asked.payment.clone() },
    ];
    for other in others {
        let signer = signer(&Deed::ALL);
        assert_eq!(admit(&signer, &asked), not_now("granted"));
        assert_eq!(refused(signer.sign_one(&pair(&asked, &other))), never("bytes_differ"), "{other:?}");
    }
    // A lock that was asked for is no other lock.
    let signer = signer(&Deed::ALL);
    let long = Approved { payment: locked("28800"), ..asked.clone() };
    assert_eq!(admit(&signer, &long), not_now("granted"));
    assert_eq!(refused(signer.sign_one(&pair(&long, &locked("28801")))), never("bytes_differ"));
    assert!(signer.sign_one(&pair(&long, &long.payment)).is_ok());
}

#[test]
fn a_stake_of_another_account_and_terms_that_are_none_are_refused() {
    let signer = signer(&Deed::ALL);
    let mut theirs = errand("theirs", Deed::Stake, 5);
    theirs.payment.to = TronAddress([0xaa; 20]).into();
    // Bytes could be made for that account: not with this key.
    assert_eq!(admit(&signer, &theirs), not_now("granted"));
    let ours = Payment { to: owner().into(), ..theirs.payment.clone() };
    assert_eq!(refused(signer.sign_one(&pair(&theirs, &ours))), never("payment_invalid"));
    let mut text = errand("text", Deed::Reclaim, 5);
    text.payment.memo = Some("lock_blocks:28800".into());
    assert_eq!(admit(&signer, &text), never("payment_invalid"));
    let mut little = errand("little", Deed::Delegation, 5);
    little.payment.amount = sluice_core::amount::Amount::from_atoms(999_999).unwrap();
    assert_eq!(admit(&signer, &little), never("payment_invalid"));
}
