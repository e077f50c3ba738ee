//! What a chain was begun with: everything that its genesis block and its first state are made of.

use std::path::Path;

use super::{
    super::{
        address::Address,
        chain::{ClockKind, Setup},
        wire::{Fields, Writer},
    },
    StateError,
};

/// What a chain was begun with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tron) struct Terms {
    chain_id: u32,
    seed: u64,
    frozen: bool,
    accounts: u32,
    units_each: u128,
    token: Address,
    factor: i64,
    /// When the genesis block was made, in milliseconds. A later start takes it from here.
    pub(in crate::tron) genesis_ms: i64,
    /// How far final was behind at the beginning. Later starts may choose another.
    pub(in crate::tron) solid_lag: u64,
}

impl Terms {
    pub(in crate::tron) fn of(setup: &Setup) -> Self {
        Self {
            chain_id: setup.chain_id,
            seed: setup.seed,
            frozen: setup.clock == ClockKind::Frozen,
            accounts: u32::try_from(setup.accounts.len()).unwrap_or(u32::MAX),
            units_each: setup.units_each,
            token: setup.token,
            factor: setup.factor,
            genesis_ms: setup.genesis_ms,
            solid_lag: setup.solid_lag,
        }
    }

    pub(super) fn wire(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.number(1, i64::from(self.chain_id));
        writer.number(2, self.seed.cast_signed());
        writer.number(3, i64::from(self.frozen));
        writer.number(4, i64::from(self.accounts));
        writer.bytes(5, &self.units_each.to_be_bytes());
        writer.bytes(6, &self.token.wire());
        writer.number(7, self.factor);
        writer.number(8, self.genesis_ms);
        writer.number(9, self.solid_lag.cast_signed());
        writer.finish()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let fields = Fields::read(bytes).ok()?;
        Some(Self {
            chain_id: u32::try_from(fields.number(1)).ok()?,
            seed: fields.number(2).cast_unsigned(),
            frozen: fields.number(3) != 0,
            accounts: u32::try_from(fields.number(4)).ok()?,
            units_each: u128::from_be_bytes(fields.bytes(5).try_into().ok()?),
            token: Address::from_wire(fields.bytes(6))?,
            factor: fields.number(7),
            genesis_ms: fields.number(8),
            solid_lag: fields.number(9).cast_unsigned(),
        })
    }

    /// Says what differs from what is asked for now, if it makes another chain.
    pub(in crate::tron) fn same_chain(&self, asked: &Self, path: &Path) -> Result<(), StateError> {
        let clock = |frozen: bool| if frozen { "stands still" } else { "runs" }.to_owned();
        let pairs = [
            ("chain id", format!("0x{:x}", self.chain_id), format!("0x{:x}", asked.chain_id)),
            ("seed", self.seed.to_string(), asked.seed.to_string()),
            ("a clock that", clock(self.frozen), clock(asked.frozen)),
            ("accounts", self.accounts.to_string(), asked.accounts.to_string()),
            ("test dollars of each account", self.units_each.to_string(), asked.units_each.to_string()),
            ("token", self.token.to_string(), asked.token.to_string()),
            ("penalty factor", self.factor.to_string(), asked.factor.to_string()),
        ];
        match pairs.into_iter().find(|(_, there, asked)| there != asked) {
            None => Ok(()),
            Some((what, there, asked)) => {
                Err(StateError::OtherChain { path: path.to_owned(), what, there, asked })
            }
        }
    }
}
