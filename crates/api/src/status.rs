//! The words a withdrawal is described with: its public status, its type, and what it waits for.

use crate::words::words;

words! {
    /// The public status of a withdrawal: a projection of the engine's two state machines (DESIGN section 4).
    Status {
        /// Accepted and stored; not yet decided.
        Pending = "pending",
        /// A named condition must be met first; see `waiting_for`.
        Held = "held",
        /// Every condition is met; not yet in a queue.
        Approved = "approved",
        /// Waits for a lane, in the order of its deadline.
        Queued = "queued",
        /// The hot wallet's funds are reserved for it.
        WalletFunded = "wallet_funded",
        /// TRON: energy was ordered.
        EnergyRequested = "energy_requested",
        /// TRON: energy is on chain.
        EnergyReceived = "energy_received",
        /// Its transaction is built and durable, not yet handed to the signer.
        Processing = "processing",
        /// A signature was asked for. From here on a cancellation is a request.
        Signing = "signing",
        /// The signed transaction may have reached the network.
        Broadcast = "broadcast",
        /// In a block that is not final yet.
        Confirming = "confirming",
        /// Paid, and the chain calls the payment final. Terminal.
        Completed = "completed",
        /// Only a person may decide what comes next. Not terminal: do not refund.
        NeedsAttention = "needs_attention",
        /// Refused by a rule, a limit or an approver before anything was signed. Terminal.
        Rejected = "rejected",
        /// Called off, and proven unpaid. Terminal.
        Cancelled = "cancelled",
        /// Proven impossible to pay. Terminal.
        Failed = "failed",
    }
}

impl Status {
    /// Whether nothing ever happens to the withdrawal again: paying again needs a new withdrawal with a new
    /// `external_id`.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Completed | Self::Rejected | Self::Cancelled | Self::Failed => true,
            Self::Pending
            | Self::Held
            | Self::Approved
            | Self::Queued
            | Self::WalletFunded
            | Self::EnergyRequested
            | Self::EnergyReceived
            | Self::Processing
            | Self::Signing
            | Self::Broadcast
            | Self::Confirming
            | Self::NeedsAttention => false,
        }
    }
}

words! {
    /// How soon a withdrawal is due. It changes order and deadlines, never a check (M11).
    WithdrawalType {
        /// Due within minutes (30 by default).
        Immediate = "immediate",
        /// Due within hours (2 by default). The default.
        Regular = "regular",
        /// Due at `scheduled_for`; nothing is paid earlier.
        Scheduled = "scheduled",
    }
}

words! {
    /// What a withdrawal waits for. Each word has a sentence in both catalogues that says what releases it.
    WaitKind {
        /// The hot wallets of its pool do not hold enough of the asset.
        Funds = "funds",
        /// TRON energy or bandwidth.
        Energy = "energy",
        /// Native coin for gas.
        Gas = "gas",
        /// The network asks more than the highest fee we may pay.
        FeeCap = "fee_cap",
        /// Its turn: a lane takes it next, or every slot that a lane may use at once is taken.
        Slot = "slot",
        /// Its lane is paused, draining or frozen.
        Lane = "lane",
        /// The asset or wallet is held back, for example after equal reverts in a row.
        Asset = "asset",
        /// The signer.
        Signature = "signature",
        /// One or more approvers.
        Approval = "approval",
        /// The user's one-time code.
        TwoFactor = "2fa",
        /// The user's answer to an e-mail.
        Email = "email",
        /// A call-back by telephone.
        CallBack = "call_back",
        /// A delay by rule, such as the first payment of a new user.
        Delay = "delay",
        /// A cooling time after a change of address or credentials.
        Cooling = "cooling",
        /// The deposit it spends is too young.
        DepositAge = "deposit_age",
        /// Travel-rule data or an answer of the receiving exchange.
        TravelRule = "travel_rule",
        /// A reviewer.
        Review = "review",
        /// Its scheduled time.
        Schedule = "schedule",
        /// A decision only a person may make.
        Person = "person",
        /// A node, or enough nodes to agree.
        Node = "node",
        /// A block that contains it.
        Inclusion = "inclusion",
        /// The chain to call its block final.
        Finality = "finality",
        /// A stop to be lifted.
        Stop = "stop",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_statuses_are_exactly_those_of_the_design() {
        let design = "pending held approved queued wallet_funded energy_requested energy_received processing signing \
                      broadcast confirming completed needs_attention rejected cancelled failed";
        assert_eq!(Status::WORDS.join(" "), design);
    }

    #[test]
    fn four_statuses_are_terminal() {
        let terminal: Vec<_> = Status::ALL.iter().filter(|s| s.is_terminal()).map(|s| s.as_str()).collect();
        assert_eq!(terminal, ["completed", "rejected", "cancelled", "failed"]);
    }

    #[test]
    fn a_word_survives_the_wire_and_no_other_word_is_read() {
        for &kind in WaitKind::ALL {
            let json = serde_json::to_string(&kind).expect("words serialise");
            assert_eq!(json, format!("\"{kind}\""));
            assert_eq!(serde_json::from_str::<WaitKind>(&json).ok(), Some(kind));
            assert_eq!(WaitKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Status::parse("Pending"), None);
        assert!(serde_json::from_str::<Status>("\"paid\"").is_err());
    }
}
