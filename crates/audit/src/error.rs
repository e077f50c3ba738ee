//! Why there is no verdict: each a stable name, one sentence, and what to do.

use crate::chain::{Address, Chain, Hash};
use crate::judge::Unpayable;
use crate::node::NodeError;
use crate::read::ReadError;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Nothing to ask.
    #[error("no node is named; give at least one with --rpc")]
    NoNodes,
    /// Nothing to look at.
    #[error(
        "no wallet is named; give each paying address with --wallet, or a list that `sluice export` has written"
    )]
    NoWallets,
    /// Nothing to look for.
    #[error(
        "no token is named on {0}; give a list with withdrawals of that chain, or a contract with --token"
    )]
    NoTokens(Chain),
    /// The range has no blocks.
    #[error("the range ends at block {to}, and begins above block {from}; name a later block with --to")]
    EmptyRange {
        /// Where it begins.
        from: u64,
        /// Where it ends.
        to: u64,
    },
    /// The opening belongs to something else.
    #[error("the opening is of {of}, and {wanted} is audited; give the opening of that chain")]
    OpeningOfAnotherChain {
        /// Its chain.
        of: Chain,
        /// The audited one.
        wanted: Chain,
    },
    /// A node of another chain.
    #[error("{node} is a node of {found}, and {wanted} is audited; name a node of that chain with --rpc")]
    OtherChain {
        /// Which node.
        node: String,
        /// Its chain.
        found: Chain,
        /// The audited one.
        wanted: Chain,
    },
    /// The block is not final.
    #[error(
        "block {block} is not final at {node}, where block {last} is the last final one; name that one or wait"
    )]
    NotFinal {
        /// Which block.
        block: u64,
        /// Which node.
        node: String,
        /// Its last final block.
        last: u64,
    },
    /// The node has no such block.
    #[error("{node} has no block {block}; name another block, or another node with --rpc")]
    NoBlock {
        /// Which node.
        node: String,
        /// Which block, or tag.
        block: String,
    },
    /// Nodes that should say the same do not.
    #[error(
        "{one} and {other} do not agree: {what}. Nothing is proven; find out which is right, and name others with --rpc"
    )]
    Disagree {
        /// One of them.
        one: String,
        /// The other.
        other: String,
        /// About what.
        what: String,
    },
    /// The opening is not on this chain any more.
    #[error(
        "the opening stands on block {number} with hash {hash}, and the nodes have another there; read a new one"
    )]
    OpeningGone {
        /// The height.
        number: u64,
        /// The hash that it has.
        hash: Hash,
    },
    /// Where the wallets stood is not told, and no node can tell it.
    #[error(
        "nodes of TRON tell no state of a past block; give where the wallets stood with --opening: an earlier report, or \
         what `sluice-audit stand` has written"
    )]
    OpeningNeeded,
    /// Where the wallets stand there can be told by no node.
    #[error(
        "nodes of TRON tell no state of a past block; leave --to out, and the range ends at the last solid one"
    )]
    ClosingFixed,
    /// The opening lacks a wallet or a token.
    #[error(
        "the opening does not tell what {wallet} held of {what}, and nodes of TRON tell no state of a past block; audit it \
         from a new `sluice-audit stand` on"
    )]
    OpeningLacks {
        /// Which wallet.
        wallet: Address,
        /// A token, or the coin.
        what: String,
    },
    /// The last solid block went on while the wallets were read.
    #[error(
        "the last solid block did not stand still at all nodes while the wallets were read, {tries} times; name fewer or \
         nearer nodes, or try again"
    )]
    Unsteady {
        /// How often it was tried.
        tries: u32,
    },
    /// No answer that could be used.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// Not everything could be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The list asks for what cannot be.
    #[error(transparent)]
    Unpayable(#[from] Unpayable),
}

impl AuditError {
    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoNodes => "no_nodes",
            Self::NoWallets => "no_wallets",
            Self::NoTokens(_) => "no_tokens",
            Self::EmptyRange { .. } => "range_empty",
            Self::OpeningOfAnotherChain { .. } => "opening_of_another_chain",
            Self::OtherChain { .. } => "node_of_another_chain",
            Self::NotFinal { .. } => "block_not_final",
            Self::NoBlock { .. } => "block_unknown",
            Self::Disagree { .. } => "nodes_disagree",
            Self::OpeningGone { .. } => "opening_gone",
            Self::OpeningNeeded => "opening_needed",
            Self::ClosingFixed => "closing_fixed",
            Self::OpeningLacks { .. } => "opening_incomplete",
            Self::Unsteady { .. } => "nodes_unsteady",
            Self::Node(NodeError::Url(_)) => "node_address",
            Self::Node(NodeError::Key) => "node_key",
            Self::Node(_) | Self::Read(ReadError::Node(_)) => "node_failed",
            Self::Read(ReadError::TooLong { .. }) => "range_too_long",
            Self::Read(ReadError::NoState { .. }) => "state_gone",
            Self::Read(ReadError::Contradiction { .. }) => "node_contradicts_itself",
            Self::Unpayable(_) => "amount_unpayable",
        }
    }

    /// Whether the question was wrong, and not the world: exit code 2 instead of 3.
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoNodes
                | Self::NoWallets
                | Self::NoTokens(_)
                | Self::EmptyRange { .. }
                | Self::OpeningOfAnotherChain { .. }
                | Self::OpeningNeeded
                | Self::ClosingFixed
                | Self::OpeningLacks { .. }
                | Self::Node(NodeError::Url(_) | NodeError::Key)
                | Self::Read(ReadError::TooLong { .. })
                | Self::Unpayable(_)
        )
    }
}
