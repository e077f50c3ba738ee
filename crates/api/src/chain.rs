//! The chains we read and pay on, as they look to us now.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tag;
use crate::text::{Decimal, Time};
use crate::withdrawal::Block;
use crate::words::words;

words! {
    /// How well we can read a chain.
    ChainState {
        /// Enough operators answer and agree.
        Ok = "ok",
        /// Payments go on, and something is missing: a node, an operator, time.
        Degraded = "degraded",
        /// Nothing can be decided: no node answers, or too few agree.
        Down = "down",
    }
}

words! {
    /// Which rules a chain follows.
    ChainFamily {
        /// Ethereum and its kin.
        Evm = "evm",
        /// TRON.
        Tron = "tron",
    }
}

/// A chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Chain {
    /// CAIP-2 id.
    #[schema(examples("eip155:137"))]
    pub id: String,
    /// Always `chain`.
    pub object: tag::Chain,
    /// What people call it.
    pub name: String,
    /// Which rules it follows.
    pub family: ChainFamily,
    /// The coin that pays for fees.
    #[schema(examples("POL"))]
    pub coin: String,
    /// How well we can read it.
    pub state: ChainState,
    /// The newest block we know.
    pub head: Option<Block>,
    /// The newest block we know to be final.
    #[serde(rename = "final")]
    pub final_block: Option<Block>,
    /// How many independent operators must agree.
    pub quorum: u32,
    /// How many independent operators are configured.
    pub operators: u32,
    /// Whether fewer than two independent operators are configured: then a new slot after a proof of death needs two
    /// persons (M4).
    pub single_source: bool,
    /// What the network asks now.
    pub market: Option<Market>,
    /// The nodes we ask.
    pub nodes: Vec<Node>,
}

/// What the network asks now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Market {
    /// Base fee of the next block, in wei of one unit of gas (TRON: sun of one unit of energy).
    pub base_fee: Decimal,
    /// Tip we offer, in wei of one unit of gas; zero on TRON.
    pub tip: Decimal,
    /// When it was read.
    pub at: Time,
}

/// A node of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Node {
    /// Its name in our configuration; never its address, which may hold a secret.
    pub name: String,
    /// Who runs it. A quorum counts operators, not nodes.
    pub operator: String,
    /// Whether it is asked at the moment.
    pub healthy: bool,
    /// The newest block it knows.
    pub height: Option<u64>,
    /// What is wrong with it, as a stable word: `unproven`, `other_chain`, `contradicts`, `breaker_open`, `out_of_step`,
    /// `failing`. How long it takes to answer is in the metrics.
    pub trouble: Option<String>,
}
