//! Events: what changed, derived from the change itself and never remembered by the caller (M15).

use crate::access::Actor;
use crate::canonical::Canonical;
use crate::chain::txid_text;
use crate::command::{self, Command};
use crate::id::{PartnerId, TransferId, WalletId, WithdrawalId};
use crate::moved::Moved;
use crate::time::Timestamp;
use crate::transfer::{self, End, Purpose, Transfer};
use crate::wallet::{LaneState, Wallet};
use crate::withdrawal::status::project;
use crate::withdrawal::{State, Status, Withdrawal, on_lane};

/// Who did it and why. Goes with every command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Who.
    pub actor: Actor,
    /// Why, in words or as a stable code.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Something that happened to a partner's things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `withdrawal.completed`, `lane.frozen`, ...
    pub kind: String,
    /// Tenant.
    pub partner: PartnerId,
    /// Withdrawal it is about.
    pub withdrawal: Option<WithdrawalId>,
    /// Transfer it is about.
    pub transfer: Option<TransferId>,
    /// Wallet it is about.
    pub wallet: Option<WalletId>,
    /// The facts, canonical.
    pub data: Canonical,
}

/// The event of a withdrawal's step, if its public face changed. `phases` are the phases of its live transfer before
/// and after.
pub fn of_withdrawal(
    step: &Moved<Withdrawal>,
    phase_before: Option<transfer::Phase>,
    phase_after: Option<transfer::Phase>,
) -> Option<Event> {
    let after = step.after();
    let was = step.before().map(|before| project(&before.state, phase_before));
    let is = project(&after.state, phase_after);
    let reopened = matches!(
        (step.before().map(|it| &it.state), &after.state),
        (Some(State::Paid(_)), State::Assigned(_))
    );
    let wished = step.before().is_some_and(|before| before.cancel_requested.is_none())
        && after.cancel_requested.is_some()
        && !after.state.terminal();
    let kind = if reopened {
        "withdrawal.reopened".to_owned()
    } else if was.is_none() {
        "withdrawal.created".to_owned()
    } else if wished {
        "withdrawal.cancel_requested".to_owned()
    } else if was != Some(is) {
        format!("withdrawal.{}", is.as_str())
    } else {
        return None;
    };
    Some(Event {
        kind,
        partner: after.partner,
        withdrawal: Some(after.id),
        transfer: transfer_of(&after.state),
        wallet: None,
        data: facts(after, is),
    })
}

/// The events of a transfer's step for the withdrawals it carries: their public status follows the phase.
pub fn of_transfer(step: &Moved<Transfer>) -> Option<(Status, Event)> {
    let after = step.after();
    let assigned = |transfer: &Transfer| on_lane(transfer.phase());
    let is = assigned(after);
    if step.before().map(assigned) == Some(is) || step.before().is_none() {
        return None;
    }
    let data = Canonical::map([
        ("status", Some(Canonical::text(is.as_str()))),
        ("slot", after.slot().map(Canonical::text)),
        ("transfer", Some(Canonical::text(after.id))),
    ]);
    let event = Event {
        kind: format!("withdrawal.{}", is.as_str()),
        partner: after.partner,
        withdrawal: None,
        transfer: Some(after.id),
        wallet: Some(after.wallet),
        data,
    };
    Some((is, event))
}

/// The event of a step of a transfer that fills a nonce: it carries no withdrawal, and stands in the timeline of its lane.
pub fn of_fill(step: &Moved<Transfer>) -> Option<Event> {
    let after = step.after();
    let slotted = step.before().is_some_and(|before| before.slot().is_some());
    let (kind, by) = match (after.purpose, &after.state) {
        (Purpose::Payout, _) => return None,
        (Purpose::Fill, transfer::State::Final(ended)) => {
            // What was signed there in the lost life may have been faster: then it has paid, and no void has filled it.
            match &ended.end {
                End::Included(inclusion) => ("lane.filled", Some(inclusion.txid)),
                End::Taken(stranger) => ("lane.fill_overtaken", Some(stranger.txid)),
                // No nonce is filled on TRON.
                End::Expired(_) | End::NeverSigned(_) => return None,
            }
        }
        (Purpose::Fill, transfer::State::Built(_)) if !slotted => ("lane.filling", None),
        (Purpose::Fill, _) => return None,
    };
    Some(Event {
        kind: kind.to_owned(),
        partner: after.partner,
        withdrawal: None,
        transfer: Some(after.id),
        wallet: Some(after.wallet),
        data: Canonical::map([
            ("slot", after.slot().map(Canonical::text)),
            ("transfer", Some(Canonical::text(after.id))),
            ("txid", by.map(|txid| Canonical::Text(format!("0x{}", hex::encode(txid))))),
            ("wallet", Some(Canonical::text(after.wallet))),
        ]),
    })
}

/// The event of a wallet's step, if its state or cap changed.
pub fn of_wallet(step: &Moved<Wallet>) -> Option<Event> {
    let after = step.after();
    let kind = match step.before() {
        None if after.is_lane() => "wallet.adopted".to_owned(),
        None => "wallet.registered".to_owned(),
        Some(before) if before.state.as_str() != after.state.as_str() => {
            format!("lane.{}", after.state.as_str())
        }
        Some(before) if before.raised_cap != after.raised_cap => "lane.cap_changed".to_owned(),
        Some(before) if after.speed_up.is_some() && before.speed_up != after.speed_up => {
            "lane.speed_up".to_owned()
        }
        Some(_) => return None,
    };
    let evidence = match &after.state {
        LaneState::Frozen { evidence, .. } => Some(Canonical::text(evidence)),
        LaneState::Open | LaneState::Paused | LaneState::Draining | LaneState::Retired => None,
    };
    let registered = kind == "wallet.registered";
    Some(Event {
        kind,
        partner: after.partner,
        withdrawal: None,
        transfer: None,
        wallet: Some(after.id),
        data: Canonical::map([
            ("address", registered.then(|| Canonical::text(after.address))),
            ("chain", Some(Canonical::text(after.chain))),
            ("custody", registered.then(|| Canonical::text(after.custody.as_str()))),
            ("evidence", evidence),
            ("max_fee_wei", after.raised_cap.map(|cap| Canonical::text(cap.max_fee_wei))),
            ("speed_up_nonce", after.speed_up.map(|order| Canonical::text(order.nonce))),
            ("state", Some(Canonical::text(after.state.as_str()))),
            ("tier", registered.then(|| Canonical::text(after.tier.as_str()))),
            ("trusted_from", registered.then(|| Canonical::text(after.trusted_from))),
            ("wallet", Some(Canonical::text(after.id))),
        ]),
    })
}

/// The event of a command's step. It stands in the timeline of the withdrawal it is about.
pub fn of_command(step: &Moved<Command>) -> Event {
    let after = step.after();
    let kind = match &after.state {
        command::State::Pending => "command.asked",
        command::State::Done(_) => "command.done",
        command::State::Withdrawn(_) => "command.withdrawn",
        command::State::Expired(_) => "command.expired",
    };
    Event {
        kind: kind.to_owned(),
        partner: after.partner,
        withdrawal: WithdrawalId::parse(after.order.thing()).ok(),
        transfer: None,
        wallet: WalletId::parse(after.order.thing()).ok(),
        data: Canonical::map([
            ("asked_by", Some(Canonical::text(after.asked_by))),
            ("asked_reason", Some(Canonical::text(&after.reason))),
            ("command", Some(Canonical::text(after.id))),
            ("expires_at", Some(Canonical::text(after.expires_at))),
            ("facts", Some(Canonical::text(&after.order.facts))),
            ("order", Some(Canonical::text(after.order.kind))),
            ("says", Some(Canonical::text(&after.order.says))),
            ("subject", Some(Canonical::text(&after.order.subject))),
        ]),
    }
}

fn transfer_of(state: &State) -> Option<TransferId> {
    match state {
        State::Assigned(assigned) => Some(assigned.transfer),
        State::Paid(paid) => paid.by.map(|(transfer, _)| transfer),
        State::NeedsAttention(attention) => attention.last.map(|(transfer, _)| transfer),
        State::Requested
        | State::Held(_)
        | State::Approved(_)
        | State::Queued(_)
        | State::Rejected(_)
        | State::Cancelled(_)
        | State::Failed(_) => None,
    }
}

fn facts(withdrawal: &Withdrawal, status: Status) -> Canonical {
    let (code, txid, refund) = match &withdrawal.state {
        State::Held(held) => (Some(held.code.clone()), None, None),
        State::Queued(queued) => (Some(queued.why.clone()), None, None),
        // While a slot may be alive a refund would pay twice.
        State::NeedsAttention(attention) => {
            (Some(attention.code.as_str().to_owned()), None, Some("do not refund"))
        }
        State::Rejected(ended) | State::Cancelled(ended) | State::Failed(ended) => {
            (Some(ended.code.clone()), None, None)
        }
        State::Paid(paid) => (None, Some(txid_text(&paid.txid)), None),
        State::Requested | State::Approved(_) | State::Assigned(_) => (None, None, None),
    };
    Canonical::map([
        ("amount", Some(Canonical::text(withdrawal.request.amount.text(withdrawal.request.asset.precision)))),
        ("asset", Some(Canonical::text(withdrawal.request.asset.id))),
        ("external_id", Some(Canonical::text(&withdrawal.request.external_id))),
        ("reason", code.map(Canonical::Text)),
        ("refund", refund.map(Canonical::text)),
        ("status", Some(Canonical::text(status.as_str()))),
        ("txid", txid.map(Canonical::Text)),
        ("withdrawal", Some(Canonical::text(withdrawal.id))),
    ])
}
