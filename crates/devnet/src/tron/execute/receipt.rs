//! What became of an executed transaction, and what it cost.

use sha2::{Digest, Sha256};

use super::super::{
    address::Address,
    tx::{Tx, Txid},
    usdt::Log,
};

/// How a contract's work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::tron) enum Outcome {
    #[default]
    Success,
    Revert,
    OutOfEnergy,
}

impl Outcome {
    /// The constant's name.
    pub(in crate::tron) const fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Revert => "REVERT",
            Self::OutOfEnergy => "OUT_OF_ENERGY",
        }
    }

    /// Its number on the wire.
    pub(in crate::tron) const fn wire(self) -> i64 {
        match self {
            Self::Success => 1,
            Self::Revert => 2,
            Self::OutOfEnergy => 10,
        }
    }
}

/// The cost and the effect of a transaction. Amounts in sun.
#[derive(Debug, Clone, Default)]
pub(in crate::tron) struct Receipt {
    pub(in crate::tron) id: Txid,
    pub(in crate::tron) outcome: Outcome,
    /// A contract was called: its outcome is part of the receipt.
    pub(in crate::tron) called: Option<Address>,
    /// All fees together.
    pub(in crate::tron) fee: i64,
    pub(in crate::tron) net_usage: i64,
    pub(in crate::tron) net_fee: i64,
    /// Energy that stakes gave.
    pub(in crate::tron) energy_usage: i64,
    /// TRX burnt for the rest.
    pub(in crate::tron) energy_fee: i64,
    pub(in crate::tron) energy_usage_total: i64,
    pub(in crate::tron) energy_penalty_total: i64,
    pub(in crate::tron) returned: Vec<u8>,
    pub(in crate::tron) message: String,
    pub(in crate::tron) logs: Vec<Log>,
    pub(in crate::tron) unfreeze_amount: i64,
    pub(in crate::tron) withdraw_expire_amount: i64,
    /// By the resource's name.
    pub(in crate::tron) cancelled_unfreezing: Vec<(&'static str, i64)>,
}

impl Receipt {
    pub(super) fn new(tx: &Tx) -> Self {
        Self { id: tx.id, ..Self::default() }
    }

    /// Adds everything it says to a hash.
    pub(in crate::tron) fn digest_into(&self, all: &mut Sha256) {
        let figures = [
            self.outcome.wire(),
            self.fee,
            self.net_usage,
            self.net_fee,
            self.energy_usage,
            self.energy_fee,
            self.energy_usage_total,
            self.energy_penalty_total,
            self.unfreeze_amount,
            self.withdraw_expire_amount,
        ];
        all.update(self.id);
        figures.iter().for_each(|figure| all.update(figure.to_be_bytes()));
        all.update(self.called.map_or([0; 21], |called| called.wire()));
        all.update(&self.returned);
        all.update(&self.message);
        for log in &self.logs {
            all.update(log.address.wire());
            log.topics.iter().for_each(|topic| all.update(topic));
            all.update(&log.data);
        }
        for (resource, sun) in &self.cancelled_unfreezing {
            all.update(resource);
            all.update(sun.to_be_bytes());
        }
    }

    pub(super) fn add_fee(&mut self, fee_sun: i64) {
        self.fee = self.fee.saturating_add(fee_sun);
    }
}
