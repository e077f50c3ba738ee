//! In: every wallet of a chain that is in service, busy or not. Out: books equal to the chain at a named final block, or an
//! alert with both figures. More than the books say is a top-up and is booked as one; less is an alarm and is never booked
//! away.
//!
//! Each wallet's comparison is kept once a day, and whenever it differs from the one before.
//!
//! A difference makes the watcher read its blocks again: one node may have left something out of them.
//!
//! Nonce and balances are read by quorum at one final block; the books are taken as they stood after that very block. They
//! stand there once the watcher has followed it and everything whose nonce it has consumed is settled: until then the
//! reading is remembered. On a fork that the watcher has not walked to, a payment that was made looks like a deposit. What
//! is remembered dies with the lease: the next holder reads for itself, and nothing is booked twice. A fork that lasts is
//! told of: nothing is compared meanwhile.

use std::collections::BTreeMap;

use sluice_core::access::Actor;
use sluice_core::alert::{Code, Raise};
use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::{BlockRef, ChainId, txid_text};
use sluice_core::event::Cause;
use sluice_core::id::{ReconciliationId, WalletId};
use sluice_core::lane::Fence;
use sluice_core::ledger::Posting;
use sluice_core::port::chain::Chain;
use sluice_core::port::store::{Change, Outcome as Became};
use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};
use sluice_core::reconciliation::{Line, Outcome, Reconciliation};
use sluice_core::time::Timestamp;
use sluice_core::wallet::{Balance, Power, Wallet};

use super::{Hand, due, fence};
use crate::{Done, StageError};

/// Time between two comparisons of a chain's wallets, milliseconds.
const RECONCILE_MS: i64 = 30_000;
/// Time between two looks whether one is due, milliseconds.
const SWEEP_MS: u64 = 1_000;

/// For so long the watcher may follow another fork than the quorum before it is told of, milliseconds.
const APART_MAX_MS: i64 = 180_000;

/// Readings that wait until the books have caught up with their block.
type Candidates = BTreeMap<WalletId, Candidate>;

/// The books of one chain, and what is remembered of them. Losing it costs an early comparison.
pub(super) struct Books {
    chain: ChainId,
    candidates: Candidates,
    /// Since when a wallet's readings are of blocks that the watcher does not follow.
    apart: BTreeMap<WalletId, Timestamp>,
    /// What was kept last of each wallet's comparisons. Losing it costs a record that says what another one says.
    kept: BTreeMap<WalletId, Kept>,
    at: Option<Timestamp>,
}

/// What a record said, and of which day it was: what is equal is kept once a day, what is not whenever it changes.
#[derive(PartialEq, Eq)]
struct Kept {
    day: i64,
    differences: Vec<(AssetId, i64)>,
    nonces: Option<(u64, u64)>,
}

impl Kept {
    fn of(run: &Reconciliation) -> Self {
        let differs = |line: &&Line| line.outcome() != Outcome::Equal;
        Self {
            day: run.at.seconds().div_euclid(DAY_S),
            differences: run.lines.iter().filter(differs).map(|it| (it.asset, it.difference())).collect(),
            nonces: run.nonces,
        }
    }
}

/// A day, seconds.
const DAY_S: i64 = 86_400;

impl Books {
    pub(super) const fn new(chain: ChainId) -> Self {
        Self { chain, candidates: Candidates::new(), apart: BTreeMap::new(), kept: BTreeMap::new(), at: None }
    }

    async fn look(&mut self, ports: &Ports, fence: &Fence) -> Result<(), StageError> {
        self.candidates.retain(|_, candidate| candidate.epoch == fence.epoch());
        let wallets = ports.store.wallets(Some(self.chain)).await?;
        for wallet in wallets {
            // A wallet that cannot be read now must not keep the others from being looked at.
            match self.one(ports, fence, wallet).await {
                Ok(()) => {}
                Err(StageError::Chain(error)) => tracing::warn!(%error, "Reconciliation skipped a wallet"),
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    async fn one(&mut self, ports: &Ports, fence: &Fence, wallet: Wallet) -> Result<(), StageError> {
        let Some(chain) = ports.chains.get(&wallet.chain) else { return Ok(()) };
        let remembered = self.candidates.remove(&wallet.id);
        let depth = chain.profile().settled_watch_blocks;
        let cursor = ports.store.cursor(wallet.chain, depth).await?;
        if cursor.settle_after.is_some() {
            return Ok(()); // Finality was reversed: nothing is compared until it is past what it was.
        }
        let candidate = match remembered {
            Some(candidate) => candidate,
            None => {
                let read = read(ports, chain.as_ref(), fence, &wallet).await?;
                // Below the finality that the store knows, a top-up of a later block may be booked already.
                if cursor.finalized.is_some_and(|head| head.number > read.block.number) {
                    return Ok(());
                }
                read
            }
        };
        let top = cursor.blocks.first().map_or(0, |block| block.number);
        let lowest = cursor.blocks.last().map_or(0, |block| block.number);
        let followed = cursor.blocks.contains(&candidate.block);
        if !followed && candidate.block.number <= top {
            // Of a fork that is not the watcher's, or not yet; or older than what is remembered.
            return match candidate.block.number >= lowest {
                true => self.stands_apart(ports, fence, &wallet, candidate.block).await,
                false => Ok(()),
            };
        }
        if followed {
            self.apart.remove(&wallet.id);
        }
        let settled = match candidate.block.number > top {
            true => None,
            false => settled(ports, &wallet, &candidate).await?,
        };
        let Some(wallet) = settled else {
            self.candidates.insert(wallet.id, candidate);
            return Ok(());
        };
        let Some(booked) = ports.store.booked(wallet.id, candidate.block.number).await? else {
            return Ok(());
        };
        // A walk back between the two looks takes out of the books what the block still has.
        let cursor = ports.store.cursor(wallet.chain, depth).await?;
        if cursor.settle_after.is_some() || !cursor.blocks.contains(&candidate.block) {
            return Ok(());
        }
        self.compare(ports, fence, &wallet, candidate, &booked).await
    }

    /// Tells of a wallet that has not been compared for long, because the watcher follows another fork than the quorum.
    async fn stands_apart(
        &mut self,
        ports: &Ports,
        fence: &Fence,
        wallet: &Wallet,
        block: BlockRef,
    ) -> Result<(), StageError> {
        let now = ports.clock.now();
        let stood_ms = now.since_ms(*self.apart.entry(wallet.id).or_insert(now));
        if stood_ms < APART_MAX_MS {
            return Ok(());
        }
        let detail = format!(
            "final block {block:?} of the quorum is not among the blocks that are followed: nothing was compared for {} s",
            stood_ms / 1_000
        );
        let raise = Raise {
            code: Code::ReconciliationDifference,
            subject: wallet.id.to_string(),
            partner: Some(wallet.partner),
            detail,
        };
        let cause = Some(Cause { actor: Actor::System("house"), reason: "not_followed".into(), at: now });
        let change = Change { raise: vec![raise], cause, ..Change::default() };
        ports.store.apply(Some(fence.clone()), vec![change]).await?;
        Ok(())
    }

    /// Books what came in, raises what is missing, and says that nothing is where nothing is.
    async fn compare(
        &mut self,
        ports: &Ports,
        fence: &Fence,
        wallet: &Wallet,
        candidate: Candidate,
        booked: &[(AssetId, i64)],
    ) -> Result<(), StageError> {
        let (block, now) = (candidate.block, ports.clock.now());
        let cause = Cause {
            actor: Actor::System("house"),
            reason: format!("reconciled at final {block:?}"),
            at: now,
        };
        // Whoever holds the key of another wallet uses it as they like.
        let ahead = wallet.is_managed() && candidate.nonce > wallet.next_nonce;
        let run = Reconciliation {
            id: ReconciliationId::new(ports.entropy.ulid(now)),
            partner: wallet.partner,
            wallet: wallet.id,
            block,
            lines: lines(&candidate, booked),
            nonces: ahead.then_some((candidate.nonce, wallet.next_nonce)),
            asked_by: cause.actor.to_string(),
            at: now,
        };
        let mut change = Change { cause: Some(cause), ..Change::default() };
        // What came in up to a block is booked once, however often this change arrives.
        change.posted_as = Some(format!("reconciled_{}@{}", wallet.id, txid_text(&block.hash)));
        change.powers.extend(candidate.power);
        let mut missing = Vec::new();
        if let Some((chain, given_out)) = run.nonces {
            missing.push(format!("nonce: chain {chain}, given out {given_out}"));
        }
        for (line, (asset, units)) in run.lines.iter().zip(&candidate.holds) {
            change.balances.push(Balance {
                wallet: wallet.id,
                asset: asset.id,
                units: *units,
                block,
                at: now,
            });
            match line.outcome() {
                Outcome::Equal => {}
                Outcome::CameIn => {
                    change.postings.extend(Posting::brought(wallet, asset.id, line.difference()));
                }
                Outcome::Missing => {
                    missing.push(format!("{}: chain {}, books {}", asset.symbol, line.on_chain, line.books));
                }
            }
        }
        match missing.is_empty() {
            true => change.close.push((Code::ReconciliationDifference, wallet.id.to_string())),
            false => change.raise.push(Raise {
                code: Code::ReconciliationDifference,
                subject: wallet.id.to_string(),
                partner: Some(wallet.partner),
                detail: format!("at final block {}: {}", block.number, missing.join("; ")),
            }),
        }
        let kept = Kept::of(&run);
        let news = self.kept.get(&wallet.id) != Some(&kept);
        change.reconciled.extend(news.then_some(run));
        let outcomes = ports.store.apply(Some(fence.clone()), vec![change]).await?;
        if news && outcomes.first() == Some(&Became::Applied) {
            self.kept.insert(wallet.id, kept);
        }
        Ok(())
    }
}

impl Hand for Books {
    fn wakes(&self) -> (Topic, &'static str) {
        (Topic::Time(format!("books {}", self.chain)), "books")
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports, owner: &'a str) -> Fut<'a, Result<Done, StageError>> {
        Box::pin(async move {
            let now = ports.clock.now();
            if due(self.at, RECONCILE_MS, now) {
                let fence = fence(ports, owner).await?;
                self.at = Some(now);
                self.look(ports, &fence).await?;
            }
            Ok(Done::Idle(SWEEP_MS))
        })
    }
}

/// What a quorum read of a wallet at a final block.
struct Candidate {
    epoch: i64,
    block: BlockRef,
    /// Its next nonce there.
    nonce: u64,
    /// What it held there, of each asset.
    holds: Vec<(Asset, Units)>,
    /// What it may use of TRON's energy and bandwidth, at a block of its own.
    power: Option<Power>,
}

/// Nonce and balances by quorum at the final block.
async fn read(
    ports: &Ports,
    chain: &dyn Chain,
    fence: &Fence,
    wallet: &Wallet,
) -> Result<Candidate, StageError> {
    let assets = ports.store.assets(Some(wallet.chain)).await?;
    let assets = Asset::with_coin(assets, chain.profile());
    let standing = chain.standing(wallet.address, &assets).await?;
    let holds = assets.into_iter().zip(standing.reading().units.iter().copied()).collect();
    let power = power(ports, chain, wallet).await;
    let (block, nonce) = (standing.head(), standing.reading().nonce);
    Ok(Candidate { epoch: fence.epoch(), block, nonce, holds, power })
}

/// Energy and bandwidth are told and nothing rests on them here: without them the books are compared all the same.
async fn power(ports: &Ports, chain: &dyn Chain, wallet: &Wallet) -> Option<Power> {
    chain.profile().tron()?;
    match chain.resources(wallet.address).await {
        Ok((block, resources)) => Some(Power { wallet: wallet.id, resources, block, at: ports.clock.now() }),
        Err(error) => {
            tracing::warn!(%error, wallet = %wallet.id, "Energy and bandwidth cannot be read now");
            None
        }
    }
}

/// The wallet as it stands, once the books have everything that the block holds: no transfer in it is open.
async fn settled(
    ports: &Ports,
    wallet: &Wallet,
    candidate: &Candidate,
) -> Result<Option<Wallet>, StageError> {
    let Some(view) = ports.store.lane(wallet.id).await? else { return Ok(None) };
    let open = view.transfers().any(|(it, _)| it.stands_in(candidate.nonce, candidate.block));
    Ok((!open).then_some(view.wallet))
}

/// What the chain holds beside what the books say.
fn lines(candidate: &Candidate, booked: &[(AssetId, i64)]) -> Vec<Line> {
    let line = |(asset, units): &(Asset, Units)| Line {
        asset: asset.id,
        units: *units,
        // At the precision of the books. Gas is booked rounded up, so the books may say less by an atom for every
        // transaction; that comes back as a top-up and is never hidden.
        on_chain: sluice_codec::scale::from_chain(*units, asset).floor.atoms(),
        books: booked.iter().find(|(id, _)| *id == asset.id).map_or(0, |(_, atoms)| *atoms),
    };
    candidate.holds.iter().map(line).collect()
}
