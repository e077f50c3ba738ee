//! What a record says: a block as it was made, or what was ordered of finality and time.

use std::sync::Arc;

use super::{
    super::{
        chain::{BlockId, Deed, Waiting},
        tx::Tx,
        wire::{Fields, Writer},
    },
    deed,
};

const BLOCK: i64 = 1;
const ORDERS: i64 = 2;

/// What a record says.
#[derive(Debug)]
pub(in crate::tron) enum Record {
    Made(Made),
    Orders(Orders),
}

/// A block: enough to make it again.
#[derive(Debug)]
pub(in crate::tron) struct Made {
    /// One that is not above the head replaces the blocks from there on.
    pub(in crate::tron) number: u64,
    pub(in crate::tron) time_ms: i64,
    pub(in crate::tron) branch: u32,
    /// How far the simulator's time was ahead of the machine's then.
    pub(in crate::tron) ahead_ms: i64,
    /// The last 16 bytes of the block's id, which is a hash over all blocks below it.
    pub(in crate::tron) id_end: [u8; 16],
    /// What the receipts said, as a hash: fees are in no block.
    pub(in crate::tron) receipts: [u8; 8],
    /// Transactions and orders in the order they were executed.
    pub(in crate::tron) entries: Vec<Waiting>,
}

/// What was ordered of finality and time, all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tron) struct Orders {
    pub(in crate::tron) stalled: bool,
    pub(in crate::tron) solid_lag: u64,
    pub(in crate::tron) ahead_ms: i64,
}

/// A block's entries, written down while they are executed.
#[derive(Debug, Default)]
pub(in crate::tron) struct Entries(Writer);

impl Entries {
    pub(in crate::tron) fn tx(&mut self, tx: &Tx) {
        let mut entry = Writer::default();
        entry.element(1, &tx.bytes());
        self.0.element(8, &entry.finish());
    }

    pub(in crate::tron) fn deed(&mut self, deed: &Deed) {
        let mut entry = Writer::default();
        entry.element(2, &deed::wire(deed));
        self.0.element(8, &entry.finish());
    }

    /// The whole record. The entries of `head` are not looked at.
    pub(in crate::tron) fn finish(self, head: &Made) -> Vec<u8> {
        let mut writer = self.0;
        writer.number(1, BLOCK);
        writer.number(2, head.number.cast_signed());
        writer.number(3, head.time_ms);
        writer.number(4, i64::from(head.branch));
        writer.number(5, head.ahead_ms);
        writer.bytes(6, &head.id_end);
        writer.bytes(7, &head.receipts);
        writer.finish()
    }
}

impl Made {
    /// The part of an id that a record has.
    pub(in crate::tron) fn end_of(id: &BlockId) -> [u8; 16] {
        let mut end = [0; 16];
        end.copy_from_slice(id.get(16..).unwrap_or(&[0; 16]));
        end
    }

    pub(super) fn transactions(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry, Waiting::Tx(_))).count()
    }
}

impl Orders {
    pub(in crate::tron) fn wire(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.number(1, ORDERS);
        writer.number(2, i64::from(self.stalled));
        writer.number(3, self.solid_lag.cast_signed());
        writer.number(4, self.ahead_ms);
        writer.finish()
    }
}

impl Record {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let fields = Fields::read(bytes).ok()?;
        match fields.number(1) {
            BLOCK => Some(Self::Made(Made {
                number: fields.number(2).cast_unsigned(),
                time_ms: fields.number(3),
                branch: u32::try_from(fields.number(4)).ok()?,
                ahead_ms: fields.number(5),
                id_end: fields.bytes(6).try_into().ok()?,
                receipts: fields.bytes(7).try_into().ok()?,
                entries: fields.each(8).map(entry).collect::<Option<_>>()?,
            })),
            ORDERS => Some(Self::Orders(Orders {
                stalled: fields.number(2) != 0,
                solid_lag: fields.number(3).cast_unsigned(),
                ahead_ms: fields.number(4),
            })),
            _ => None,
        }
    }
}

fn entry(bytes: &[u8]) -> Option<Waiting> {
    let fields = Fields::read(bytes).ok()?;
    if fields.has(1) {
        return Some(Waiting::Tx(Arc::new(Tx::read(fields.bytes(1)).ok()?)));
    }
    deed::read(fields.bytes(2)).map(Waiting::Deed)
}
