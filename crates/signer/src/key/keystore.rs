//! Keystore version 3: a secret under a password, as geth and every wallet write it
//! (<https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage/>). scrypt and aes-128-ctr
//! only.
//!
//! For development and small installations. What protects the money of a large one is a key that cannot be read at all.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};
use sluice_core::address::EvmAddress;
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, WalletId};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Key, KeyError, MemoryKey, NoEntropy, Raw, entropy};

/// Cost of guessing one password. Memory is `128 * r * 2^log_n` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scrypt {
    /// Binary logarithm of scrypt's N.
    pub log_n: u8,
    /// Block size.
    pub r: u32,
    /// Parallelism.
    pub p: u32,
}

impl Scrypt {
    /// geth's standard: 256 MB and about a second.
    pub const STANDARD: Self = Self { log_n: 18, r: 8, p: 1 };
    /// geth's light: 4 MB. For development and tests.
    pub const LIGHT: Self = Self { log_n: 12, r: 8, p: 6 };
    /// Nothing above this is computed for a file: 1 GB and 2^24 block mixes.
    const MEMORY_MAX: u64 = 1 << 30;
    const WORK_MAX: u64 = 1 << 27;

    fn params(self) -> Result<scrypt::Params, KeyError> {
        let size = 1u64.checked_shl(u32::from(self.log_n)).unwrap_or(u64::MAX);
        let memory = size.saturating_mul(128).saturating_mul(u64::from(self.r));
        let work = size.saturating_mul(u64::from(self.r)).saturating_mul(u64::from(self.p));
        if memory > Self::MEMORY_MAX || work > Self::WORK_MAX {
            return Err(KeyError::Unreadable("scrypt parameters out of bounds"));
        }
        scrypt::Params::new(self.log_n, self.r, self.p)
            .map_err(|_| KeyError::Unreadable("scrypt parameters out of bounds"))
    }
}

/// Where a password comes from. Asked once, at first use, and not kept.
pub trait Password: Send + Sync {
    /// The password's bytes.
    ///
    /// # Errors
    /// [`KeyError::NoPassword`].
    fn read(&self) -> Result<Zeroizing<Vec<u8>>, KeyError>;
}

impl<F: Fn() -> Result<Zeroizing<Vec<u8>>, KeyError> + Send + Sync> Password for F {
    fn read(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self()
    }
}

/// A keystore file. Its secret is encrypted; printing it gives nothing away but the account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keystore {
    version: u32,
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    crypto: Crypto,
    /// Ours; other programs ignore it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sluice: Option<Belongs>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Belongs {
    wallet: String,
    partner: String,
    chain: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Crypto {
    cipher: String,
    ciphertext: String,
    cipherparams: Cipher,
    kdf: String,
    kdfparams: Kdf,
    mac: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cipher {
    iv: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kdf {
    dklen: u32,
    n: u64,
    p: u32,
    r: u32,
    salt: String,
}

impl fmt::Debug for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keystore of {}", self.address.as_deref().unwrap_or("an account it does not name"))
    }
}

/// Why no keystore was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The secret or the parameters are not usable.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No chance.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// Puts a secret under a password.
///
/// # Errors
/// [`CreateError`]: not a key, parameters out of bounds, or no entropy.
pub fn create(password: &[u8], secret: &[u8; 32], cost: Scrypt) -> Result<Keystore, CreateError> {
    let (salt, iv, id) = (entropy::bytes::<32>()?, entropy::bytes::<16>()?, entropy::bytes::<16>()?);
    Ok(seal(password, secret, cost, &salt, &iv, &uuid(*id))?)
}

/// [`create`], with chance as an argument.
fn seal(
    password: &[u8],
    secret: &[u8; 32],
    cost: Scrypt,
    salt: &[u8; 32],
    iv: &[u8; 16],
    id: &str,
) -> Result<Keystore, KeyError> {
    let address = MemoryKey::new(secret)?.address();
    let derived = derive(password, salt, cost)?;
    let mut text = Zeroizing::new(*secret);
    crypt(&derived, iv, text.as_mut_slice())?;
    let kdfparams = Kdf { dklen: 32, n: 1 << cost.log_n, p: cost.p, r: cost.r, salt: hex::encode(salt) };
    let crypto = Crypto {
        cipher: "aes-128-ctr".into(),
        ciphertext: hex::encode(text.as_slice()),
        cipherparams: Cipher { iv: hex::encode(iv) },
        kdf: "scrypt".into(),
        kdfparams,
        mac: hex::encode(mac(&derived, text.as_slice())),
    };
    Ok(Keystore { version: 3, id: id.into(), address: Some(hex::encode(address.0)), crypto, sluice: None })
}

impl Keystore {
    /// Reads a file.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`] for anything but version 3 with scrypt and aes-128-ctr.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let keystore: Self =
            serde_json::from_str(text).map_err(|_| KeyError::Unreadable("not the JSON of one"))?;
        let crypto = &keystore.crypto;
        match (keystore.version, crypto.kdf.as_str(), crypto.cipher.as_str(), crypto.kdfparams.dklen) {
            (3, "scrypt", "aes-128-ctr", 32) => Ok(keystore),
            (3, "scrypt", "aes-128-ctr", _) => Err(KeyError::Unreadable("dklen is not 32")),
            (3, "scrypt", _, _) => Err(KeyError::Unreadable("another cipher")),
            (3, _, _, _) => Err(KeyError::Unreadable("another key derivation")),
            _ => Err(KeyError::Unreadable("another version")),
        }
    }

    /// The file's text.
    pub fn text(&self) -> String {
        // Strings and numbers under fixed names: there is nothing in it that JSON cannot say.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The keystore, naming the wallet it belongs to, so that [`super::KeyRing::folder`] can enrol it.
    #[must_use]
    pub fn for_wallet(self, wallet: WalletId, partner: PartnerId, chain: ChainId) -> Self {
        let sluice =
            Belongs { wallet: wallet.to_string(), partner: partner.to_string(), chain: chain.to_string() };
        Self { sluice: Some(sluice), ..self }
    }

    /// The wallet it names.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`] when it names none.
    pub fn wallet(&self) -> Result<(WalletId, PartnerId, ChainId), KeyError> {
        let nameless = KeyError::Unreadable("it names no wallet, partner and chain");
        let Some(belongs) = &self.sluice else { return Err(nameless) };
        let parsed = (
            WalletId::parse(&belongs.wallet),
            PartnerId::parse(&belongs.partner),
            ChainId::parse(&belongs.chain),
        );
        match parsed {
            (Ok(wallet), Ok(partner), Ok(chain)) => Ok((wallet, partner, chain)),
            _ => Err(nameless),
        }
    }

    /// The account it says it is of. Believed only until it is opened.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`] when it does not say.
    pub fn address(&self) -> Result<EvmAddress, KeyError> {
        let text = self.address.as_deref().ok_or(KeyError::Unreadable("it does not name its account"))?;
        let text = text.strip_prefix("0x").unwrap_or(text).to_lowercase();
        EvmAddress::parse(&format!("0x{text}")).map_err(|_| KeyError::Unreadable("its account is no address"))
    }

    /// The secret. Takes as long as its parameters ask for.
    ///
    /// # Errors
    /// [`KeyError::Locked`] for a wrong password or a changed file.
    pub fn open(&self, password: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let crypto = &self.crypto;
        let cost = Scrypt {
            log_n: log_2(crypto.kdfparams.n).ok_or(KeyError::Unreadable("scrypt's n is no power of two"))?,
            r: crypto.kdfparams.r,
            p: crypto.kdfparams.p,
        };
        let salt = hex::decode(&crypto.kdfparams.salt).map_err(|_| KeyError::Unreadable("salt"))?;
        let (iv, expected): ([u8; 16], [u8; 32]) = (fixed(&crypto.cipherparams.iv)?, fixed(&crypto.mac)?);
        let mut text = Zeroizing::new(fixed::<32>(&crypto.ciphertext)?);
        let derived = derive(password, &salt, cost)?;
        if !bool::from(mac(&derived, text.as_slice()).ct_eq(&expected)) {
            return Err(KeyError::Locked);
        }
        crypt(&derived, &iv, text.as_mut_slice())?;
        Ok(text)
    }
}

/// A key in a keystore, opened at its first use.
pub struct KeystoreKey {
    keystore: Keystore,
    address: EvmAddress,
    password: Arc<dyn Password>,
    opened: OnceLock<MemoryKey>,
}

impl KeystoreKey {
    /// A key that is still closed.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`] when the keystore does not name its account.
    pub fn new(keystore: Keystore, password: Arc<dyn Password>) -> Result<Self, KeyError> {
        let address = keystore.address()?;
        Ok(Self { keystore, address, password, opened: OnceLock::new() })
    }

    fn key(&self) -> Result<&MemoryKey, KeyError> {
        if let Some(key) = self.opened.get() {
            return Ok(key);
        }
        // Two callers may both do the work; the first result stays, and both are the same key.
        let key = MemoryKey::new(&*self.keystore.open(&self.password.read()?)?)?;
        if key.address() != self.address {
            return Err(KeyError::OtherAccount);
        }
        Ok(self.opened.get_or_init(|| key))
    }
}

impl Key for KeystoreKey {
    fn address(&self) -> EvmAddress {
        self.address
    }

    fn sign(&self, digest: &[u8; 32]) -> Result<Raw, KeyError> {
        self.key()?.sign(digest)
    }

    fn unlock(&self) -> Result<(), KeyError> {
        self.key().map(|_| ())
    }
}

fn derive(password: &[u8], salt: &[u8], cost: Scrypt) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let mut derived = Zeroizing::new([0; 32]);
    scrypt::scrypt(password, salt, &cost.params()?, derived.as_mut_slice())
        .map_err(|_| KeyError::Unreadable("scrypt parameters out of bounds"))?;
    Ok(derived)
}

/// Encrypts and decrypts alike: the first half of the derived key is the cipher's.
fn crypt(derived: &[u8; 32], iv: &[u8; 16], text: &mut [u8]) -> Result<(), KeyError> {
    let mut cipher = Ctr128BE::<Aes128>::new_from_slices(&derived[..16], iv)
        .map_err(|_| KeyError::Unreadable("key or iv of another length"))?;
    cipher.apply_keystream(text);
    Ok(())
}

/// The second half of the derived key vouches for the text.
fn mac(derived: &[u8; 32], text: &[u8]) -> [u8; 32] {
    Keccak256::new().chain_update(&derived[16..]).chain_update(text).finalize().into()
}

fn fixed<const N: usize>(text: &str) -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| KeyError::Unreadable("hex of another length"))?;
    Ok(bytes)
}

fn log_2(n: u64) -> Option<u8> {
    if n.is_power_of_two() { u8::try_from(n.trailing_zeros()).ok() } else { None }
}

/// A version 4 UUID, which the format asks for.
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = hex::encode(bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
#[path = "keystore/tests.rs"]
mod tests;
