//! What each failure leads to: one table (DESIGN 4). Every code exists in the ko and en catalogues.

use crate::withdrawal::{AttentionCode, Waiting};

/// A failure with a stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// The issuer refuses the recipient.
    RecipientBlacklisted,
    /// The issuer refuses our wallet.
    SenderBlacklisted,
    /// The issuer has paused the token.
    TokenPaused,
    /// The token has other decimals than configured: every amount of it would be another one.
    TokenDiffers,
    /// The recipient, or the token for a reason we cannot name, refuses this transfer in simulation.
    TransferReverts,
    /// It reverted on chain after it passed simulation.
    RevertedOnChain,
    /// Not enough of the asset in the wallet.
    FundsShort,
    /// Not enough native coin for gas.
    GasEmpty,
    /// The fee market is above the cap.
    FeeCapReached,
    /// The signer refuses for good.
    SignerRefused,
    /// The signer does not answer.
    SignerDown,
    /// No node answers.
    NodeDown,
    /// Voided on request, or to free a slot.
    Voided,
    /// TRON: it expired before it was included.
    Expired,
    /// TRON: it was included without the energy it needed.
    OutOfEnergy,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The same slot, the same payment, other fees.
    RetrySameSlot,
    /// Back to the queue once the slot is proven dead, at most `RETRIES_MAX` times, then a person.
    NewSlotAfterDeath,
    /// No slot is taken; everything waits and is tried again.
    Wait,
    /// A person decides, who is asked this.
    Person(AttentionCode),
    /// It ends here: nothing that waiting or a person could do makes it payable.
    Fail,
}

impl Failure {
    /// The table.
    pub const fn remedy(self) -> Remedy {
        match self {
            Self::RecipientBlacklisted => Remedy::Fail,
            Self::SenderBlacklisted | Self::TokenPaused | Self::TokenDiffers => Remedy::Wait,
            Self::TransferReverts => Remedy::Fail,
            Self::RevertedOnChain | Self::Voided | Self::Expired | Self::OutOfEnergy => {
                Remedy::NewSlotAfterDeath
            }
            Self::FundsShort | Self::GasEmpty | Self::NodeDown | Self::SignerDown => Remedy::Wait,
            Self::FeeCapReached => Remedy::RetrySameSlot,
            Self::SignerRefused => Remedy::Person(AttentionCode::SignerRefused),
        }
    }

    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::RecipientBlacklisted,
        Self::SenderBlacklisted,
        Self::TokenPaused,
        Self::TokenDiffers,
        Self::TransferReverts,
        Self::RevertedOnChain,
        Self::FundsShort,
        Self::GasEmpty,
        Self::FeeCapReached,
        Self::SignerRefused,
        Self::SignerDown,
        Self::NodeDown,
        Self::Voided,
        Self::Expired,
        Self::OutOfEnergy,
    ];

    /// What whoever met it waits for, where waiting is the remedy.
    pub const fn awaits(self) -> Option<Waiting> {
        match self {
            Self::FundsShort => Some(Waiting::Funds),
            Self::GasEmpty => Some(Waiting::Gas),
            Self::FeeCapReached => Some(Waiting::FeeCap),
            Self::SignerDown => Some(Waiting::Signature),
            Self::NodeDown => Some(Waiting::Node),
            Self::SenderBlacklisted | Self::TokenPaused | Self::TokenDiffers => Some(Waiting::Person),
            Self::RecipientBlacklisted
            | Self::TransferReverts
            | Self::RevertedOnChain
            | Self::SignerRefused
            | Self::Voided
            | Self::Expired
            | Self::OutOfEnergy => None,
        }
    }

    /// Stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecipientBlacklisted => "recipient_blacklisted",
            Self::SenderBlacklisted => "sender_blacklisted",
            Self::TokenPaused => "token_paused",
            Self::TokenDiffers => "token_differs",
            Self::TransferReverts => "transfer_reverts",
            Self::RevertedOnChain => "reverted_on_chain",
            Self::FundsShort => "funds_short",
            Self::GasEmpty => "gas_empty",
            Self::FeeCapReached => "fee_cap_reached",
            Self::SignerRefused => "signer_refused",
            Self::SignerDown => "signer_down",
            Self::NodeDown => "node_down",
            Self::Voided => "voided",
            Self::Expired => "expired",
            Self::OutOfEnergy => "out_of_energy",
        }
    }
}
