//! Which account a body names, and what it is for.

use sluice_api::problem::{Code, Fault};
use sluice_api::wallet::{AdoptWallet, WalletRole};
use sluice_core::address::{Address, AddressError};
use sluice_core::chain::ChainId;
use sluice_core::wallet::{Custody, Tier, Unfit};
use sluice_flow::operator::Wanted;

use crate::call::Call;
use crate::problem::Reject;

/// A chain that is configured, an address of it, and what a wallet there is for.
pub(super) struct Asked {
    pub chain: ChainId,
    pub address: Address,
    pub tier: Tier,
}

impl Asked {
    /// A wallet of this custody.
    pub fn of(call: &Call, of: (&str, &str), role: WalletRole, custody: Custody) -> Result<Self, Reject> {
        let (named, address) = of;
        let unsupported = || Fault::field(Code::WalletRoleUnsupported, "role").with("role", role.as_str());
        let tier = tier(role).ok_or_else(unsupported)?;
        match Unfit::check(tier, custody) {
            // Adoption is how a lane comes into service.
            Ok(()) | Err(Unfit::Lane) => {}
            Err(Unfit::SafeIsManaged) => return Err(unsupported().into()),
        }
        let known = |chain: &ChainId| call.ports().chains.contains_key(chain);
        let unknown = || Fault::field(Code::ChainUnknown, "chain").with("chain", named);
        let chain = ChainId::parse(named).ok().filter(known).ok_or_else(unknown)?;
        let address = Address::parse(chain.family, address).map_err(|error| match error {
            AddressError::Malformed => Fault::field(Code::AddressMalformed, "address").with("chain", named),
            AddressError::Checksum => Fault::field(Code::AddressChecksum, "address"),
            AddressError::Zero => Fault::field(Code::AddressZero, "address"),
        })?;
        Ok(Self { chain, address, tier })
    }

    /// What a body asks to adopt.
    pub fn adopted(call: &Call, body: &AdoptWallet) -> Result<Self, Reject> {
        Self::of(call, (&body.chain, &body.address), body.role, Custody::Managed)
    }

    /// The same, for whom the caller acts for.
    pub fn wanted<'a>(&self, call: &'a Call) -> Wanted<'a> {
        Wanted {
            deployment: &call.server.api.deployment,
            partner: call.caller.sees(),
            chain: self.chain,
            address: self.address,
            tier: self.tier,
        }
    }
}

/// `None` for a role that no wallet is worked in.
const fn tier(role: WalletRole) -> Option<Tier> {
    match role {
        WalletRole::Hot => Some(Tier::Hot),
        WalletRole::Warm => Some(Tier::Warm),
        WalletRole::Cold => Some(Tier::Cold),
        WalletRole::Safe => Some(Tier::Safe),
        WalletRole::Gas => None,
    }
}
