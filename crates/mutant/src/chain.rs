//! Chain ports with a rule off.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sluice_core::address::Address;
use sluice_core::alert::Raise;
use sluice_core::amount::{Amount, Cost, Units};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Durable, Kind, Signed};
use sluice_core::chain::{BlockRef, ChainProfile};
use sluice_core::energy::Lendable;
use sluice_core::fee::Market;
use sluice_core::port::Fut;
use sluice_core::port::chain::{
    BlockFacts, Chain, ChainError, Foreign, Heads, Heard, LentRun, NodeFacts, Nonces, PaidIn, Preflight,
    Shown, SlotQuestion, Standing, TransferLog, Trial,
};
use sluice_core::port::world::Clock;
use sluice_core::proof::{Effect, Final, Inclusion, SCAN_BLOCKS_MAX, Scan, ScannedBlock, SlotReading};
use sluice_core::resource::{Conditions, Resources};

use super::Mutant;

/// A chain port with a rule off.
pub struct BrokenChain {
    inner: Arc<dyn Chain>,
    mutant: Mutant,
    clock: Option<Arc<dyn Clock>>,
    payments: Mutex<BTreeMap<String, Durable<Signed>>>,
}

impl BrokenChain {
    /// Breaks a chain port.
    pub fn new(inner: Arc<dyn Chain>, mutant: Mutant) -> Self {
        Self { inner, mutant, clock: None, payments: Mutex::default() }
    }

    /// Breaks it by a clock that is taken for the chain's.
    pub fn by_clock(inner: Arc<dyn Chain>, clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..Self::new(inner, Mutant::OwnClock) }
    }

    /// An open slot that is older than the final head is said to be over.
    fn forged(&self, question: &SlotQuestion, block: BlockRef) -> Option<SlotReading> {
        let known = question.attempts.first()?;
        let effect = match self.mutant {
            Mutant::ForgedDeath => Effect::Reverted,
            _ => Effect::Paid { log_index: 0 },
        };
        let (attempt, txid, cost) = (known.attempt, known.txid, Cost(1));
        let inclusion = Inclusion { attempt, txid, block, effect, cost, returned: Amount::ZERO };
        Some(SlotReading::Ours(inclusion))
    }

    /// What is not seen in a slot is over where our clock is past its expiration: solid blocks are read from where its life
    /// begins to as deep as anybody asks for, each as if it were of the time that our clock shows. Only the time is not the
    /// chain's.
    async fn over_by_our_clock(
        &self,
        clock: &dyn Clock,
        question: &SlotQuestion,
        reading: Final<SlotReading>,
    ) -> Result<Final<SlotReading>, ChainError> {
        let terms = question.attempts.first().and_then(|known| known.tron);
        let (SlotReading::Open, Some(terms)) = (reading.reading(), terms) else { return Ok(reading) };
        let time_ms = clock.now().millis();
        if time_ms < terms.expires_at_ms {
            return Ok(reading);
        }
        let deep = reading.head().number.saturating_sub(self.inner.profile().death_extra_blocks);
        let mut run = Vec::new();
        for number in (terms.reference.number..=deep).take(SCAN_BLOCKS_MAX.into()) {
            let BlockFacts { block, parent, .. } = self.inner.block(number, &[]).await?;
            run.push(ScannedBlock { block, parent, time_ms, contains: false });
        }
        Ok(match Scan::of(run) {
            Ok(scan) => reading.map(|_| SlotReading::Absent(scan)),
            Err(_) => reading,
        })
    }
}

impl Chain for BrokenChain {
    fn profile(&self) -> &ChainProfile {
        self.inner.profile()
    }

    fn market(&self) -> Fut<'_, Result<Market, ChainError>> {
        self.inner.market()
    }

    fn conditions(&self) -> Fut<'_, Result<Conditions, ChainError>> {
        self.inner.conditions()
    }

    fn resources(&self, wallet: Address) -> Fut<'_, Result<(BlockRef, Resources), ChainError>> {
        self.inner.resources(wallet)
    }

    fn lendable(&self, wallet: Address) -> Fut<'_, Result<Lendable, ChainError>> {
        self.inner.lendable(wallet)
    }

    fn lent<'a>(
        &'a self,
        from: u64,
        count: u64,
        wallets: &'a [Address],
    ) -> Fut<'a, Result<LentRun, ChainError>> {
        self.inner.lent(from, count, wallets)
    }

    fn paid_in(
        &self,
        account: Address,
        from: u64,
        count: u64,
    ) -> Fut<'_, Result<Option<Final<PaidIn>>, ChainError>> {
        self.inner.paid_in(account, from, count)
    }

    fn heads(&self) -> Fut<'_, Result<Heads, ChainError>> {
        self.inner.heads()
    }

    fn block<'a>(&'a self, number: u64, wallets: &'a [Address]) -> Fut<'a, Result<BlockFacts, ChainError>> {
        self.inner.block(number, wallets)
    }

    fn second_look<'a>(
        &'a self,
        told_by: &'a str,
        block: BlockRef,
        wallets: &'a [Address],
    ) -> Fut<'a, Option<Vec<Shown>>> {
        self.inner.second_look(told_by, block, wallets)
    }

    fn disproved(&self, node: &str, about: &str) {
        self.inner.disproved(node, about);
    }

    fn contradicted(&self, what: &str) {
        self.inner.contradicted(what);
    }

    fn submit<'a>(&'a self, attempts: &'a [Durable<Signed>]) -> Fut<'a, Vec<Heard>> {
        if self.mutant != Mutant::ResendsPayments {
            return self.inner.submit(attempts);
        }
        Box::pin(async move {
            let mut wanted = attempts.to_vec();
            {
                let mut payments = self.payments.lock().unwrap_or_else(PoisonError::into_inner);
                for attempt in attempts {
                    let unsigned = &attempt.get().unsigned;
                    if unsigned.kind == Kind::Pay {
                        payments.insert(unsigned.slot.to_string(), attempt.clone());
                    }
                }
                wanted.extend(payments.values().cloned());
            }
            let mut heard = self.inner.submit(&wanted).await;
            heard.truncate(attempts.len());
            heard
        })
    }

    fn preflight<'a>(&'a self, trials: &'a [Trial]) -> Fut<'a, Result<Vec<Preflight>, ChainError>> {
        self.inner.preflight(trials)
    }

    fn balances<'a>(
        &'a self,
        wallet: Address,
        assets: &'a [Asset],
    ) -> Fut<'a, Result<(BlockRef, Vec<Units>), ChainError>> {
        self.inner.balances(wallet, assets)
    }

    fn counted(&self, wallet: Address) -> Fut<'_, Result<Nonces, ChainError>> {
        self.inner.counted(wallet)
    }

    fn nonces(&self, wallet: Address) -> Fut<'_, Result<Nonces, ChainError>> {
        self.inner.nonces(wallet)
    }

    fn standing<'a>(
        &'a self,
        wallet: Address,
        assets: &'a [Asset],
    ) -> Fut<'a, Result<Final<Standing>, ChainError>> {
        self.inner.standing(wallet, assets)
    }

    fn progress<'a>(
        &'a self,
        questions: &'a [SlotQuestion],
    ) -> Fut<'a, Result<Vec<SlotReading>, ChainError>> {
        self.inner.progress(questions)
    }

    fn settle<'a>(
        &'a self,
        questions: &'a [SlotQuestion],
    ) -> Fut<'a, Result<Vec<Final<SlotReading>>, ChainError>> {
        if let Some(clock) = &self.clock {
            return Box::pin(async move {
                let mut told = Vec::new();
                for (question, reading) in questions.iter().zip(self.inner.settle(questions).await?) {
                    told.push(self.over_by_our_clock(&**clock, question, reading).await?);
                }
                Ok(told)
            });
        }
        if !matches!(self.mutant, Mutant::ForgedDeath | Mutant::ForgedPayment) {
            return self.inner.settle(questions);
        }
        Box::pin(async move {
            let readings = self.inner.settle(questions).await?;
            let Some(head) = readings.first().map(Final::head) else { return Ok(readings) };
            // A block that is there, as deep as anybody could ask for.
            let deep = self.inner.block(head.number.saturating_sub(64), &[]).await?.block;
            let bent = questions.iter().zip(readings).map(|(question, reading)| {
                let forged = self.forged(question, deep);
                reading.map(|real| forged.unwrap_or(*real))
            });
            Ok(bent.collect())
        })
    }

    fn still_final<'a>(&'a self, blocks: &'a [BlockRef]) -> Fut<'a, Result<Vec<Final<bool>>, ChainError>> {
        Box::pin(async move {
            match self.inner.still_final(blocks).await {
                // Finality is lower than it was. This one does not wait for it.
                Err(ChainError::Disagree { .. }) if self.mutant == Mutant::NoPause => Ok(gone(blocks)),
                answer => answer,
            }
        })
    }

    fn transfers_of<'a>(
        &'a self,
        asset: AssetId,
        txid: [u8; 32],
    ) -> Fut<'a, Result<Option<Final<(BlockRef, Vec<TransferLog>)>>, ChainError>> {
        self.inner.transfers_of(asset, txid)
    }

    fn foreign(
        &self,
        wallet: Address,
        txid: [u8; 32],
    ) -> Fut<'_, Result<Final<Option<Foreign>>, ChainError>> {
        self.inner.foreign(wallet, txid)
    }

    fn has_code(&self, account: Address) -> Fut<'_, Result<bool, ChainError>> {
        self.inner.has_code(account)
    }

    fn nodes(&self) -> Vec<NodeFacts> {
        self.inner.nodes()
    }

    fn troubles(&self) -> Vec<Raise> {
        self.inner.troubles()
    }
}

/// Nothing of this is on the chain any more, by nobody's word.
#[expect(clippy::disallowed_methods, reason = "what this mutant says is not so")]
fn gone(blocks: &[BlockRef]) -> Vec<Final<bool>> {
    let said = |block: &BlockRef| Final::by_quorum(false, *block, vec!["nobody".into()], 1).ok();
    blocks.iter().filter_map(said).collect()
}
