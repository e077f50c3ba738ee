//! Refusals, each with a stable code.

use sluice_core::port::signer::SignerRefusal;

/// Stable codes of [`SignerRefusal::code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A person's consent is missing, expired, or no signature of an enrolled key over this payment.
    ApprovalMissing,
    /// The asset or its chain is not configured here.
    AssetUnknown,
    /// The bytes are not what this request means, or the attempt was asked for with other bytes before.
    BytesDiffer,
    /// More than a single payment may be.
    CapAmount,
    /// Fee per gas or total cost above the absolute cap.
    CapFee,
    /// No room for more network cost in the rolling hour of this wallet.
    CapGas,
    /// No room in the rolling hour of this partner and asset.
    CapHourly,
    /// Too many proofs of this wallet's key in the rolling hour.
    CapProofs,
    /// Too many new slots of this wallet in the rolling hour.
    CapSlots,
    /// The caller's clock, or ours, is out of bounds.
    ClockSkew,
    /// The slot is closed: no payment is ever signed in it.
    Closed,
    /// No lane comes that far: the epoch is invented.
    EpochAhead,
    /// A later holder of the lane has been here.
    EpochStale,
    /// The key cannot be used now.
    KeyUnavailable,
    /// The payment was not admitted.
    NoTicket,
    /// The nonce lies too far above the wallet's highest signed one.
    NonceAhead,
    /// This payment key was admitted with other content.
    PaymentChanged,
    /// No bytes can be made for this payment.
    PaymentInvalid,
    /// The payment has another slot that may still pay.
    PaymentOtherSlot,
    /// The slot pays something else.
    SlotOtherPayment,
    /// A stop is in force.
    Stopped,
    /// The slot is voided: no payment is ever signed in it.
    Voided,
    /// The wallet's key is barred: it left service.
    WalletBarred,
    /// The wallet signed not long ago: its key is not barred.
    WalletBusy,
    /// No such wallet here, or the slot is not one of its own.
    WalletUnknown,
}

impl Code {
    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApprovalMissing => "approval_missing",
            Self::AssetUnknown => "asset_unknown",
            Self::BytesDiffer => "bytes_differ",
            Self::CapAmount => "cap_amount",
            Self::CapFee => "cap_fee",
            Self::CapGas => "cap_gas",
            Self::CapHourly => "cap_hourly",
            Self::CapProofs => "cap_proofs",
            Self::CapSlots => "cap_slots",
            Self::ClockSkew => "clock_skew",
            Self::Closed => "closed",
            Self::EpochAhead => "epoch_ahead",
            Self::EpochStale => "epoch_stale",
            Self::KeyUnavailable => "key_unavailable",
            Self::NoTicket => "no_ticket",
            Self::NonceAhead => "nonce_ahead",
            Self::PaymentChanged => "payment_changed",
            Self::PaymentInvalid => "payment_invalid",
            Self::PaymentOtherSlot => "payment_other_slot",
            Self::SlotOtherPayment => "slot_other_payment",
            Self::Stopped => "stopped",
            Self::Voided => "voided",
            Self::WalletBarred => "wallet_barred",
            Self::WalletBusy => "wallet_busy",
            Self::WalletUnknown => "wallet_unknown",
        }
    }

    /// Whether asking the same again can never help. What a clock, a person or a configuration may change is not.
    const fn permanent(self) -> bool {
        match self {
            Self::ApprovalMissing
            | Self::BytesDiffer
            | Self::CapAmount
            | Self::CapFee
            | Self::Closed
            | Self::PaymentChanged
            | Self::PaymentInvalid
            | Self::PaymentOtherSlot
            | Self::SlotOtherPayment
            | Self::Voided
            | Self::WalletBarred => true,
            Self::AssetUnknown
            | Self::CapGas
            | Self::CapHourly
            | Self::CapProofs
            | Self::CapSlots
            | Self::ClockSkew
            | Self::EpochAhead
            | Self::EpochStale
            | Self::KeyUnavailable
            | Self::NoTicket
            | Self::NonceAhead
            | Self::Stopped
            | Self::WalletBusy
            | Self::WalletUnknown => false,
        }
    }

    /// A refusal with this code, as permanent as the code is.
    pub(crate) fn refuse(self, detail: impl Into<String>) -> SignerRefusal {
        SignerRefusal { code: self.as_str().into(), detail: detail.into(), permanent: self.permanent() }
    }

    /// The same, where only time is missing.
    pub(crate) fn wait(self, detail: impl Into<String>) -> SignerRefusal {
        SignerRefusal { permanent: false, ..self.refuse(detail) }
    }
}
