//! `[[assets]]`: what is paid.

use serde::{Deserialize, Serialize};
use sluice_core::asset::{Asset, AssetId, AssetKind, TRX};
use sluice_core::chain::Family;

use super::{Both, ConfigError};

/// An asset.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AssetEntry {
    /// CAIP-19 id.
    pub id: String,
    /// Shown to people.
    pub symbol: String,
    /// Digits after the point in the books, at most 9.
    pub precision: u8,
    /// Digits after the point on chain.
    pub decimals: u8,
    /// The contract has `isBlacklisted` and `paused`, as USDC.
    #[serde(default)]
    pub freezable: bool,
}

impl AssetEntry {
    /// As a configuration would have it.
    #[cfg(feature = "dev")]
    pub fn of(asset: &Asset) -> Self {
        Self {
            id: asset.id.to_string(),
            symbol: asset.symbol.clone(),
            precision: asset.precision,
            decimals: asset.decimals,
            freezable: asset.freezable,
        }
    }

    /// The asset.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for a malformed id or figures out of bounds.
    pub fn asset(&self) -> Result<Asset, ConfigError> {
        let wrong = |why: Both| ConfigError::Value { key: format!("assets.{}", self.id), why };
        let id = AssetId::parse(&self.id).map_err(|error| wrong(error.to_string().into()))?;
        // Withdrawals of it are taken, and no contract would be asked how it counts.
        let sun = match id.kind {
            AssetKind::Native(number) if id.chain.family == Family::Tron => Some(number == TRX),
            AssetKind::Errand(..) => Some(true),
            AssetKind::Native(_) | AssetKind::Trc20(_) | AssetKind::Erc20(_) => None,
        };
        if sun.is_some_and(|known| !known || (self.precision, self.decimals) != (6, 6)) {
            return Err(wrong(Both::new(
                "the coin of TRON is slip44:195, with precision 6 and decimals 6, as are its stakes",
                "TRON의 코인은 slip44:195이고, 코인과 스테이킹의 precision과 decimals는 6이어야 합니다",
            )));
        }
        if self.precision > sluice_core::amount::PRECISION_MAX
            || self.precision > self.decimals
            || self.decimals > 36
        {
            return Err(wrong(Both::new(
                "precision is at most 9 and at most decimals; decimals are at most 36",
                "precision은 9 이하이면서 decimals 이하여야 하고, decimals는 36 이하여야 합니다",
            )));
        }
        Ok(Asset {
            id,
            symbol: self.symbol.clone(),
            precision: self.precision,
            decimals: self.decimals,
            freezable: self.freezable,
        })
    }
}
