//! Time, chance, waiting and the ports nobody answers.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use sluice_core::alert::Alert;
use sluice_core::attempt::{Durable, Unsigned};
use sluice_core::id::{KeyId, WalletId};
use sluice_core::intent::{Approved, DeploymentId, SigningRequest};
use sluice_core::journal::Entry;
use sluice_core::port::Fut;
use sluice_core::port::deliver::{Deliver, NotDelivered};
use sluice_core::port::signer::{
    Held, Hello, Setter, Shown, Signature, Signer, SignerError, SignerRefusal, SlotRecord, Standing, Ticket,
};
use sluice_core::port::world::{Clock, Entropy, Topic, Wake};
use sluice_core::slot::Slot;
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;
use sluice_http::SecretBox;
use tokio::sync::Notify;
use zeroize::Zeroizing;

/// A clock that goes on by itself a microsecond at each look, and further by hand.
pub struct Hand(AtomicI64);

impl Hand {
    pub fn new() -> Self {
        Self(AtomicI64::new(Timestamp::parse("2026-11-21T01:00:00Z").unwrap().micros()))
    }

    pub fn now_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1, Ordering::Relaxed))
    }

    pub fn forward_ms(&self, ms: i64) {
        self.0.fetch_add(ms * 1_000, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        self.now_at()
    }
}

/// Chance that counts.
#[derive(Default)]
pub struct Count(AtomicU64);

impl Entropy for Count {
    fn bits(&self) -> u128 {
        u128::from(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Waiting by tokio's clock.
#[derive(Default)]
pub struct Bell(Notify);

impl Wake for Bell {
    fn wait<'a>(&'a self, _: Topic, ms: u64) -> Fut<'a, ()> {
        Box::pin(async move {
            let _rang = tokio::time::timeout(Duration::from_millis(ms.min(50)), self.0.notified()).await;
        })
    }

    fn signal(&self, _: Topic) {
        self.0.notify_waiters();
    }
}

/// A sealing box that only a test may trust.
pub struct Tin;

impl SecretBox for Tin {
    fn seal(&self, key: KeyId, secret: &[u8]) -> Vec<u8> {
        [key.to_string().as_bytes(), b"|", secret].concat()
    }

    fn open(&self, key: KeyId, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        sealed
            .strip_prefix([key.to_string().as_bytes(), b"|"].concat().as_slice())
            .map(|it| Zeroizing::new(it.to_vec()))
    }

    fn fresh(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new([7; 32])
    }
}

/// A sink that never answers.
pub struct Nobody;

/// A signer that takes stops, and answers nothing else.
#[derive(Default)]
pub struct OnlyStops(Mutex<Vec<Standing>>);

fn down<'a, T: Send + 'a>() -> Fut<'a, Result<T, SignerError>> {
    Box::pin(std::future::ready(Err(SignerError::Down("no signer in this test".into()))))
}

impl Signer for OnlyStops {
    fn hello<'a>(&'a self, _: Option<WalletId>) -> Fut<'a, Result<Hello, SignerError>> {
        let deployment = DeploymentId("test".into());
        let stops = self.0.lock().unwrap().clone();
        let hello = Hello { deployment, journal_seq: 0, epoch: 0, stops, fee_caps: vec![] };
        Box::pin(std::future::ready(Ok(hello)))
    }

    fn admit<'a>(
        &'a self,
        _: WalletId,
        _: i64,
        _: &'a [Approved],
    ) -> Fut<'a, Result<Vec<Result<Ticket, SignerRefusal>>, SignerError>> {
        down()
    }

    fn sign<'a>(
        &'a self,
        _: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Fut<'a, Result<Vec<Result<Signature, SignerRefusal>>, SignerError>> {
        down()
    }

    fn held(&self) -> Fut<'_, Result<Vec<Held>, SignerError>> {
        down()
    }

    fn show(&self, _: WalletId, _: [u8; 32]) -> Fut<'_, Result<Result<Shown, SignerRefusal>, SignerError>> {
        down()
    }

    fn bar<'a>(
        &'a self,
        _: WalletId,
        _: &'a str,
    ) -> Fut<'a, Result<Result<u64, SignerRefusal>, SignerError>> {
        down()
    }

    fn close<'a>(
        &'a self,
        _: WalletId,
        _: i64,
        _: &'a Slot,
    ) -> Fut<'a, Result<Result<SlotRecord, SignerRefusal>, SignerError>> {
        down()
    }

    fn mark(&self, _: u64) -> Fut<'_, Result<u64, SignerError>> {
        down()
    }

    fn export<'a>(&'a self, _: u64, _: usize) -> Fut<'a, Result<Vec<Entry>, SignerError>> {
        down()
    }

    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Fut<'a, Result<u64, SignerError>> {
        let (scope, reason) = (*scope, reason.to_owned());
        let stop = Standing { scope, setter: Setter::Engine, reason, journal_seq: 1 };
        let mut stops = self.0.lock().unwrap();
        stops.retain(|it| it.scope != scope);
        stops.push(stop);
        Box::pin(std::future::ready(Ok(1)))
    }

    fn lift<'a>(&'a self, scope: &'a Scope, _: u64) -> Fut<'a, Result<u64, SignerError>> {
        self.0.lock().unwrap().retain(|it| it.scope != *scope);
        Box::pin(std::future::ready(Ok(1)))
    }
}

impl Deliver for Nobody {
    fn alerts<'a>(&'a self, _: &'a [Alert]) -> Fut<'a, Result<(), NotDelivered>> {
        Box::pin(std::future::ready(Err(NotDelivered {
            sink: "none".into(),
            why: "no sink in this test".into(),
        })))
    }
}
