//! Sources of energy, as the configuration names them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use sluice_core::chain::ChainId;
use sluice_core::intent::DeploymentId;
use sluice_core::port::Supply;
use sluice_core::port::market::{Market, VendorId};
use sluice_core::port::world::Clock;
use sluice_outbound::Secret;
use sluice_outbound::client::Limits;
use sluice_outbound::market::{VendorSettings, Vendors, Wire};

use crate::config::{self, Config};
use crate::error::StartError;

/// Where the energy of each chain comes from; a chain without sources is left out.
///
/// # Errors
/// [`StartError`]: one sentence about the first vendor that cannot be set up.
pub fn connect(
    config: &Config,
    deployment: &DeploymentId,
    clock: &Arc<dyn Clock>,
) -> Result<BTreeMap<ChainId, Supply>, StartError> {
    let mut supplies = BTreeMap::new();
    for chain in &config.chains {
        let Some(energy) = &chain.energy else { continue };
        let settings: Result<Vec<VendorSettings>, StartError> = energy.vendors.iter().map(settings).collect();
        let vendors = Vendors::open(settings?, Arc::clone(clock))
            .map_err(|error| StartError::Other(format!("chains.{}.energy: {error}", chain.id)))?;
        let market: Arc<dyn Market> = Arc::new(vendors);
        let pool = energy.pool(deployment).map(Arc::new);
        supplies.insert(config.profile(chain)?.id, Supply { market, policy: energy.policy(), pool });
    }
    Ok(supplies)
}

fn settings(vendor: &config::Vendor) -> Result<VendorSettings, StartError> {
    let key = secret(&vendor.key_file)?;
    let wire = match (vendor.wire, &vendor.secret_file) {
        (config::Wire::Catfee, Some(file)) => Wire::Catfee { key, secret: secret(file)? },
        (config::Wire::Catfee, None) => {
            return Err(StartError::Other(format!("energy vendor {}: secret_file is missing", vendor.id)));
        }
        (config::Wire::Tronsave, _) => Wire::Tronsave { key },
    };
    let id = VendorId::parse(&vendor.id).map_err(|error| StartError::Other(error.to_string()))?;
    Ok(VendorSettings {
        id,
        wire,
        base_url: vendor.url.clone(),
        allow_private: vendor.allow_private,
        limits: Limits::default(),
        delivers_ms: vendor.delivers_ms,
    })
}

/// A secret from a file that nobody prints.
fn secret(path: &Path) -> Result<Secret, StartError> {
    let unreadable =
        |error: std::io::Error| StartError::Path { path: path.display().to_string(), why: error.to_string() };
    Ok(Secret::new(fs::read_to_string(path).map_err(unreadable)?.trim().to_owned()))
}
