//! A withdrawal with its transactions, and what it waits for.

use sluice_api::problem::{Lang, Reason};
use sluice_api::status::{Status as WireStatus, WaitKind, WithdrawalType};
use sluice_api::tag;
use sluice_api::text::Decimal;
use sluice_api::withdrawal::{
    ErrandKind, Receipt, Transaction, TransactionKind, TransactionStatus, WaitingFor, Withdrawal as Wire,
};
use sluice_core::amount::Cost;
use sluice_core::attempt::{Attempt, Kind, Signed};
use sluice_core::chain::Family;
use sluice_core::port::reader::WithdrawalView;
use sluice_core::proof::{Effect, Inclusion};
use sluice_core::receipt as core;
use sluice_core::time::Timestamp;
use sluice_core::transfer::{End, Ended, State as TransferState, Transfer};
use sluice_core::withdrawal::status::{self, Status, Waiting};
use sluice_core::withdrawal::{Paid, State, Type, Withdrawal};

use super::{amount, block, coin_decimals, count, hex32, reason, time, units};

/// A withdrawal as its partner sees it.
pub(crate) fn withdrawal(view: &WithdrawalView, lang: Lang, now: Timestamp) -> Wire {
    let withdrawal = &view.withdrawal;
    let request = &withdrawal.request;
    let in_asset = |sum| amount(sum, request.asset.precision);
    Wire {
        object: tag::Withdrawal::Is,
        id: withdrawal.id.to_string(),
        external_id: request.external_id.clone(),
        user_id: request.user_id.clone(),
        partner_id: withdrawal.partner.to_string(),
        status: wire_status(view.status),
        waiting_for: waiting_for(view, lang, now),
        kind: wire_type(request.kind),
        asset: request.asset.id.to_string(),
        amount: in_asset(request.amount),
        fee: in_asset(request.fee),
        total_debit: in_asset(request.total_debit()),
        address: request.to.to_string(),
        memo: request.memo.clone(),
        metadata: request.metadata.clone(),
        attempt_no: withdrawal.attempt_no,
        cancel_requested: withdrawal.cancel_requested.is_some(),
        reason: why(withdrawal, lang),
        errand: request.errand_kind().and_then(ErrandKind::parse),
        receipt: view.receipt.as_ref().map(receipt),
        transactions: transactions(view),
        created_at: time(withdrawal.accepted_at),
        due_at: time(withdrawal.deadline_at),
        scheduled_for: request.scheduled_for.map(time),
        updated_at: time(view.updated_at),
        completed_at: match &withdrawal.state {
            State::Paid(paid) => Some(time(paid.at)),
            _ => None,
        },
        version: count(withdrawal.version),
    }
}

/// The engine's status in the contract's words: the lists are equal, as a test shows.
pub(crate) fn wire_status(status: Status) -> WireStatus {
    WireStatus::parse(status.as_str()).unwrap_or(WireStatus::Pending)
}

/// The engine's type in the contract's words.
pub(crate) const fn wire_type(kind: Type) -> WithdrawalType {
    match kind {
        Type::Immediate => WithdrawalType::Immediate,
        Type::Regular => WithdrawalType::Regular,
        Type::Scheduled => WithdrawalType::Scheduled,
    }
}

/// The contract's type in the engine's words.
pub(crate) const fn core_type(kind: WithdrawalType) -> Type {
    match kind {
        WithdrawalType::Immediate => Type::Immediate,
        WithdrawalType::Regular => Type::Regular,
        WithdrawalType::Scheduled => Type::Scheduled,
    }
}

/// Why it ended as it did, or why it needs a person.
fn why(withdrawal: &Withdrawal, lang: Lang) -> Option<Reason> {
    match &withdrawal.state {
        State::Held(held) => Some(reason(&held.code, lang)),
        State::NeedsAttention(attention) => Some(reason(attention.code.as_str(), lang)),
        State::Rejected(ended) | State::Cancelled(ended) | State::Failed(ended) => {
            Some(reason(&ended.code, lang))
        }
        State::Requested | State::Approved(_) | State::Queued(_) | State::Assigned(_) | State::Paid(_) => {
            None
        }
    }
}

fn waiting_for(view: &WithdrawalView, lang: Lang, now: Timestamp) -> Option<WaitingFor> {
    let live = match &view.withdrawal.state {
        State::Assigned(assigned) => {
            view.transfers.iter().find(|(transfer, _)| transfer.id == assigned.transfer)
        }
        _ => None,
    };
    let phase = live.map(|(transfer, _)| (transfer.phase(), transfer.changed_at));
    let stopped = view.stop.as_ref().map(|stop| stop.at);
    let answer = status::waiting(&view.withdrawal, phase, stopped, &view.lanes, now)?;
    let kind = wait_kind(answer.waiting, answer.released_by, view.withdrawal.request.scheduled_for, now);
    Some(WaitingFor::new(kind, time(answer.since), answer.expected_until.map(time), lang))
}

/// The contract tells some waits apart that the engine tells by what would release them.
fn wait_kind(waiting: Waiting, released_by: &str, scheduled: Option<Timestamp>, now: Timestamp) -> WaitKind {
    match waiting {
        Waiting::Funds => WaitKind::Funds,
        Waiting::Energy => WaitKind::Energy,
        Waiting::Gas => WaitKind::Gas,
        Waiting::FeeCap => WaitKind::FeeCap,
        Waiting::Signature => WaitKind::Signature,
        Waiting::Approval => WaitKind::Approval,
        Waiting::TwoFactor => WaitKind::TwoFactor,
        Waiting::Delay if scheduled.is_some_and(|at| now < at) => WaitKind::Schedule,
        Waiting::Delay => WaitKind::Delay,
        Waiting::Person if matches!(released_by, "lane_opened" | "lane_unfrozen") => WaitKind::Lane,
        Waiting::Person => WaitKind::Person,
        Waiting::Node if released_by == "next_block" => WaitKind::Inclusion,
        Waiting::Node => WaitKind::Node,
        Waiting::Finality => WaitKind::Finality,
        Waiting::Stop => WaitKind::Stop,
        Waiting::Lane => WaitKind::Slot,
    }
}

/// What it cost, in units of the coin. Only TRON has receipts.
fn receipt(receipt: &core::Receipt) -> Receipt {
    let coin = |sun: String| Decimal::from(units(&sun, coin_decimals(Family::Tron)).as_str());
    let of = |cost: Cost| coin(cost.to_string());
    Receipt {
        energy: receipt.energy,
        estimated: of(receipt.estimated_sun),
        network_fee: receipt.network_sun.map(of),
        energy_cost: receipt.bought_sun.map(of),
        total: receipt.total_sun().map(of),
        burning: of(receipt.burning_sun),
        saved: receipt.saved_sun().map(|sun| {
            let size = units(&sun.unsigned_abs().to_string(), coin_decimals(Family::Tron));
            Decimal::new(if sun < 0 { format!("-{size}") } else { size })
        }),
    }
}

/// Everything that was signed for it, oldest first, and the transaction that paid it from outside, if one did.
pub(crate) fn transactions(view: &WithdrawalView) -> Vec<Transaction> {
    let ours = view.transfers.iter().flat_map(|(transfer, attempts)| {
        attempts.iter().filter_map(Attempt::signed).map(|attempt| transaction(transfer, attempt))
    });
    let mut all: Vec<Transaction> = ours.collect();
    if let State::Paid(paid) = &view.withdrawal.state {
        let txid = hex32(&paid.txid);
        if !all.iter().any(|transaction| transaction.txid == txid) {
            all.push(outside(view, paid, txid));
        }
    }
    all
}

/// Signed transactions that the chain could still execute.
pub(crate) fn alive(view: &WithdrawalView) -> Vec<Transaction> {
    let open = |status| {
        matches!(status, TransactionStatus::Signed | TransactionStatus::Sent | TransactionStatus::Included)
    };
    transactions(view).into_iter().filter(|transaction| open(transaction.status)).collect()
}

fn transaction(transfer: &Transfer, attempt: &Signed) -> Transaction {
    let slot = &attempt.unsigned.slot;
    // Where a stranger consumed the slot, all of ours were replaced.
    let own = transfer.included().filter(|inclusion| inclusion.attempt == attempt.unsigned.id);
    let coin = coin_decimals(slot.chain().family);
    let terms = attempt.unsigned.terms.tron();
    Transaction {
        txid: hex32(&attempt.txid),
        chain: slot.chain().to_string(),
        sender: slot.sender().map(|sender| sender.to_string()),
        nonce: slot.nonce(),
        kind: match attempt.unsigned.kind {
            Kind::Pay => TransactionKind::Pay,
            Kind::Void => TransactionKind::Void,
        },
        status: stands(&transfer.state, own),
        block: own.map(|inclusion| block(inclusion.block)),
        fee: own.map(|inclusion| units(&inclusion.cost.to_string(), coin).as_str().into()),
        reference_block: terms.map(|terms| terms.reference.number),
        expires_at_ms: terms.map(|terms| terms.expires_at_ms),
    }
}

/// Where one signed transaction stands; `own` is its inclusion, if it is the one that was included.
const fn stands(state: &TransferState, own: Option<&Inclusion>) -> TransactionStatus {
    match (state, own) {
        (TransferState::Final(Ended { end: End::Expired(_) | End::NeverSigned(_), .. }), None) => {
            TransactionStatus::Dead
        }
        (TransferState::Seen(_) | TransferState::Final(_), None) => TransactionStatus::Replaced,
        (TransferState::Final(_), Some(inclusion)) => match inclusion.effect {
            Effect::Paid { .. } | Effect::Voided => TransactionStatus::Final,
            Effect::Reverted | Effect::OutOfEnergy => TransactionStatus::Reverted,
            Effect::Mismatch => TransactionStatus::Included,
        },
        (_, Some(inclusion)) => match inclusion.effect {
            Effect::Reverted | Effect::OutOfEnergy => TransactionStatus::Reverted,
            Effect::Paid { .. } | Effect::Voided | Effect::Mismatch => TransactionStatus::Included,
        },
        (TransferState::Dropped { .. }, None) => TransactionStatus::Dead,
        (TransferState::Signed(_), None) => TransactionStatus::Sent,
        (_, None) => TransactionStatus::Signed,
    }
}

fn outside(view: &WithdrawalView, paid: &Paid, txid: String) -> Transaction {
    Transaction {
        txid,
        chain: view.withdrawal.request.asset.id.chain.to_string(),
        sender: None,
        nonce: None,
        kind: TransactionKind::Pay,
        status: TransactionStatus::Final,
        block: Some(block(paid.block)),
        fee: None,
        reference_block: None,
        expires_at_ms: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_the_engine_is_a_word_of_the_contract() {
        for status in Status::ALL {
            assert_eq!(wire_status(*status).as_str(), status.as_str());
        }
        assert_eq!(Status::ALL.len(), WireStatus::ALL.len());
        for kind in WithdrawalType::ALL {
            assert_eq!(wire_type(core_type(*kind)), *kind);
            assert_eq!(core_type(*kind).as_str(), kind.as_str());
        }
    }

    #[test]
    fn what_would_release_a_wait_decides_its_word() {
        let now = Timestamp::default();
        assert_eq!(wait_kind(Waiting::Person, "lane_opened", None, now), WaitKind::Lane);
        assert_eq!(wait_kind(Waiting::Person, "operator_resolves", None, now), WaitKind::Person);
        assert_eq!(wait_kind(Waiting::Node, "next_block", None, now), WaitKind::Inclusion);
        assert_eq!(wait_kind(Waiting::Delay, "time", Some(now.plus_ms(1)), now), WaitKind::Schedule);
        assert_eq!(wait_kind(Waiting::Delay, "time", Some(now), now), WaitKind::Delay);
    }
}
