//! What can be paid: a token or a native coin on one chain.

use std::fmt;

use crate::address::{Address, EvmAddress, TronAddress};
use crate::amount::{Amount, AmountError, PRECISION_MAX};
use crate::chain::{ChainId, ChainProfile, Family};
use crate::errand::{Deed, Resource};

/// A CAIP-19 asset id: `eip155:137/erc20:0x3c49...` or `eip155:137/slip44:966`
/// (<https://github.com/ChainAgnostic/CAIPs/blob/main/CAIPs/caip-19.md>). Addresses are spelled in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId {
    /// Chain it lives on.
    pub chain: ChainId,
    /// Which thing on that chain.
    pub kind: AssetKind,
}

/// SLIP-44 number of TRX.
pub const TRX: u32 = 195;

/// What kind of thing an asset is on its chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetKind {
    /// An ERC-20 token contract.
    Erc20(EvmAddress),
    /// A TRC-20 token contract.
    Trc20(TronAddress),
    /// The coin that pays for gas, by its SLIP-44 number.
    Native(u32),
    /// TRON: what the house does with a stake; atoms are sun of it. Nothing that anybody holds or is paid.
    Errand(Deed, Resource),
}

/// A text is no CAIP-19 id of a kind we know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a CAIP-19 asset id such as eip155:137/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359")]
pub struct NotAnAsset;

impl AssetId {
    /// A token.
    pub const fn erc20(chain: ChainId, contract: EvmAddress) -> Self {
        Self { chain, kind: AssetKind::Erc20(contract) }
    }

    /// A token on TRON.
    pub const fn trc20(chain: ChainId, contract: TronAddress) -> Self {
        Self { chain, kind: AssetKind::Trc20(contract) }
    }

    /// The coin of a chain.
    pub const fn native(profile: &ChainProfile) -> Self {
        Self { chain: profile.id, kind: AssetKind::Native(profile.native_slip44) }
    }

    /// Reads a CAIP-19 id; any letter case of a right address is understood.
    ///
    /// # Errors
    /// [`NotAnAsset`] for anything else, also for a token of one family on a chain of another.
    pub fn parse(text: &str) -> Result<Self, NotAnAsset> {
        let (chain, rest) = text.split_once('/').ok_or(NotAnAsset)?;
        let chain = ChainId::parse(chain).map_err(|_| NotAnAsset)?;
        let kind = match (chain.family, rest.split_once(':')) {
            (Family::Evm, Some(("erc20", contract))) => {
                AssetKind::Erc20(EvmAddress::parse(contract).map_err(|_| NotAnAsset)?)
            }
            (Family::Tron, Some(("trc20", contract))) => {
                AssetKind::Trc20(TronAddress::parse(contract).map_err(|_| NotAnAsset)?)
            }
            (Family::Tron, Some((deed, resource))) if Deed::parse(deed).is_some() => {
                let both = Deed::parse(deed).zip(Resource::parse(resource));
                let (deed, resource) = both.ok_or(NotAnAsset)?;
                AssetKind::Errand(deed, resource)
            }
            (_, Some(("slip44", number))) => AssetKind::Native(number.parse().map_err(|_| NotAnAsset)?),
            _ => return Err(NotAnAsset),
        };
        Ok(Self { chain, kind })
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            AssetKind::Erc20(contract) => write!(f, "{}/erc20:{}", self.chain, contract.key()),
            AssetKind::Trc20(contract) => write!(f, "{}/trc20:{contract}", self.chain),
            AssetKind::Native(number) => write!(f, "{}/slip44:{number}", self.chain),
            AssetKind::Errand(deed, resource) => {
                write!(f, "{}/{}:{}", self.chain, deed.as_str(), resource.as_str())
            }
        }
    }
}

impl fmt::Debug for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An asset as configured: read from the chain at set-up and pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// CAIP-19 id.
    pub id: AssetId,
    /// Symbol shown to people.
    pub symbol: String,
    /// Digits after the point in our books.
    pub precision: u8,
    /// Digits after the point on chain (18 for Binance-Peg USDC).
    pub decimals: u8,
    /// The contract answers `isBlacklisted(address)` and `paused()` as FiatToken does.
    pub freezable: bool,
}

impl Asset {
    /// The native coin of a chain: 18 decimals on chain and 9 in our books; on TRON 6 in both.
    pub fn native(profile: &ChainProfile) -> Self {
        let (precision, decimals) = match profile.id.family {
            Family::Evm => (PRECISION_MAX, 18),
            Family::Tron => (6, 6),
        };
        Self {
            id: AssetId::native(profile),
            symbol: profile.native_symbol.clone(),
            precision,
            decimals,
            freezable: false,
        }
    }

    /// What the house does with a stake: sun of the coin.
    pub fn errand(profile: &ChainProfile, deed: Deed, resource: Resource) -> Self {
        let id = AssetId { chain: profile.id, kind: AssetKind::Errand(deed, resource) };
        Self { id, ..Self::native(profile) }
    }

    /// Everything that the house can do with stakes on a chain of TRON.
    pub fn errands(profile: &ChainProfile) -> Vec<Self> {
        let of = |deed| Resource::ALL.map(|resource| Self::errand(profile, deed, resource));
        Deed::ALL.into_iter().flat_map(of).collect()
    }

    /// Whether a wallet may hold it; a deed of the house is nothing to hold.
    pub const fn is_held(&self) -> bool {
        !matches!(self.id.kind, AssetKind::Errand(..))
    }

    /// Whether it is the coin that pays for fees.
    pub const fn is_coin(&self) -> bool {
        matches!(self.id.kind, AssetKind::Native(_))
    }

    /// What its amount is taken out of: a stake is taken out of the coin, everything else out of itself.
    #[must_use]
    pub fn source(&self, coin: &Self) -> Self {
        match self.id.kind {
            AssetKind::Errand(Deed::Stake, _) => coin.clone(),
            AssetKind::Errand(..) | AssetKind::Native(_) | AssetKind::Trc20(_) | AssetKind::Erc20(_) => {
                self.clone()
            }
        }
    }

    /// What an account of a chain may hold: these assets of it, and the coin that pays for fees.
    pub fn with_coin(mut assets: Vec<Self>, profile: &ChainProfile) -> Vec<Self> {
        let coin = Self::native(profile);
        if !assets.iter().any(|asset| asset.id == coin.id) {
            assets.push(coin);
        }
        assets
    }

    /// Reads a positive amount at this asset's precision.
    ///
    /// # Errors
    /// [`AmountError`] names the rule that was broken.
    pub fn amount(&self, text: &str) -> Result<Amount, AmountError> {
        Amount::parse_positive(text, self.precision)
    }

    /// Whether withdrawals of it are taken: tokens are, and TRX. A coin of an EVM chain pays for gas alone: a contract that
    /// receives it can emit logs, or refuse it later, in ways that the reading of effects does not tell apart from theft
    /// (SECURITY.md). A transfer of TRX runs nobody's code.
    pub const fn pays_out(&self) -> bool {
        match self.id.kind {
            AssetKind::Erc20(_) | AssetKind::Trc20(_) => true,
            AssetKind::Native(number) => matches!(self.id.chain.family, Family::Tron) && number == TRX,
            AssetKind::Errand(..) => false,
        }
    }

    /// The contract, when the asset is a token.
    pub fn contract(&self) -> Option<Address> {
        match self.id.kind {
            AssetKind::Erc20(contract) => Some(contract.into()),
            AssetKind::Trc20(contract) => Some(contract.into()),
            AssetKind::Native(_) | AssetKind::Errand(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_paid_out_and_of_coins_trx_alone() {
        let coin = |profile: &ChainProfile| Asset::native(profile);
        assert!(coin(&ChainProfile::tron_mainnet()).pays_out() && coin(&ChainProfile::nile()).pays_out());
        for profile in [ChainProfile::polygon(), ChainProfile::ethereum(), ChainProfile::devnet()] {
            assert!(!coin(&profile).pays_out(), "{}", profile.name);
        }
        let other = AssetId::parse("tron:728126428/slip44:60").unwrap();
        assert!(!Asset { id: other, ..coin(&ChainProfile::tron_mainnet()) }.pays_out());
        let usdt = AssetId::parse("tron:728126428/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap();
        assert!(Asset { id: usdt, ..coin(&ChainProfile::tron_mainnet()) }.pays_out());
    }

    #[test]
    fn an_asset_id_has_one_spelling() {
        let id = AssetId::parse("eip155:137/erc20:0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359").unwrap();
        assert_eq!(id.to_string(), "eip155:137/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359");
        assert_eq!(AssetId::parse(&id.to_string()), Ok(id));
        assert_eq!(AssetId::native(&ChainProfile::polygon()).to_string(), "eip155:137/slip44:966");
        for deed in Deed::ALL {
            for resource in Resource::ALL {
                let id = Asset::errand(&ChainProfile::nile(), deed, resource).id;
                assert_eq!(AssetId::parse(&id.to_string()), Ok(id));
            }
        }
        for text in [
            "usdc",
            "tron:3448148188/stake:power",
            "eip155:137/stake:energy",
            "eip155:137",
            "eip155:137/erc721:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359",
            "eip155:137/erc20:",
        ] {
            assert!(AssetId::parse(text).is_err(), "{text}");
        }
    }
}
