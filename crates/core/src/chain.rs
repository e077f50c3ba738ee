//! Chains and what we know of each: ids, floors, pool limits, finality. Configuration may override every figure.

mod shipped;

use std::fmt;

use crate::amount::Cost;

/// A CAIP-2 chain id of the `eip155` namespace, such as `eip155:137`
/// (<https://github.com/ChainAgnostic/CAIPs/blob/main/CAIPs/caip-2.md>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    /// `eip155` reference, the number `eth_chainId` answers; for TRON the decimal of its `eth_chainId`.
    pub reference: u64,
    /// Family of the chain.
    pub family: Family,
}

/// A family of chains that share transaction format and slot rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `eip155`: slots are account nonces.
    Evm,
    /// `tron`: slots are transaction ids with an expiration.
    Tron,
}

/// A text is no CAIP-2 id of a family we know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a CAIP-2 chain id such as eip155:137")]
pub struct NotAChain;

impl ChainId {
    /// An EVM chain.
    pub const fn evm(reference: u64) -> Self {
        Self { reference, family: Family::Evm }
    }

    /// A network of TRON, by the decimal of its `eth_chainId`.
    pub const fn tron(reference: u64) -> Self {
        Self { reference, family: Family::Tron }
    }

    /// Reads `eip155:137` or `tron:728126428`.
    ///
    /// # Errors
    /// [`NotAChain`] for anything else, also for leading zeros or signs.
    pub fn parse(text: &str) -> Result<Self, NotAChain> {
        let (namespace, digits) = text.split_once(':').ok_or(NotAChain)?;
        let family = match namespace {
            "eip155" => Family::Evm,
            "tron" => Family::Tron,
            _ => return Err(NotAChain),
        };
        let reference: u64 = digits.parse().map_err(|_| NotAChain)?;
        if reference.to_string() != digits {
            return Err(NotAChain);
        }
        Ok(Self { reference, family })
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = match self.family {
            Family::Evm => "eip155",
            Family::Tron => "tron",
        };
        write!(f, "{namespace}:{}", self.reference)
    }
}

/// A block by height and hash. A height alone never names a block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockRef {
    /// Height.
    pub number: u64,
    /// Hash.
    pub hash: [u8; 32],
}

impl fmt::Debug for BlockRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} 0x{}", self.number, hex::encode(&self.hash[..4]))
    }
}

/// What a chain is like. Sources of the figures: `eth_chainId` registries, geth, bor, bsc, Arbitrum and TRON docs as
/// listed in docs/chains.md; a deployment overrides them in its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainProfile {
    /// CAIP-2 id; every node must answer exactly this.
    pub id: ChainId,
    /// Name shown to people.
    pub name: String,
    /// Symbol of the coin that pays for inclusion.
    pub native_symbol: String,
    /// SLIP-44 number of the native coin, for its CAIP-19 id.
    pub native_slip44: u32,
    /// Usual time between blocks; used for expectations and waiting, never for proof.
    pub block_time_ms: u64,
    /// Slots allocated and not yet included, per sender.
    pub window: u16,
    /// Transfers sent and not yet final, per sender; sending pauses there and an alert is raised.
    pub unsettled_max: u32,
    /// Blocks after which absent stored bytes are sent again.
    pub resend_after_blocks: u64,
    /// Blocks a proof of death must lie below the final head before a new slot is allowed (M4).
    pub death_extra_blocks: u64,
    /// Blocks below the final head that stay under watch (M16).
    pub settled_watch_blocks: u64,
    /// What its family asks beside.
    pub rules: Rules,
}

/// What the chains of a family differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Of an EVM chain.
    Evm(EvmRules),
    /// Of TRON.
    Tron(TronRules),
}

/// Fees, pools and gas of an EVM chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvmRules {
    /// Lowest tip a pool accepts.
    pub tip_floor_wei: u128,
    /// Lowest fee per gas we offer.
    pub max_fee_floor_wei: u128,
    /// A fee per gas above this is never offered without a person (operators may raise it for a time).
    pub max_fee_cap_wei: u128,
    /// Most a transfer may spend on gas in all, checked again by the signer.
    pub transfer_cost_cap_wei: u128,
    /// Fee may not exceed this many times the market's suggestion.
    pub relative_cap: u32,
    /// Percent added to both fee fields of a replacement.
    pub replacement_percent: u32,
    /// Whether a pending transaction can be replaced at all (Arbitrum has no pool).
    pub replaceable: bool,
    /// Blocks after which an attempt that is still outside is bumped.
    pub bump_after_blocks: u64,
    /// Gas limit of a plain token transfer when the node's estimate is not used, and its ceiling.
    pub transfer_gas_max: u64,
    /// Gas limit of a void (0 native to self).
    pub void_gas: u64,
}

/// Validity and energy of TRON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TronRules {
    /// How long a transaction of a server's key may be included, milliseconds: it is dead no earlier, and nothing replaces
    /// it before.
    pub expires_after_ms: u32,
    /// Most a transfer may burn in all, sun, checked again by the signer.
    pub transfer_cost_cap_sun: u64,
    /// Percent of the energy it needs that a fee limit covers beside: the price or the factor may rise until inclusion.
    pub fee_limit_margin_percent: u32,
    /// Most energy that a transfer of a token is believed to need.
    pub transfer_energy_max: u64,
    /// Most TRX that a wallet burns within an hour, sun. What is on its way counts with the most that it may burn: energy
    /// that was there when it was signed may be gone when it is included.
    pub burn_hour_cap_sun: u64,
    /// Permission whose key signs for the hot wallets: 0 is the owner's, 2 to 9 are active ones. An account that people own
    /// together gives its hot key an active one.
    pub permission: u8,
}

/// A node further behind the others than this is out of step with them.
const LAG_MS: u64 = 15_000;
/// At least this many blocks of difference are normal.
const LAG_BLOCKS: u64 = 3;

impl ChainProfile {
    /// Blocks by which honest nodes may differ in what is the latest.
    pub fn lag_blocks(&self) -> u64 {
        (LAG_MS / self.block_time_ms.max(1)).max(LAG_BLOCKS)
    }

    /// What it asks as an EVM chain.
    pub const fn evm(&self) -> Option<&EvmRules> {
        match &self.rules {
            Rules::Evm(rules) => Some(rules),
            Rules::Tron(_) => None,
        }
    }

    /// What it asks as TRON.
    pub const fn tron(&self) -> Option<&TronRules> {
        match &self.rules {
            Rules::Evm(_) => None,
            Rules::Tron(rules) => Some(rules),
        }
    }

    /// Whether what is signed can be replaced, by a dearer attempt or by a void.
    pub const fn replaceable(&self) -> bool {
        match &self.rules {
            Rules::Evm(rules) => rules.replaceable,
            Rules::Tron(_) => false,
        }
    }

    /// Most a transfer may spend on its inclusion in all, in the chain's smallest unit.
    pub const fn transfer_cost_cap(&self) -> Cost {
        match &self.rules {
            Rules::Evm(rules) => Cost(rules.transfer_cost_cap_wei),
            Rules::Tron(rules) => Cost(rules.transfer_cost_cap_sun as u128),
        }
    }
}

/// A transaction hash as explorers print it.
pub fn txid_text(txid: &[u8; 32]) -> String {
    format!("0x{}", hex::encode(txid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_id_has_one_spelling() {
        assert_eq!(ChainId::parse("eip155:137").unwrap().to_string(), "eip155:137");
        for text in ["137", "eip155:", "eip155:0137", "eip155:+1", "bip122:000", "eip155:1 "] {
            assert!(ChainId::parse(text).is_err(), "{text}");
        }
    }
}
