//! Why an order of a person was not carried out.

use sluice_api::problem::{Code, Fault, Refusal};
use sluice_core::command::{Command, Objection};
use sluice_core::moved;
use sluice_flow::operator::OrderError;

use super::Reject;
use super::chain::node_unavailable;
use crate::wire;

/// Puts the refusal of a command into a problem. `command` is its name on the wire, such as `lane.pause`; `alive` is how
/// many attempts have no proof of death, where that matters.
pub(crate) fn order(error: OrderError, command: &str, alive: usize) -> Reject {
    match error {
        OrderError::NotFound => Reject::not_found(),
        OrderError::Refused(moved::Refusal::NotFrom { thing, state, .. }) => conflict(thing, state, command),
        OrderError::Refused(moved::Refusal::Evidence { .. }) if alive > 0 => {
            Refusal::new(Code::AttemptsNotDead).with("count", alive).into()
        }
        OrderError::Refused(moved::Refusal::Evidence { why, .. }) => evidence(why),
        OrderError::Version { expected, actual } => {
            Refusal::new(Code::VersionConflict).with("expected", expected).with("actual", actual).into()
        }
        OrderError::NoPerson => Reject::internal("a caller without a key that is stored"),
        OrderError::Person { objection, open } => person(&objection, &open, command),
        OrderError::PlatformsWord => Reject::platform_only(),
        OrderError::Moved => conflict("thing", "changing", command),
        OrderError::Evidence(why) => evidence(why),
        OrderError::NotEmpty(why) => Refusal::new(Code::WalletNotEmpty).with("why", why).into(),
        OrderError::Unexplained { txids, block } => {
            let few: Vec<String> = txids.iter().take(TXIDS_MAX).map(wire::hex32).collect();
            Refusal::new(Code::TransactionsNotExplained)
                .with("count", txids.len())
                .with("txids", few.join(", "))
                .with("block", block)
                .into()
        }
        OrderError::NothingOutside => Reject::new(Code::NothingToSpeedUp),
        OrderError::FeeAtCap { needed_wei, cap_wei } => {
            Refusal::new(Code::FeeAtCap).with("needed", needed_wei).with("cap", cap_wei).into()
        }
        OrderError::AboveSigner { wanted_wei, cap_wei } => Fault::new(Code::FeeCapOutOfRange, "/max_fee_wei")
            .with("value", wanted_wei)
            .with("max", cap_wei)
            .into(),
        OrderError::Stopped => Reject::new(Code::Stopped),
        OrderError::JournalApart => Reject::new(Code::JournalApart),
        OrderError::Store(error) => error.into(),
        OrderError::Chain(error) => error.into(),
        OrderError::Signer(error) => error.into(),
        OrderError::NotConfigured(chain) => node_unavailable(chain),
    }
}

/// Transactions named in one refusal.
const TXIDS_MAX: usize = 5;

/// Why a word does not count as another person's.
fn person(objection: &Objection, open: &Command, command: &str) -> Reject {
    match objection {
        Objection::OtherOrder => Refusal::new(Code::CommandOpen)
            .with("command", command)
            .with("subject", wire::command::subject(open))
            .with("command_id", open.id),
        Objection::SameHand => {
            Refusal::new(Code::SecondPersonRequired).with("command", command).with("command_id", open.id)
        }
        Objection::TooNew => {
            Refusal::new(Code::SecondPersonTooNew).with("command_id", open.id).with("asked_at", open.asked_at)
        }
        // The key was revoked between its check and this: it sees nothing any more.
        Objection::Foreign => return Reject::not_found(),
        Objection::Refused(_) | Objection::Over => return conflict("command", open.state.as_str(), command),
    }
    .into()
}

/// Puts the refusal of a cancellation into a problem.
pub(crate) fn cancel(error: OrderError, status: &str) -> Reject {
    match error {
        OrderError::Refused(_) => Refusal::new(Code::NotCancellable).with("status", status).into(),
        other => order(other, "withdrawal.cancel", 0),
    }
}

fn conflict(thing: &str, state: &str, command: &str) -> Reject {
    Refusal::new(Code::StateConflict)
        .with("thing", thing)
        .with("state", state)
        .with("command", command)
        .into()
}

fn evidence(why: impl ToString) -> Reject {
    Refusal::new(Code::EvidenceInsufficient).with("why", why).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refused_order_is_a_complete_problem() {
        let evidence =
            || OrderError::Refused(moved::Refusal::Evidence { transition: "redrive", why: "alive" });
        let from = OrderError::Refused(moved::Refusal::NotFrom {
            thing: "wallet",
            transition: "pause",
            state: "frozen",
        });
        for (error, alive, code) in [
            (OrderError::NotFound, 0, Code::NotFound),
            (from, 0, Code::StateConflict),
            (evidence(), 2, Code::AttemptsNotDead),
            (evidence(), 0, Code::EvidenceInsufficient),
            (OrderError::PlatformsWord, 0, Code::PlatformOnly),
            (OrderError::Moved, 0, Code::StateConflict),
            (OrderError::Evidence("no".into()), 0, Code::EvidenceInsufficient),
            (OrderError::NotEmpty("5 units".into()), 0, Code::WalletNotEmpty),
            (OrderError::Unexplained { txids: vec![[7; 32]], block: 5 }, 0, Code::TransactionsNotExplained),
            (OrderError::NothingOutside, 0, Code::NothingToSpeedUp),
            (OrderError::FeeAtCap { needed_wei: 2, cap_wei: 1 }, 0, Code::FeeAtCap),
            (OrderError::Stopped, 0, Code::Stopped),
            (OrderError::JournalApart, 0, Code::JournalApart),
            (OrderError::NotConfigured("eip155:1".into()), 0, Code::NodeUnavailable),
        ] {
            let reject = order(error, "lane.pause", alive);
            assert!(reject.refusal.is_complete(), "{reject:?}");
            assert_eq!(reject.refusal.code, code);
        }
        let late = OrderError::Refused(moved::Refusal::NotFrom {
            thing: "withdrawal",
            transition: "cancel",
            state: "paid",
        });
        let reject = cancel(late, "completed");
        assert_eq!((reject.refusal.code, reject.refusal.is_complete()), (Code::NotCancellable, true));
    }
}
