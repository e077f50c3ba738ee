//! The signer with something around each call.

use std::fmt::Debug;
use std::sync::Arc;

use crate::attempt::{Durable, Unsigned};
use crate::id::WalletId;
use crate::intent::{Approved, SigningRequest};
use crate::journal::Entry;
use crate::port::Fut;
use crate::port::signer::{
    Held, Hello, Shown, Signature, Signer, SignerError, SignerRefusal, SlotRecord, Ticket,
};
use crate::slot::Slot;
use crate::stop::Scope;

/// Every call of the signer that something is around.
pub const CALLS: [&str; 11] = [
    "signer.hello",
    "signer.admit",
    "signer.sign",
    "signer.held",
    "signer.show",
    "signer.bar",
    "signer.close",
    "signer.mark",
    "signer.export",
    "signer.stop",
    "signer.lift",
];

/// What a call of the signer brings.
pub type Answer<'a, T> = Fut<'a, Result<T, SignerError>>;

/// What is done around the calls. Those that some wrapper looks into have a method of their own.
pub trait Around: Send + Sync {
    /// One call: `make` makes it, as often as it is run. Nothing is around it unless this is said anew.
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        _call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        make()
    }

    /// [`Signer::sign`].
    fn sign<'a>(
        &'a self,
        inner: &'a dyn Signer,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Answer<'a, Vec<Result<Signature, SignerRefusal>>> {
        self.around("signer.sign", move || inner.sign(requests))
    }

    /// [`Signer::close`].
    fn close<'a>(
        &'a self,
        inner: &'a dyn Signer,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Answer<'a, Result<SlotRecord, SignerRefusal>> {
        self.around("signer.close", move || inner.close(wallet, epoch, slot))
    }

    /// [`Signer::export`].
    fn export<'a>(&'a self, inner: &'a dyn Signer, from_seq: u64, limit: usize) -> Answer<'a, Vec<Entry>> {
        self.around("signer.export", move || inner.export(from_seq, limit))
    }
}

/// A signer with something around it.
pub struct Wrapped<A> {
    /// The signer.
    pub inner: Arc<dyn Signer>,
    /// What is around it.
    pub by: A,
}

impl<A: Around> Signer for Wrapped<A> {
    fn hello<'a>(&'a self, wallet: Option<WalletId>) -> Answer<'a, Hello> {
        self.by.around("signer.hello", move || self.inner.hello(wallet))
    }

    fn admit<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        payments: &'a [Approved],
    ) -> Answer<'a, Vec<Result<Ticket, SignerRefusal>>> {
        self.by.around("signer.admit", move || self.inner.admit(wallet, epoch, payments))
    }

    fn sign<'a>(
        &'a self,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Answer<'a, Vec<Result<Signature, SignerRefusal>>> {
        self.by.sign(&*self.inner, requests)
    }

    fn close<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Answer<'a, Result<SlotRecord, SignerRefusal>> {
        self.by.close(&*self.inner, wallet, epoch, slot)
    }

    fn held(&self) -> Answer<'_, Vec<Held>> {
        self.by.around("signer.held", move || self.inner.held())
    }

    fn show(&self, wallet: WalletId, challenge: [u8; 32]) -> Answer<'_, Result<Shown, SignerRefusal>> {
        self.by.around("signer.show", move || self.inner.show(wallet, challenge))
    }

    fn bar<'a>(&'a self, wallet: WalletId, reason: &'a str) -> Answer<'a, Result<u64, SignerRefusal>> {
        self.by.around("signer.bar", move || self.inner.bar(wallet, reason))
    }

    fn mark(&self, mark: u64) -> Answer<'_, u64> {
        self.by.around("signer.mark", move || self.inner.mark(mark))
    }

    fn export<'a>(&'a self, from_seq: u64, limit: usize) -> Answer<'a, Vec<Entry>> {
        self.by.export(&*self.inner, from_seq, limit)
    }

    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Answer<'a, u64> {
        self.by.around("signer.stop", move || self.inner.stop(scope, reason))
    }

    fn lift<'a>(&'a self, scope: &'a Scope, read_at: u64) -> Answer<'a, u64> {
        self.by.around("signer.lift", move || self.inner.lift(scope, read_at))
    }
}
