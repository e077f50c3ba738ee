//! The public status and "why is it not sent": projections of the two machines, computed here and nowhere else.

use super::{State, Withdrawal};
use crate::time::Timestamp;
use crate::transfer::{Failure, Phase};
use crate::wallet::{LaneState, Wallet};

/// An enum of stable names.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Reads the stable name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

pub(crate) use named;

named! {
    /// What partners see.
    Status {
        /// Not decided.
        Pending = "pending",
        /// Waits for something named.
        Held = "held",
        /// Decided.
        Approved = "approved",
        /// In the queue, or on a lane without funds yet.
        Queued = "queued",
        /// Hot wallet funds are reserved.
        WalletFunded = "wallet_funded",
        /// TRON: energy is on order.
        EnergyRequested = "energy_requested",
        /// TRON: energy is proven; EVM passes over it.
        EnergyReceived = "energy_received",
        /// Slot and bytes are durable.
        Processing = "processing",
        /// The signer has been asked.
        Signing = "signing",
        /// Signed; from here on a byte may have left.
        Broadcast = "broadcast",
        /// Included, not final.
        Confirming = "confirming",
        /// Paid, by proof.
        Completed = "completed",
        /// A person decides. Do not refund.
        NeedsAttention = "needs_attention",
        /// Refused.
        Rejected = "rejected",
        /// Called off.
        Cancelled = "cancelled",
        /// Given up, by proof.
        Failed = "failed",
    }
}

named! {
    /// What a withdrawal waits for.
    Waiting {
        /// Enough of the asset in a hot wallet.
        Funds = "funds",
        /// TRON energy.
        Energy = "energy",
        /// Native coin for gas.
        Gas = "gas",
        /// A fee market below the cap.
        FeeCap = "fee_cap",
        /// The signer, or a person's wallet.
        Signature = "signature",
        /// Approval by people.
        Approval = "approval",
        /// A second factor.
        TwoFactor = "2fa",
        /// A time that was asked for, or a retry's backoff.
        Delay = "delay",
        /// A person's decision.
        Person = "person",
        /// A node, or the next block.
        Node = "node",
        /// Finality.
        Finality = "finality",
        /// The end of a stop.
        Stop = "stop",
        /// Its turn: the lane's window is full.
        Lane = "lane",
    }
}

/// The public status of a withdrawal whose transfer is in this phase.
pub const fn on_lane(phase: Phase) -> Status {
    match phase {
        Phase::Planned | Phase::Dropped => Status::Queued,
        Phase::Funded => Status::WalletFunded,
        Phase::Fuelling => Status::EnergyRequested,
        Phase::Fuelled => Status::EnergyReceived,
        Phase::Built => Status::Processing,
        Phase::Signing => Status::Signing,
        Phase::Signed => Status::Broadcast,
        Phase::Seen | Phase::Final => Status::Confirming,
    }
}

/// The public status of a withdrawal, given the phase of its live transfer.
pub const fn project(state: &State, phase: Option<Phase>) -> Status {
    match state {
        State::Requested => Status::Pending,
        State::Held(_) => Status::Held,
        State::Approved(_) => Status::Approved,
        State::Queued(_) => Status::Queued,
        State::Assigned(_) => match phase {
            None => Status::Queued,
            Some(phase) => on_lane(phase),
        },
        State::Paid(_) => Status::Completed,
        State::NeedsAttention(_) => Status::NeedsAttention,
        State::Rejected(_) => Status::Rejected,
        State::Cancelled(_) => Status::Cancelled,
        State::Failed(_) => Status::Failed,
    }
}

/// What a withdrawal waits for, since when, until when at the latest as far as anybody knows, and what releases it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingFor {
    /// What.
    pub waiting: Waiting,
    /// Since.
    pub since: Timestamp,
    /// Expected end.
    pub expected_until: Option<Timestamp>,
    /// Stable code of what would release it.
    pub released_by: &'static str,
}

/// Answers "why is it not sent?" from what is stored: the withdrawal, the phase of its transfer, whether a stop covers
/// it, and the lanes that could pay it.
pub fn waiting(
    withdrawal: &Withdrawal,
    phase: Option<(Phase, Timestamp)>,
    stopped: Option<Timestamp>,
    lanes: &[Wallet],
    now: Timestamp,
) -> Option<WaitingFor> {
    let answer = |waiting, since, expected_until, released_by| {
        Some(WaitingFor { waiting, since, expected_until, released_by })
    };
    match &withdrawal.state {
        State::Paid(_) | State::Rejected(_) | State::Cancelled(_) | State::Failed(_) => None,
        State::Requested => answer(Waiting::Approval, withdrawal.accepted_at, None, "decision"),
        State::Held(held) => answer(Waiting::Approval, held.since, Some(held.expires_at), "hold_released"),
        State::NeedsAttention(attention) => {
            answer(Waiting::Person, attention.since, None, "operator_resolves")
        }
        State::Approved(_) | State::Queued(_) => {
            let (since, not_before) = match &withdrawal.state {
                State::Queued(queued) => (queued.since, queued.not_before),
                _ => (withdrawal.accepted_at, withdrawal.accepted_at),
            };
            let start = withdrawal.request.scheduled_for.map_or(not_before, |at| at.max(not_before));
            match stopped {
                Some(stop) => answer(Waiting::Stop, stop, None, "stop_lifted"),
                None if now < start => {
                    let waiting = given_back_for(&withdrawal.state).unwrap_or(Waiting::Delay);
                    answer(waiting, since, Some(start), released_by(waiting))
                }
                // A person signs it, and no lane pays it.
                None if withdrawal.request.is_refill() => {
                    answer(Waiting::Signature, since, None, "person_signs")
                }
                None => in_queue(lanes, since),
            }
        }
        State::Assigned(assigned) => {
            let lane = lanes.iter().find(|lane| lane.id == assigned.wallet);
            let obstacle = lane.and_then(|lane| lane.obstacle);
            let frozen = lane.is_some_and(|lane| matches!(lane.state, LaneState::Frozen { .. }));
            let (phase, since) = phase.unwrap_or((Phase::Planned, assigned.since));
            match phase {
                Phase::Seen | Phase::Final => answer(Waiting::Finality, since, None, "final_block"),
                Phase::Signed => match obstacle {
                    Some(obstacle) if obstacle.waiting == Waiting::FeeCap => {
                        answer(Waiting::FeeCap, obstacle.since, None, "fee_market_falls_or_cap_raised")
                    }
                    Some(_) | None => answer(Waiting::Node, since, None, "next_block"),
                },
                Phase::Planned
                | Phase::Funded
                | Phase::Fuelling
                | Phase::Fuelled
                | Phase::Built
                | Phase::Signing
                | Phase::Dropped => match (stopped, obstacle) {
                    (Some(stop), _) => answer(Waiting::Stop, stop, None, "stop_lifted"),
                    (None, _) if frozen => answer(Waiting::Person, since, None, "lane_unfrozen"),
                    (None, Some(obstacle)) => {
                        answer(obstacle.waiting, obstacle.since, None, released_by(obstacle.waiting))
                    }
                    (None, None) if matches!(phase, Phase::Built | Phase::Signing) => {
                        answer(Waiting::Signature, since, None, "signer_answers")
                    }
                    (None, None) => answer(Waiting::Lane, since, None, "lane_works"),
                },
            }
        }
    }
}

/// What a withdrawal in the queue was given back for, where that was something to wait for: a wallet that is dry is not
/// dry for five seconds only because it is looked at again after five.
fn given_back_for(state: &State) -> Option<Waiting> {
    let State::Queued(queued) = state else { return None };
    Failure::ALL.iter().find(|failure| failure.as_str() == queued.why)?.awaits()
}

fn in_queue(lanes: &[Wallet], since: Timestamp) -> Option<WaitingFor> {
    let answer =
        |waiting, since, released_by| Some(WaitingFor { waiting, since, expected_until: None, released_by });
    let working: Vec<&Wallet> = lanes.iter().filter(|lane| lane.takes_work()).collect();
    if working.is_empty() {
        return answer(Waiting::Person, since, "lane_opened");
    }
    match working.iter().map(|lane| lane.obstacle).min_by_key(|obstacle| obstacle.map(|it| it.since)) {
        Some(Some(obstacle)) => answer(obstacle.waiting, obstacle.since, released_by(obstacle.waiting)),
        Some(None) | None => answer(Waiting::Lane, since, "lane_has_room"),
    }
}

const fn released_by(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::Funds => "wallet_refilled",
        Waiting::Energy => "energy_proven",
        Waiting::Gas => "gas_refilled",
        Waiting::FeeCap => "fee_market_falls_or_cap_raised",
        Waiting::Signature => "signer_answers",
        Waiting::Approval => "approval",
        Waiting::TwoFactor => "factor_given",
        Waiting::Delay => "time",
        Waiting::Person => "operator_acts",
        Waiting::Node => "node_answers",
        Waiting::Finality => "final_block",
        Waiting::Stop => "stop_lifted",
        Waiting::Lane => "lane_has_room",
    }
}
