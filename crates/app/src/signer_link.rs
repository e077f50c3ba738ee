//! The engine's way to the signer: in the same process for `sluice dev`, over a Unix socket otherwise; and the keys that a
//! signer finds in its folder.

mod port;

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "dev")]
use sluice_core::address::Address;
use sluice_core::address::EvmAddress;
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::intent::DeploymentId;
use sluice_core::port::signer::{Setter, Signer};
use sluice_core::port::world::Clock as _;
#[cfg(feature = "dev")]
use sluice_signer::Enrolled;
use sluice_signer::client::Client;
#[cfg(feature = "dev")]
use sluice_signer::key::fresh_secret;
use sluice_signer::key::keystore::{Password, Scrypt, create};
use sluice_signer::key::{KeyError, KeyRing};
use sluice_signer::server::Server;
use sluice_signer::{JournalAt, SigningService};
use zeroize::Zeroizing;

#[cfg(feature = "dev")]
use crate::config::Config;
use crate::config::Keys;
use crate::error::StartError;
use crate::roles::signer::SignerConfig;
use crate::world::SystemClock;
use port::{Link, Linked};

/// A signer in this process. For `sluice dev` alone (M17): whoever can restore this process's disk restores both the
/// store and the journal.
///
/// # Errors
/// [`StartError`]: keys or journal cannot be used.
#[cfg(feature = "dev")]
pub fn in_process(keys: &Keys, config: &Config) -> Result<Arc<dyn Signer>, StartError> {
    let config = SignerConfig::for_dev("unused".into(), keys.clone(), config);
    let service = open(&config, |ring| ring)?;
    Ok(Arc::new(Linked(Arc::new(Link::Here(Box::new(service), config.keys)))))
}

fn open(config: &SignerConfig, keys: impl FnOnce(KeyRing) -> KeyRing) -> Result<SigningService, StartError> {
    let other =
        |error: &dyn std::fmt::Display| StartError::Other(format!("the signer cannot start: {error}"));
    let ring =
        KeyRing::folder(&config.keys.keystore, &password(&config.keys)).map_err(|error| other(&error))?;
    let journal = JournalAt::File(config.keys.journal.clone());
    let deployment = DeploymentId(config.keys.deployment.clone());
    SigningService::open(&journal, &deployment, config.caps()?, keys(ring), SystemClock.now())
        .map_err(|error| other(&error))
}

fn password(keys: &Keys) -> Arc<dyn Password> {
    let file = keys.password_file.clone();
    Arc::new(move || {
        let text = Zeroizing::new(
            fs::read(&file).map_err(|error| KeyError::NoPassword(format!("{}: {error}", file.display())))?,
        );
        Ok(Zeroizing::new(text.trim_ascii_end().to_vec()))
    })
}

/// Wallets that have a keystore file, with their chains and accounts, in order of their names.
///
/// # Errors
/// [`StartError`]: the first file that cannot be read.
#[cfg(feature = "dev")]
pub fn keystore_wallets(keys: &Keys) -> Result<Vec<(WalletId, ChainId, Address)>, StartError> {
    let wallet = |enrolled: &Enrolled| (enrolled.wallet, enrolled.chain, enrolled.address());
    Ok(ring(keys)?.wallets().map(wallet).collect())
}

/// Makes a key for a wallet and writes its keystore. Light scrypt: this is for development.
///
/// # Errors
/// [`StartError`]: no randomness, or the folder cannot be written.
#[cfg(feature = "dev")]
pub fn create_wallet_key(
    keys: &Keys,
    wallet: WalletId,
    partner: PartnerId,
    chain: ChainId,
) -> Result<Address, StartError> {
    let secret = fresh_secret().map_err(|error| StartError::Other(error.to_string()))?;
    let key = write_wallet_key(keys, &secret, wallet, partner, chain, Scrypt::LIGHT)?;
    Ok(Address::of(chain.family, key.0))
}

/// Writes a wallet's keystore, whole or not at all: a running signer may be looking.
///
/// # Errors
/// [`StartError`]: the password cannot be read, or the folder cannot be written.
pub fn write_wallet_key(
    keys: &Keys,
    secret: &[u8; 32],
    wallet: WalletId,
    partner: PartnerId,
    chain: ChainId,
    cost: Scrypt,
) -> Result<EvmAddress, StartError> {
    let other =
        |error: &dyn std::fmt::Display| StartError::Other(format!("a wallet key cannot be kept: {error}"));
    let word = password(keys).read().map_err(|error| other(&error))?;
    let keystore = create(&word, secret, cost).map_err(|error| other(&error))?;
    let keystore = keystore.for_wallet(wallet, partner, chain);
    let address = keystore.address().map_err(|error| other(&error))?;
    let beside = keys.keystore.join(format!("{wallet}.new"));
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        std::io::Write::write_all(&mut file, keystore.text().as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, keys.keystore.join(format!("{wallet}.json")))
    };
    write()
        .map_err(|error| StartError::Path { path: beside.display().to_string(), why: error.to_string() })?;
    Ok(address)
}

/// Every key of the folder, closed.
///
/// # Errors
/// [`StartError`]: the first file that cannot be read.
pub fn ring(keys: &Keys) -> Result<KeyRing, StartError> {
    KeyRing::folder(&keys.keystore, &password(keys)).map_err(|error| StartError::Other(error.to_string()))
}

/// Enrols the keys that came into the folder since the signer started. One that cannot be enrolled keeps no other out.
///
/// # Errors
/// [`StartError`]: the folder cannot be read.
pub fn enrol_new(service: &SigningService, keys: &Keys) -> Result<(), StartError> {
    let held = service.held().map_err(StartError::Signer)?;
    for enrolled in ring(keys)?.wallets().filter(|it| !held.iter().any(|held| held.wallet == it.wallet)) {
        match service.enrol(enrolled.clone(), SystemClock.now()) {
            Ok(()) => {
                tracing::info!(wallet = %enrolled.wallet, address = %enrolled.key.address(), "Enrolled a wallet");
            }
            Err(error) => {
                tracing::error!(wallet = %enrolled.wallet, %error, "A wallet of the folder is not enrolled");
            }
        }
    }
    Ok(())
}

/// A signer in another process, on a Unix socket.
pub fn socket(path: &Path, deployment: &str) -> Arc<dyn Signer> {
    // A keystore's first use costs a second of scrypt.
    let client = Client::new(path.to_owned(), DeploymentId(deployment.to_owned()), PATIENCE);
    Arc::new(Linked(Arc::new(Link::There(client))))
}

/// A signer that serves.
pub struct Serving {
    /// The engine's door.
    pub engine: Server,
    /// The door of people on this machine.
    pub console: Server,
    /// What both lead to.
    pub service: Arc<SigningService>,
}

/// Serves a signer on its sockets. `keys` may put something around each key.
///
/// # Errors
/// [`StartError`]: keys, journal or a socket cannot be used.
pub fn serve(config: &SignerConfig, keys: impl FnOnce(KeyRing) -> KeyRing) -> Result<Serving, StartError> {
    let service = Arc::new(open(config, keys)?);
    let door = |path: &Path, door: Setter| {
        let server = Server::start(Arc::clone(&service), path, door, Arc::new(|| SystemClock.now()));
        server.map_err(|error| StartError::Path { path: path.display().to_string(), why: error.to_string() })
    };
    let (console, engine) =
        (door(&config.console(), Setter::Console)?, door(&config.socket, Setter::Engine)?);
    Ok(Serving { engine, console, service })
}

/// Longest a call to a signer in another process takes.
const PATIENCE: Duration = Duration::from_secs(10);
