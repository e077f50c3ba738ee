//! In: every open alert, a page in each turn. Out: those are closed whose cause is gone by what is stored of their
//! subject; withdrawals that need a person are told, and lanes that stand idle. Derived from how things stand, so that
//! no crash between a deed and its word leaves an alert behind.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::access::Actor;
use sluice_core::alert::{Alert, Code, Raise};
use sluice_core::event::Cause;
use sluice_core::id::{AlertId, TransferId, WalletId, WithdrawalId};
use sluice_core::lane::Fence;
use sluice_core::port::store::Change;
use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};
use sluice_core::sighting::Word;
use sluice_core::transfer::{State as TransferState, Transfer};
use sluice_core::wallet::{LaneState, Wallet};
use sluice_core::withdrawal::{State, Withdrawal};

use super::{Hand, fence, idle};
use crate::{Done, StageError};

/// Open alerts looked at in one turn.
const PAGE: usize = 256;
/// Withdrawals told of in one turn.
const SLICE_MAX: usize = 64;
/// Longest sleep without looking, milliseconds.
const SWEEP_MS: u64 = 1_000;

/// What is remembered of open alerts. Losing it costs a look from the first one on.
#[derive(Default)]
pub(super) struct Standing {
    /// The last alert looked at; the next turn goes on behind it.
    place: Option<AlertId>,
    idle: idle::Idle,
}

impl Hand for Standing {
    fn wakes(&self) -> (Topic, &'static str) {
        (Topic::Alerts, "standing")
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports, owner: &'a str) -> Fut<'a, Result<Done, StageError>> {
        Box::pin(async move {
            let fence = fence(ports, owner).await?;
            self.place = look(ports, &fence, self.place).await?;
            self.idle.keep(ports, &fence).await?;
            Ok(Done::Idle(SWEEP_MS))
        })
    }
}

/// Looks at a page of open alerts behind a place; where the next look goes on.
async fn look(ports: &Ports, fence: &Fence, place: Option<AlertId>) -> Result<Option<AlertId>, StageError> {
    let cause = Cause { actor: Actor::System("house"), reason: "standing".into(), at: ports.clock.now() };
    let mut change = Change { cause: Some(cause), ..Change::default() };
    for withdrawal in ports.store.untold_attention(SLICE_MAX).await? {
        change.raise.extend(needs_a_person(&withdrawal));
    }
    let open = ports.store.open_alerts(Code::ALL, place, PAGE).await?;
    let next = open.last().map(|alert| alert.id).filter(|_| open.len() == PAGE);
    if !open.is_empty() {
        let subjects = Subjects::of(ports, &open).await?;
        let over = open.iter().filter(|alert| subjects.over(alert));
        change.close.extend(over.map(|alert| (alert.raise.code, alert.raise.subject.clone())));
    }
    if !change.raise.is_empty() || !change.close.is_empty() {
        ports.store.apply(Some(fence.clone()), vec![change]).await?;
    }
    Ok(next)
}

fn needs_a_person(withdrawal: &Withdrawal) -> Option<Raise> {
    let State::NeedsAttention(attention) = &withdrawal.state else { return None };
    let slots = match attention.slots_dead {
        _ if attention.paid_before_restore() => {
            "the signer's journal holds a payment of it that this store has lost, and only that transaction resolves it"
        }
        true => "no slot of it can pay",
        false => "a slot of it may still pay",
    };
    Some(Raise {
        code: Code::NeedsAttention,
        subject: withdrawal.id.to_string(),
        partner: Some(withdrawal.partner),
        detail: format!("{}: {slots}; a person decides, do not refund before that", attention.code.as_str()),
    })
}

/// How the subjects of alerts stand.
#[derive(Default)]
struct Subjects {
    /// Wallets in service.
    wallets: BTreeMap<String, Wallet>,
    withdrawals: BTreeMap<String, Withdrawal>,
    transfers: BTreeMap<String, Transfer>,
    /// Wallets of which one node alone shows something.
    claims: BTreeSet<String>,
    /// Chains that are watched here.
    chains: BTreeSet<String>,
}

impl Subjects {
    async fn of(ports: &Ports, alerts: &[Alert]) -> Result<Self, StageError> {
        let subjects = || alerts.iter().map(|alert| alert.raise.subject.as_str());
        let transfers: Vec<_> = subjects().filter_map(|text| TransferId::parse(text).ok()).collect();
        let transfers: Vec<Transfer> = match transfers.is_empty() {
            true => vec![],
            false => {
                ports.store.transfers(&transfers).await?.into_iter().map(|(transfer, _)| transfer).collect()
            }
        };
        let mut withdrawals: Vec<_> = subjects().filter_map(|text| WithdrawalId::parse(text).ok()).collect();
        withdrawals.extend(transfers.iter().flat_map(|it| it.items.iter().map(|item| item.withdrawal)));
        let withdrawals = match withdrawals.is_empty() {
            true => vec![],
            false => ports.store.withdrawals(&withdrawals).await?,
        };
        let mut claims = BTreeSet::new();
        for alert in alerts.iter().filter(|alert| alert.raise.code == Code::ClaimUnconfirmed) {
            let subject = &alert.raise.subject;
            let Ok(wallet) = WalletId::parse(subject) else { continue };
            let view = ports.store.lane(wallet).await?;
            if view.is_some_and(|view| view.sightings.iter().any(|it| it.word == Word::Claimed)) {
                claims.insert(subject.clone());
            }
        }
        let wallets = ports.store.wallets(None).await?;
        Ok(Self {
            claims,
            wallets: wallets.into_iter().map(|it| (it.id.to_string(), it)).collect(),
            withdrawals: withdrawals.into_iter().map(|it| (it.id.to_string(), it)).collect(),
            transfers: transfers.into_iter().map(|it| (it.id.to_string(), it)).collect(),
            chains: ports.chains.keys().map(ToString::to_string).collect(),
        })
    }

    /// Whether the cause of an alert is gone. What is not found says nothing: it may be a row of a newer version.
    fn over(&self, alert: &Alert) -> bool {
        let subject = alert.raise.subject.as_str();
        match alert.raise.code {
            Code::LaneFrozen | Code::StoreWentBack => self
                .wallets
                .get(subject)
                .is_none_or(|wallet| !matches!(wallet.state, LaneState::Frozen { .. })),
            Code::ClaimUnconfirmed => !self.claims.contains(subject),
            Code::FinalityReversed => {
                self.transfers.get(subject).is_some_and(|transfer| self.ended_again(transfer, alert))
            }
            Code::NeedsAttention => self
                .withdrawals
                .get(subject)
                .is_some_and(|withdrawal| !matches!(withdrawal.state, State::NeedsAttention(_))),
            Code::DeadlineMissed => self.withdrawals.get(subject).is_some_and(clock_stands),
            // The chain loop, the lane or the house looks by itself; nobody does once the wallet has left service.
            Code::ReconciliationDifference
            | Code::BreakerOpen
            | Code::LaneIdle
            | Code::FeeAtCap
            | Code::SignerDown
            | Code::SignerRefused
            | Code::EnergyShort
            | Code::EnergyLow
            | Code::EnergyUnusual
            | Code::FundsShort
            | Code::SignatureAwaited
            | Code::GasLow
            | Code::UnsettledFull => !self.wallets.contains_key(subject),
            // The chain loop or the broker looks by itself; nobody does once the chain is not configured any more.
            Code::NodesDisagree
            | Code::FinalityStalled
            | Code::NodesDown
            | Code::ClockSkew
            | Code::EnergyUnresolved
            | Code::EnergyCreditLow
            | Code::EnergyTopupUnknown
            | Code::SingleSource => {
                let chain = subject.split(' ').next().unwrap_or(subject);
                !self.chains.contains(chain)
            }
            Code::UnknownState => false, // a person takes it
        }
    }

    /// Final again. Where a withdrawal has gone to another slot or to an end of its own, it may have been paid twice: then
    /// a person must have taken the alert.
    fn ended_again(&self, transfer: &Transfer, alert: &Alert) -> bool {
        let paid_here = |withdrawal: &WithdrawalId| {
            let state = self.withdrawals.get(&withdrawal.to_string()).map(|it| &it.state);
            matches!(state, Some(State::Paid(paid)) if paid.by.is_some_and(|(by, _)| by == transfer.id))
        };
        matches!(transfer.state, TransferState::Final(_))
            && (alert.acknowledged_by.is_some()
                || transfer.items.iter().all(|item| paid_here(&item.withdrawal)))
    }
}

/// The deadline's clock does not run: the withdrawal has ended, or a person is awaited.
fn clock_stands(withdrawal: &Withdrawal) -> bool {
    match &withdrawal.state {
        State::Held(_)
        | State::NeedsAttention(_)
        | State::Paid(_)
        | State::Rejected(_)
        | State::Cancelled(_)
        | State::Failed(_) => true,
        State::Requested | State::Approved(_) | State::Queued(_) | State::Assigned(_) => false,
    }
}
