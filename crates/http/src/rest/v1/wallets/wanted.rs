//! Which account a body names.

use sluice_api::problem::{Code, Fault};
use sluice_api::wallet::{AdoptWallet, WalletRole};
use sluice_core::address::{Address, AddressError};
use sluice_core::chain::ChainId;
use sluice_flow::operator::Wanted;

use crate::call::Call;
use crate::problem::Reject;

/// A chain that is configured, and an address of it.
pub(super) struct Asked {
    pub chain: ChainId,
    pub address: Address,
}

impl Asked {
    pub fn of(call: &Call, body: &AdoptWallet) -> Result<Self, Reject> {
        if body.role != WalletRole::Hot {
            return Err(Fault::field(Code::WalletRoleUnsupported, "role")
                .with("role", body.role.as_str())
                .into());
        }
        let known = |chain: &ChainId| call.ports().chains.contains_key(chain);
        let unknown = || Fault::field(Code::ChainUnknown, "chain").with("chain", &body.chain);
        let chain = ChainId::parse(&body.chain).ok().filter(known).ok_or_else(unknown)?;
        let address = Address::parse(chain.family, &body.address).map_err(|error| match error {
            AddressError::Malformed => {
                Fault::field(Code::AddressMalformed, "address").with("chain", &body.chain)
            }
            AddressError::Checksum => Fault::field(Code::AddressChecksum, "address"),
            AddressError::Zero => Fault::field(Code::AddressZero, "address"),
        })?;
        Ok(Self { chain, address })
    }

    /// The same, for whom the caller acts for.
    pub fn wanted<'a>(&self, call: &'a Call) -> Wanted<'a> {
        Wanted {
            deployment: &call.server.api.deployment,
            partner: call.caller.sees(),
            chain: self.chain,
            address: self.address,
        }
    }
}
