//! The signer, each call counted and timed.

use std::sync::Arc;

use sluice_core::attempt::{Durable, Unsigned};
use sluice_core::id::WalletId;
use sluice_core::intent::{Approved, SigningRequest};
use sluice_core::journal::Entry;
use sluice_core::port::Fut;
use sluice_core::port::signer::{
    Held, Hello, Shown, Signature, Signer, SignerError, SignerRefusal, SlotRecord, Ticket,
};
use sluice_core::port::world::Clock;
use sluice_core::slot::Slot;
use sluice_core::stop::Scope;

use super::{SIGNER_REFUSALS, SIGNER_REQUESTS, SIGNER_SECONDS, seconds};

/// The signer, each call counted and timed.
pub fn measured(inner: Arc<dyn Signer>, clock: Arc<dyn Clock>) -> Arc<dyn Signer> {
    Arc::new(Measured { inner, clock })
}

struct Measured {
    inner: Arc<dyn Signer>,
    clock: Arc<dyn Clock>,
}

type Answer<'a, T> = Fut<'a, Result<T, SignerError>>;

impl Measured {
    async fn call<T>(
        &self,
        call: &'static str,
        work: Answer<'_, T>,
        refused: impl Fn(&T) -> Vec<&SignerRefusal>,
    ) -> Result<T, SignerError> {
        let began = self.clock.now();
        let answer = work.await;
        let took_us = self.clock.now().micros().saturating_sub(began.micros());
        metrics::histogram!(SIGNER_SECONDS, "call" => call).record(seconds(took_us));
        let outcome = match &answer {
            Ok(_) => "ok",
            Err(SignerError::Down(_)) => "down",
            Err(SignerError::Journal(_)) => "journal",
        };
        metrics::counter!(SIGNER_REQUESTS, "call" => call, "outcome" => outcome).increment(1);
        for refusal in answer.as_ref().map(&refused).unwrap_or_default() {
            // The signer's codes are a short list of its own; whatever else it says is cut, so that labels stay few.
            let code: String = refusal.code.chars().take(32).collect();
            metrics::counter!(SIGNER_REFUSALS, "call" => call, "code" => code).increment(1);
        }
        answer
    }
}

fn one<T>(answer: &Result<T, SignerRefusal>) -> Vec<&SignerRefusal> {
    answer.as_ref().err().into_iter().collect()
}

#[expect(clippy::ptr_arg, reason = "it is handed the answer of a call, which is a vector")]
fn many<T>(answers: &Vec<Result<T, SignerRefusal>>) -> Vec<&SignerRefusal> {
    answers.iter().filter_map(|answer| answer.as_ref().err()).collect()
}

fn none<T>(_: &T) -> Vec<&SignerRefusal> {
    vec![]
}

impl Signer for Measured {
    fn hello<'a>(&'a self, wallet: Option<WalletId>) -> Answer<'a, Hello> {
        Box::pin(self.call("hello", self.inner.hello(wallet), none))
    }

    fn admit<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        payments: &'a [Approved],
    ) -> Answer<'a, Vec<Result<Ticket, SignerRefusal>>> {
        Box::pin(self.call("admit", self.inner.admit(wallet, epoch, payments), many))
    }

    fn sign<'a>(
        &'a self,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Answer<'a, Vec<Result<Signature, SignerRefusal>>> {
        Box::pin(self.call("sign", self.inner.sign(requests), many))
    }

    fn close<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Answer<'a, Result<SlotRecord, SignerRefusal>> {
        Box::pin(self.call("close", self.inner.close(wallet, epoch, slot), one))
    }

    fn held(&self) -> Answer<'_, Vec<Held>> {
        Box::pin(self.call("held", self.inner.held(), none))
    }

    fn show(&self, wallet: WalletId, challenge: [u8; 32]) -> Answer<'_, Result<Shown, SignerRefusal>> {
        Box::pin(self.call("show", self.inner.show(wallet, challenge), one))
    }

    fn bar<'a>(&'a self, wallet: WalletId, reason: &'a str) -> Answer<'a, Result<u64, SignerRefusal>> {
        Box::pin(self.call("bar", self.inner.bar(wallet, reason), one))
    }

    fn mark(&self, mark: u64) -> Answer<'_, u64> {
        Box::pin(self.call("mark", self.inner.mark(mark), none))
    }

    fn export(&self, after: u64, limit: usize) -> Answer<'_, Vec<Entry>> {
        Box::pin(self.call("export", self.inner.export(after, limit), none))
    }

    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Answer<'a, u64> {
        Box::pin(self.call("stop", self.inner.stop(scope, reason), none))
    }

    fn lift<'a>(&'a self, scope: &'a Scope, read_at: u64) -> Answer<'a, u64> {
        Box::pin(self.call("lift", self.inner.lift(scope, read_at), none))
    }
}
