//! The engine's port over whichever signer there is. The signer itself is synchronous, so each call runs off the async
//! threads.

use std::sync::Arc;
use std::time::Duration;

use sluice_core::attempt::{Durable, Unsigned};
use sluice_core::id::WalletId;
use sluice_core::intent::{Approved, SigningRequest};
use sluice_core::journal::Entry;
use sluice_core::port::Fut;
#[cfg(feature = "dev")]
use sluice_core::port::signer::Setter;
use sluice_core::port::signer::{
    Held, Hello, Shown, Signature, Signer, SignerError, SignerRefusal, SlotRecord, Ticket,
};
#[cfg(feature = "dev")]
use sluice_core::port::world::Clock as _;
use sluice_core::slot::Slot;
use sluice_core::stop::Scope;
#[cfg(feature = "dev")]
use sluice_signer::SigningService;
use sluice_signer::client::Client;
use sluice_signer::{Ask, JournalEntry};

#[cfg(feature = "dev")]
use crate::config::Keys;
#[cfg(feature = "dev")]
use crate::world::SystemClock;

/// Where the signer is.
pub(super) enum Link {
    /// In this process, with the folder that its keys come from.
    #[cfg(feature = "dev")]
    Here(Box<SigningService>, Keys),
    /// In another one, on a Unix socket.
    There(Client),
}

/// The port.
pub(super) struct Linked(pub Arc<Link>);

/// Longest whoever asks waits. More than a call takes: past it the connection could not even be made.
const HELD_UP_MAX: Duration = Duration::from_secs(12);

/// Why the engine lifts a stop: the persons who wanted it are in the store.
const LIFTED: &str = "lifted in the store";

/// One call: of the service, by the clock of this process, or of the client.
macro_rules! ask {
    ($linked:ident, here($service:ident, $now:ident) => $here:expr, there($client:ident) => $there:expr) => {
        Box::pin(off_thread($linked.0.clone(), move |link| match link {
            #[cfg(feature = "dev")]
            Link::Here($service, _) => {
                let $now = SystemClock.now();
                $here
            }
            Link::There($client) => $there,
        }))
    };
}

async fn off_thread<T: Send + 'static>(
    link: Arc<Link>,
    work: impl FnOnce(&Link) -> Result<T, SignerError> + Send + 'static,
) -> Result<T, SignerError> {
    match tokio::time::timeout(HELD_UP_MAX, tokio::task::spawn_blocking(move || work(&link))).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Err(SignerError::Down(error.to_string())),
        Err(_elapsed) => Err(SignerError::Down("it takes no connections".into())),
    }
}

type Answer<'a, T> = Fut<'a, Result<T, SignerError>>;

impl Signer for Linked {
    fn hello<'a>(&'a self, wallet: Option<WalletId>) -> Answer<'a, Hello> {
        ask!(self, here(it, _now) => it.hello(wallet), there(it) => it.hello(wallet))
    }

    fn admit<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        payments: &'a [Approved],
    ) -> Answer<'a, Vec<Result<Ticket, SignerRefusal>>> {
        let payments = payments.to_vec();
        ask!(self,
            here(it, now) => it.admit(wallet, epoch, &payments, now),
            there(it) => it.admit(wallet, epoch, &payments))
    }

    fn sign<'a>(
        &'a self,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Answer<'a, Vec<Result<Signature, SignerRefusal>>> {
        let requests = requests.to_vec();
        ask!(self, here(it, now) => it.sign(&asks(&requests), now), there(it) => it.sign(&asks(&requests)))
    }

    fn held(&self) -> Answer<'_, Vec<Held>> {
        Box::pin(off_thread(self.0.clone(), |link| match link {
            #[cfg(feature = "dev")]
            Link::Here(service, keys) => {
                // Nobody else looks into the folder here.
                super::enrol_new(service, keys).map_err(|error| SignerError::Down(error.to_string()))?;
                service.held()
            }
            Link::There(client) => client.held(),
        }))
    }

    fn show(&self, wallet: WalletId, challenge: [u8; 32]) -> Answer<'_, Result<Shown, SignerRefusal>> {
        ask!(self, here(it, now) => it.show(wallet, challenge, now), there(it) => it.show(wallet, challenge))
    }

    fn bar<'a>(&'a self, wallet: WalletId, reason: &'a str) -> Answer<'a, Result<u64, SignerRefusal>> {
        let reason = reason.to_owned();
        ask!(self, here(it, now) => it.bar(wallet, &reason, now), there(it) => it.bar(wallet, &reason))
    }

    fn close<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Answer<'a, Result<SlotRecord, SignerRefusal>> {
        let slot = slot.clone();
        ask!(self,
            here(it, now) => it.close(wallet, epoch, &slot, now),
            there(it) => it.close(wallet, epoch, &slot))
    }

    fn mark(&self, mark: u64) -> Answer<'_, u64> {
        ask!(self, here(it, now) => it.mark(mark, now), there(it) => it.mark(mark))
    }

    fn export<'a>(&'a self, from_seq: u64, limit: usize) -> Answer<'a, Vec<Entry>> {
        ask!(self,
            here(it, _now) => told(&it.export(from_seq, limit)?),
            there(it) => told(&it.export(from_seq, limit)?))
    }

    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Answer<'a, u64> {
        let (scope, reason) = (*scope, reason.to_owned());
        ask!(self,
            here(it, now) => it.stop(&scope, Setter::Engine, &reason, now),
            there(it) => it.stop(&scope, &reason))
    }

    fn lift<'a>(&'a self, scope: &'a Scope, read_at: u64) -> Answer<'a, u64> {
        let scope = *scope;
        ask!(self,
            here(it, now) => it.lift(&scope, Setter::Engine, Some(read_at), LIFTED, now),
            there(it) => it.lift(&scope, Some(read_at), LIFTED))
    }
}

fn told(entries: &[JournalEntry]) -> Result<Vec<Entry>, SignerError> {
    let told = entries.iter().map(JournalEntry::told).collect::<Result<_, _>>();
    told.map_err(|error| SignerError::Journal(error.to_string()))
}

fn asks(requests: &[(SigningRequest, Durable<Unsigned>)]) -> Vec<Ask<'_>> {
    requests.iter().map(|(request, unsigned)| Ask { request, unsigned: unsigned.get() }).collect()
}
