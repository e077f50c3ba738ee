//! Signers with a rule off.

use std::sync::Arc;

use sluice_chain::evm::node::Node;
use sluice_core::attempt::{Durable, Unsigned};
use sluice_core::id::WalletId;
use sluice_core::intent::{Approved, SigningRequest};
use sluice_core::journal::Entry;
use sluice_core::port::Fut;
use sluice_core::port::signer::{
    Held, Hello, Shown, Signature, Signer, SignerError, SignerRefusal, SlotRecord, Ticket,
};
use sluice_core::proof::Tombstone;
use sluice_core::slot::Slot;
use sluice_core::stop::Scope;

use super::Mutant;

/// A signer with a rule off.
pub struct BrokenSigner {
    /// The one that ships.
    pub inner: Arc<dyn Signer>,
    /// Which rule.
    pub mutant: Mutant,
    /// Nodes, for the one that sends.
    pub nodes: Vec<Arc<dyn Node>>,
}

impl Signer for BrokenSigner {
    fn hello<'a>(&'a self, wallet: Option<WalletId>) -> Fut<'a, Result<Hello, SignerError>> {
        self.inner.hello(wallet)
    }

    fn admit<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        payments: &'a [Approved],
    ) -> Fut<'a, Result<Vec<Result<Ticket, SignerRefusal>>, SignerError>> {
        self.inner.admit(wallet, epoch, payments)
    }

    fn sign<'a>(
        &'a self,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Fut<'a, Result<Vec<Result<Signature, SignerRefusal>>, SignerError>> {
        Box::pin(async move {
            let mut requests = requests.to_vec();
            if self.mutant == Mutant::NoSignerEpoch {
                for (request, _) in &mut requests {
                    let hello = self.inner.hello(Some(request.wallet)).await?;
                    request.epoch = request.epoch.max(hello.epoch);
                }
            }
            let answers = self.inner.sign(&requests).await?;
            if self.mutant == Mutant::SendsFirst {
                let raw: Vec<_> = answers.iter().flatten().map(|signature| signature.raw.clone()).collect();
                for node in &self.nodes {
                    node.send(&raw).await;
                }
            }
            Ok(answers)
        })
    }

    fn held(&self) -> Fut<'_, Result<Vec<Held>, SignerError>> {
        self.inner.held()
    }

    fn show(
        &self,
        wallet: WalletId,
        challenge: [u8; 32],
    ) -> Fut<'_, Result<Result<Shown, SignerRefusal>, SignerError>> {
        self.inner.show(wallet, challenge)
    }

    fn bar<'a>(
        &'a self,
        wallet: WalletId,
        reason: &'a str,
    ) -> Fut<'a, Result<Result<u64, SignerRefusal>, SignerError>> {
        self.inner.bar(wallet, reason)
    }

    fn close<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Fut<'a, Result<Result<SlotRecord, SignerRefusal>, SignerError>> {
        if self.mutant != Mutant::ForgedTombstone {
            return self.inner.close(wallet, epoch, slot);
        }
        Box::pin(async move {
            let answer = self.inner.close(wallet, epoch, slot).await?;
            Ok(answer.map(|record| match record {
                SlotRecord::Closed(_) | SlotRecord::Voided(..) => record,
                SlotRecord::Signed(signed) => {
                    let journal_seq = signed.first().map_or(0, |(_, signature)| signature.journal_seq);
                    #[expect(clippy::disallowed_methods, reason = "a forgery is what this mutant is")]
                    let tombstone = Tombstone::journaled(slot.clone(), journal_seq);
                    SlotRecord::Closed(tombstone)
                }
            }))
        })
    }

    fn mark(&self, mark: u64) -> Fut<'_, Result<u64, SignerError>> {
        self.inner.mark(mark)
    }

    fn export<'a>(&'a self, from_seq: u64, limit: usize) -> Fut<'a, Result<Vec<Entry>, SignerError>> {
        self.inner.export(from_seq, limit)
    }

    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Fut<'a, Result<u64, SignerError>> {
        self.inner.stop(scope, reason)
    }

    fn lift<'a>(&'a self, scope: &'a Scope, read_at: u64) -> Fut<'a, Result<u64, SignerError>> {
        self.inner.lift(scope, read_at)
    }
}
