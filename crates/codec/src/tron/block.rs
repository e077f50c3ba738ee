//! Blocks: what their id is made of.

use prost::Message;
use sha2::{Digest, Sha256};

use super::message;

/// A header as nodes hash it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// Block time, milliseconds since 1970.
    pub time_ms: i64,
    /// Root over the hashes of its transactions, each with signatures and result.
    pub root: Vec<u8>,
    /// Id of the parent.
    pub parent: Vec<u8>,
    /// Height.
    pub number: i64,
    /// Number of its producer; 0 in every block since the network began.
    pub witness_id: i64,
    /// Account of its producer, 21 bytes.
    pub witness: Vec<u8>,
    /// Version of the producer's node.
    pub version: i32,
    /// Root over the accounts; empty unless the network makes one.
    pub state_root: Vec<u8>,
}

/// The id of a block: eight bytes of its height, and the last 24 of the hash of its header. So an id that is agreed on
/// fixes height, time, parent and the root over the transactions. The id of block 0 is another on every network.
pub fn block_id(header: &BlockHeader) -> [u8; 32] {
    let bytes = message::BlockRaw {
        timestamp: header.time_ms,
        tx_trie_root: header.root.clone(),
        parent_hash: header.parent.clone(),
        number: header.number,
        witness_id: header.witness_id,
        witness_address: header.witness.clone(),
        version: header.version,
        account_state_root: header.state_root.clone(),
    }
    .encode_to_vec();
    let mut id: [u8; 32] = Sha256::digest(bytes).into();
    id[..8].copy_from_slice(&header.number.to_be_bytes());
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    // Block 66,987,565 of Nile, as the documentation of the network shows it.
    #[test]
    fn the_id_of_a_block_of_a_real_network_is_the_hash_of_its_header() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let header = BlockHeader {
            time_ms: 1_777_445_121_000,
            root: bytes("faf8fe3858339ead25cc892461c82a59b84dca4a51c45b026676bf3f45a352a2"),
            parent: bytes("0000000003fe262c85cd6b02033f4c3e5c1efa35de256a17bd906dc61fb1aeed"),
            number: 66_987_565,
            witness_id: 0,
            witness: bytes("41b2f713d57dbcec679d93a8849fa0cd0e4db594ba"),
            version: 34,
            state_root: Vec::new(),
        };
        let id = "0000000003fe262d52bfa4b2814f816fd2e57af5b98a33d60d8630a03a908e0e";
        assert_eq!(hex::encode(block_id(&header)), id);
        for other in [
            BlockHeader { time_ms: header.time_ms + 1, ..header.clone() },
            BlockHeader { parent: vec![0; 32], ..header.clone() },
            BlockHeader { root: Vec::new(), ..header.clone() },
            BlockHeader { state_root: vec![0], ..header.clone() },
        ] {
            assert_ne!(hex::encode(block_id(&other)), id, "{other:?}");
        }
    }
}
