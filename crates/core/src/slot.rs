//! What makes an intent executable at most once.

use std::fmt;

use crate::address::{Address, EvmAddress};
use crate::chain::ChainId;

/// A place on a chain that executes at most once. Its text is unique in the store and in the signer's journal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// R1 and every carrier: an account nonce.
    EvmNonce {
        /// Chain.
        chain: ChainId,
        /// Sending account.
        sender: EvmAddress,
        /// Its nonce.
        nonce: u64,
    },
    /// R2: an EIP-3009 authorization nonce. It is the payment key, without amount or address.
    EvmAuthorization {
        /// Chain.
        chain: ChainId,
        /// Token contract.
        token: EvmAddress,
        /// Account whose funds move.
        authorizer: EvmAddress,
        /// Authorization nonce.
        nonce: [u8; 32],
    },
    /// TRON: a transaction id; it cannot be replaced, only expire.
    TronTransaction {
        /// Chain.
        chain: ChainId,
        /// SHA-256 of the raw data.
        txid: [u8; 32],
    },
    /// R3: a payment id inside a vault contract.
    VaultPayment {
        /// Chain.
        chain: ChainId,
        /// Vault contract.
        vault: EvmAddress,
        /// Payment key.
        payment_key: [u8; 32],
    },
}

/// A text is no slot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the text of a slot")]
pub struct NotASlot;

impl Slot {
    /// Chain the slot lives on.
    pub const fn chain(&self) -> ChainId {
        match self {
            Self::EvmNonce { chain, .. }
            | Self::EvmAuthorization { chain, .. }
            | Self::TronTransaction { chain, .. }
            | Self::VaultPayment { chain, .. } => *chain,
        }
    }

    /// A nonce of an account; `None` for an account of a family whose accounts have none.
    pub const fn of_nonce(chain: ChainId, account: Address, nonce: u64) -> Option<Self> {
        match account {
            Address::Evm(sender) => Some(Self::EvmNonce { chain, sender, nonce }),
            Address::Tron(_) => None,
        }
    }

    /// The account nonce, when this is one.
    pub const fn nonce(&self) -> Option<u64> {
        match self {
            Self::EvmNonce { nonce, .. } => Some(*nonce),
            Self::EvmAuthorization { .. } | Self::TronTransaction { .. } | Self::VaultPayment { .. } => None,
        }
    }

    /// The account whose nonce it is, when this is one.
    pub const fn sender(&self) -> Option<EvmAddress> {
        match self {
            Self::EvmNonce { sender, .. } => Some(*sender),
            Self::EvmAuthorization { .. } | Self::TronTransaction { .. } | Self::VaultPayment { .. } => None,
        }
    }

    /// Reads the text that `Display` writes.
    ///
    /// # Errors
    /// [`NotASlot`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotASlot> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(NotASlot);
        let chain = ChainId::parse(next()?).map_err(|_| NotASlot)?;
        let address = |text: &str| EvmAddress::parse(text).map_err(|_| NotASlot);
        let word = |text: &str| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes).map_err(|_| NotASlot)?;
            Ok(bytes)
        };
        let slot = match next()? {
            "nonce" => Self::EvmNonce {
                chain,
                sender: address(next()?)?,
                nonce: next()?.parse().map_err(|_| NotASlot)?,
            },
            "auth" => Self::EvmAuthorization {
                chain,
                token: address(next()?)?,
                authorizer: address(next()?)?,
                nonce: word(next()?)?,
            },
            "tx" => Self::TronTransaction { chain, txid: word(next()?)? },
            "vault" => Self::VaultPayment { chain, vault: address(next()?)?, payment_key: word(next()?)? },
            _ => return Err(NotASlot),
        };
        if parts.next().is_some() { Err(NotASlot) } else { Ok(slot) }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EvmNonce { chain, sender, nonce } => write!(f, "{chain}/nonce/{}/{nonce}", sender.key()),
            Self::EvmAuthorization { chain, token, authorizer, nonce } => {
                write!(f, "{chain}/auth/{}/{}/{}", token.key(), authorizer.key(), hex::encode(nonce))
            }
            Self::TronTransaction { chain, txid } => write!(f, "{chain}/tx/{}", hex::encode(txid)),
            Self::VaultPayment { chain, vault, payment_key } => {
                write!(f, "{chain}/vault/{}/{}", vault.key(), hex::encode(payment_key))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_slot_reads_back() {
        let (chain, a, b) = (ChainId::evm(137), EvmAddress([1; 20]), EvmAddress([2; 20]));
        for slot in [
            Slot::EvmNonce { chain, sender: a, nonce: 7 },
            Slot::EvmAuthorization { chain, token: a, authorizer: b, nonce: [3; 32] },
            Slot::TronTransaction { chain: ChainId::parse("tron:728126428").unwrap(), txid: [4; 32] },
            Slot::VaultPayment { chain, vault: b, payment_key: [5; 32] },
        ] {
            assert_eq!(Slot::parse(&slot.to_string()), Ok(slot));
        }
        assert_eq!(Slot::parse("eip155:137/nonce/0x12/7"), Err(NotASlot));
    }

    #[test]
    fn only_an_account_nonce_has_a_sender() {
        let (chain, a) = (ChainId::evm(137), EvmAddress([1; 20]));
        let nonce = Slot::EvmNonce { chain, sender: a, nonce: 7 };
        assert_eq!((nonce.sender(), nonce.nonce()), (Some(a), Some(7)));
        let vault = Slot::VaultPayment { chain, vault: a, payment_key: [5; 32] };
        assert_eq!((vault.sender(), vault.nonce()), (None, None));
    }
}
