//! Signers with a rule off.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_core::attempt::{Durable, Signed, Unsigned};
use sluice_core::chain::ChainId;
use sluice_core::id::WalletId;
use sluice_core::intent::SigningRequest;
use sluice_core::journal::{Entry, Fact};
use sluice_core::port::around::signer::{Answer, Around};
use sluice_core::port::chain::Chain;
use sluice_core::port::signer::{Signature, Signer, SignerRefusal, SlotRecord};
use sluice_core::proof::Tombstone;
use sluice_core::slot::Slot;

use super::Mutant;

/// Which rule of a signer is off.
pub struct Off {
    /// Which rule.
    pub mutant: Mutant,
    /// For the one that sends.
    pub chains: BTreeMap<ChainId, Arc<dyn Chain>>,
}

impl Off {
    async fn send(&self, unsigned: &Unsigned, signature: &Signature) {
        let Some(chain) = self.chains.get(&unsigned.slot.chain()) else { return };
        let signed = Signed {
            unsigned: unsigned.clone(),
            raw: signature.raw.clone(),
            txid: signature.txid,
            journal_seq: signature.journal_seq,
            signed_at: unsigned.built_at,
        };
        #[expect(clippy::disallowed_methods, reason = "nobody has stored it: that is what this mutant is")]
        let never_stored = Durable::stored(signed);
        chain.submit(&[never_stored]).await;
    }
}

impl Around for Off {
    fn sign<'a>(
        &'a self,
        inner: &'a dyn Signer,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Answer<'a, Vec<Result<Signature, SignerRefusal>>> {
        Box::pin(async move {
            let mut requests = requests.to_vec();
            if self.mutant == Mutant::NoSignerEpoch {
                for (request, _) in &mut requests {
                    let hello = inner.hello(Some(request.wallet)).await?;
                    request.epoch = request.epoch.max(hello.epoch);
                }
            }
            let answers = inner.sign(&requests).await?;
            if self.mutant == Mutant::SendsFirst {
                for ((_, unsigned), answer) in requests.iter().zip(&answers) {
                    if let Ok(signature) = answer {
                        self.send(unsigned.get(), signature).await;
                    }
                }
            }
            Ok(answers)
        })
    }

    fn close<'a>(
        &'a self,
        inner: &'a dyn Signer,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Answer<'a, Result<SlotRecord, SignerRefusal>> {
        if self.mutant != Mutant::ForgedTombstone {
            return inner.close(wallet, epoch, slot);
        }
        Box::pin(async move {
            let answer = inner.close(wallet, epoch, slot).await?;
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

    fn export<'a>(&'a self, inner: &'a dyn Signer, from_seq: u64, limit: usize) -> Answer<'a, Vec<Entry>> {
        if self.mutant != Mutant::NoJournal {
            return inner.export(from_seq, limit);
        }
        Box::pin(async move {
            let entries = inner.export(from_seq, limit).await?;
            Ok(entries.into_iter().map(|entry| Entry { fact: Fact::Other, ..entry }).collect())
        })
    }
}
