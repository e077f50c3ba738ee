//! A run of solid blocks of TRON that does not hold a transaction.

use super::NotDead;
use crate::chain::BlockRef;

/// Blocks that a run has at most, some 67 minutes of TRON: nothing is made there that lives longer.
pub const SCAN_BLOCKS_MAX: u16 = 1_344;

/// One block of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScannedBlock {
    /// Height and hash.
    pub block: BlockRef,
    /// Hash of its parent.
    pub parent: [u8; 32],
    /// Block time, milliseconds.
    pub time_ms: i64,
    /// Whether the transaction is in it.
    pub contains: bool,
}

/// A run of blocks of one node, each the parent of the next, without a transaction.
///
/// Blocks above it cannot hold a transaction that expired at or before `until_ms`: a block takes none whose expiration is
/// not past the time of its parent (`Manager.validateCommon` of java-tron).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    from: BlockRef,
    to: BlockRef,
    until_ms: i64,
}

impl Scan {
    /// Judges blocks in order of height.
    ///
    /// # Errors
    /// [`NotDead::ScanBroken`] for no block, a hole or a broken link, [`NotDead::StillValid`] when the transaction is in
    /// one of them.
    pub fn of(blocks: impl IntoIterator<Item = ScannedBlock>) -> Result<Self, NotDead> {
        let mut blocks = blocks.into_iter();
        let first = blocks.next().ok_or(NotDead::ScanBroken)?;
        let (mut last, mut contains) = (first, first.contains);
        for block in blocks {
            let follows = block.block.number == last.block.number.saturating_add(1);
            if !follows || block.parent != last.block.hash {
                return Err(NotDead::ScanBroken);
            }
            contains |= block.contains;
            last = block;
        }
        if contains {
            return Err(NotDead::StillValid);
        }
        Ok(Self { from: first.block, to: last.block, until_ms: last.time_ms })
    }

    /// Its first block.
    pub const fn from(&self) -> BlockRef {
        self.from
    }

    /// Its last block.
    pub const fn to(&self) -> BlockRef {
        self.to
    }

    /// Time of its last block, milliseconds.
    pub const fn until_ms(&self) -> i64 {
        self.until_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(number: u64, parent: u64, time_ms: i64) -> ScannedBlock {
        let block = |number: u64| BlockRef { number, hash: [number as u8; 32] };
        ScannedBlock { block: block(number), parent: [parent as u8; 32], time_ms, contains: false }
    }

    #[test]
    fn a_scan_is_one_linked_run_without_the_transaction() {
        let run = vec![scanned(1, 0, 10), scanned(2, 1, 20), scanned(3, 2, 30)];
        let scan = Scan::of(run.clone()).unwrap();
        assert_eq!((scan.from(), scan.to(), scan.until_ms()), (run[0].block, run[2].block, 30));
        assert_eq!(Scan::of(vec![]), Err(NotDead::ScanBroken));
        let mut hole = run.clone();
        hole.remove(1);
        assert_eq!(Scan::of(hole), Err(NotDead::ScanBroken));
        let mut fork = run.clone();
        fork[2].parent = [9; 32];
        assert_eq!(Scan::of(fork), Err(NotDead::ScanBroken));
        for place in 0..3 {
            let mut there = run.clone();
            there[place].contains = true;
            assert_eq!(Scan::of(there), Err(NotDead::StillValid), "block {place}");
        }
    }
}
