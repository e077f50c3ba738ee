//! What a comparison of a wallet's books with the chain found, at one final block.

use crate::amount::Units;
use crate::asset::AssetId;
use crate::chain::BlockRef;
use crate::id::{PartnerId, ReconciliationId, WalletId};
use crate::time::Timestamp;

/// One comparison, kept for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// Name.
    pub id: ReconciliationId,
    /// Owner of the wallet.
    pub partner: PartnerId,
    /// The wallet.
    pub wallet: WalletId,
    /// The final block that the chain was read at; the books are as they stood after it.
    pub block: BlockRef,
    /// One for each asset that was looked at.
    pub lines: Vec<Line>,
    /// Transactions that the chain counts for the wallet, and those that were given out: where they differ, and the key is
    /// the signer's.
    pub nonces: Option<(u64, u64)>,
    /// Who asked: the house by itself, or somebody.
    pub asked_by: String,
    /// When.
    pub at: Timestamp,
}

/// An asset on chain and in the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Asset.
    pub asset: AssetId,
    /// What the chain holds, exact.
    pub units: Units,
    /// The same at the precision of the books, rounded down, atoms.
    pub on_chain: i64,
    /// What the books said, atoms.
    pub books: i64,
}

/// What a comparison came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Books and chain say the same.
    Equal,
    /// The chain holds more: something came in, and the house books it as that.
    CameIn,
    /// The chain holds less, or counts more transactions: something left that nothing explains yet. It is never booked away.
    Missing,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: &'static [Self] = &[Self::Equal, Self::CameIn, Self::Missing];

    /// The name in columns and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::CameIn => "came_in",
            Self::Missing => "missing",
        }
    }

    /// Reads a stable name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|outcome| outcome.as_str() == text)
    }
}

impl Line {
    /// What the chain holds more than the books, atoms; below zero where it holds less.
    pub const fn difference(&self) -> i64 {
        self.on_chain.saturating_sub(self.books)
    }

    /// What this asset comes to.
    pub const fn outcome(&self) -> Outcome {
        match self.difference() {
            0 => Outcome::Equal,
            more if more > 0 => Outcome::CameIn,
            _ => Outcome::Missing,
        }
    }
}

impl Reconciliation {
    /// The worst of its lines.
    pub fn outcome(&self) -> Outcome {
        let nonces = if self.nonces.is_some() { Outcome::Missing } else { Outcome::Equal };
        self.lines.iter().map(Line::outcome).fold(nonces, Outcome::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn found(pairs: &[(i64, i64)], nonces: Option<(u64, u64)>) -> Outcome {
        let line = |(on_chain, books): &(i64, i64)| Line {
            asset: samples::token().id,
            units: Units::ZERO,
            on_chain: *on_chain,
            books: *books,
        };
        let run = Reconciliation {
            id: ReconciliationId::new(samples::ulid(1)),
            partner: samples::partner(),
            wallet: samples::wallet(),
            block: BlockRef { number: 9, hash: [9; 32] },
            lines: pairs.iter().map(line).collect(),
            nonces,
            asked_by: "system:house".into(),
            at: samples::at(0),
        };
        run.outcome()
    }

    #[test]
    fn one_asset_that_is_short_outweighs_all_that_came_in() {
        assert_eq!(found(&[(5, 5), (0, 0)], None), Outcome::Equal);
        assert_eq!(found(&[(5, 5), (7, 5)], None), Outcome::CameIn);
        assert_eq!(found(&[(9, 5), (4, 5)], None), Outcome::Missing);
        assert_eq!(found(&[(5, 5)], Some((8, 7))), Outcome::Missing, "a nonce that nobody gave out");
        assert_eq!(found(&[(0, -3)], None), Outcome::CameIn, "books below zero");
        assert_eq!(found(&[(i64::MAX, i64::MIN)], None), Outcome::CameIn, "too far apart for a figure");
    }

    #[test]
    fn names_of_outcomes_read_back() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(*outcome));
        }
        assert_eq!(Outcome::parse("lost"), None);
    }
}
