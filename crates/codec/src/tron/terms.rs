//! What holds of a transaction whatever it does: which chain it belongs to, until when, and what it may cost.

/// The block a transaction leans on (TAPOS). It executes only on a chain that has this block among its last 65,536, some
/// 54 hours: the one guard against a replay on another network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Bytes 6 and 7 of the block number, big endian.
    pub bytes: [u8; 2],
    /// Bytes 8 to 15 of the block id.
    pub hash: [u8; 8],
}

impl Reference {
    /// The reference of a block. A solidified one survives every fork.
    pub fn of(number: u64, id: &[u8; 32]) -> Self {
        let [.., six, seven] = number.to_be_bytes();
        let mut hash = [0; 8];
        hash.copy_from_slice(&id[8..16]);
        Self { bytes: [six, seven], hash }
    }
}

/// The terms of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Block it leans on.
    pub reference: Reference,
    /// No block whose parent's time is at or past this may contain it; milliseconds since 1970.
    pub expiration_ms: i64,
    /// When it was made, milliseconds since 1970. Nobody checks it: where all else is equal, it makes the id another.
    pub timestamp_ms: i64,
    /// The most energy it may use, in sun at the price of energy. Staked and delegated energy counts as well, so 0 always
    /// fails where a contract is called.
    pub fee_limit_sun: i64,
    /// Text for people; costs 1 TRX unless empty.
    pub memo: Vec<u8>,
    /// Permission whose keys sign: 0 is the owner's, 2 to 9 are active ones. Part of the id. A witness's signs none.
    pub permission_id: i32,
}
