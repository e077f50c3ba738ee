//! In: withdrawals in the queue. Out: planned transfers of this lane, earliest due first, no more than its window and
//! its free funds can take. What does not fit is passed over by smaller ones for half of its time; then one wallet of
//! the partner keeps what it has, and what comes in, for the one that has waited longest. A crash leaves nothing, or a
//! planned transfer that the next turn goes on with or gives back.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::id::{TransferId, WithdrawalId};
use sluice_core::intent::Approved;
use sluice_core::lane::{room, unsettled_full};
use sluice_core::port::store::{Change, Wanted};
use sluice_core::transfer::{State, Transfer};
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::{Waiting, Withdrawal};
use sluice_core::{alert, stop};

use super::give_back::{self, Fate};
use super::{Lane, Memory, recipient};
use crate::{StageError, may_replace};

/// Most queue entries looked at at once: what does not fit is passed over, within reason.
const LOOK_MAX: usize = 64;
/// Most looks in one turn; each but the last leaves out at least one asset that is dry.
const LOOKS_MAX: usize = 8;

pub(super) async fn run(lane: &mut Lane<'_>, memory: &mut Memory) -> Result<bool, StageError> {
    if !lane.wallet().takes_work() {
        return give_all_back(lane).await.map(|()| false);
    }
    if lane.doubted() {
        lane.blocked_by(Waiting::Node);
        return give_all_back(lane).await.map(|()| false);
    }
    let unslotted = lane.transfers().filter(|transfer| is_unslotted(transfer)).count();
    let room = room(lane.profile(), lane.transfers()).saturating_sub(unslotted);
    if room == 0 {
        lane.blocked_by(Waiting::Lane);
        if unsettled_full(lane.profile(), lane.transfers()) {
            let most = lane.profile().unsettled_max;
            lane.found(alert::Code::UnsettledFull, format!("{most} transfers are sent and not final"));
        }
        return Ok(false);
    }
    // What came since is taken by the next turn: a signal or the sweep brings it soon.
    if !lane.view.queue {
        return Ok(false);
    }
    let (partner, chain, wallet) = (lane.wallet().partner, lane.wallet().chain, lane.wallet().id);
    // The pool's wallet does errands and pays nobody: its energy is for others.
    let pool = lane.ports.energy.get(&chain).and_then(|supply| supply.pool.as_ref());
    let all = match pool.filter(|pool| lane.wallet().address == pool.wallet.into()) {
        Some(_) => vec![],
        None => lane.ports.store.assets(Some(chain)).await?,
    };
    let (stopped, open): (Vec<Asset>, Vec<Asset>) =
        all.into_iter().partition(|asset| stop::stopped(&lane.view.stops, partner, asset.id, Some(wallet)));
    let replacements = may_replace(lane.ports, chain).await?;
    let wanted = |assets: &[Asset], skip: usize| Wanted {
        assets: assets.iter().map(|it| it.id).collect(),
        replacements,
        pinned_to: Some(wallet),
        skip,
    };
    let mut slice = Slice { room, ..Slice::default() };
    let mut assets = open;
    let mut place = Some(place(lane, memory).await?);
    for look in 0..LOOKS_MAX {
        // What is pinned here is looked for where no asset is left too.
        if assets.is_empty() && look > 0 {
            break;
        }
        let skip = place.take().unwrap_or_default();
        let mut due =
            lane.ports.store.claimable(partner, &wanted(&assets, skip), lane.now(), LOOK_MAX).await?;
        // What is pinned here is found whatever its asset.
        due.retain(|it| !stop::stopped(&lane.view.stops, partner, it.request.asset.id, Some(wallet)));
        let more = due.len() == LOOK_MAX;
        memory.crowded = more;
        slice.take(lane, due).await?;
        let before = assets.len();
        assets.retain(|asset| !slice.dry.contains(&asset.id));
        // Past the head of the queue only where what stood there is of an asset that is dry: it holds up no other.
        if !more || slice.taken.len() == room || assets.len() == before {
            break;
        }
    }
    if slice.seen.is_empty() {
        if stopped.is_empty() {
            return Ok(false);
        }
        let held = lane.ports.store.claimable(partner, &wanted(&stopped, 0), lane.now(), 1).await?;
        if !held.is_empty() {
            lane.blocked_by(Waiting::Stop);
        }
        return Ok(false);
    }
    // What was not looked at may be payments of what there is.
    if !memory.crowded {
        slice.sweep(lane).await?;
    }
    let Slice { taken, short, kept_for, .. } = slice;
    note_funds(lane, short, kept_for);
    let changes = planned(lane, taken)?;
    let applied = lane.apply(changes).await?;
    Ok(memory.crowded && applied.contains(&true))
}

/// Looks after which a lane looks at the head of the queue, wherever its own place is: what stands there waits for no lane
/// that stands still.
const HEAD_EVERY: u32 = 4;
/// Places of their own at most: what is skipped is read all the same.
const PLACES: usize = 16;

/// Where this look begins. Lanes of one partner that look at the same place take the same withdrawals, and all but one of
/// them in vain; so while the queue is longer than a look, each begins as many looks behind the head as lanes stand before
/// it in the order of their ids.
async fn place(lane: &Lane<'_>, memory: &mut Memory) -> Result<usize, StageError> {
    memory.looks = memory.looks.wrapping_add(1);
    if !memory.crowded || memory.looks.is_multiple_of(HEAD_EVERY) {
        return Ok(0);
    }
    let wallet = lane.wallet();
    let before = |it: &&Wallet| it.partner == wallet.partner && it.takes_work() && it.id < wallet.id;
    let wallets = lane.ports.store.wallets(Some(wallet.chain)).await?;
    Ok(wallets.iter().filter(before).count() % PLACES * LOOK_MAX)
}

/// What a turn takes from the queue.
#[derive(Default)]
struct Slice {
    room: usize,
    /// Earliest due first.
    taken: Vec<(Withdrawal, Approved)>,
    seen: BTreeSet<WithdrawalId>,
    /// What is left of each asset that was looked at, at the block its balance was read at.
    free: BTreeMap<AssetId, Units>,
    /// Assets of which a due withdrawal needs more than is free.
    dry: BTreeSet<AssetId>,
    /// The first of them, and what is left.
    short: Option<(Asset, Units)>,
    /// The first for which this wallet keeps what it has.
    kept_for: Option<WithdrawalId>,
    /// Whether this wallet is the one that keeps.
    keeper: Option<bool>,
    /// What takes what the wallet has too much: after all that pays, whenever it is due.
    sweeps: Vec<Withdrawal>,
}

impl Slice {
    async fn take(&mut self, lane: &Lane<'_>, due: Vec<Withdrawal>) -> Result<(), StageError> {
        let fresh: Vec<Withdrawal> = due.into_iter().filter(|it| self.seen.insert(it.id)).collect();
        self.read_funds(lane, &fresh).await?;
        let now = lane.now();
        let (sweeps, payments): (Vec<_>, Vec<_>) = fresh.into_iter().partition(|it| it.request.is_sweep());
        self.sweeps.extend(sweeps);
        for withdrawal in payments {
            if self.taken.len() == self.room {
                break;
            }
            let asset = withdrawal.request.asset.clone();
            let source = asset.source(&lane.native()).id;
            let Some(left) = self.left_by(lane, &withdrawal) else {
                let left = self.free.get(&source).copied().unwrap_or_default();
                self.dry.insert(asset.id);
                if withdrawal.is_passed_over_no_longer(now) && self.keeps(lane).await? {
                    self.kept_for.get_or_insert(withdrawal.id);
                    self.free.insert(source, Units::ZERO);
                }
                self.short.get_or_insert((asset, left));
                continue;
            };
            self.free.insert(source, left);
            let Some(approved) = withdrawal.approved_payment() else { continue };
            self.taken.push((withdrawal, approved));
        }
        Ok(())
    }

    /// Takes sweeps of what no payment waits for: of an asset that is not dry, where nothing is kept.
    async fn sweep(&mut self, lane: &Lane<'_>) -> Result<(), StageError> {
        for sweep in std::mem::take(&mut self.sweeps) {
            let asset = sweep.request.asset.clone();
            if self.taken.len() == self.room {
                break;
            }
            if self.dry.contains(&asset.id) || !recipient::fits(lane, sweep.request.to, asset.id).await? {
                continue;
            }
            let Some(left) = self.left_by(lane, &sweep) else { continue };
            self.free.insert(asset.source(&lane.native()).id, left);
            let Some(approved) = sweep.approved_payment() else { continue };
            self.taken.push((sweep, approved));
        }
        Ok(())
    }

    /// What a withdrawal would leave of what is free; `None` where it needs more.
    fn left_by(&self, lane: &Lane<'_>, withdrawal: &Withdrawal) -> Option<Units> {
        let asset = &withdrawal.request.asset;
        let free = self.free.get(&asset.source(&lane.native()).id).copied().unwrap_or_default();
        let needs = sluice_codec::scale::to_chain(withdrawal.request.amount, asset)?;
        free.checked_sub(needs)
    }

    /// One wallet of the partner keeps, so that the others go on with what fits: the first that takes work.
    async fn keeps(&mut self, lane: &Lane<'_>) -> Result<bool, StageError> {
        if let Some(keeper) = self.keeper {
            return Ok(keeper);
        }
        let (partner, wallet) = (lane.wallet().partner, lane.wallet().id);
        let wallets = lane.ports.store.wallets(Some(lane.wallet().chain)).await?;
        let first =
            wallets.iter().filter(|it| it.partner == partner && it.takes_work()).map(|it| it.id).min();
        let keeper = first == Some(wallet);
        self.keeper = Some(keeper);
        Ok(keeper)
    }

    /// Reads what is free of the assets that were not looked at before in this turn.
    async fn read_funds(&mut self, lane: &Lane<'_>, due: &[Withdrawal]) -> Result<(), StageError> {
        let mut assets: BTreeMap<AssetId, Asset> = BTreeMap::new();
        for source in due.iter().map(|it| it.request.asset.source(&lane.native())) {
            if !self.free.contains_key(&source.id) {
                assets.insert(source.id, source);
            }
        }
        if assets.is_empty() {
            return Ok(());
        }
        let assets: Vec<Asset> = assets.into_values().collect();
        let (at, balances) = lane.chain.balances(lane.wallet().address, &assets).await?;
        for (asset, balance) in assets.iter().zip(balances) {
            self.free.insert(asset.id, lane.free(asset, balance, at));
        }
        Ok(())
    }
}

/// One transfer for each. What follows takes a lane's transfers in the order of their ids, so ids rise with the rank.
pub(super) fn planned(
    lane: &Lane<'_>,
    taken: Vec<(Withdrawal, Approved)>,
) -> Result<Vec<Change>, StageError> {
    let (partner, wallet, now) = (lane.wallet().partner, lane.wallet().id, lane.now());
    let mut ids: Vec<_> = taken.iter().map(|_| TransferId::new(lane.ports.entropy.ulid(now))).collect();
    ids.sort_unstable();
    let mut changes = Vec::with_capacity(taken.len());
    for (id, (withdrawal, approved)) in ids.into_iter().zip(taken) {
        let asset = withdrawal.request.asset.clone();
        changes.push(Change {
            transfers: vec![Transfer::plan(id, partner, wallet, asset, vec![(withdrawal.id, approved)], now)],
            withdrawals: vec![withdrawal.assign(id, wallet, now)?],
            cause: Some(lane.cause("plan")),
            ..Change::default()
        });
    }
    Ok(changes)
}

fn note_funds(lane: &mut Lane<'_>, short: Option<(Asset, Units)>, kept_for: Option<WithdrawalId>) {
    let Some((asset, left)) = short else { return };
    lane.blocked_by(Waiting::Funds);
    let left = sluice_codec::scale::from_chain(left, &asset).floor.text(asset.precision);
    let kept = kept_for.map_or_else(String::new, |id| {
        format!("; {id} has waited for half of its time, and what this wallet has and gets is kept for it")
    });
    let what = format!("{left} {} are free, and a due withdrawal needs more{kept}", asset.symbol);
    lane.found(alert::Code::FundsShort, what);
}

/// A frozen, paused, retired or tripped lane keeps nothing that has no slot.
pub(super) async fn give_all_back(lane: &mut Lane<'_>) -> Result<(), StageError> {
    lane.blocked_by(Waiting::Person);
    let mut changes = Vec::new();
    for transfer in lane.transfers().filter(|transfer| is_unslotted(transfer)).cloned().collect::<Vec<_>>() {
        let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
        let withdrawals = lane.ports.store.withdrawals(&ids).await?;
        changes.push(give_back::change(
            transfer,
            withdrawals,
            Fate::Back("lane_closed"),
            lane.cause("lane_closed"),
        )?);
    }
    lane.apply(changes).await?;
    Ok(())
}

pub(super) fn is_unslotted(transfer: &Transfer) -> bool {
    matches!(transfer.state, State::Planned | State::Funded(_) | State::Fuelling(_) | State::Fuelled(_))
}
