//! What comparisons of wallets' books with the chain found.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::Actor;
use crate::tag;
use crate::text::{Decimal, Time};
use crate::withdrawal::Block;
use crate::words::words;

words! {
    /// What a comparison came to.
    ReconciliationOutcome {
        /// Books and chain say the same.
        Equal = "equal",
        /// The chain holds more: something came in. The house books it as a top-up at its next look.
        CameIn = "came_in",
        /// The chain holds less, or counts more transactions: something left that nothing explains yet. An alert stands, and
        /// explaining the transaction (`POST /v1/lanes/{id}/adopt`) books it.
        Missing = "missing",
    }
}

/// One comparison. It is kept once a day for each wallet, whenever it differs from the one before, and when somebody asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reconciliation {
    /// `rc_...`
    pub id: String,
    /// Always `reconciliation`.
    pub object: tag::Reconciliation,
    /// Whose the wallet is.
    pub partner_id: String,
    /// The wallet.
    pub wallet_id: String,
    /// The worst of its lines.
    pub outcome: ReconciliationOutcome,
    /// The final block that the chain was read at, by a quorum; the books are as they stood after it.
    pub block: Block,
    /// One line for each asset that was looked at.
    pub lines: Vec<ReconciliationLine>,
    /// Where the chain counts more transactions of the wallet than were given out.
    pub nonces: Option<NonceGap>,
    /// Who asked: the house by itself, or somebody.
    pub asked_by: Actor,
    /// When.
    pub at: Time,
}

/// An asset on chain and in the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReconciliationLine {
    /// CAIP-19 id.
    pub asset: String,
    /// What this asset came to.
    pub outcome: ReconciliationOutcome,
    /// What the chain holds, exact.
    pub on_chain: Decimal,
    /// What the books said.
    pub books: Decimal,
    /// What the chain holds more than the books, at their precision; below zero where it holds less.
    pub difference: Decimal,
}

/// Transactions that the chain counts and nobody gave out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NonceGap {
    /// Counted by the chain at the block.
    pub on_chain: u64,
    /// Given out here.
    pub given_out: u64,
}
