//! The root that stands for everything that was proven: a Merkle tree as RFC 6962 builds it. A leaf and a node are hashed
//! with different prefixes, so that no node can be shown as a leaf.

use sha2::{Digest, Sha256};

use crate::chain::{Address, Chain, Hash};

const LEAF: u8 = 0;
const NODE: u8 = 1;

/// The bytes of one leaf: five lines of text without a last line feed. No field can hold a line feed, so two different
/// payments never make the same bytes.
pub fn leaf(external_id: &str, chain: Chain, token: Address, txid: Hash, log_index: u64) -> String {
    format!("sluice-audit:1\n{external_id}\n{}\n{txid}\n{log_index}", chain.token(token))
}

/// The root over leaves in this order. That of no leaves is the hash of nothing.
pub fn root(leaves: &[String]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => hashed(LEAF, &[one.as_bytes()]),
        more => {
            // The largest power of two below their number is on the left.
            let split = more.len().next_power_of_two() / 2;
            let (left, right) = more.split_at(split);
            hashed(NODE, &[&root(left), &root(right)])
        }
    }
}

fn hashed(prefix: u8, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([prefix]);
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Roots of the tests of RFC 6962's reference implementation, over raw leaves; they are known everywhere.
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves: Vec<Vec<u8>> = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
            .map(|leaf| hex::decode(leaf).unwrap())
            .into();
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        ];
        for (count, root_hex) in roots.iter().enumerate() {
            // These leaves are ASCII or nothing, so they are text as well.
            let texts: Vec<String> =
                leaves[..count].iter().map(|leaf| String::from_utf8(leaf.clone()).unwrap()).collect();
            assert_eq!(hex::encode(root(&texts)), *root_hex, "{count} leaves");
        }
    }

    #[test]
    fn a_leaf_is_text_that_anybody_can_write() {
        let text = leaf("payout-1", Chain::Evm(137), Address::evm([0x3c; 20]), Hash([0xab; 32]), 7);
        assert_eq!(
            text,
            format!(
                "sluice-audit:1\npayout-1\neip155:137/erc20:0x{}\n0x{}\n7",
                "3c".repeat(20),
                "ab".repeat(32)
            )
        );
    }

    /// Made by `docs/audit.md`'s ten lines of Python over the leaves that are built here.
    #[test]
    fn roots_equal_those_of_an_independent_implementation() {
        let leaves = |count: u8| -> Vec<String> {
            let (chain, token) = (Chain::Evm(31_337), Address::evm([0x11; 20]));
            let leaf = |at| leaf(&format!("order-{at}"), chain, token, Hash([at; 32]), u64::from(at));
            (0..count).map(leaf).collect()
        };
        for (count, root_hex) in
            include_str!("../vectors/merkle.txt").lines().map(|line| line.split_once(' ').unwrap())
        {
            assert_eq!(hex::encode(root(&leaves(count.parse().unwrap()))), root_hex, "{count} leaves");
        }
    }

    #[test]
    fn a_node_is_no_leaf() {
        let two = ["a".to_owned(), "b".to_owned()];
        let inner: Vec<u8> = two.iter().flat_map(|one| root(std::slice::from_ref(one))).collect();
        let as_leaf = Sha256::new().chain_update([LEAF]).chain_update(&inner).finalize();
        assert_ne!(root(&two), <[u8; 32]>::from(as_leaf));
    }
}
