//! A partner asks to have energy got ahead for withdrawals that it names, or that it be left. Nothing is ordered here: a row is
//! stored, and the lane that it names opens a need for it under its own fence.

use std::collections::BTreeSet;

use sluice_core::chain::ChainId;
use sluice_core::energy::{Request, RequestItem, Requested, Unrequestable};
use sluice_core::event::Cause;
use sluice_core::id::{EnergyRequestId, PartnerId, TransferId, WalletId, WithdrawalId};
use sluice_core::port::Ports;
use sluice_core::port::chain::{ChainError, Preflight, Trial};
use sluice_core::port::reader::{Reader, RequestFilter};
use sluice_core::port::store::{Change, StoreError};
use sluice_core::port::world::Topic;
use sluice_core::resource::ENERGY_NEW;
use sluice_core::time::Timestamp;
use sluice_core::transfer::State as Phase;
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::{State, Withdrawal};

use super::persons::Given;
use super::{OrderError, TRIES_MAX, commit};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ahead {
    /// Whose.
    pub partner: PartnerId,
    /// On which chain.
    pub chain: ChainId,
    /// The lane that is to have it; `None` where the partner has one.
    pub wallet: Option<WalletId>,
    /// The caller's name for it.
    pub external_id: String,
    /// What it is for.
    pub withdrawals: Vec<Withdrawal>,
    /// Nothing is asked for before; `None`: at once.
    pub not_before: Option<Timestamp>,
    /// Nothing is asked for from then on; `None`: an hour after it begins.
    pub expires_at: Option<Timestamp>,
}

/// A request stands so long where nothing else is said, milliseconds.
const LASTS_MS: i64 = 3_600_000;

/// A request that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AheadStored {
    /// Stored now.
    New(Box<Request>),
    /// The same was asked for before: here it is, as it stands.
    Replay(Box<Request>),
}

/// Why nothing is asked for. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AheadError {
    /// Another request has that external id.
    #[error("the external id belongs to the request {0}, which asks for something else")]
    ExternalIdConflict(EnergyRequestId),
    /// An open request names that withdrawal.
    #[error("energy for {withdrawal} is asked for by {request}")]
    Named {
        /// The withdrawal.
        withdrawal: WithdrawalId,
        /// The request.
        request: EnergyRequestId,
    },
    /// That withdrawal waits for no energy of that lane.
    #[error("{0} takes no energy of that chain, has it, is with another lane, or has ended")]
    NotAwaited(WithdrawalId),
    /// The partner has several lanes there, and none is named.
    #[error("{0} lanes could have it: name one")]
    Lanes(usize),
    /// No such lane, or energy is not bought on that chain.
    #[error("no such lane takes work, or energy is not bought there")]
    NoLane,
    /// It is no request.
    #[error(transparent)]
    Unrequestable(#[from] Unrequestable),
    /// Everything else.
    #[error(transparent)]
    Order(#[from] OrderError),
}

impl From<StoreError> for AheadError {
    fn from(error: StoreError) -> Self {
        Self::Order(error.into())
    }
}

impl From<ChainError> for AheadError {
    fn from(error: ChainError) -> Self {
        Self::Order(error.into())
    }
}

/// The store's rule that a partner has one request of a name.
const ONE_NAME: &str = "energy_request_one_external_id";
/// The store's rule that a withdrawal is named by one open request.
const ONE_OPEN: &str = "energy_one_open_request";

/// Stores a request, once for its external id.
///
/// # Errors
/// [`AheadError`].
pub async fn request_energy(
    ports: &Ports,
    reader: &dyn Reader,
    asked: &Ahead,
    cause: Cause,
) -> Result<AheadStored, AheadError> {
    for _ in 0..TRIES_MAX {
        if let Some(stored) = named(reader, asked).await? {
            let same = is_the_same(&stored, asked);
            let conflict = AheadError::ExternalIdConflict(stored.id);
            return if same { Ok(AheadStored::Replay(Box::new(stored))) } else { Err(conflict) };
        }
        let lane = lane(ports, asked).await?;
        awaited(ports, asked, &lane).await?;
        let not_before = asked.not_before.unwrap_or(cause.at).max(cause.at);
        let wanted = Requested {
            id: EnergyRequestId::new(ports.entropy.ulid(cause.at)),
            partner: asked.partner,
            wallet: lane.id,
            chain: asked.chain,
            external_id: asked.external_id.clone(),
            items: items(ports, asked, &lane).await?,
            not_before,
            expires_at: asked.expires_at.unwrap_or_else(|| not_before.plus_ms(LASTS_MS)),
        };
        let step = Request::open(wanted, cause.at)?;
        let after = step.after().clone();
        match commit(ports, Change { requests: vec![step], ..Change::default() }, cause.clone()).await {
            Ok(true) => {
                ports.wake.signal(Topic::Lane(lane.id));
                return Ok(AheadStored::New(Box::new(after)));
            }
            Ok(false) => {}
            // Somebody was faster under this name: what, is looked at again.
            Err(OrderError::Evidence(rule)) if rule == ONE_NAME => {}
            Err(OrderError::Evidence(rule)) if rule == ONE_OPEN => {
                if let Some(taken) = taken(reader, asked).await? {
                    return Err(taken);
                }
            }
            Err(other) => return Err(other.into()),
        }
    }
    Err(OrderError::Moved.into())
}

/// Calls a request off. What was called off before is said to be done.
///
/// # Errors
/// [`OrderError::NotFound`] for another tenant's; [`OrderError::Refused`] where it has ended.
pub async fn cancel_energy_request(
    ports: &Ports,
    reader: &dyn Reader,
    partner: Option<PartnerId>,
    id: EnergyRequestId,
    given: impl Into<Given>,
) -> Result<Request, OrderError> {
    let given = given.into();
    for _ in 0..TRIES_MAX {
        let request = reader.energy_request(partner, id).await?.ok_or(OrderError::NotFound)?;
        if request.state == sluice_core::energy::RequestState::Cancelled {
            return Ok(request);
        }
        given.expects(request.version)?;
        let step = request.cancel(given.cause.at)?;
        let after = step.after().clone();
        if commit(ports, Change { requests: vec![step], ..Change::default() }, given.cause.clone()).await? {
            // It ends the need, where nothing else waits for that.
            ports.wake.signal(Topic::Lane(after.wallet));
            return Ok(after);
        }
    }
    Err(OrderError::Moved)
}

async fn named(reader: &dyn Reader, asked: &Ahead) -> Result<Option<Request>, StoreError> {
    let filter = RequestFilter {
        partner: Some(asked.partner),
        external_id: Some(asked.external_id.clone()),
        ..RequestFilter::default()
    };
    Ok(reader.energy_requests(&filter, None, 1).await?.pop())
}

/// What was said then is what is said now; what was left to us is as it was found then.
fn is_the_same(stored: &Request, asked: &Ahead) -> bool {
    let then: BTreeSet<WithdrawalId> = stored.items.iter().map(|it| it.withdrawal).collect();
    let now: BTreeSet<WithdrawalId> = asked.withdrawals.iter().map(|it| it.id).collect();
    // A beginning in the past is at once, then and now.
    let begins = |at: Timestamp| at.max(stored.requested_at) == stored.not_before;
    then == now
        && stored.chain == asked.chain
        && asked.wallet.is_none_or(|id| id == stored.wallet)
        && asked.not_before.is_none_or(begins)
        && asked.expires_at.is_none_or(|at| at == stored.expires_at)
}

/// The lane that is to have it. The pool's own pays nobody.
async fn lane(ports: &Ports, asked: &Ahead) -> Result<Wallet, AheadError> {
    let supply = ports.energy.get(&asked.chain).ok_or(AheadError::NoLane)?;
    let pool = supply.pool.as_ref().map(|pool| pool.wallet);
    let fits = |it: &Wallet| {
        it.partner == asked.partner
            && it.is_lane()
            && it.takes_work()
            && pool.is_none_or(|pool| it.address != pool.into())
            && asked.wallet.is_none_or(|id| it.id == id)
    };
    let wallets = ports.store.wallets(Some(asked.chain)).await?;
    let mut fit: Vec<Wallet> = wallets.into_iter().filter(fits).collect();
    match (fit.pop(), fit.len()) {
        (Some(lane), 0) => Ok(lane),
        (Some(_), others) => Err(AheadError::Lanes(others.saturating_add(1))),
        (None, _) => Err(AheadError::NoLane),
    }
}

/// Each of them may take energy of that lane yet.
async fn awaited(ports: &Ports, asked: &Ahead, lane: &Wallet) -> Result<(), AheadError> {
    let mut assigned: Vec<(TransferId, WithdrawalId)> = Vec::new();
    for it in &asked.withdrawals {
        let refused = Err(AheadError::NotAwaited(it.id));
        // A transfer of TRX runs no code, and what is of another chain takes none of this one's energy.
        if it.request.asset.id.chain != asked.chain || it.request.asset.contract().is_none() {
            return refused;
        }
        match &it.state {
            State::Requested | State::Held(_) | State::Approved(_) | State::Queued(_) => {}
            State::Assigned(to) if to.wallet == lane.id => assigned.push((to.transfer, it.id)),
            State::Assigned(_)
            | State::Paid(_)
            | State::NeedsAttention(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return refused,
        }
    }
    if assigned.is_empty() {
        return Ok(());
    }
    let ids: Vec<TransferId> = assigned.iter().map(|(transfer, _)| *transfer).collect();
    let transfers = ports.store.transfers(&ids).await?;
    for (id, withdrawal) in assigned {
        let found = transfers.iter().find(|(it, _)| it.id == id);
        let without = |phase: &Phase| matches!(phase, Phase::Planned | Phase::Funded(_) | Phase::Fuelling(_));
        if !found.is_some_and(|(it, _)| without(&it.state)) {
            return Err(AheadError::NotAwaited(withdrawal));
        }
    }
    Ok(())
}

/// What each takes: by simulation where it is decided on, and otherwise, or where that fails now, as one to an account that holds
/// none of the token.
async fn items(ports: &Ports, asked: &Ahead, lane: &Wallet) -> Result<Vec<RequestItem>, AheadError> {
    let chain = ports.chains.get(&asked.chain).ok_or(AheadError::NoLane)?;
    let (mut items, mut trials, mut tried) = (Vec::new(), Vec::new(), Vec::new());
    for (place, it) in asked.withdrawals.iter().enumerate() {
        items.push(RequestItem { withdrawal: it.id, energy: ENERGY_NEW });
        if let Some(approved) = it.approved_payment() {
            let (to, asset) = (approved.payment.to, it.request.asset.clone());
            trials.push(Trial { from: lane.address, asset, to, payment: approved.payment });
            tried.push(place);
        }
    }
    if trials.is_empty() {
        return Ok(items);
    }
    let verdicts = chain.preflight(&trials).await?;
    for (place, verdict) in tried.into_iter().zip(verdicts) {
        if let (Some(item), Preflight::Passes { gas, .. }) = (items.get_mut(place), verdict) {
            item.energy = gas;
        }
    }
    Ok(items)
}

/// Which of them is named by an open request.
async fn taken(reader: &dyn Reader, asked: &Ahead) -> Result<Option<AheadError>, StoreError> {
    for it in &asked.withdrawals {
        let filter = RequestFilter { withdrawal: Some(it.id), ..RequestFilter::default() };
        if let Some(request) = reader.energy_requests(&filter, None, 1).await?.pop() {
            return Ok(Some(AheadError::Named { withdrawal: it.id, request: request.id }));
        }
    }
    Ok(None)
}
