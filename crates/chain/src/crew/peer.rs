//! What every node tells, of whatever family.

use sluice_core::chain::BlockRef;
use sluice_core::port::Fut;

/// Which head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The latest block.
    Latest,
    /// The final block: `finalized` on EVM chains, solid on TRON.
    Finalized,
    /// A height.
    Number(u64),
}

/// A node gave no usable answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// Refused connection, HTTP status, broken JSON.
    #[error("{0}")]
    Transport(String),
    /// It took the question and did not answer in time. Each one costs whoever asks the whole time.
    #[error("{0}")]
    Silent(String),
    /// The node answers with an error. Its code decides what it means, its text is for people.
    #[error("{code}: {message}")]
    Rpc {
        /// Code of JSON-RPC; on TRON, which has names instead, see `tron::errors`.
        code: i64,
        /// Text.
        message: String,
    },
    /// An answer that breaks the protocol, such as a receipt for another hash: the node lies or is broken.
    #[error("the answer makes no sense: {0}")]
    Nonsense(String),
}

/// A block as far as its place in the chain goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Top {
    /// Height and hash.
    pub(crate) block: BlockRef,
    /// Seconds since 1970.
    pub(crate) time: i64,
}

/// A node, as far as the crew asks it.
pub(crate) trait Peer: Send + Sync {
    /// `operator/host`.
    fn name(&self) -> &str;

    /// Who runs it.
    fn operator(&self) -> &str;

    /// The reference of its chain's CAIP-2 id.
    fn reference(&self) -> Fut<'_, Result<u64, NodeError>>;

    /// The block there; `None` when there is none.
    fn top(&self, tag: Tag) -> Fut<'_, Result<Option<Top>, NodeError>>;

    /// Height of the block in which it shows a receipt of this transaction; `None` when it shows none.
    fn holds(&self, txid: [u8; 32]) -> Fut<'_, Result<Option<u64>, NodeError>>;
}
