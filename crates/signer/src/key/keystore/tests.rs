use super::*;
use crate::key::fresh_secret;

const CHEAP: Scrypt = Scrypt { log_n: 4, r: 8, p: 1 };
/// Made by eth-keyfile (vectors/keystore.py).
const GOLDEN: &str = include_str!("../../../vectors/keystore.json");
const PASSWORD: &str = "correct horse 배터리";

fn password(text: &'static str) -> Arc<dyn Password> {
    Arc::new(move || Ok(Zeroizing::new(text.as_bytes().to_vec())))
}

#[test]
fn a_keystore_of_another_implementation_opens() {
    let keystore = Keystore::parse(GOLDEN).unwrap();
    assert_eq!(*keystore.open(PASSWORD.as_bytes()).unwrap(), [0x42; 32]);
    assert_eq!(keystore.address().unwrap(), MemoryKey::new(&[0x42; 32]).unwrap().address());
    assert_eq!(keystore.open(b"correct horse"), Err(KeyError::Locked));
}

#[test]
fn what_is_created_opens_with_its_password_alone() {
    let secret = fresh_secret().unwrap();
    let keystore = create(b"pw", &secret, CHEAP).unwrap();
    let again = Keystore::parse(&keystore.text()).unwrap();
    assert_eq!(again, keystore);
    assert_eq!(*again.open(b"pw").unwrap(), *secret);
    assert_eq!(again.open(b"pW"), Err(KeyError::Locked));
    assert!(!keystore.text().contains(&hex::encode(secret.as_slice())));
}

#[test]
fn a_changed_file_does_not_open() {
    let keystore = create(b"pw", &[7; 32], CHEAP).unwrap();
    let mut changed = keystore.clone();
    changed
        .crypto
        .ciphertext
        .replace_range(0..2, if changed.crypto.ciphertext.starts_with("00") { "01" } else { "00" });
    assert_eq!(changed.open(b"pw"), Err(KeyError::Locked));
    let mut greedy = keystore;
    greedy.crypto.kdfparams.n = 1 << 40;
    assert!(
        matches!(greedy.open(b"pw"), Err(KeyError::Unreadable(_))),
        "a file does not choose how much we compute"
    );
}

#[test]
fn other_formats_are_refused() {
    for (from, to) in
        [("\"version\": 3", "\"version\": 4"), ("scrypt", "pbkdf2"), ("aes-128-ctr", "aes-256-ctr")]
    {
        assert!(matches!(Keystore::parse(&GOLDEN.replace(from, to)), Err(KeyError::Unreadable(_))), "{to}");
    }
    assert!(matches!(Keystore::parse("{}"), Err(KeyError::Unreadable(_))));
}

#[test]
fn a_key_is_opened_at_first_use_and_must_be_of_its_account() {
    let keystore = create(b"pw", &[7; 32], CHEAP).unwrap();
    let direct = MemoryKey::new(&[7; 32]).unwrap();
    let key = KeystoreKey::new(keystore.clone(), password("pw")).unwrap();
    assert_eq!(key.address(), direct.address());
    assert!(key.opened.get().is_none());
    assert_eq!(key.sign(&[1; 32]), direct.sign(&[1; 32]));

    let closed = KeystoreKey::new(keystore.clone(), password("no")).unwrap();
    assert_eq!(closed.sign(&[1; 32]), Err(KeyError::Locked));

    let renamed = Keystore { address: Some("11".repeat(20)), ..keystore };
    let key = KeystoreKey::new(renamed, password("pw")).unwrap();
    assert_eq!(key.sign(&[1; 32]), Err(KeyError::OtherAccount));
}

#[test]
fn a_keystore_names_its_wallet() {
    let ulid = sluice_core::id::Ulid::new(sluice_core::time::Timestamp::default(), 5);
    let (wallet, partner, chain) = (WalletId::new(ulid), PartnerId::new(ulid), ChainId::evm(137));
    let keystore = create(b"pw", &[7; 32], CHEAP).unwrap();
    assert!(keystore.wallet().is_err());
    let named = Keystore::parse(&keystore.for_wallet(wallet, partner, chain).text()).unwrap();
    assert_eq!(named.wallet(), Ok((wallet, partner, chain)));
}
