//! Keys: a folder of keystores, and wallets enrolled while running.

use std::sync::Arc;

use k256::ecdsa::hazmat::SignPrimitive;
use k256::elliptic_curve::ops::Reduce;
use k256::{Scalar, U256};
use sluice_core::address::EvmAddress;
use sluice_core::chain::ChainId;
use sluice_core::id::WalletId;
use sluice_signer::key::keystore::{self, Password, Scrypt};
use sluice_signer::key::{MemoryKey, RingError, fresh_secret};
use sluice_signer::{EnrolError, Enrolled, JournalAt, Key, KeyError, KeyRing, Raw, SigningService};

use crate::house::{
    Asked, NOW, SECRET, caps, deployment, partner, pay, payment, refused, ring_of, ulid, usd, wallet,
};

const CHEAP: Scrypt = Scrypt { log_n: 4, r: 8, p: 1 };

fn password() -> Arc<dyn Password> {
    Arc::new(|| Ok(b"pw".to_vec().into()))
}

#[test]
fn a_folder_of_keystores_is_a_ring_and_signs() {
    let dir = tempfile::tempdir().unwrap();
    let chain = ChainId::evm(137);
    let file = |name: &str| dir.path().join(name);
    let ours = keystore::create(b"pw", &SECRET, CHEAP).unwrap().for_wallet(wallet(), partner(), chain);
    std::fs::write(file(&format!("{}.json", wallet())), ours.text()).unwrap();
    std::fs::write(file("README"), "not a key").unwrap();
    let ring = KeyRing::folder(dir.path(), &password()).unwrap();
    assert_eq!(ring.wallets().count(), 1);
    let signer = SigningService::open(&JournalAt::Memory, &deployment(), caps(), ring, NOW).unwrap();
    signer.paid(0, &payment("order-1", usd(1)));

    let nameless = keystore::create(b"pw", &fresh_secret().unwrap(), CHEAP).unwrap();
    std::fs::write(file("nameless.json"), nameless.text()).unwrap();
    assert!(matches!(KeyRing::folder(dir.path(), &password()), Err(RingError::Keystore { .. })));
}

#[test]
fn a_locked_key_refuses_for_now_and_loses_nothing() {
    let keystore = keystore::create(b"other", &SECRET, CHEAP).unwrap();
    let key = Arc::new(keystore::KeystoreKey::new(keystore, password()).unwrap());
    let enrolled = Enrolled { wallet: wallet(), partner: partner(), chain: ChainId::evm(137), key };
    let ring = KeyRing::new().with(enrolled);
    let signer = SigningService::open(&JournalAt::Memory, &deployment(), caps(), ring, NOW).unwrap();
    let approved = payment("order-1", usd(1));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    assert_eq!(refused(signer.sign_one(&pay(0, &approved))), ("key_unavailable".into(), false));
}

#[test]
fn a_wallet_enrols_while_running_and_keeps_its_account() {
    let signer =
        SigningService::open(&JournalAt::Memory, &deployment(), caps(), KeyRing::new(), NOW).unwrap();
    let enrolled = |wallet, secret: &[u8; 32]| Enrolled {
        wallet,
        partner: partner(),
        chain: ChainId::evm(137),
        key: Arc::new(MemoryKey::new(secret).unwrap()),
    };
    let approved = payment("order-1", usd(1));
    let answer = signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0);
    assert_eq!(refused(answer), ("wallet_unknown".into(), false));
    signer.enrol(enrolled(wallet(), &SECRET), NOW).unwrap();
    signer.enrol(enrolled(wallet(), &SECRET), NOW).unwrap();
    signer.paid(0, &approved);
    assert!(matches!(signer.enrol(enrolled(wallet(), &[9; 32]), NOW), Err(EnrolError::Contradicts(_))));
    let second = WalletId::new(ulid(3));
    assert!(matches!(signer.enrol(enrolled(second, &SECRET), NOW), Err(EnrolError::Taken(_))));
}

/// A device whose source of chance is stuck: every signature has the same nonce, and two of them give the key away.
struct Stuck(MemoryKey);

impl Key for Stuck {
    fn address(&self) -> EvmAddress {
        self.0.address()
    }

    fn sign(&self, digest: &[u8; 32]) -> Result<Raw, KeyError> {
        let secret = <Scalar as Reduce<U256>>::reduce_bytes(&SECRET.into());
        let nonce = Scalar::from(12_345u64);
        let (signature, recovery) = secret.try_sign_prehashed(nonce, &(*digest).into()).unwrap();
        let low = signature.normalize_s();
        let odd = recovery.unwrap().is_y_odd() ^ low.is_some();
        let signature = low.unwrap_or(signature);
        let (r, s) = signature.split_bytes();
        Ok(Raw { r: r.into(), s: s.into(), y_parity: odd })
    }
}

#[test]
fn a_key_that_repeats_its_nonce_signs_once_and_never_again() {
    let key = Arc::new(Stuck(MemoryKey::new(&SECRET).unwrap()));
    let signer = SigningService::open(&JournalAt::Memory, &deployment(), caps(), ring_of(key), NOW).unwrap();
    signer.paid(0, &payment("order-1", usd(1)));
    let second = payment("order-2", usd(1));
    signer.admits(1, std::slice::from_ref(&second), NOW).remove(0).unwrap();
    let refusal = signer.sign_one(&pay(1, &second)).unwrap_err();
    assert_eq!(refusal.code, "key_unavailable");
    assert!(refusal.detail.contains("repeats its nonces"), "{refusal}");
}
