//! What can be paid.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Reason;
use crate::tag;
use crate::text::Decimal;
use crate::words::words;

words! {
    /// Whether an asset is paid.
    AssetState {
        /// Withdrawals are taken and paid.
        Active = "active",
        /// A stop is in force for it, for its chain or for everybody: withdrawals are taken and wait.
        Paused = "paused",
    }
}

/// An asset as it is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asset {
    /// CAIP-19 id: what a withdrawal names.
    #[schema(examples("eip155:137/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359"))]
    pub id: String,
    /// Always `asset`.
    pub object: tag::Asset,
    /// What people call it. Not unique: the same symbol lives on several chains.
    #[schema(examples("USDC"))]
    pub symbol: String,
    /// CAIP-2 id of its chain.
    pub chain: String,
    /// The token's contract; `null` for a chain's own coin.
    pub contract: Option<String>,
    /// Most decimals an amount may have, 0 to 9.
    pub precision: u8,
    /// Decimals on chain. They may be more than `precision`, and nobody needs them to order a payment.
    pub decimals: u8,
    /// Whether it is paid.
    pub state: AssetState,
    /// Why it is paused.
    pub reason: Option<Reason>,
    /// The least one withdrawal may be.
    pub amount_min: Decimal,
    /// The most one withdrawal of the caller's may be; `null` when the caller has no limit for it yet, and then none of
    /// its withdrawals is approved.
    pub amount_max: Option<Decimal>,
    /// What is charged for one withdrawal at the moment.
    pub fee: Decimal,
}
