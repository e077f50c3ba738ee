//! The engine's way to the signer: in the same process for `sluice dev`, over a Unix socket otherwise. Both implement the
//! same port; the signer itself is synchronous, so its calls run off the async threads.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sluice_core::address::EvmAddress;
use sluice_core::attempt::{Durable, Unsigned};
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::intent::{Approved, DeploymentId, SigningRequest};
use sluice_core::journal::Entry;
use sluice_core::port::Fut;
use sluice_core::port::signer::{
    Held, Hello, Setter, Shown, Signature, Signer, SignerError, SignerRefusal, SlotRecord, Ticket,
};
use sluice_core::port::world::Clock as _;
use sluice_core::slot::Slot;
use sluice_core::stop::Scope;
use sluice_signer::client::Client;
#[cfg(feature = "dev")]
use sluice_signer::key::fresh_secret;
use sluice_signer::key::keystore::{Password, Scrypt, create};
use sluice_signer::key::{KeyError, KeyRing};
use sluice_signer::server::Server;
use sluice_signer::{Ask, JournalAt, JournalEntry, SigningService};
use zeroize::Zeroizing;

#[cfg(feature = "dev")]
use crate::config::Config;
use crate::config::Keys;
use crate::error::StartError;
use crate::roles::signer::SignerConfig;
use crate::world::SystemClock;

/// A signer in this process. For `sluice dev` alone (M17): whoever can restore this process's disk restores both the
/// store and the journal.
///
/// # Errors
/// [`StartError`]: keys or journal cannot be used.
#[cfg(feature = "dev")]
pub fn in_process(keys: &Keys, config: &Config) -> Result<Arc<dyn Signer>, StartError> {
    let config = SignerConfig::for_dev("unused".into(), keys.clone(), config);
    let service = Arc::new(open(&config, |ring| ring)?);
    Ok(Arc::new(Local { service, keys: config.keys }))
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

/// Wallets that have a keystore file, in order of their names.
///
/// # Errors
/// [`StartError`]: the first file that cannot be read.
#[cfg(feature = "dev")]
pub fn keystore_wallets(keys: &Keys) -> Result<Vec<(WalletId, EvmAddress)>, StartError> {
    Ok(ring(keys)?.wallets().map(|enrolled| (enrolled.wallet, enrolled.key.address())).collect())
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
) -> Result<EvmAddress, StartError> {
    let secret = fresh_secret().map_err(|error| StartError::Other(error.to_string()))?;
    write_wallet_key(keys, &secret, wallet, partner, chain, Scrypt::LIGHT)
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
    Arc::new(Remote { client: Arc::new(client) })
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

/// Runs a synchronous call off the async threads.
async fn off_thread<S: Send + Sync + 'static, T: Send + 'static>(
    signer: Arc<S>,
    work: impl FnOnce(&S) -> Result<T, SignerError> + Send + 'static,
) -> Result<T, SignerError> {
    match tokio::time::timeout(HELD_UP_MAX, tokio::task::spawn_blocking(move || work(&signer))).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Err(SignerError::Down(error.to_string())),
        Err(_elapsed) => Err(SignerError::Down("it takes no connections".into())),
    }
}

/// Longest a call to a signer in another process takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest whoever asks waits. More than a call takes: past it the connection could not even be made.
const HELD_UP_MAX: Duration = Duration::from_secs(12);

/// Why the engine lifts a stop: the persons who wanted it are in the store.
const LIFTED: &str = "lifted in the store";

#[cfg(feature = "dev")]
struct Local {
    service: Arc<SigningService>,
    keys: Keys,
}

struct Remote {
    client: Arc<Client>,
}

#[cfg(feature = "dev")]
impl Signer for Local {
    fn hello<'a>(&'a self, wallet: Option<WalletId>) -> Fut<'a, Result<Hello, SignerError>> {
        Box::pin(off_thread(self.service.clone(), move |it| it.hello(wallet)))
    }

    fn admit<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        payments: &'a [Approved],
    ) -> Fut<'a, Result<Vec<Result<Ticket, SignerRefusal>>, SignerError>> {
        let payments = payments.to_vec();
        Box::pin(off_thread(self.service.clone(), move |it| {
            it.admit(wallet, epoch, &payments, SystemClock.now())
        }))
    }

    fn sign<'a>(
        &'a self,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Fut<'a, Result<Vec<Result<Signature, SignerRefusal>>, SignerError>> {
        let requests = requests.to_vec();
        Box::pin(off_thread(self.service.clone(), move |it| it.sign(&asks(&requests), SystemClock.now())))
    }

    fn held(&self) -> Fut<'_, Result<Vec<Held>, SignerError>> {
        let keys = self.keys.clone();
        // Nobody else looks into the folder here.
        Box::pin(off_thread(self.service.clone(), move |it| {
            enrol_new(it, &keys).map_err(|error| SignerError::Down(error.to_string()))?;
            it.held()
        }))
    }

    fn show(
        &self,
        wallet: WalletId,
        challenge: [u8; 32],
    ) -> Fut<'_, Result<Result<Shown, SignerRefusal>, SignerError>> {
        Box::pin(off_thread(self.service.clone(), move |it| it.show(wallet, challenge, SystemClock.now())))
    }

    fn bar<'a>(
        &'a self,
        wallet: WalletId,
        reason: &'a str,
    ) -> Fut<'a, Result<Result<u64, SignerRefusal>, SignerError>> {
        let reason = reason.to_owned();
        Box::pin(off_thread(self.service.clone(), move |it| it.bar(wallet, &reason, SystemClock.now())))
    }

    fn close<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Fut<'a, Result<Result<SlotRecord, SignerRefusal>, SignerError>> {
        let slot = slot.clone();
        Box::pin(off_thread(self.service.clone(), move |it| {
            it.close(wallet, epoch, &slot, SystemClock.now())
        }))
    }

    fn mark(&self, mark: u64) -> Fut<'_, Result<u64, SignerError>> {
        Box::pin(off_thread(self.service.clone(), move |it| it.mark(mark, SystemClock.now())))
    }

    fn export<'a>(&'a self, from_seq: u64, limit: usize) -> Fut<'a, Result<Vec<Entry>, SignerError>> {
        Box::pin(off_thread(self.service.clone(), move |it| told(&it.export(from_seq, limit)?)))
    }

    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Fut<'a, Result<u64, SignerError>> {
        let (scope, reason) = (*scope, reason.to_owned());
        Box::pin(off_thread(self.service.clone(), move |it| {
            it.stop(&scope, Setter::Engine, &reason, SystemClock.now())
        }))
    }

    fn lift<'a>(&'a self, scope: &'a Scope, read_at: u64) -> Fut<'a, Result<u64, SignerError>> {
        let scope = *scope;
        Box::pin(off_thread(self.service.clone(), move |it| {
            it.lift(&scope, Setter::Engine, Some(read_at), LIFTED, SystemClock.now())
        }))
    }
}

impl Signer for Remote {
    fn hello<'a>(&'a self, wallet: Option<WalletId>) -> Fut<'a, Result<Hello, SignerError>> {
        Box::pin(off_thread(self.client.clone(), move |it| it.hello(wallet)))
    }

    fn admit<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        payments: &'a [Approved],
    ) -> Fut<'a, Result<Vec<Result<Ticket, SignerRefusal>>, SignerError>> {
        let payments = payments.to_vec();
        Box::pin(off_thread(self.client.clone(), move |it| it.admit(wallet, epoch, &payments)))
    }

    fn sign<'a>(
        &'a self,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Fut<'a, Result<Vec<Result<Signature, SignerRefusal>>, SignerError>> {
        let requests = requests.to_vec();
        Box::pin(off_thread(self.client.clone(), move |it| it.sign(&asks(&requests))))
    }

    fn held(&self) -> Fut<'_, Result<Vec<Held>, SignerError>> {
        Box::pin(off_thread(self.client.clone(), |it: &Client| it.held()))
    }

    fn show(
        &self,
        wallet: WalletId,
        challenge: [u8; 32],
    ) -> Fut<'_, Result<Result<Shown, SignerRefusal>, SignerError>> {
        Box::pin(off_thread(self.client.clone(), move |it| it.show(wallet, challenge)))
    }

    fn bar<'a>(
        &'a self,
        wallet: WalletId,
        reason: &'a str,
    ) -> Fut<'a, Result<Result<u64, SignerRefusal>, SignerError>> {
        let reason = reason.to_owned();
        Box::pin(off_thread(self.client.clone(), move |it| it.bar(wallet, &reason)))
    }

    fn close<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Fut<'a, Result<Result<SlotRecord, SignerRefusal>, SignerError>> {
        let slot = slot.clone();
        Box::pin(off_thread(self.client.clone(), move |it| it.close(wallet, epoch, &slot)))
    }

    fn mark(&self, mark: u64) -> Fut<'_, Result<u64, SignerError>> {
        Box::pin(off_thread(self.client.clone(), move |it| it.mark(mark)))
    }

    fn export<'a>(&'a self, from_seq: u64, limit: usize) -> Fut<'a, Result<Vec<Entry>, SignerError>> {
        Box::pin(off_thread(self.client.clone(), move |it| told(&it.export(from_seq, limit)?)))
    }

    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Fut<'a, Result<u64, SignerError>> {
        let (scope, reason) = (*scope, reason.to_owned());
        Box::pin(off_thread(self.client.clone(), move |it| it.stop(&scope, &reason)))
    }

    fn lift<'a>(&'a self, scope: &'a Scope, read_at: u64) -> Fut<'a, Result<u64, SignerError>> {
        let scope = *scope;
        Box::pin(off_thread(self.client.clone(), move |it| it.lift(&scope, Some(read_at), LIFTED)))
    }
}

fn told(entries: &[JournalEntry]) -> Result<Vec<Entry>, SignerError> {
    let told = entries.iter().map(JournalEntry::told).collect::<Result<_, _>>();
    told.map_err(|error| SignerError::Journal(error.to_string()))
}

fn asks(requests: &[(SigningRequest, Durable<Unsigned>)]) -> Vec<Ask<'_>> {
    requests.iter().map(|(request, unsigned)| Ask { request, unsigned: unsigned.get() }).collect()
}
