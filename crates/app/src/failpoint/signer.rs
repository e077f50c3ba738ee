//! The signer, each call a failpoint.

use std::sync::Arc;

use sluice_core::attempt::{Durable, Unsigned};
use sluice_core::id::WalletId;
use sluice_core::intent::{Approved, SigningRequest};
use sluice_core::journal::Entry;
use sluice_core::port::Fut;
use sluice_core::port::signer::{
    Held, Hello, Shown, Signature, Signer, SignerError, SignerRefusal, SlotRecord, Ticket,
};
use sluice_core::slot::Slot;
use sluice_core::stop::Scope;

use super::Failpoint;

pub(super) fn wrap(inner: Arc<dyn Signer>, point: &Arc<Failpoint>) -> Arc<dyn Signer> {
    Arc::new(Wrapped { inner, point: point.clone() })
}

struct Wrapped {
    inner: Arc<dyn Signer>,
    point: Arc<Failpoint>,
}

macro_rules! ask {
    ($self:ident, $call:literal, $work:expr) => {
        Box::pin($self.point.around($call, vec![], $work))
    };
}

impl Signer for Wrapped {
    fn hello<'a>(&'a self, wallet: Option<WalletId>) -> Fut<'a, Result<Hello, SignerError>> {
        ask!(self, "signer.hello", self.inner.hello(wallet))
    }

    fn admit<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        payments: &'a [Approved],
    ) -> Fut<'a, Result<Vec<Result<Ticket, SignerRefusal>>, SignerError>> {
        ask!(self, "signer.admit", self.inner.admit(wallet, epoch, payments))
    }

    fn sign<'a>(
        &'a self,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Fut<'a, Result<Vec<Result<Signature, SignerRefusal>>, SignerError>> {
        ask!(self, "signer.sign", self.inner.sign(requests))
    }

    fn close<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Fut<'a, Result<Result<SlotRecord, SignerRefusal>, SignerError>> {
        ask!(self, "signer.close", self.inner.close(wallet, epoch, slot))
    }

    fn held(&self) -> Fut<'_, Result<Vec<Held>, SignerError>> {
        ask!(self, "signer.held", self.inner.held())
    }

    fn show(
        &self,
        wallet: WalletId,
        challenge: [u8; 32],
    ) -> Fut<'_, Result<Result<Shown, SignerRefusal>, SignerError>> {
        ask!(self, "signer.show", self.inner.show(wallet, challenge))
    }

    fn bar<'a>(
        &'a self,
        wallet: WalletId,
        reason: &'a str,
    ) -> Fut<'a, Result<Result<u64, SignerRefusal>, SignerError>> {
        ask!(self, "signer.bar", self.inner.bar(wallet, reason))
    }

    fn mark(&self, mark: u64) -> Fut<'_, Result<u64, SignerError>> {
        ask!(self, "signer.mark", self.inner.mark(mark))
    }

    fn export<'a>(&'a self, from_seq: u64, limit: usize) -> Fut<'a, Result<Vec<Entry>, SignerError>> {
        ask!(self, "signer.export", self.inner.export(from_seq, limit))
    }

    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Fut<'a, Result<u64, SignerError>> {
        ask!(self, "signer.stop", self.inner.stop(scope, reason))
    }

    fn lift<'a>(&'a self, scope: &'a Scope, read_at: u64) -> Fut<'a, Result<u64, SignerError>> {
        ask!(self, "signer.lift", self.inner.lift(scope, read_at))
    }
}
