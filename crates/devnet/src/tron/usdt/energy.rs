//! What a call of the token costs: a model of its opcodes, whose sums are exact.
//!
//! The main network multiplies the price of *each* opcode by the penalty and rounds down, so a sum alone cannot say
//! what a call costs. The classes below are a mix of opcodes that gives the two figures everybody can see there:
//! 14,650 energy to a holder and 29,650 to an empty slot without penalty, 64,285 and 130,285 with the greatest one
//! (3.4). The figures of other calls are of the same kind, and near what such code costs; they were compared with no
//! node.

use super::super::state::PRECISION;

/// Filling an empty slot, and changing one.
const STORE_NEW: i64 = 20_000;
const STORE_OLD: i64 = 5_000;
/// An event with three topics and one word: 375 + 3 x 375 + 8 x 32.
const LOG: i64 = 1_756;
/// The hash of two words.
const HASH: i64 = 42;
const LOAD: i64 = 50;
const JUMP_IF: i64 = 10;
const JUMP: i64 = 8;
const MULTIPLY: i64 = 5;
const STACK: i64 = 3;
const CHEAP: i64 = 2;
const LABEL: i64 = 1;

/// Opcodes by price, and how many of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tron) struct Work(Vec<(i64, i64)>);

impl Work {
    /// `transfer`, but for the recipient's slot.
    pub(super) fn transfer() -> Self {
        Self(vec![
            (STORE_OLD, 1),
            (LOG, 1),
            (HASH, 4),
            (LOAD, 8),
            (JUMP_IF, 45),
            (JUMP, 40),
            (MULTIPLY, 1),
            (STACK, 457),
            (CHEAP, 50),
            (LABEL, 80),
        ])
    }

    /// `transferFrom`, but for the recipient's slot. An unlimited allowance is not written again.
    pub(super) fn transfer_from(writes_allowance: bool) -> Self {
        let mut work = Self::transfer();
        work.0.extend([(HASH, 4), (LOAD, 2), (JUMP_IF, 4), (JUMP, 6), (STACK, 90), (LABEL, 8)]);
        if writes_allowance {
            work.0.push((STORE_OLD, 1));
        }
        work
    }

    /// `approve`, but for the slot.
    pub(super) fn approve() -> Self {
        Self(vec![
            (LOG, 1),
            (HASH, 4),
            (LOAD, 4),
            (JUMP_IF, 16),
            (JUMP, 14),
            (STACK, 180),
            (CHEAP, 20),
            (LABEL, 30),
        ])
    }

    /// A question of one slot: 935.
    pub(super) fn view() -> Self {
        Self(vec![
            (HASH, 1),
            (LOAD, 1),
            (JUMP_IF, 20),
            (JUMP, 12),
            (MULTIPLY, 1),
            (STACK, 165),
            (CHEAP, 10),
            (LABEL, 27),
        ])
    }

    /// What is spent before a pause, the blacklist or an unknown function is noticed.
    pub(super) fn refused_early() -> Self {
        Self(vec![(HASH, 1), (LOAD, 2), (JUMP_IF, 22), (JUMP, 2), (STACK, 90), (CHEAP, 12), (LABEL, 8)])
    }

    /// What is spent before a short balance is noticed.
    pub(super) fn refused_late() -> Self {
        Self(vec![
            (HASH, 3),
            (LOAD, 7),
            (JUMP_IF, 34),
            (JUMP, 16),
            (MULTIPLY, 1),
            (STACK, 230),
            (CHEAP, 26),
            (LABEL, 36),
        ])
    }

    /// Writes one more slot.
    pub(super) fn store(&mut self, new: bool) {
        self.0.push((if new { STORE_NEW } else { STORE_OLD }, 1));
    }

    /// What it costs without a penalty.
    pub(in crate::tron) fn base(&self) -> i64 {
        self.0.iter().map(|(price, count)| price.saturating_mul(*count)).sum()
    }

    /// What it costs with this penalty, in ten-thousandths.
    pub(in crate::tron) fn with_penalty(&self, factor: i64) -> i64 {
        let whole = PRECISION.saturating_add(factor.max(0));
        let each =
            |(price, count): &(i64, i64)| (price.saturating_mul(whole) / PRECISION).saturating_mul(*count);
        self.0.iter().map(each).fold(0, i64::saturating_add)
    }
}
