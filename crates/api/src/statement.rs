//! A partner's statement of a day: what each wallet held before and after, and what lies between, beside the chain.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tag;
use crate::text::{Decimal, Time};
use crate::withdrawal::Block;

crate::words::words! {
    /// Why a line could not be compared with the chain when it was asked for.
    NotCompared {
        /// The wallet has left service.
        Retired = "retired",
        /// Too few nodes of its chain answer or agree, or the chain is not configured.
        ChainUnavailable = "chain_unavailable",
        /// Something that the final block has is not settled yet. Ask again.
        UnderWay = "under_way",
        /// Finality was reversed. Ask again once the chain is final past it.
        FinalityReversed = "finality_reversed",
    }
}

/// A day of a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statement {
    /// Always `statement`.
    pub object: tag::Statement,
    /// The partner.
    pub partner_id: String,
    /// The day.
    pub day: String,
    /// The IANA zone that it is a day of.
    pub zone: String,
    /// Its first instant.
    pub from: Time,
    /// Its end, excluded; or now, while the day is not over.
    pub to: Time,
    /// The day is over. Otherwise the figures are as they stood at `to`.
    pub over: bool,
    /// One for each wallet and asset.
    pub lines: Vec<StatementLine>,
}

/// A wallet and an asset over a day: `opening + in - out - fees - gas + adjustments = closing`, to the atom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementLine {
    /// The wallet.
    pub wallet_id: String,
    /// Its chain, CAIP-2.
    pub chain: String,
    /// Its account.
    pub address: String,
    /// The asset, CAIP-19.
    pub asset: String,
    /// Its symbol.
    pub symbol: String,
    /// What the wallet held at the start.
    pub opening: Decimal,
    /// What came in: opening balances and top-ups.
    #[serde(rename = "in")]
    pub came_in: Decimal,
    /// What was paid to recipients.
    pub out: Decimal,
    /// What the platform took out of the wallet for its service: 0, as nothing is taken so far. Energy of its pool is charged against a
    /// credit beside the wallet, and the fee of a withdrawal stays in the wallet.
    pub fees: Decimal,
    /// What was paid to the network, each transaction rounded up to the precision of the books.
    pub gas: Decimal,
    /// What people explained; below zero where it left the wallet.
    pub adjustments: Decimal,
    /// What the wallet held at the end.
    pub closing: Decimal,
    /// The books beside the chain at a named block; absent where they could not be compared.
    pub compared: Option<Comparison>,
    /// Why they could not be compared.
    pub not_compared: Option<NotCompared>,
}

/// The books beside the chain at one final block, as a quorum of node operators read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// The block.
    pub block: Block,
    /// What the books moved between `closing` and the block.
    pub since_closing: Decimal,
    /// What the books said after the block: `closing + since_closing`.
    pub books: Decimal,
    /// What the chain holds at the block, exact.
    pub on_chain: Decimal,
    /// What the chain holds more than the books, at the precision of the books. Zero when they are equal.
    pub difference: Decimal,
}
