//! The signer as a process sees it: with faults, and with a witness on what it signs.

use std::sync::Arc;

use sluice_core::attempt::{Durable, Kind, Unsigned};
use sluice_core::id::WalletId;
use sluice_core::intent::{Approved, SigningRequest};
use sluice_core::journal::Entry;
use sluice_core::port::Fut;
use sluice_core::port::signer::{
    Held, Hello, Shown, Signature, Signer, SignerError, SignerRefusal, SlotRecord, Ticket,
};
use sluice_core::slot::Slot;
use sluice_core::stop::Scope;

use super::Site;
use crate::oracle::Witness;

/// The signer behind faults.
pub struct ChaosSigner {
    /// The one that ships, or a mutant of it.
    pub inner: Arc<dyn Signer>,
    /// Where calls come from.
    pub site: Site,
    /// Sees what is really signed.
    pub witness: Witness,
}

// A lost answer and a lost question look the same to whoever asks a signer: its journal knows.
fn lost(why: String) -> SignerError {
    SignerError::Down(why)
}

/// Some voids are refused for good, as by a signer whose fee caps were lowered: the same attempt always, another one of
/// the slot most likely not. A refused void is drawn again, or its nonce holds up the lane for ever.
fn moody(request: &SigningRequest) -> Option<SignerRefusal> {
    let refused = request.kind == Kind::Void && request.digest[0].is_multiple_of(4);
    let detail = "this void, in this simulation".to_owned();
    refused.then(|| SignerRefusal { code: "cap_fee".into(), detail, permanent: true })
}

impl Signer for ChaosSigner {
    fn hello<'a>(&'a self, wallet: Option<WalletId>) -> Fut<'a, Result<Hello, SignerError>> {
        Box::pin(self.site.ask("signer.hello", move || self.inner.hello(wallet), lost, lost))
    }

    fn admit<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        payments: &'a [Approved],
    ) -> Fut<'a, Result<Vec<Result<Ticket, SignerRefusal>>, SignerError>> {
        let make = move || self.inner.admit(wallet, epoch, payments);
        Box::pin(self.site.ask("signer.admit", make, lost, lost))
    }

    fn sign<'a>(
        &'a self,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Fut<'a, Result<Vec<Result<Signature, SignerRefusal>>, SignerError>> {
        let dead = self.witness.dead_among(requests);
        let make = move || -> Fut<'a, _> {
            let dead = dead.clone();
            Box::pin(async move {
                self.witness.asked(self.site.process, requests);
                let asked: Vec<_> =
                    requests.iter().filter(|(request, _)| moody(request).is_none()).cloned().collect();
                let mut signed = self.inner.sign(&asked).await?.into_iter();
                let answers: Vec<_> = requests
                    .iter()
                    .filter_map(|(request, _)| moody(request).map(Err).or_else(|| signed.next()))
                    .collect();
                self.witness.signed(self.site.process, requests, &answers, &dead);
                Ok(answers)
            })
        };
        Box::pin(self.site.ask("signer.sign", make, lost, lost))
    }

    fn held(&self) -> Fut<'_, Result<Vec<Held>, SignerError>> {
        Box::pin(self.site.ask("signer.held", move || self.inner.held(), lost, lost))
    }

    fn show(
        &self,
        wallet: WalletId,
        challenge: [u8; 32],
    ) -> Fut<'_, Result<Result<Shown, SignerRefusal>, SignerError>> {
        Box::pin(self.site.ask("signer.show", move || self.inner.show(wallet, challenge), lost, lost))
    }

    fn bar<'a>(
        &'a self,
        wallet: WalletId,
        reason: &'a str,
    ) -> Fut<'a, Result<Result<u64, SignerRefusal>, SignerError>> {
        Box::pin(self.site.ask("signer.bar", move || self.inner.bar(wallet, reason), lost, lost))
    }

    fn close<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Fut<'a, Result<Result<SlotRecord, SignerRefusal>, SignerError>> {
        Box::pin(self.site.ask("signer.close", move || self.inner.close(wallet, epoch, slot), lost, lost))
    }

    fn mark(&self, mark: u64) -> Fut<'_, Result<u64, SignerError>> {
        Box::pin(self.site.ask("signer.mark", move || self.inner.mark(mark), lost, lost))
    }

    fn export<'a>(&'a self, from_seq: u64, limit: usize) -> Fut<'a, Result<Vec<Entry>, SignerError>> {
        Box::pin(self.site.ask("signer.export", move || self.inner.export(from_seq, limit), lost, lost))
    }

    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Fut<'a, Result<u64, SignerError>> {
        Box::pin(self.site.ask("signer.stop", move || self.inner.stop(scope, reason), lost, lost))
    }

    fn lift<'a>(&'a self, scope: &'a Scope, read_at: u64) -> Fut<'a, Result<u64, SignerError>> {
        Box::pin(self.site.ask("signer.lift", move || self.inner.lift(scope, read_at), lost, lost))
    }
}
